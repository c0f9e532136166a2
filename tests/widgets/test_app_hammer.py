"""Five threads that do a thousand things to the whole app, while a slow model answers."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from ipywidgets.widgets.widget import _instances

from explorer.figures.shared.theme import Theme
from explorer.widgets.app import Explorer
from explorer.widgets.elements.head_grid.widget import HeadGrid
from explorer.widgets.elements.plot.widget import Plot
from explorer.widgets.elements.prefix_box.widget import PrefixBox
from explorer.widgets.elements.token_chips.widget import TokenChips
from explorer.widgets.panels.attention.attention import AttentionViewsPanel
from explorer.widgets.panels.compare.compare_views import CompareViewsPanel
from explorer.widgets.panels.main.distribution import DistributionPanel
from explorer.widgets.panels.main.prefix import PrefixPanel
from explorer.widgets.panels.sections import SectionsPanel
from tests.state.hammering import Action, SlowModel, assert_consistent, backwards, hammer, let_go
from tests.widgets.fake_model import FakeModel
from tests.widgets.page import Page, only, settle

LENGTHS = [1000, pytest.param(10_000, marks=pytest.mark.soak)]


def look_around(app: Explorer) -> None:
    """Have every panel made."""
    display = app.state.display
    for section in SectionsPanel.tabs:
        display.section = section
        settle(app.state)
    for view in AttentionViewsPanel.tabs:
        display.section, display.view = "attention", view
        settle(app.state)


@pytest.mark.parametrize("n_actions", LENGTHS)
def test_hammering_the_app_paints_nothing_backwards_and_ends_in_a_consistent_picture(
    page: Page, n_actions: int
) -> None:
    models = [SlowModel(0.01, name="slow"), SlowModel(0.001, name="quick"), FakeModel(name="other")]
    others = set(_instances)
    app = Explorer(models[0], "the cat")
    settle(app.state)
    look_around(app)
    state, display, chips = app.state, app.state.display, only(app, TokenChips)
    pictures = {
        widget: list[int]()
        for key, widget in _instances.items()
        if key not in others and isinstance(widget, (Plot, HeadGrid))
    }
    for widget, painted in pictures.items():
        widget.observe(lambda change, painted=painted: painted.append(change["new"]), "answer")

    def more(choice: random.Random) -> list[Action]:
        def choose(name: str, *values: object) -> Action:
            return lambda: setattr(display, name, choice.choice(values))

        return [
            *[choose("section", *SectionsPanel.tabs)] * 2,
            choose("view", *AttentionViewsPanel.tabs),
            choose("compare_view", *CompareViewsPanel.tabs),
            choose("theme", Theme(language="en"), Theme(language="zh-Hans", dark=True)),
            choose("log_axis", True, False),
            choose("colour_by", "surprisal", "rank"),
            lambda: page.set(only(only(app, PrefixPanel), PrefixBox), value=choice.choice(["the cat", "a dog", ""])),
        ]

    hammer(state, models, n_actions=n_actions, more=more)
    assert_consistent(state)
    assert sum(map(len, pictures.values())) > n_actions / 100
    assert [found for painted in pictures.values() if (found := backwards(painted)) and not _of_no_text(found)] == []
    display.theme = replace(display.theme, language="en")
    display.section = "funnel"
    settle(state)
    assert state.reader.trace is not None
    assert only(only(app, DistributionPanel), Plot).answer == state.reader.answer
    shown = [chip["label"] for chip in (*chips.chips, *chips.after) if "ahead" not in chip["kind"]]
    assert shown == [token.label for token in state.reader.trace.tokens]
    assert not only(only(app, DistributionPanel), Plot).stale
    let_go(state)
    app.close()


def _of_no_text(found: list[tuple[int, int]]) -> bool:
    """Whether what falls is an empty picture, which answers nothing."""
    return all(b == 0 for _, b in found)
