"""The panel of one head: what it shows of the state, and what a person's hand on it does."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from explorer.engine.local_model import LocalModel
from explorer.language_model.attention import Attention, Floats
from explorer.language_model.tokens import Vocabulary
from explorer.language_model.trace import Trace
from explorer.locales import Message
from explorer.state.state import ExplorerState
from explorer.widgets.elements.plot.widget import Plot
from explorer.widgets.elements.prefix_box.widget import PrefixBox
from explorer.widgets.elements.status_line.widget import StatusLine
from explorer.widgets.panels.attention.head import HeadPanel
from tests.attention import attention_of, random_weights
from tests.passes import Passes
from tests.widgets.page import Page, only, settle

TEXT = "The capital of France is Paris. The capital of"


@pytest.fixture
def panel(lm: LocalModel) -> HeadPanel:
    """On a text of some twenty tokens."""
    panel = HeadPanel(ExplorerState(lm, TEXT))
    settle(panel.state)
    return panel


def figure_of(panel: HeadPanel) -> dict[str, Any]:
    figure: dict[str, Any] = json.loads(only(panel, Plot).figure)
    return figure


def cells(panel: HeadPanel) -> Floats:
    """The weights that the page is to draw; NaN where there is nothing."""
    z = figure_of(panel)["data"][0]["z"]
    return np.frombuffer(base64.b64decode(z["bdata"]), "<f4").reshape([int(n) for n in z["shape"].split(",")])


def title(panel: HeadPanel) -> str:
    return str(figure_of(panel)["layout"]["title"]["text"])


def frame(panel: HeadPanel) -> float | None:
    """The row with the mark."""
    found = [shape["y0"] + 0.5 for shape in figure_of(panel)["layout"]["shapes"] if shape.get("name") == "cursor"]
    return found[0] if found else None


def sentence(panel: HeadPanel) -> str:
    """What stands in the place of a picture; "" where there is a picture."""
    hidden = panel._plot.layout.visibility == "hidden"
    return str(panel._line.text) if hidden else ""


def lower(weights: Floats) -> Floats:
    return np.where(np.tri(len(weights), dtype=bool), weights, np.nan).astype(np.float32)


def zoom(page: Page, panel: HeadPanel, columns: list[int], rows: list[int]) -> None:
    page.send(only(panel, Plot), kind="zoom", columns=columns, rows=rows)


def attention_in(state: ExplorerState) -> Attention:
    assert state.reader.attention is not None
    return state.reader.attention


def trace_of(attention: Attention, start: int = 0) -> Trace:
    """Of a text with as many different tokens."""
    n_tokens = attention.n_tokens + start
    vocabulary = Vocabulary([f"<{i}>".encode() for i in range(n_tokens)])
    none = np.full(n_tokens, np.nan)
    return Trace(
        ids=np.arange(n_tokens), logits=np.zeros(n_tokens), surprisal=none, entropy=none, rank=np.zeros(n_tokens, int),
        start=start, computed=0, milliseconds=0.0, vocabulary=vocabulary, recorded_attention=attention,
    )  # fmt: skip


def panel_on(attention: Attention, start: int = 0) -> HeadPanel:
    """Without a model: of what is at hand."""
    state = ExplorerState()
    state.reader.trace = trace_of(attention, start)
    return HeadPanel(state)


# --- the picture


def test_it_shows_the_open_head_of_the_latest_text(panel: HeadPanel, lm: LocalModel) -> None:
    state = panel.state
    for text, head in ((TEXT, (0, 0)), (TEXT, (1, 3)), (f"{TEXT} <b>", (1, 3)), ("The", (1, 3)), (TEXT, (0, 2))):
        state.document.prefix = text
        state.selection.open_head(*head)
        settle(state)
        if len(lm.tokenize(text).ids) > 1:
            np.testing.assert_array_equal(cells(panel), lower(lm.trace(text, attention=True).attention.head(*head)))
            assert title(panel).startswith(f"Where head L{head[0]}H{head[1]} looks")
            assert only(panel, Plot).answer == state.reader.answer
            assert not only(panel, Plot).stale


def test_another_head_of_a_short_text_costs_no_forward_pass_and_one_message(
    panel: HeadPanel, page: Page, lm: LocalModel
) -> None:
    with Passes(lm) as passes:
        for head in ((1, 0), (1, 2), (0, 3)):
            page.messages.clear()
            panel.state.selection.open_head(*head)
            assert title(panel).startswith(f"Where head L{head[0]}H{head[1]} looks")
            assert len(page.to(only(panel, Plot))) == 1
    settle(panel.state)
    assert passes.tokens == []


@pytest.mark.parametrize("first", ["hidden", "renormalised"])
def test_scale_and_first_token_are_those_of_the_state(panel: HeadPanel, first: str) -> None:
    linear = figure_of(panel)["data"][0]["colorscale"]
    panel.state.display.log_weights = True
    assert figure_of(panel)["data"][0]["colorscale"] != linear
    panel.state.display.first_token = first
    shown, weights = cells(panel), attention_in(panel.state).head(0, 0)
    assert np.isnan(shown[1:, 0]).all()
    whole = 1 - weights[2, 0] if first == "renormalised" else 1
    np.testing.assert_allclose(shown[2, 1:3], weights[2, 1:3] / whole, rtol=1e-5)


def test_the_cursor_has_a_mark_and_follows_the_end_of_the_text(panel: HeadPanel) -> None:
    state = panel.state
    assert frame(panel) == len(cells(panel)) - 1
    state.selection.cursor = 4
    assert frame(panel) == 4
    state.selection.cursor = -1
    state.document.prefix = TEXT + " France"
    settle(state)
    assert frame(panel) == len(cells(panel)) - 1


def test_a_text_longer_than_the_window_is_shown_from_where_the_model_reads(lm: LocalModel, page: Page) -> None:
    panel = HeadPanel(ExplorerState(lm, "The capital of France is Paris. " * 30))
    settle(panel.state)
    trace = panel.state.reader.trace
    assert trace is not None
    assert trace.start > 0
    assert len(cells(panel)) == len(trace.ids) - trace.start
    assert f">{trace.start + 1}<" in figure_of(panel)["data"][0]["x"][0]
    page.send(only(panel, Plot), kind="cell", column=2, row=7)
    assert panel.state.selection.cursor == trace.start + 7
    assert frame(panel) == 7


def test_alone_in_a_cell_it_has_a_box_to_type_into(lm: LocalModel, page: Page) -> None:
    panel = HeadPanel(lm, TEXT)
    settle(panel.state)
    page.set(only(panel, PrefixBox), value="The capital of Italy")
    settle(panel.state)
    assert len(cells(panel)) == len(lm.tokenize("The capital of Italy").ids)


def test_what_a_head_does_on_the_text_stands_beside_its_name() -> None:
    dense = random_weights(2, 2, 9)
    dense[1, 0] = np.eye(9, k=-1)
    dense[1, 0, 0, 0] = 1
    panel = panel_on(attention_of(dense))
    assert title(panel) == "Where head L0H0 looks"
    panel.state.selection.open_head(1, 0)
    assert title(panel) == "Where head L1H0 looks · previous token"
    panel.state.display.theme = replace(panel.state.display.theme, language="zh-Hans")
    assert not title(panel).endswith("previous token")


# --- choosing a head


def test_the_fields_and_buttons_lead_through_all_heads(panel: HeadPanel, page: Page) -> None:
    state = panel.state
    page.set(panel._layer, value=1)
    page.set(panel._head, value=2)
    assert state.selection.head == (1, 2)
    assert state.selection.heads == ((1, 2),)
    seen = []
    for _ in range(9):
        page.send(panel._after, event="click")
        seen.append(state.selection.head)
    assert seen == [(1, 3), (0, 0), (0, 1), (0, 2), (0, 3), (1, 0), (1, 1), (1, 2), (1, 3)]
    page.send(panel._before, event="click")
    assert (panel._layer.value, panel._head.value) == state.selection.head == (1, 2)


@pytest.mark.parametrize("asked", [99, -3])
@pytest.mark.parametrize(("field", "last"), [("layer", 1), ("head", 3)])
def test_what_the_model_has_not_gets_a_sentence_and_the_picture_stays(
    panel: HeadPanel, page: Page, field: str, last: int, asked: int
) -> None:
    entry = panel._layer if field == "layer" else panel._head
    panel.state.selection.open_head(1, 2)
    figure = only(panel, Plot).figure
    page.set(entry, value=asked)
    assert f"There is no {field} {asked}. The {field}s of this model go from 0 to {last}." in panel._line.text
    assert panel.state.selection.head == (panel._layer.value, panel._head.value) == (1, 2)
    assert only(panel, Plot).figure == figure
    page.set(entry, value=0)
    assert "There is no" not in panel._line.text


def test_a_head_opened_elsewhere_stands_in_the_fields_and_the_choice_of_several_stays(panel: HeadPanel) -> None:
    panel.state.selection.choose_heads([(1, 3), (0, 1)], "mean")
    assert (panel._layer.value, panel._head.value) == (1, 3)
    assert panel.state.selection.heads == ((1, 3), (0, 1))


def test_a_head_that_the_model_has_not_is_a_sentence() -> None:
    panel = panel_on(attention_of(random_weights(2, 2, 5)))
    panel.state.selection.head = (7, 0)
    assert "There is no layer 7" in sentence(panel)
    panel.state.selection.head = (1, 1)
    assert sentence(panel) == ""


# --- a hand on the picture


def test_a_picked_cell_moves_the_cursor_to_its_token(panel: HeadPanel, page: Page) -> None:
    page.send(only(panel, Plot), kind="cell", column=1, row=3)
    assert panel.state.selection.cursor == 3
    page.send(only(panel, Plot), kind="cell", column=5, row=3)  # nothing is there
    assert panel.state.selection.cursor == 3
    assert frame(panel) == 3


def test_a_box_is_shown_larger_whichever_head_is_open_until_its_tokens_change(panel: HeadPanel, page: Page) -> None:
    state = panel.state
    assert panel._whole.layout.visibility == "hidden"
    zoom(page, panel, [1, 4], [3, 8])
    for head in ((0, 0), (1, 3)):
        state.selection.open_head(*head)
        np.testing.assert_array_equal(cells(panel), lower(attention_in(state).head(*head))[3:9, 1:5])
    assert panel._whole.layout.visibility is None
    state.document.prefix = TEXT + " Italy"
    settle(state)
    assert cells(panel).shape == (6, 4)
    page.send(only(panel, Plot), kind="cell", column=0, row=2)
    assert (state.selection.cursor, frame(panel)) == (5, 2)
    zoom(page, panel, [1, 2], [0, 1])  # of what is on show
    np.testing.assert_array_equal(cells(panel), attention_in(state).head(1, 3)[3:5, 2:4].astype(np.float32))
    state.document.prefix = "Another text of many tokens: the capital of Spain"
    settle(state)
    assert len(cells(panel)) == attention_in(state).n_tokens
    assert panel._whole.layout.visibility == "hidden"


@pytest.mark.parametrize("way", ["double click", "button"])
def test_there_is_a_way_back_to_the_whole_text(panel: HeadPanel, page: Page, way: str) -> None:
    whole = cells(panel)
    zoom(page, panel, [1, 4], [3, 8])
    assert cells(panel).shape == (6, 4)
    if way == "button":
        page.send(panel._whole, event="click")
    else:
        page.send(only(panel, Plot), kind="zoom", columns=None, rows=None)
    np.testing.assert_array_equal(cells(panel), whole)


def test_a_box_where_nothing_is_changes_nothing(panel: HeadPanel, page: Page) -> None:
    zoom(page, panel, [1, 4], [3, 8])
    before = only(panel, Plot).figure
    page.messages.clear()
    zoom(page, panel, [3, 3], [0, 0])
    zoom(page, panel, [500, 600], [500, 600])
    assert only(panel, Plot).figure == before
    assert [message.data["content"] for message in page.to(only(panel, Plot))] == [{"kind": "again"}] * 2


# --- long texts


def test_a_long_text_has_an_overview_and_exact_weights_when_one_looks_closer(page: Page) -> None:
    dense = random_weights(2, 2, 300)
    panel = panel_on(attention_of(dense).fetched(0))  # the open layer is exact, the other one bytes
    assert cells(panel).shape == (100, 100)
    assert cells(panel)[40, 20] == dense[0, 0, 120:123, 60:63].max()
    page.send(only(panel, Plot), kind="cell", column=20, row=40)
    assert dense[0, 0, panel.state.selection.cursor, 60:63].max() == cells(panel)[40, 20]
    zoom(page, panel, [10, 30], [60, 99])
    np.testing.assert_array_equal(cells(panel), dense[0, 0, 180:300, 30:93])


def test_until_the_layer_is_there_the_old_picture_stays_dimmed(page: Page) -> None:
    attention = attention_of(random_weights(2, 2, 300)).fetched(0)
    panel = panel_on(attention)
    asked = attention.source.asked  # type: ignore[attr-defined]
    before = only(panel, Plot).figure
    panel.state.selection.open_head(1, 0)
    assert (only(panel, Plot).stale, only(panel, Plot).figure) == (True, before)
    page.send(only(panel, Plot), kind="cell", column=0, row=9)
    assert attention.source.asked == asked  # type: ignore[attr-defined]  # it runs under the state's lock
    panel.state.reader.trace = trace_of(attention.fetched(1))
    assert only(panel, Plot).stale is False
    assert title(panel) == "Where head L1H0 looks"


# --- where there is no picture


@pytest.mark.parametrize("text", ["", "T"])
def test_one_token_is_a_sentence_and_two_are_a_picture(lm: LocalModel, text: str) -> None:
    panel = HeadPanel(ExplorerState(lm, text))
    settle(panel.state)
    assert "only one token" in sentence(panel)
    panel.state.document.prefix = TEXT
    settle(panel.state)
    assert sentence(panel) == ""
    assert cells(panel)[0, 0] == 1


def test_weights_that_are_no_numbers_are_a_sentence() -> None:
    dense = random_weights(2, 2, 6)
    dense[1, 0, 3, :4] = np.nan
    panel = panel_on(attention_of(dense))
    assert "not made of numbers" in sentence(panel)


def test_a_trace_without_attention_says_why(panel: HeadPanel) -> None:
    assert panel.state.reader.trace is not None
    why = Message.of("attention-too-long", n=9000, most=1032)
    panel.state.reader.trace = replace(panel.state.reader.trace, recorded_attention=None, attention_unavailable=why)
    assert sentence(panel) == why.render("en")
    panel.state.display.theme = replace(panel.state.display.theme, language="zh-Hans")
    assert sentence(panel) == why.render("zh-Hans")


def test_before_there_is_a_model_it_waits(page: Page, lm: LocalModel) -> None:
    panel = HeadPanel(ExplorerState())
    assert only(panel, Plot).figure == ""
    assert panel._layer.disabled
    for button in (panel._before, panel._after, panel._whole):
        page.send(button, event="click")
    panel.state.reader.model = lm
    panel.state.document.prefix = TEXT
    settle(panel.state)
    assert not panel._layer.disabled
    assert len(cells(panel)) == len(lm.tokenize(TEXT).ids)


def test_every_word_follows_the_language(panel: HeadPanel, page: Page) -> None:
    zoom(page, panel, [1, 4], [3, 8])

    def words() -> list[str]:
        fields = [trait for field in (panel._layer, panel._head) for trait in (field.description, field.tooltip)]
        buttons = [panel._before.tooltip, panel._after.tooltip, panel._whole.description, panel._whole.tooltip]
        return [*fields, *buttons, str(only(panel, StatusLine).text), title(panel)]

    english = words()
    panel.state.display.theme = replace(panel.state.display.theme, language="zh-Hans")
    assert not {*english} & {*words()}
    assert all(any("\u4e00" <= c <= "\u9fff" for c in word) for word in words())


def test_a_panel_that_nobody_sees_sends_nothing(panel: HeadPanel, page: Page) -> None:
    panel.visible = False
    page.messages.clear()
    panel.state.document.prefix = TEXT + " Italy"
    settle(panel.state)
    panel.state.selection.open_head(1, 1)
    assert page.messages == []
    panel.visible = True
    settle(panel.state)
    assert title(panel).startswith("Where head L1H1 looks")


def test_a_picture_that_comes_into_view_again_is_dimmed_only_while_a_question_is_open(panel: HeadPanel) -> None:
    state, plot = panel.state, only(panel, Plot)
    state.reader.late = True
    assert plot.stale
    panel.visible = False
    state.reader.late = False
    panel.visible = True
    assert not plot.stale
