"""The one kind of error after which another source is worth trying."""

from __future__ import annotations

from explorer.locales.messages import ExplorerError


class UnavailableError(ExplorerError):
    """A source does not answer, or not with what was asked for; a person can mend it, another source may do."""
