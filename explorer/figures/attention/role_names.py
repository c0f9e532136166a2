"""What the roles of heads are called."""

from __future__ import annotations

from explorer.locales import tr

ROLE_NAMES = {
    "previous": "role-previous",
    "first": "role-first",
    "same": "role-same",
    "induction": "role-induction",
}
"""Message ids, for each of `explorer.probes.roles.KINDS`."""


def role_name(kind: str, language: str) -> str:
    return tr(ROLE_NAMES[kind], language)
