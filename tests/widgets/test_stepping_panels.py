"""The panels around the stepper: what they show, what they take, and each alone in a cell."""

from __future__ import annotations

import json

import numpy as np
import pytest

from explorer.engine.local_model import LocalModel
from explorer.locales import numbers
from explorer.sampling.draw import boundaries, drawn, uniform, uniforms
from explorer.sampling.sampling import Sampling
from explorer.state.state import ExplorerState
from explorer.widgets.elements.draw_strip.widget import DrawStrip
from explorer.widgets.elements.plot.widget import Plot
from explorer.widgets.elements.step_buttons.widget import StepButtons
from explorer.widgets.elements.token_chips.widget import TokenChips
from explorer.widgets.elements.tree_view.widget import TreeView
from explorer.widgets.panels.history.history import HistoryPanel
from explorer.widgets.panels.main.draw import N_DRAWS, DrawHistogramPanel, DrawPanel
from explorer.widgets.panels.main.funnel import FunnelPanel
from explorer.widgets.panels.main.stepping import SteppingPanel
from explorer.widgets.panels.main.tokens import TokensPanel
from explorer.widgets.panels.panel import Panel
from explorer.widgets.panels.sections import SectionsPanel
from tests.widgets.page import Page, only, settle


@pytest.fixture
def state(lm: LocalModel) -> ExplorerState:
    state = ExplorerState(lm, "The capital of", sampling=Sampling(temperature=0.8, top_k=30))
    settle(state)
    return state


def press(page: Page, panel: Panel, name: str, prefix: str | None = None) -> None:
    page.send(only(panel, StepButtons), kind="command", name=name, prefix=prefix)
    settle(panel.state)


def test_buttons_do_what_they_say_and_are_off_where_they_cannot(page: Page, state: ExplorerState) -> None:
    panel = SteppingPanel(state)
    buttons = only(panel, StepButtons)
    assert buttons.enabled == {"undo": False, "redo": False, "step": True, "play": True, "branch": False}
    press(page, panel, "step")
    assert buttons.enabled == {"undo": True, "redo": False, "step": True, "play": True, "branch": True}
    press(page, panel, "undo")
    assert buttons.enabled == {"undo": False, "redo": True, "step": True, "play": True, "branch": False}
    press(page, panel, "again")
    assert state.sampler.redraw == 1


def test_a_step_asked_for_while_the_text_is_on_its_way_is_of_that_text(page: Page, state: ExplorerState) -> None:
    panel = SteppingPanel(state)
    press(page, panel, "step", prefix="The capital of Fr")
    assert state.document.prefix == "The capital of Fr"
    assert state.reader.trace is not None
    assert state.reader.trace.text.startswith("The capital of Fr")
    assert len(state.document.tree.path()) == 1  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("field", "wrong", "right"),
    [("seed", "1.5", "12"), ("seed", "-1", "0"), ("seed", "9" * 25, "7"), ("length", "0", "9")],
)
def test_what_cannot_be_read_stays_with_a_sentence(
    page: Page, state: ExplorerState, field: str, wrong: str, right: str
) -> None:
    buttons = only(SteppingPanel(state), StepButtons)
    before = (state.sampler.seed, state.playback.stop)
    page.set(buttons, **{field: wrong})
    assert (state.sampler.seed, state.playback.stop) == before
    assert getattr(buttons, field) == wrong
    assert wrong in buttons.wrong[field]
    assert state.status.current.state == "error"
    page.messages.clear()
    page.set(buttons, **{field: right})
    assert state.status.current.state == "ready", "what is mended is no longer complained of"
    assert not any(field in message.data.get("state", {}) for message in page.to(buttons))
    assert buttons.wrong == {}
    assert right in (str(state.sampler.seed), str(state.playback.stop.max_new_tokens))
    page.set(buttons, **{field: f"0{right}"})
    assert getattr(buttons, field) == f"0{right}", "nobody writes into the box while one types"


def test_where_to_stop_reaches_the_state(page: Page, state: ExplorerState) -> None:
    buttons = only(SteppingPanel(state), StepButtons)
    page.set(buttons, stop_text="\n", stop_at_end=False, length="12", speed="0")
    assert (
        state.playback.stop.text,
        state.playback.stop_at_end,
        state.playback.stop.max_new_tokens,
        state.playback.step_seconds,
    ) == ("\n", False, 12, 0.0)
    page.set(buttons, speed="-5")
    assert state.playback.step_seconds == 0.0


