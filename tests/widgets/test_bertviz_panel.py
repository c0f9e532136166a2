"""The panel with BertViz's views: it follows the open head, sends what is new, and says why it shows none."""

from __future__ import annotations

import dataclasses
from typing import Any

import ipywidgets as w
import numpy as np
import pytest

from explorer.engine.local_model import LocalModel
from explorer.figures.attention import bertviz_views
from explorer.figures.attention.bertviz_views import BertVizView
from explorer.figures.shared.theme import Theme
from explorer.locales import Message
from explorer.state.state import ExplorerState
from explorer.widgets.elements.framed.widget import Framed
from explorer.widgets.elements.status_line.widget import StatusLine
from explorer.widgets.panels.attention.bertviz import BertVizPanel
from explorer.widgets.panels.panel import Panel
from tests.attention import attention_of, random_weights
from tests.bertviz import parameters, trace_of, words
from tests.widgets.page import Page, all_widgets, only, settle

TEXT = "The capital of France"


@pytest.fixture
def state(lm: LocalModel) -> ExplorerState:
    state = ExplorerState(lm, TEXT, theme=Theme())
    settle(state)
    return state


@pytest.fixture
def panel(state: ExplorerState) -> BertVizPanel:
    panel = BertVizPanel(state)
    settle(state)
    return panel


def frame(panel: Panel) -> Framed:
    return only(panel, Framed)


def shown(panel: Panel) -> dict[str, Any]:
    """What BertViz is given to draw."""
    return parameters(BertVizView("", frame(panel).page))


def choose(page: Page, panel: Panel, view: str) -> None:
    menu = only(panel, w.Dropdown)
    page.set(menu, index=[value for _, value in menu.options].index(view))
    settle(panel.state)


def test_the_head_view_is_that_of_the_open_layer(panel: BertVizPanel) -> None:
    state = panel.state
    assert (shown(panel)["include_layers"], shown(panel)["heads"]) == ([0], [0])
    state.selection.open_head(1, 2)
    settle(state)
    state.selection.choose_heads([(1, 2), (0, 3), (1, 0)], "mean")
    settle(state)
    assert (shown(panel)["include_layers"], shown(panel)["heads"]) == ([1], [2, 0])
    assert state.reader.trace is not None
    weights = [state.reader.trace.attention.head(1, head) for head in range(4)]
    np.testing.assert_allclose(shown(panel)["shown"]["attn"], [weights], rtol=5e-4)
    assert shown(panel)["shown"]["left_text"] == [token.label[:13] for token in state.reader.trace.tokens]


def test_the_model_view_has_all_layers_or_the_open_one(page: Page, panel: BertVizPanel) -> None:
    box = only(panel, w.Checkbox)
    assert box.layout.visibility == "hidden"
    choose(page, panel, "model")
    assert box.layout.visibility is None
    assert np.shape(shown(panel)["shown"]["attn"])[:2] == (2, 4)
    panel.state.selection.open_head(1, 1)
    settle(panel.state)
    page.set(box, value=False)
    assert (shown(panel)["include_layers"], shown(panel)["total_heads"]) == ([1], 4)


def test_the_neuron_view_has_the_vectors_of_the_open_head(page: Page, panel: BertVizPanel) -> None:
    state = panel.state
    assert state.reader.attention is not None
    assert not state.reader.attention.has_vectors(0, 0), "nobody asks for vectors before the neuron view does"
    choose(page, panel, "neuron")
    for layer, head in ((0, 0), (1, 3)):
        state.selection.open_head(layer, head)
        settle(state)
        assert state.reader.trace is not None
        vectors = state.reader.trace.attention.vectors(layer, head)
        np.testing.assert_allclose(shown(panel)["shown"]["keys"][0][0], vectors.keys, rtol=5e-4)
        assert shown(panel)["menus"] == {"layer": [layer], "att_head": [head]}
    assert frame(panel).title == "BertViz: neuron view"


def test_the_view_follows_the_text_one_message_each(page: Page, panel: BertVizPanel) -> None:
    page.messages.clear()
    panel.state.document.prefix = f"{TEXT} is"
    settle(panel.state)
    pages = [message for message in page.to(frame(panel)) if "page" in message.data["state"]]
    assert len(pages) == 1
    assert shown(panel)["shown"]["left_text"][-1] == "·is"


