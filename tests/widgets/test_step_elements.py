"""Stepping controls, the draw, generated chips and rows of bars: what the page is sent, and which messages count."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go
import pytest

from explorer.figures.shared.theme import Theme
from explorer.widgets.elements.draw_strip.widget import DrawStrip
from explorer.widgets.elements.plot.widget import Plot
from explorer.widgets.elements.step_buttons.widget import COMMANDS, StepButtons
from explorer.widgets.elements.token_chips.widget import TokenChips
from tests.widgets.page import Page


def chip(node: str, label: str = "·a", **more: str) -> dict[str, str]:
    return {
        "label": label,
        "note": "",
        "kind": "",
        "back": "",
        "ink": "",
        "joined": "",
        "node": node,
        "mark": "",
        **more,
    }


# --- commands


@pytest.mark.parametrize("name", COMMANDS)
def test_every_button_and_key_is_heard(page: Page, name: str) -> None:
    heard: list[tuple[str, str | None]] = []
    buttons = StepButtons(lambda *command: heard.append(command))
    page.send(buttons, kind="command", name=name)
    page.send(buttons, kind="command", name=name, prefix="as typed")
    page.send(buttons, kind="command", name=name, prefix=["no text"])
    assert heard == [(name, None), (name, "as typed")]


@pytest.mark.parametrize("name", ["again", "histogram"])
def test_the_strip_draws_again_and_tallies(page: Page, name: str) -> None:
    heard: list[str] = []
    page.send(DrawStrip(heard.append), kind="command", name=name)
    assert heard == [name]


def test_a_command_of_the_other_widget_is_none(page: Page) -> None:
    heard: list[str] = []
    page.send(DrawStrip(heard.append), kind="command", name="step")
    page.send(StepButtons(lambda name, _: heard.append(name)), kind="command", name="histogram")
    assert heard == []


@pytest.mark.parametrize("name", ["seed", "stop_text", "length"])
def test_what_is_typed_arrives_as_it_is_and_is_not_sent_back(page: Page, name: str) -> None:
    buttons = StepButtons(lambda _name, _prefix: None)
    page.messages.clear()
    page.set(buttons, **{name: "4x2<b>"})
    assert getattr(buttons, name) == "4x2<b>"
    assert page.messages == []


def test_a_refresh_of_the_strip_is_one_message(page: Page) -> None:
    strip = DrawStrip(lambda _: None)
    page.messages.clear()
    with strip.hold_sync():
        strip.segments = [{"label": "<b>", "share": 1.0, "note": "", "colour": "", "ink": ""}]
        strip.u, strip.chosen, strip.line = 0.713, 0, "u = 0.713 → <b>"
    (message,) = page.to(strip)
    assert message.data["state"]["segments"][0]["label"] == "<b>"


# --- generated chips


def test_a_generated_chip_and_the_label_before_them_lead_to_their_nodes(page: Page) -> None:
    heard: list[str] = []
    chips = TokenChips(heard.append, after=[chip("3"), chip("7", kind="current")])
    for node in ("7", "3", "0"):
        page.send(chips, kind="go", node=node)
    assert heard == ["7", "3", "0"]


@pytest.mark.parametrize(
    "content",
    [{"kind": "go", "node": node} for node in ("9", "", "-1")],
    ids=repr,
)
def test_nodes_that_are_not_shown_are_ignored(page: Page, content: Any) -> None:
    heard: list[str] = []
    chips = TokenChips(heard.append, after=[chip("3")])
    page.deliver(chips, content)
    assert (heard, chips.ignored) == ([], 1)


def test_without_generated_tokens_or_someone_to_tell_there_is_nowhere_to_go(page: Page) -> None:
    heard: list[str] = []
    page.send(TokenChips(heard.append), kind="go", node="0")
    page.send(TokenChips(after=[chip("3")]), kind="go", node="3")
    assert heard == []


# --- rows of bars


def test_a_picked_row_tells_its_token_and_the_answer_it_was_seen_in(page: Page) -> None:
    picked: list[tuple[int, int]] = []
    page.send(Plot(lambda *pick: picked.append(pick)), kind="pick", id=50256, answer=7)
    assert picked == [(50256, 7)]


def test_a_plot_that_nobody_listens_to_offers_no_picking(page: Page) -> None:
    plot = Plot()
    assert not plot.picks
    assert Plot(lambda _id, _answer: None).picks
    page.send(plot, kind="pick", id=3, answer=7)


def test_plots_still_hand_out_their_library_and_show_figures(page: Page) -> None:
    plot = Plot(lambda _id, _answer: None)
    page.messages.clear()
    plot.show(go.Figure(layout={"meta": {"description": "bars"}}), Theme(), answer=3)
    page.send(plot, kind="library")
    update, library = page.to(plot)
    assert update.data["state"]["answer"] == 3
    assert library.kind == "custom"
    assert library.n_bytes > 1_000_000