def test_the_strip_is_the_cumulative_distribution_with_u_on_it(page: Page, state: ExplorerState) -> None:
    strip = only(DrawPanel(state), DrawStrip)
    for seed in range(40):
        state.sampler.seed = seed
        assert state.sampler.distribution is not None
        assert strip.u == uniform(seed, 0, 0)
        assert strip.mark == f"u = {numbers.draw(strip.u)}"
        shares = [segment["share"] for segment in strip.segments]
        assert sum(shares) == pytest.approx(1)
        ends = np.cumsum(shares)
        np.testing.assert_allclose(ends[:-1], boundaries(state.sampler.distribution)[: len(ends) - 1])
        assert strip.chosen == np.searchsorted(ends[:-1], strip.u, side="right")
        coming = state.sampler.coming
        assert coming is not None
        assert coming.token.label in strip.line
        if strip.chosen_at:
            assert strip.chosen == len(shares) - 1
            assert strip.chosen_at[0] <= strip.u < strip.chosen_at[1]


def test_greedy_draws_nothing(state: ExplorerState) -> None:
    strip = only(DrawPanel(state), DrawStrip)
    state.sampler.sampling = Sampling(greedy=True)
    assert (strip.u, strip.mark, strip.chosen) == (None, "", 0)
    assert [segment["share"] for segment in strip.segments] == [1.0, 0.0]


def test_the_histogram_counts_the_draws(state: ExplorerState) -> None:
    state.sampler.redraw = 3
    panel = DrawHistogramPanel(state)
    assert state.sampler.distribution is not None
    ids = drawn(state.sampler.distribution, uniforms(state.sampler.seed, 0, 0, range(3 * N_DRAWS, 4 * N_DRAWS)))
    top = state.sampler.distribution.top(1)[0]
    shown = json.loads(only(panel, Plot).figure)
    assert f"{np.mean(ids == top.id):.3g}" in json.dumps(shown["data"])


def test_the_funnel_follows_the_sampler(state: ExplorerState) -> None:
    panel = FunnelPanel(state)
    before = only(panel, Plot).figure
    state.sampler.sampling = Sampling(top_p=0.5)
    assert only(panel, Plot).figure != before
    assert "top-p 0.5" in only(panel, Plot).figure


def test_the_tree_shows_every_way_and_leads_there(page: Page, state: ExplorerState) -> None:
    panel = HistoryPanel(state)
    state.playback.step()
    settle(state)
    state.playback.branch()
    settle(state)
    settle(state)
    tree = only(panel, TreeView)
    assert tree.picture["parents"] == [0, 0, 0]
    page.send(tree, kind="go", node=1)
    settle(state)
    assert tree.picture["current"] == 1
    page.send(tree, kind="name", node=1, name="first <b>")
    assert tree.picture["names"] == {"1": "first <b>"}
    page.messages.clear()
    page.send(tree, kind="note", node=1)
    (sent,) = page.to(tree)
    assert "first <b>" in sent.data["content"]["text"]


def test_other_prefixes_with_a_tree_are_offered(page: Page, state: ExplorerState) -> None:
    panel = HistoryPanel(state)
    state.playback.step()
    settle(state)
    state.document.prefix = "One and"
    settle(state)
    menu = panel._prefixes
    assert [label for label, _ in menu.options][1:] == ["The capital of (1 token)"]
    page.set(menu, index=1)
    settle(state)
    assert state.document.prefix == "The capital of"


def test_chips_tell_how_each_token_came_about(page: Page, state: ExplorerState) -> None:
    chips = only(TokensPanel(state), TokenChips)
    n = len(chips.chips)
    state.playback.step()
    settle(state)
    state.playback.pick(7)
    settle(state)
    state.playback.undo()
    settle(state)
    assert len(chips.chips) == n
    first, second = chips.after
    assert "current" in first["kind"]
    assert "ahead" in second["kind"]
    assert f"u = {uniform(state.sampler.seed, 0, 0):.4f}" in first["note"]
    assert "by hand" in second["note"]
    page.send(chips, kind="go", node=second["node"])
    settle(state)
    assert ["current" in chip["kind"] for chip in chips.after] == [False, True]


def test_what_nobody_sees_is_not_drawn_until_somebody_looks(page: Page, state: ExplorerState) -> None:
    state.display.section = "history"
    sections = SectionsPanel(state)
    history = only(sections, TreeView)
    state.display.section = "funnel"
    page.messages.clear()
    state.playback.step()
    settle(state)
    assert page.to(history) == []
    state.display.section = "history"
    assert len(history.picture["labels"]) == 2
    assert page.to(history)


@pytest.mark.parametrize(
    "panel", [panel for _, panel in SectionsPanel.tabs.values()] + [SteppingPanel, DrawPanel, TokensPanel]
)
def test_each_panel_works_alone_in_a_cell(lm: LocalModel, panel: type[Panel]) -> None:
    alone = panel(lm, prefix="The capital of")
    settle(alone.state)
    alone.state.playback.step()
    settle(alone.state)
    assert alone.state.reader.trace is not None
    assert len(alone.children) > len(panel(alone.state).children), "with a box to type into, and what else it needs"
