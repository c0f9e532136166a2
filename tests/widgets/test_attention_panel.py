"""The attention as a whole: it is computed while somebody looks, and for nobody else; and what each move costs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from explorer.engine.loading import load
from explorer.engine.local_model import LocalModel
from explorer.language_model.attention import EXACT_TOKENS
from explorer.state.state import ExplorerState
from explorer.widgets.app import Explorer
from explorer.widgets.elements.head_grid.widget import HeadGrid
from explorer.widgets.elements.prefix_box.widget import PrefixBox
from explorer.widgets.panels.attention.attention import AttentionPanel, AttentionViewsPanel
from explorer.widgets.panels.attention.grid import GridPanel
from explorer.widgets.panels.attention.head import HeadPanel
from tests.engine.reference import eager_attention
from tests.model_repositories import make_gpt2
from tests.modules import module_of
from tests.passes import Passes
from tests.widgets.page import Page, all_widgets, only, settle

VIEWS = tuple(AttentionViewsPanel.tabs)


@pytest.fixture
def app(lm: LocalModel) -> Explorer:
    app = Explorer(lm, "The capital of France is")
    settle(app.state)
    return app


@pytest.fixture
def state(lm: LocalModel) -> ExplorerState:
    state = ExplorerState(lm, "The capital of France is Paris. The capital of Italy is")
    settle(state)
    return state


@pytest.fixture(scope="module")
def long_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_gpt2(tmp_path_factory.mktemp("models") / "long", n_positions=1024)


def test_nothing_is_captured_until_the_section_is_open(app: Explorer) -> None:
    assert app.state.reader.attention is None
    app.state.playback.step()
    settle(app.state)
    assert app.state.reader.attention is None


def test_opening_the_section_reads_the_text_once_more_and_closing_it_ends_the_capture(
    app: Explorer, lm: LocalModel
) -> None:
    n_tokens = len(lm.tokenize(app.state.document.prefix).ids)
    with Passes(lm) as passes:
        app.state.display.section = "attention"
        settle(app.state)
    assert passes.tokens == [n_tokens]
    assert app.state.reader.attention is not None
    with Passes(lm) as passes:
        for _ in range(3):
            app.state.playback.step()
            settle(app.state)
            assert app.state.reader.attention is not None
            assert app.state.reader.attention.n_tokens == len(app.state.reader.trace.ids)
    assert passes.tokens == [1, 1, 1]
    app.state.display.section = "history"
    app.state.document.prefix = "Something else"
    settle(app.state)
    assert app.state.reader.attention is None


def test_what_the_panels_show_is_what_the_model_does(app: Explorer, lm: LocalModel) -> None:
    app.state.display.section = "attention"
    for text in ("The cat smiled", "The cat smiled and the robot smiled", "春眠不觉晓"):
        app.state.document.prefix = text
        settle(app.state)
        expected = eager_attention(module_of(lm), lm.tokenize(text).ids)
        np.testing.assert_allclose(app.state.reader.attention.dense(), expected, atol=1e-5)


@pytest.mark.parametrize("view", VIEWS)
def test_each_view_follows_a_key_with_one_pass_and_one_picture(
    app: Explorer, lm: LocalModel, page: Page, view: str
) -> None:
    app.state.display.section, app.state.display.view = "attention", view
    settle(app.state)
    before = len(lm.tokenize(app.state.document.prefix).ids)
    page.messages.clear()
    with Passes(lm) as passes:
        page.set(only(app, PrefixBox), value=app.state.document.prefix + " the")
        settle(app.state)
    assert passes.tokens == [len(lm.tokenize(app.state.document.prefix).ids) - before]
    grid = only(app, HeadGrid)
    assert len([message for message in page.to(grid) if message.data["buffer_paths"]]) == 1


@pytest.mark.parametrize("view", VIEWS)
def test_another_head_costs_no_pass_and_no_attention_is_sent_to_the_grid_again(
    app: Explorer, lm: LocalModel, page: Page, view: str
) -> None:
    app.state.display.section, app.state.display.view = "attention", view
    settle(app.state)
    page.messages.clear()
    with Passes(lm) as passes:
        app.state.selection.open_head(1, 2)
        settle(app.state)
    assert passes.tokens == []
    assert not any(message.data["buffer_paths"] for message in page.to(only(app, HeadGrid)))


def test_only_the_open_view_is_drawn(state: ExplorerState, page: Page) -> None:
    views = AttentionViewsPanel(state)
    settle(state)
    head = only(views, HeadPanel)
    assert head.visible
    state.display.view = "text"
    settle(state)
    assert not head.visible
    drawn = {child.model_id for child in head.children}
    page.messages.clear()
    state.document.prefix = "Something else"
    settle(state)
    assert not [m for m in page.messages if m.widget_id in drawn and m.kind == "update" and "packed" in str(m.data)]


def test_panels_are_made_when_they_are_opened_and_want_nothing_when_they_are_closed(app: Explorer) -> None:
    assert not [widget for widget in all_widgets(app) if isinstance(widget, AttentionPanel)]
    app.state.display.section = "attention"
    grid, views = only(app, GridPanel), only(app, AttentionViewsPanel)
    assert grid.visible
    assert views.visible
    assert list(views._panels) == ["head"]
    app.state.display.view = "text"
    assert {name: panel.visible for name, panel in views._panels.items()} == {"head": False, "text": True}
    app.state.display.section = "funnel"
    assert not any(panel.visible for panel in (grid, views, *views._panels.values()))
    app.state.display.section = "attention"
    assert {name: panel.visible for name, panel in views._panels.items()} == {"head": False, "text": True}


def test_another_layer_of_a_long_text_comes_without_a_pass(long_folder: Path) -> None:
    lm = load(str(long_folder), device="cpu")
    state = ExplorerState(lm, "one two " * EXACT_TOKENS)
    HeadPanel(state)
    settle(state)
    assert state.reader.attention is not None
    assert state.reader.attention.n_tokens > EXACT_TOKENS
    assert state.reader.attention.has(0)
    with Passes(lm) as passes:
        state.selection.open_head(1, 3)
        settle(state)
    assert passes.tokens == []
    assert state.reader.attention.has(1)
    expected = eager_attention(module_of(lm), state.reader.trace.ids[state.reader.trace.start :].tolist())
    np.testing.assert_allclose(state.reader.attention.head(1, 3), expected[1, 3], atol=1e-5)


def test_another_model_begins_with_its_first_head(app: Explorer, tiny_llama: Path) -> None:
    app.state.display.section = "attention"
    app.state.selection.open_head(1, 3)
    app.state.selection.choose_heads([(0, 0), (1, 3)], "mean")
    app.state.reader.model = load(str(tiny_llama), device="cpu")
    settle(app.state)
    assert app.state.selection.head == (0, 0)
    assert app.state.selection.heads == ((0, 0),)
    assert app.state.reader.attention is not None


def test_the_whole_works_alone_in_a_cell(lm: LocalModel) -> None:
    alone = AttentionPanel(lm, prefix="The capital of")
    settle(alone.state)
    assert alone.state.reader.attention is not None
    assert only(alone, PrefixBox).value == "The capital of"
    assert only(alone, HeadGrid)


@pytest.mark.parametrize("prefix", ["", "a", "<b>bold</b>", "é\n\n🙂 𓀀"])
@pytest.mark.parametrize("view", VIEWS)
def test_strange_texts_leave_the_rest_alone(lm: LocalModel, view: str, prefix: str) -> None:
    app = Explorer(lm, prefix)
    app.state.display.section, app.state.display.view = "attention", view
    settle(app.state)
    assert app.state.status.current.state == "ready"
    assert app.state.reader.attention is not None
    app.state.document.prefix = "The cat"
    settle(app.state)
    assert app.state.status.current.state == "ready"
