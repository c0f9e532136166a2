"""The panel of a single weight: which weight it explains, what a hand on it does, and when it draws nothing."""

from __future__ import annotations

import html
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import ipywidgets as w
import numpy as np
import pytest

from explorer.engine.loading import load
from explorer.engine.local_model import LocalModel
from explorer.language_model.attention import Attention, Floats, HeadVectors
from explorer.locales import Message
from explorer.state.state import ExplorerState
from explorer.widgets.elements.plot.widget import Plot
from explorer.widgets.elements.status_line.widget import StatusLine
from explorer.widgets.panels.attention import weight
from explorer.widgets.panels.attention.weight import WeightPanel
from tests.attention import attention_of, head_vectors
from tests.widgets.page import Page, all_widgets, settle

TEXT = "The capital of France is not the capital of Spain"


@pytest.fixture
def state(lm: LocalModel) -> ExplorerState:
    return ExplorerState(lm, TEXT)


@pytest.fixture
def panel(state: ExplorerState) -> WeightPanel:
    """With an answer."""
    panel = WeightPanel(state)
    settle(state)
    return panel


def plots(panel: WeightPanel) -> tuple[Plot, Plot]:
    vectors, rows = (widget for widget in all_widgets(panel) if isinstance(widget, Plot))
    return vectors, rows


def figure(plot: Plot) -> dict[str, Any]:
    drawn: dict[str, Any] = json.loads(plot.figure)
    return drawn


def menus(panel: WeightPanel) -> tuple[w.Dropdown, w.Dropdown]:
    queries, keys = (widget for widget in all_widgets(panel) if isinstance(widget, w.Dropdown))
    return queries, keys


def sentence(panel: WeightPanel) -> str:
    (line,) = (widget for widget in panel.children if isinstance(widget, StatusLine))
    return str(line.text)


def shows(panel: WeightPanel) -> bool:
    return panel._shown.layout.visibility != "hidden"


def explained(panel: WeightPanel) -> tuple[str, str]:
    """The query and the key in the pictures, as ``place label``."""
    query, key, _ = figure(plots(panel)[0])["layout"]["yaxis"]["ticktext"]
    (bold,) = (
        label[3:-4] for label in figure(plots(panel)[1])["layout"]["yaxis"]["ticktext"] if label.startswith("<b>")
    )
    assert key == f"k {bold}"
    return html.unescape(query.removeprefix("q ")), html.unescape(bold)


def written_weight(panel: WeightPanel) -> float:
    """The last number of the arithmetic."""
    return float(figure(plots(panel)[0])["layout"]["meta"]["description"].rsplit(" = ", 1)[1])


def record(state: ExplorerState) -> Attention:
    assert state.reader.attention is not None
    return state.reader.attention


def name(state: ExplorerState, place: int) -> str:
    assert state.reader.trace is not None
    return f"{place + 1} {state.reader.trace.tokens[place].label}"


def softmax_rows(vectors: HeadVectors) -> Floats:
    """(1, 1, T, T)"""
    scores = vectors.queries @ vectors.keys.T * vectors.scaling
    exp = np.tril(np.exp(scores))
    return np.asarray(exp / exp.sum(-1, keepdims=True))[None, None]


def given(state: ExplorerState, dense: Floats, vectors: HeadVectors | None = None) -> Attention:
    """Put an attention of the test's own making into the trace on show."""
    assert state.reader.trace is not None
    attention = attention_of(dense, {(0, 0): vectors} if vectors else None)
    if vectors is not None:
        attention = attention.fetched(0, 0)
    state.reader.trace = replace(state.reader.trace, recorded_attention=attention)
    return attention


# --- which weight


def test_it_begins_with_the_largest_weight_of_the_last_token(panel: WeightPanel, state: ExplorerState) -> None:
    row = record(state).row(0, 0, state.reader.row)
    assert explained(panel) == (name(state, len(row) - 1), name(state, int(row.argmax())))
    assert written_weight(panel) == pytest.approx(float(row.max()), rel=6e-3)
    assert shows(panel)


