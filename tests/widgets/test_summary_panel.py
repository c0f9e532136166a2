"""The panel of all heads at once: what it draws, what a click does, and when it says why there is nothing."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from typing import Any

import ipywidgets as w
import numpy as np
import pytest

from explorer.engine.local_model import LocalModel
from explorer.language_model.attention import EXACT_TOKENS, Attention, Floats, square
from explorer.language_model.trace import Trace
from explorer.locales import Message
from explorer.probes import summaries
from explorer.probes.summaries import blend, first_share, mean_entropy, rollout
from explorer.state.state import ExplorerState
from explorer.widgets.elements.plot.widget import Plot
from explorer.widgets.elements.prefix_box.widget import PrefixBox
from explorer.widgets.elements.status_line.widget import StatusLine
from explorer.widgets.panels.attention.summary import SUMMARIES, SummaryPanel
from tests.attention import attention_of, random_weights
from tests.widgets.page import Page, all_widgets, only, settle, wait_until

TEXT = "The capital of France is not the capital of Spain"


@pytest.fixture
def state(lm: LocalModel) -> ExplorerState:
    return ExplorerState(lm, TEXT)


@pytest.fixture
def panel(state: ExplorerState) -> SummaryPanel:
    """With an answer."""
    panel = SummaryPanel(state)
    settle(state)
    return panel


def figure(panel: SummaryPanel) -> dict[str, Any]:
    drawn: dict[str, Any] = json.loads(only(panel, Plot).figure)
    return drawn


def cells(panel: SummaryPanel) -> Floats:
    """What the heatmap shows, rows from the top."""
    sent = figure(panel)["data"][0]["z"]
    shape = tuple(int(size) for size in sent["shape"].split(","))
    return np.frombuffer(base64.b64decode(sent["bdata"]), sent["dtype"]).reshape(shape)


def explanation(panel: SummaryPanel) -> StatusLine:
    (line,) = (line for line in all_widgets(panel) if isinstance(line, StatusLine))
    return line


def attention(state: ExplorerState) -> Attention:
    assert state.reader.attention is not None
    return state.reader.attention


def show(state: ExplorerState, record: Attention | None, **changes: Any) -> Trace:
    """Have the panels show a trace with this attention, of as many tokens."""
    assert state.reader.trace is not None
    n = record.n_tokens if record is not None else len(state.reader.trace.ids)
    ids, numbers = np.zeros(n, np.int64), np.zeros(n)
    state.reader.trace = replace(
        state.reader.trace,
        ids=ids,
        surprisal=numbers,
        entropy=numbers.copy(),
        rank=ids.copy(),
        recorded_attention=record,
        **changes,
    )
    return state.reader.trace


def all_heads(record: Attention) -> list[tuple[int, int]]:
    return [(layer, head) for layer in range(record.n_layer) for head in range(record.n_head)]


def test_it_begins_with_the_entropy_of_each_head(panel: SummaryPanel) -> None:
    np.testing.assert_allclose(cells(panel), mean_entropy(attention(panel.state)).T, rtol=1e-6)
    assert figure(panel)["layout"]["title"]["text"] == "Entropy of each head"
    assert "Shannon" in explanation(panel).text


def test_each_picture_is_of_what_its_name_says(panel: SummaryPanel, page: Page) -> None:
    record = attention(panel.state)
    menu = only(panel, w.Dropdown)
    titles = []
    for i, what in enumerate(SUMMARIES):
        page.set(menu, index=i)
        assert panel.what == what
        titles.append(figure(panel)["layout"]["title"]["text"])
    assert titles == [label for label, _ in menu.options]
    panel.what = "first"
    np.testing.assert_allclose(cells(panel), first_share(record).T, rtol=1e-6)
    for how in ("mean", "max"):
        panel.what = how
        expected = square(blend(record, all_heads(record), how))
        np.testing.assert_allclose(np.nan_to_num(cells(panel)), expected, rtol=1e-5, atol=1e-7)
    panel.what = "rollout"
    np.testing.assert_allclose(np.nan_to_num(cells(panel)), rollout(record), rtol=1e-5)
    assert "Abnar and Zuidema 2020" in explanation(panel).text


def test_rollout_can_end_at_a_layer(panel: SummaryPanel, page: Page) -> None:
    record = attention(panel.state)
    (layer,) = (widget for widget in all_widgets(panel) if isinstance(widget, w.BoundedIntText))
    assert layer.layout.display == "none"
    panel.what = "rollout"
    assert layer.layout.display is None
    assert (layer.value, layer.max) == (1, 1)
    page.set(layer, value=0)
    np.testing.assert_allclose(np.nan_to_num(cells(panel)), rollout(record, 1), rtol=1e-5)
    assert "1 in all" in explanation(panel).text
    page.set(layer, value=1)
    assert panel.layer == -1, "the last layer, of whichever model"


def test_a_click_opens_the_head_or_looks_from_the_token(panel: SummaryPanel, page: Page) -> None:
    state, plot = panel.state, only(panel, Plot)
    page.send(plot, kind="cell", column=1, row=3)
    assert state.selection.head == (1, 3)
    (frame,) = figure(panel)["layout"]["shapes"]
    assert (frame["x0"], frame["y0"]) == (0.5, 2.5)
    panel.what = "max"
    page.send(plot, kind="cell", column=2, row=5)
    assert state.reader.trace is not None
    assert state.selection.cursor == state.reader.trace.start + 5
    page.send(plot, kind="cell", column=5, row=2)  # above the diagonal is nothing
    assert state.selection.cursor == state.reader.trace.start + 5
    assert state.selection.head == (1, 3)


def test_a_click_on_the_picture_of_another_model_opens_no_head_it_does_not_have(panel: SummaryPanel) -> None:
    state = panel.state
    show(state, attention_of(random_weights(1, 1, 3)))
    panel._on_cell(1, 3)
    assert state.selection.head == (0, 0)
    assert state.status.current.state == "error"


@pytest.mark.parametrize("first", ["hidden", "renormalised"])
def test_the_first_token_is_treated_as_everywhere_and_the_panel_says_so(panel: SummaryPanel, first: str) -> None:
    record = attention(panel.state)
    panel.what = "mean"
    assert explanation(panel).notes == []
    panel.state.display.first_token = first
    expected = square(blend(record, all_heads(record), "mean", first=first))
    np.testing.assert_allclose(np.nan_to_num(cells(panel)[1:]), expected[1:], rtol=1e-5, atol=1e-7)
    (note,) = explanation(panel).notes
    assert "left out" in note
    panel.what = "first"
    assert explanation(panel).notes == []


def test_bytes_are_called_bytes(panel: SummaryPanel) -> None:
    show(panel.state, attention_of(random_weights(1, 2, EXACT_TOKENS + 4)))
    assert explanation(panel).notes == [], "the entropy is exact all the same"
    for what in ("largest", "mean"):
        panel.what = what
        assert any("bytes" in note for note in explanation(panel).notes)
    assert "3 × 3" in figure(panel)["layout"]["annotations"][0]["text"], "a cell stands for several tokens"


def test_where_there_is_no_attention_the_reason_stands_in_the_place_of_the_picture(panel: SummaryPanel) -> None:
    state = panel.state
    reason = Message.of("attention-too-long", n=2000, most=1000)
    show(state, None, attention_unavailable=reason)
    assert figure(panel)["layout"]["title"]["text"] == str(reason)
    assert figure(panel)["data"] == []
    assert explanation(panel).text == ""
    broken = random_weights(2, 2, 4)
    broken[1, 0, 2, :3] = np.nan
    show(state, attention_of(broken))
    assert "not made of numbers" in figure(panel)["layout"]["title"]["text"]
    show(state, attention_of(random_weights(2, 2, 4)))
    assert figure(panel)["layout"]["title"]["text"] == "Entropy of each head"


def test_rollout_of_a_long_text_is_a_sentence(panel: SummaryPanel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(summaries, "MAX_ROLLED", 3)
    panel.what = "rollout"
    assert "at most 3" in figure(panel)["layout"]["title"]["text"]
    panel.what = "mean"
    assert figure(panel)["data"]


def test_while_attention_is_on_its_way_the_old_picture_stays(panel: SummaryPanel) -> None:
    before = only(panel, Plot).figure
    state = panel.state
    assert state.reader.trace is not None
    state.reader.stale = True  # so that it is not asked for
    state.reader.trace = replace(state.reader.trace, recorded_attention=None)
    wait_until(lambda: only(panel, Plot).stale, "it is dimmed")
    assert only(panel, Plot).figure == before


def test_a_model_without_attention_says_so(panel: SummaryPanel, lm: LocalModel) -> None:
    lm.info = replace(lm.info, capabilities=frozenset())
    state = ExplorerState(lm, TEXT)
    other = SummaryPanel(state)
    settle(state)
    assert "gives no attention" in figure(other)["layout"]["title"]["text"]


@pytest.mark.parametrize("text", ["", "a", "<b>x</b> $x$\n你", "<img src=x onerror=alert(1)>"])
def test_any_text_has_every_picture(state: ExplorerState, text: str) -> None:
    panel = SummaryPanel(state)
    state.document.prefix = text
    settle(state)
    for what in SUMMARIES:
        panel.what = what
        assert figure(panel)["data"]
        assert state.status.current.state == "ready"


def test_it_is_a_whole_tool_alone_in_a_cell(lm: LocalModel, page: Page) -> None:
    panel = SummaryPanel(lm, TEXT)
    settle(panel.state)
    before = only(panel, Plot).figure
    page.set(only(panel, PrefixBox), value="Another text altogether")
    wait_until(lambda: not panel.state.reader.stale and only(panel, Plot).figure != before, "the picture is renewed")


def test_it_speaks_chinese(panel: SummaryPanel) -> None:
    panel.state.display.theme = replace(panel.state.display.theme, language="zh-Hans")
    assert figure(panel)["layout"]["title"]["text"] == "每个头的熵"
    assert only(panel, w.Dropdown).options[0][0] == "每个头的熵"


def test_out_of_view_it_computes_nothing(panel: SummaryPanel) -> None:
    panel.visible = False
    before = only(panel, Plot).figure
    panel.state.document.prefix = "Something else"
    settle(panel.state)
    assert only(panel, Plot).figure == before
    panel.visible = True
    settle(panel.state)
    assert only(panel, Plot).figure != before
