"""The models that come with the package: whole, or not at all. `packaged` says where they lie."""

from __future__ import annotations

from pathlib import Path

from explorer.locales.messages import ExplorerError
from explorer.models.catalog import BundledSource
from explorer.models.integrity import sha256_of
from explorer.models.packaged import ASSETS


def bundled_folder(source: BundledSource) -> Path:
    """The folder of the model, whole: every file is there and has the SHA-256 that the catalogue states.

    Reads all of it, which takes some 20 ms.

    Raises:
        ExplorerError: a file is missing or damaged; the sentence says which, and how to restore it.
    """
    folder = ASSETS / source.folder
    for name, sha256 in source.files:
        file = folder / name
        if not file.is_file():
            raise ExplorerError("bundled-missing", file=str(file))
        if sha256_of(file) != sha256:
            raise ExplorerError("bundled-damaged", file=str(file))
    return folder


def bundled_on_disk(source: BundledSource) -> Path | None:
    """The folder of the model, or None when it is not whole."""
    try:
        return bundled_folder(source)
    except ExplorerError:
        return None