@pytest.mark.parametrize("tiny", ["tiny_gpt2", "tiny_llama"])
def test_every_weight_of_a_model_can_be_explained(tiny: str, request: pytest.FixtureRequest) -> None:
    """Learned positions and rotated ones; keys of a head's own, and shared ones."""
    folder: Path = request.getfixturevalue(tiny)
    lm = load(str(folder), device="cpu")
    state = ExplorerState(lm, TEXT)
    panel = WeightPanel(state)
    for layer in range(lm.info.n_layer):
        for head in range(lm.info.n_head):
            state.selection.open_head(layer, head)
            settle(state)
            assert shows(panel)
            for query in (0, 3, state.reader.row):
                state.selection.cursor = query
                panel.key = query // 2
                expected = float(record(state).row(layer, head, query)[query // 2])
                assert explained(panel) == (name(state, query), name(state, query // 2))
                assert written_weight(panel) == pytest.approx(expected, rel=6e-3)
            state.selection.cursor, panel.key = -1, -1


def test_the_head_and_the_token_are_those_of_the_state(panel: WeightPanel, state: ExplorerState) -> None:
    before = plots(panel)[0].figure
    state.selection.open_head(1, 1)
    settle(state)
    assert figure(plots(panel)[0])["layout"]["xaxis"]["title"]["text"] == "dimension of L1H1"
    assert plots(panel)[0].figure != before
    state.selection.cursor = 2
    assert explained(panel)[0] == name(state, 2)
    assert "masked" in figure(plots(panel)[1])["data"][2]["hovertext"][3]


def test_a_click_on_a_row_chooses_the_key_and_it_stays(panel: WeightPanel, state: ExplorerState, page: Page) -> None:
    page.send(plots(panel)[1], kind="pick", id=3, answer=state.reader.answer)
    assert panel.key == 3
    assert explained(panel)[1] == name(state, 3)
    state.document.prefix += " and"
    settle(state)
    assert explained(panel)[1] == name(state, 3)
    state.selection.cursor = 2  # which comes before it
    row = record(state).row(0, 0, 2)
    assert explained(panel) == (name(state, 2), name(state, int(row.argmax())))
    state.selection.cursor = -1
    assert explained(panel)[1] == name(state, 3)


def test_the_menus_choose_query_and_key(panel: WeightPanel, state: ExplorerState, page: Page) -> None:
    queries, keys = menus(panel)
    labels = [label for label, _ in queries.options]
    assert labels[4] == name(state, 4)
    page.set(queries, index=4)
    assert state.selection.cursor == 4
    assert explained(panel)[0] == name(state, 4)
    places = [value for _, value in keys.options]
    assert places == [-1, *range(5)]
    page.set(keys, index=places.index(1))
    assert panel.key == 1
    assert explained(panel) == (name(state, 4), name(state, 1))
    page.set(queries, index=len(labels) - 1)
    assert state.selection.cursor == -1
    page.set(keys, index=0)
    assert panel.key == -1


@pytest.mark.parametrize("place", [-1, 10**30, True, "1", None, 1.0])
def test_what_is_no_token_is_never_drawn(panel: WeightPanel, state: ExplorerState, page: Page, place: object) -> None:
    before = explained(panel)
    page.send(plots(panel)[1], kind="pick", id=place, answer=state.reader.answer)
    assert explained(panel) == before
    assert shows(panel)


def test_one_key_sends_one_message_a_picture(panel: WeightPanel, page: Page) -> None:
    for plot in plots(panel):
        assert plot.packed
    page.messages.clear()
    panel.key = 2
    for plot in plots(panel):
        assert len(page.to(plot)) == 1
    assert page.n_bytes < 16_000


# --- texts


@pytest.mark.parametrize("text", ["", "The", "<b> <img src=x onerror=alert(1)> $x$ \n\n 🦜", "a" * 60])
def test_any_text_has_its_weights(panel: WeightPanel, state: ExplorerState, text: str) -> None:
    state.document.prefix = text
    settle(state)
    assert shows(panel)
    assert len(figure(plots(panel)[1])["data"][2]["customdata"]) <= 9
    if record(state).n_tokens == 1:
        assert written_weight(panel) == 1


def test_a_text_beyond_the_window_has_its_places_in_the_whole_text(
    panel: WeightPanel, state: ExplorerState, page: Page
) -> None:
    state.document.prefix = "one two three four five six " * 300
    settle(state)
    assert state.reader.trace is not None
    start = state.reader.trace.start
    assert start > 0
    assert explained(panel)[0] == name(state, len(state.reader.trace.ids) - 1)
    rows = figure(plots(panel)[1])["data"][2]
    page.send(plots(panel)[1], kind="pick", id=rows["customdata"][1], answer=state.reader.answer)
    assert panel.key == start + rows["customdata"][1]
    assert explained(panel)[1] == name(state, panel.key)


def test_menus_of_a_long_text_are_short(
    panel: WeightPanel, state: ExplorerState, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(weight, "MAX_LISTED", 4)
    row = record(state).row(0, 0, state.reader.row)
    smallest, last = int(row.argmin()), len(row) - 1
    panel.key = smallest
    queries, keys = menus(panel)
    assert [place for _, place in queries.options] == [*range(last - 4, last), -1]
    assert [place for _, place in keys.options] == [-1, *sorted([*np.argsort(-row)[:4].tolist(), smallest])]
    state.selection.cursor = 1
    assert [place for _, place in queries.options] == [1, *range(last - 4, last), -1]
    assert queries.value == 1


# --- when there is nothing to draw


def refused(panel: WeightPanel, words: str) -> None:
    assert not shows(panel)
    assert words in sentence(panel)


def test_without_attention_it_says_why(panel: WeightPanel, state: ExplorerState) -> None:
    assert state.reader.trace is not None
    seen, before = state.reader.trace, sentence(panel)
    why = Message.of("no-attention", name="x")
    state.reader.trace = replace(seen, recorded_attention=None, attention_unavailable=why)
    refused(panel, "The model x gives no attention weights")
    state.reader.trace = seen
    assert shows(panel)
    assert sentence(panel) == before


def test_a_trace_that_was_made_for_others_changes_nothing(panel: WeightPanel, state: ExplorerState) -> None:
    """Its own is on its way."""
    assert state.reader.trace is not None
    before = [plot.figure for plot in plots(panel)]
    with state.lock:
        state.reader.trace = replace(state.reader.trace, recorded_attention=None)
        assert shows(panel)
        assert [plot.figure for plot in plots(panel)] == before


def test_what_is_not_a_number_is_not_drawn(panel: WeightPanel, state: ExplorerState) -> None:
    n = record(state).n_tokens
    given(state, np.full((1, 1, n, n), np.nan), head_vectors(n))
    refused(panel, "not made of numbers")


@pytest.mark.parametrize(
    ("wrong", "fine"),
    [
        pytest.param(lambda v: v, True, id="right"),
        pytest.param(lambda v: replace(v, scaling=2 * v.scaling), False, id="scaling"),
        pytest.param(lambda v: replace(v, keys=v.keys[::-1]), False, id="keys"),
    ],
)
def test_steps_that_lead_elsewhere_are_told_and_not_drawn(
    panel: WeightPanel, state: ExplorerState, wrong: Callable[[HeadVectors], HeadVectors], fine: bool
) -> None:
    before = [plot.figure for plot in plots(panel)]
    vectors = head_vectors(record(state).n_tokens)
    given(state, softmax_rows(vectors), wrong(vectors))
    if fine:
        assert shows(panel)
        assert [plot.figure for plot in plots(panel)] != before
    else:
        refused(panel, "do not follow from its queries and keys")


def test_until_the_vectors_are_there_the_old_picture_stays_dimmed_and_nobody_is_asked(
    panel: WeightPanel, state: ExplorerState
) -> None:
    before = [plot.figure for plot in plots(panel)]
    assert not any(plot.stale for plot in plots(panel))
    vectors = head_vectors(record(state).n_tokens)
    attention = given(state, softmax_rows(vectors))
    assert [plot.figure for plot in plots(panel)] == before
    assert all(plot.stale for plot in plots(panel))
    assert attention.source.asked == 0  # type: ignore[attr-defined]
    given(state, softmax_rows(vectors), vectors)
    assert [plot.figure for plot in plots(panel)] != before
    assert not any(plot.stale for plot in plots(panel))


def test_an_unseen_panel_wants_and_draws_nothing(state: ExplorerState) -> None:
    panel = WeightPanel(state, visible=False)
    settle(state)
    assert state.reader.attention is None
    assert not plots(panel)[0].packed
    panel.key = 2
    panel.visible = True
    settle(state)
    assert explained(panel)[1] == name(state, 2)


def test_it_speaks_the_readers_language(panel: WeightPanel, state: ExplorerState) -> None:
    state.display.theme = replace(state.display.theme, language="zh-Hans")
    assert "权重" in sentence(panel)
    assert [menu.description for menu in menus(panel)] == ["查询", "键"]
    assert "末尾" in menus(panel)[0].options[-1][0]
    assert "从得分到权重" in plots(panel)[1].description
