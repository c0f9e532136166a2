"""Whether models may be fetched here: on a server that others visit, that is not for the visitors to say."""

from __future__ import annotations

import os

ALLOW_DOWNLOAD = "EXPLORER_ALLOW_DOWNLOAD"
"""``0`` forbids it. `explorer app` sets it for its kernels."""


def downloads_allowed() -> bool:
    """Whether `sources.locate` fetches what is not here, and a picker may offer it."""
    return os.environ.get(ALLOW_DOWNLOAD, "1") != "0"
