"""A page without a browser, and a model for it."""

from __future__ import annotations

import gc
import logging
from collections.abc import Iterator

import comm
import pytest
from ipywidgets.widgets.widget import _instances

from explorer.state import state as state_module
from explorer.state.comparison import StrategyComparison
from explorer.state.selection import Selection
from explorer.state.slice import Slice
from explorer.widgets.panels.panel import Panel
from tests.state.fixtures import empty_disk, lm, nothing_loaded
from tests.widgets.page import Page

__all__ = ["empty_disk", "lm", "nothing_left", "nothing_loaded", "nothing_unexpected", "page"]

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


@pytest.fixture
def nothing_left(page: Page) -> Iterator[None]:
    """Neither ipywidgets nor the comms know a widget more than before."""
    gc.collect()
    widgets, comms = set(_instances), set(comm.get_comm_manager().comms)
    yield
    gc.collect()
    assert set(_instances) == widgets
    assert set(comm.get_comm_manager().comms) == comms
