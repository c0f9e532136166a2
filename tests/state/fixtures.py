"""What tests of the state and of the widgets share."""

from __future__ import annotations

from pathlib import Path
from weakref import WeakValueDictionary

import huggingface_hub
import pytest

from explorer.engine.loading import load
from explorer.engine.local_model import LocalModel
from explorer.state import shared_models


@pytest.fixture(autouse=True)
def empty_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No model of the catalogue is on this disk."""
    monkeypatch.setenv("EXPLORER_CACHE", str(tmp_path / "explorer"))
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "hub"))


@pytest.fixture(autouse=True)
def nothing_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Models that other tests loaded are not this one's."""
    monkeypatch.setattr(shared_models, "_models", WeakValueDictionary())


@pytest.fixture
def lm(tiny_gpt2: Path) -> LocalModel:
    return load(str(tiny_gpt2), device="cpu")
