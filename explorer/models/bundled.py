"""The models that come with the package: in a checkout below `assets/`, in an installation where the wheel put them."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from explorer.locales.messages import ExplorerError
from explorer.models.catalog import BundledSource
from explorer.models.integrity import sha256_of

ASSETS = Path(__file__).parents[2] / "assets"


def bundled_folder(source: BundledSource) -> Path:
    """The folder of the model, whole: every file is there and has the SHA-256 that the catalogue states.

    Reads all of it, which takes some 20 ms.

    Raises:
        ExplorerError: a file is missing or damaged; the sentence says which, and how to restore it.
    """
    checkout = ASSETS / source.folder
    folder = checkout if checkout.is_dir() else _installed(source)
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


def _installed(source: BundledSource) -> Path:
    """Where the wheel put the folder; where a checkout would have it, if it did not."""
    known = (file for file in _recorded() if file.parts[-2:] == (source.folder, "config.json"))
    return next(known, ASSETS / source.folder / "config.json").parent


def _recorded() -> list[Path]:
    """Every file of this installation. pyproject.toml makes the models part of it, as shared data."""
    try:
        return [Path(str(file.locate())) for file in distribution("next-token-explorer").files or []]
    except PackageNotFoundError:
        return []