def test_what_stays_the_same_is_not_sent_again(page: Page, panel: BertVizPanel) -> None:
    page.messages.clear()
    panel.state.selection.cursor = 1
    panel.state.display.theme = dataclasses.replace(panel.state.display.theme, contrast=True)
    panel.state.selection.choose_heads([(0, 0), (1, 1)], "mean")  # the open layer's are the same
    assert not [message for message in page.to(frame(panel)) if "page" in message.data["state"]]


def test_out_of_sight_nothing_is_drawn_or_wanted(state: ExplorerState) -> None:
    panel = BertVizPanel(state, visible=False)
    state.document.prefix = "The capital"
    settle(state)
    assert frame(panel).page == ""
    assert state.reader.attention is None
    panel.visible = True
    settle(state)
    assert len(shown(panel)["shown"]["left_text"]) == len(state.reader.trace.ids)  # type: ignore[union-attr]


def test_a_picture_that_is_not_at_hand_yet_leaves_the_old_one(panel: BertVizPanel) -> None:
    state, before = panel.state, frame(panel).page
    with state.lock:
        state.reader.trace = trace_of(words(300), attention=attention_of(random_weights(2, 4, 300)))
        assert (frame(panel).page, frame(panel).instead) == (before, "")


@pytest.mark.parametrize("why", ["no attention", "no numbers", "too large"])
def test_where_there_is_no_picture_a_sentence_says_why(
    panel: BertVizPanel, why: str, monkeypatch: pytest.MonkeyPatch, english: None
) -> None:
    state = panel.state
    good = state.reader.trace
    assert good is not None
    if why == "no attention":
        bad = dataclasses.replace(
            good, recorded_attention=None, attention_unavailable=Message.of("no-attention", name="x")
        )
    elif why == "no numbers":
        weights = random_weights(2, 4, 3)
        weights[1, 2, 1] = np.nan
        bad = trace_of(words(3), attention=attention_of(weights))
    else:
        bad = trace_of(words(200), attention=attention_of(random_weights(2, 40, 200)))
    state.reader.trace = bad
    expected = {
        "no attention": "gives no attention",
        "no numbers": "not made of numbers",
        "too large": "more than 2 MB",
    }
    assert expected[why] in frame(panel).instead
    state.reader.trace = good
    assert frame(panel).instead == ""


def test_a_view_that_is_too_large_makes_way_for_a_smaller_one(
    page: Page, panel: BertVizPanel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bertviz_views, "MAX_BYTES", 700)
    choose(page, panel, "model")
    assert frame(panel).instead
    page.set(only(panel, w.Checkbox), value=False)
    assert not frame(panel).instead


def test_the_empty_text_has_a_view(panel: BertVizPanel) -> None:
    panel.state.document.prefix = ""
    settle(panel.state)
    assert shown(panel)["shown"]["attn"][0][0] == [[1]]


def test_it_says_what_one_sees_in_the_readers_language(page: Page, panel: BertVizPanel) -> None:
    menu, line = only(panel, w.Dropdown), only(panel, StatusLine)
    for view in ("model", "neuron", "head"):
        choose(page, panel, view)
        assert line.text
    assert line.notes == []
    panel.state.display.theme = Theme(dark=True, language="zh-Hans")
    assert [label for label, _ in menu.options] == ["头视图", "模型视图", "神经元视图"]
    assert "词元" in line.text
    assert "白" in line.notes[0]
    assert frame(panel).title == "BertViz 的头视图"


def test_alone_in_a_cell_it_has_a_text_to_type(lm: LocalModel) -> None:
    panel = BertVizPanel(lm, TEXT)
    settle(panel.state)
    assert "PrefixBox" in {type(widget).__name__ for widget in all_widgets(panel)}
    assert shown(panel)["include_layers"] == [0]


def test_an_older_picture_is_marked_as_such(panel: BertVizPanel) -> None:
    panel.state.reader.late = True
    assert frame(panel).stale
    panel.state.reader.late = False
    assert not frame(panel).stale
