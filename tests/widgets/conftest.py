"""A page without a browser, and a model for it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from weakref import WeakValueDictionary

import comm
import huggingface_hub
import pytest

from explorer.engine.loading import load
from explorer.engine.local_model import LocalModel
from explorer.state import shared_models
from explorer.state import state as state_module
from explorer.state.comparison import StrategyComparison
from explorer.state.selection import Selection
from explorer.state.slice import Slice
from explorer.widgets.panels.panel import Panel
from tests.widgets.page import Page

METHODS = (
    *((Selection, name) for name in ("open_head", "choose_heads")),
    *((StrategyComparison, name) for name in ("add", "put", "rename", "duplicate", "remove", "move")),
)


@pytest.fixture(autouse=True)
def page(monkeypatch: pytest.MonkeyPatch) -> Page:
    """What a page would be sent; every widget that is made from here on talks to it."""
    page = Page()
    monkeypatch.setattr(comm, "create_comm", page.create_comm)
    monkeypatch.setattr(state_module, "Refresher", page.refresher)
    # What a test says is on the page when its next line runs.
    for kind, name in ((Slice, "__setattr__"), (Panel, "__setattr__"), *METHODS):
        monkeypatch.setattr(kind, name, page.rests_after(getattr(kind, name)))
    return page


@pytest.fixture(autouse=True)
def nothing_unexpected(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """What a handler of a page's message raises is logged, and nobody would see it."""
    yield
    unexpected = [record for record in caplog.get_records("call") if record.levelno >= logging.ERROR]
    assert not [record.getMessage() for record in unexpected if record.name.startswith("explorer.widgets")]


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
