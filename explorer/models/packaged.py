"""What travels with the package and is no code: models and notebooks, in a wheel within it, in a checkout beside it."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

_INSTALLED = Path(str(files("explorer"))) / "_data"
"""pyproject.toml puts both into the wheel here, inside the package: so they come along wherever it is installed."""

_CHECKOUT = Path(__file__).parents[2]

ASSETS = _INSTALLED if _INSTALLED.is_dir() else _CHECKOUT / "assets"
"""The folder that holds the folders of the bundled models."""

NOTEBOOKS = _INSTALLED / "notebooks" if _INSTALLED.is_dir() else _CHECKOUT / "notebooks"
"""The folder of the notebooks; in an installation it must not be written to."""


def is_installed() -> bool:
    """Whether they lie in an installation, and not in a checkout that its owner works in."""
    return _INSTALLED.is_dir()
