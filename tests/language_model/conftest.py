"""The records are tried on models that made them, and every model on what the protocol promises."""

from __future__ import annotations

from pathlib import Path

import pytest

from explorer.language_model.model import Model
from tests.engine.conftest import attending, engine, lm, long_gpt2, long_lm, torch_lm
from tests.language_model.implementations import NAMES, Implementation, implementation

__all__ = ["attending", "engine", "lm", "long_gpt2", "long_lm", "torch_lm"]


@pytest.fixture(scope="module", params=NAMES)
def each(request: pytest.FixtureRequest, tiny_gpt2: Path, tiny_llama: Path, long_gpt2: Path) -> Implementation:
    """Every implementation of `Model` in turn."""
    folders = {"gpt2": tiny_gpt2, "llama": tiny_llama, "long": long_gpt2}
    return implementation(str(request.param), folders.__getitem__)


@pytest.fixture
def model(each: Implementation) -> Model:
    """A model of it that has read nothing."""
    return each.make()
