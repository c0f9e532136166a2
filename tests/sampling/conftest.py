"""A model whose distributions are as peaked as a real one's."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from explorer.language_model.forward import LanguageModel
from explorer.language_model.loading import load
from tests.model_repositories import make_gpt2


@pytest.fixture(scope="session")
def peaked_gpt2(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a tiny GPT-2 that knows its training text."""
    return make_gpt2(tmp_path_factory.mktemp("models") / "peaked-gpt2", train_steps=200)


@pytest.fixture(scope="session")
def peaked(peaked_gpt2: Path) -> LanguageModel:
    """It in float32, which has read whatever tests before it read."""
    return load(str(peaked_gpt2), device="cpu")


@pytest.fixture(scope="session")
def peaked64(peaked_gpt2: Path) -> LanguageModel:
    """The same in float64, in which rounding decides nothing."""
    return load(str(peaked_gpt2), device="cpu", dtype="float64")


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> Iterator[None]:
    """So small a model is slower on two, and on a busy machine many times slower: they wait for each other."""
    n_threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(n_threads)
