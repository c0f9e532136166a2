"""The whole app under what no page of ours sends, and whether every widget of it is guarded."""

from __future__ import annotations

import copy
import json
import logging
from collections.abc import Iterable
from itertools import islice
from typing import Any

import ipywidgets
import pytest
from ipywidgets.widgets.widget import _instances

from explorer.engine.local_model import LocalModel
from explorer.widgets.app import Explorer
from explorer.widgets.base import Guarded
from explorer.widgets.elements.plot.widget import Plot
from explorer.widgets.elements.prefix_box.widget import PrefixBox
from explorer.widgets.elements.step_buttons.widget import StepButtons
from explorer.widgets.panels.attention.attention import AttentionViewsPanel
from explorer.widgets.panels.main.distribution import DistributionPanel
from explorer.widgets.panels.main.header import HeaderPanel
from explorer.widgets.panels.main.prefix import PrefixPanel
from explorer.widgets.panels.sections import SectionsPanel
from tests.widgets.junk import Junk
from tests.widgets.page import Page, only, settle

LENGTHS = [2_000, pytest.param(20_000, marks=pytest.mark.soak)]
N_PLAUSIBLE = 10
"""Of so many messages that are refused, one more that may be taken: those cost a picture each."""


@pytest.fixture
def app(lm: LocalModel, page: Page, widgets_before: set[str]) -> Explorer:
    """With every section and every view of the attention opened once."""
    app = Explorer(lm, "The cat and the cat")
    for section in SectionsPanel.tabs:
        app.state.display.section = section
        settle(app.state)
    app.state.display.section = "attention"
    for view in AttentionViewsPanel.tabs:
        app.state.display.view = view
        settle(app.state)
    page.messages.clear()
    return app


@pytest.fixture
def widgets(widgets_before: set[str], app: Explorer) -> list[ipywidgets.Widget]:
    """All that the app has made: those that are on the page and those that are not, with layouts and styles."""
    return [widget for model_id, widget in _instances.items() if model_id not in widgets_before]


@pytest.fixture
def widgets_before(page: Page) -> set[str]:
    return set(_instances)


def unguarded(widgets: Iterable[ipywidgets.Widget]) -> set[str]:
    """The classes of those that take all that a page sends, or would let it write what is no trait of theirs."""
    return {
        type(widget).__name__
        for widget in widgets
        if not isinstance(widget, Guarded) or not widget.page_writes <= set(widget.keys)
    }


def traits_of(widgets: Iterable[ipywidgets.Widget]) -> dict[str, Any]:
    return {widget.model_id: copy.deepcopy(widget.get_state()) for widget in widgets}


# --- guards


def test_every_widget_of_the_app_is_guarded(widgets: list[ipywidgets.Widget]) -> None:
    assert len({type(widget).__name__ for widget in widgets}) > 50
    assert unguarded(widgets) == set()


def test_a_widget_without_a_guard_would_be_found(app: Explorer, widgets: list[ipywidgets.Widget]) -> None:
    class Loose(Guarded):
        page_writes = frozenset({"no_trait"})

    assert unguarded([*widgets, ipywidgets.HTML(), Loose()]) == {"HTML", "Loose"}


# --- junk


@pytest.mark.parametrize("n", LENGTHS)
def test_junk_changes_nothing(
    app: Explorer, widgets: list[Guarded], page: Page, caplog: pytest.LogCaptureFixture, n: int
) -> None:
    before = traits_of(widgets)
    for widget, message in islice(Junk(widgets, seed=n).nonsense(), n):
        refused = Guarded.ignored_by_all
        widget._handle_msg(message)
        assert Guarded.ignored_by_all > refused, message
        page.messages.clear()
    assert traits_of(widgets) == before
    assert caplog.records == []
    the_app_answers(app, page)


@pytest.mark.parametrize("n", [n // N_PLAUSIBLE if isinstance(n, int) else n for n in LENGTHS])
def test_messages_about_anything_leave_the_app_at_work(
    app: Explorer, widgets: list[Guarded], page: Page, caplog: pytest.LogCaptureFixture, n: int
) -> None:
    models = only(app, HeaderPanel)._model  # would have models downloaded
    for widget, message in islice(Junk([w for w in widgets if w is not models], seed=n).plausible(), n):
        widget._handle_msg(json.loads(json.dumps(message)))
        page.messages.clear()
    page.send(only(app, StepButtons), kind="command", name="pause")
    settle(app.state)
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []
    the_app_answers(app, page)


def the_app_answers(app: Explorer, page: Page) -> None:
    bars = only(only(app, DistributionPanel), Plot)
    figure = bars.figure
    page.set(only(only(app, PrefixPanel), PrefixBox), value="The dog and")
    settle(app.state)
    assert app.state.reader.trace.text == "The dog and"
    assert bars.figure != figure
