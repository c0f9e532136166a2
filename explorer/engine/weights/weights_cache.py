"""Where prepared weights and what is known of weights lie in our cache folder, and which of it is removed again.

::

    weights/WEIGHTS_VERSION/LAYOUT-DTYPE.weights    see `prepared_file`
    weights/WEIGHTS_VERSION/NAME.json               facts, such as the outcome of a check
    weights/folders/KEY.json                        which version the weights in a folder have, see `weights_version`
"""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from explorer.engine.weights.json_folder import JsonFolder
from explorer.models import storage

MAX_BYTES = 16 * 10**9
"""What all prepared weights together may take; those used last are kept."""

UNUSED_DAYS = 60
"""After so long without use they are removed."""

OUTDATED_DAYS = 1
"""The same, where no folder has these weights any more: it is gone, or holds others now."""

SUFFIX = ".weights"
_DAY = 24 * 60 * 60
_VERSION = re.compile("[0-9a-f]{64}")


def cache_of(weights_version: str) -> Path:
    """The folder for everything that follows from these weights."""
    if not _VERSION.fullmatch(weights_version):
        raise ValueError(f"{weights_version!r} is no SHA-256 in hexadecimal")
    return _root() / weights_version


def facts_of(weights_version: str) -> JsonFolder:
    """What is known of these weights and is dear to find out, such as the outcome of a check."""
    return JsonFolder(cache_of(weights_version))


def known_folders() -> JsonFolder:
    """For each folder with weights: ``folder``, ``weights_version`` and the ``files`` it was computed from."""
    return JsonFolder(_root() / "folders")


def remove_unused(keep: Path) -> None:
    """Remove the prepared weights that nobody is likely to use again, but not the file ``keep``.

    A process that has one mapped keeps its memory where a file in use can be removed, and its file on other systems.
    """
    current = set(_versions_in_use())
    now, kept_bytes = time.time(), 0
    for file, used, n_bytes in sorted(_prepared(), key=lambda found: -found[1]):
        days = UNUSED_DAYS if file.parent.name in current else OUTDATED_DAYS
        if file != keep and (now - used > days * _DAY or kept_bytes + n_bytes > MAX_BYTES):
            with suppress(OSError):
                file.unlink()
        else:
            kept_bytes += n_bytes
    for scratch in _root().glob("*/.*"):  # of processes that were killed
        with suppress(OSError):
            if now - scratch.lstat().st_mtime > _DAY:
                shutil.rmtree(scratch) if scratch.is_dir() else scratch.unlink()


def _prepared() -> Iterator[tuple[Path, float, int]]:
    """Each file of prepared weights, when it was last opened (seconds), and its bytes."""
    for file in _root().glob(f"*/*{SUFFIX}"):
        with suppress(OSError):
            facts = file.lstat()
            yield file, facts.st_atime, facts.st_size


def _versions_in_use() -> Iterator[str]:
    """The versions of the weights that lie in the folders we know; those that are gone are forgotten."""
    records = known_folders()
    for file in records.folder.glob("*.json"):
        record: Any = records.read_json(file.stem)
        match record:
            case {"folder": str(folder), "weights_version": str(version)} if Path(folder).is_dir():
                yield version
            case _:
                with suppress(OSError):
                    file.unlink()


def _root() -> Path:
    return storage.cache_folder() / "weights"
