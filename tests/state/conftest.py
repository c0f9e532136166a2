"""A model for the state, and a look at what it logged: no page, no widget."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.model_repositories import make_gpt2
from tests.state.fixtures import empty_disk, lm, nothing_loaded

__all__ = ["empty_disk", "folder", "lm", "nothing_loaded", "nothing_unexpected"]


@pytest.fixture(autouse=True)
def nothing_unexpected(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """What fails on a thread of its own is logged, and nobody would see it."""
    yield
    unexpected = [record for record in caplog.get_records("call") if record.levelno >= logging.ERROR]
    assert not [record.getMessage() for record in unexpected if record.name.startswith("explorer.")]


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of a model whose distributions are peaked as a real one's, with 128 positions."""
    return make_gpt2(tmp_path_factory.mktemp("playback") / "trained", train_steps=60)
