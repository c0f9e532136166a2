"""The grid of all heads: what it is sent and when, what a hand on it does, and what it says."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import ipywidgets as w
import numpy as np
import pytest

from explorer.engine.local_model import LocalModel
from explorer.figures.attention.thumbnails import palette, thumbnails
from explorer.language_model.attention import EXACT_TOKENS, Attention
from explorer.language_model.trace import Trace
from explorer.locales import Message
from explorer.probes.roles import KINDS, roles_of
from explorer.state.state import ExplorerState
from explorer.widgets.elements.head_grid.widget import HeadGrid
from explorer.widgets.elements.prefix_box.widget import PrefixBox
from explorer.widgets.panels.attention.grid import FIRST_TOKEN_WORDS, ORDERS, GridPanel
from tests.attention import attention_of, random_weights
from tests.widgets.page import Page, Sent, all_widgets, only, settle


@pytest.fixture
def state(lm: LocalModel) -> ExplorerState:
    return ExplorerState(lm, "The cat and the cat")


@pytest.fixture
def panel(state: ExplorerState) -> GridPanel:
    """With the answer to a short text of repeated words; 2 layers of 4 heads."""
    panel = GridPanel(state)
    settle(state)
    return panel


@pytest.fixture
def grid(panel: GridPanel) -> HeadGrid:
    return only(panel, HeadGrid)


def read_from(lm: LocalModel, attention: Attention, ids: list[int] | None = None) -> Trace:
    """A trace of as many tokens as ``attention`` has, all different unless said."""
    n_tokens = attention.n_tokens
    return Trace(
        ids=np.array(ids if ids is not None else [i % len(lm.vocabulary) for i in range(n_tokens)]),
        logits=np.zeros(len(lm.vocabulary), np.float32),
        surprisal=np.zeros(n_tokens, np.float32),
        entropy=np.zeros(n_tokens, np.float32),
        rank=np.ones(n_tokens, np.int64),
        start=0,
        computed=n_tokens,
        milliseconds=1.0,
        vocabulary=lm.vocabulary,
        recorded_attention=attention,
    )


def shown(lm: LocalModel, attention: Attention, ids: list[int] | None = None, **traits: Any) -> GridPanel:
    """A panel that shows ``attention``, which no model was asked for."""
    state = ExplorerState()
    for name, value in traits.items():
        setattr(state.display, name, value)
    panel = GridPanel(state)
    state.reader.trace = read_from(lm, attention, ids)
    return panel


def traits_in(message: Sent) -> set[str]:
    """What an update has; bytes travel beside its JSON."""
    return {*message.data["state"], *(path[0] for path in message.data["buffer_paths"])}


def menus(panel: GridPanel) -> list[w.Dropdown]:
    return [widget for widget in all_widgets(panel) if isinstance(widget, w.Dropdown)]


# --- what the page is sent


def test_the_pictures_follow_the_text(
    state: ExplorerState, grid: HeadGrid, page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("explorer.state.reader.LATE_SECONDS", 60)
    for prefix in ("The cat and the cat sat", "The cat", "", "<b>$x$\n🙂"):
        page.messages.clear()
        state.document.prefix = prefix
        settle(state)
        assert state.reader.attention is not None
        assert grid.cells == thumbnails(state.reader.attention).cells.tobytes()
        assert (grid.side, grid.shape, grid.sentence) == (state.reader.attention.n_tokens, (2, 4), "")
        (answer,) = (traits_in(message) for message in page.to(grid))
        assert {"cells", "answer"} <= answer
    assert not grid.stale


def test_a_text_of_one_token_has_one_cell(state: ExplorerState, grid: HeadGrid) -> None:
    state.document.prefix = ""
    settle(state)
    assert grid.cells == bytes([255] * 8)
    assert grid.line == "L0H0 · entropy 0.00 bits · previous – · first – · same – · induction –"


@pytest.mark.parametrize(
    ("n_layer", "n_head", "n_tokens", "most"),
    [(12, 12, 128, 310_000), (30, 9, 20, 60_000), (30, 9, 64, 570_000), (12, 12, 400, 310_000)],
)
def test_a_refresh_is_one_light_message(
    lm: LocalModel, page: Page, n_layer: int, n_head: int, n_tokens: int, most: int
) -> None:
    panel = shown(lm, attention_of(random_weights(n_layer, n_head, n_tokens - 1)), head_order="entropy")
    grid = only(panel, HeadGrid)
    page.messages.clear()
    panel.state.reader.trace = read_from(lm, attention_of(random_weights(n_layer, n_head, n_tokens, seed=1)))
    (message,) = page.to(grid)
    assert {"cells", "order"} <= traits_in(message)
    assert len(grid.cells) < message.n_bytes < most


def test_what_did_not_change_is_not_sent_again(state: ExplorerState, grid: HeadGrid, page: Page) -> None:
    def sent() -> set[str]:
        settle(state)
        told = {trait for message in page.to(grid) for trait in traits_in(message)}
        page.messages.clear()
        return told

    sent()
    state.selection.open_head(1, 2)
    assert sent() == {"opened", "chosen", "line"}
    state.selection.choose_heads([(1, 2), (0, 0)], "mean")
    assert sent() == {"chosen"}
    state.display.log_weights = True
    assert sent() == {"palette", "scale"}
    state.display.theme = replace(state.display.theme, dark=True)
    assert sent() == {"palette", "scale"}
    state.display.head_order = "entropy"
    assert sent() == {"order"}
    state.display.first_token = "hidden"
    assert sent() == {"cells"}
    state.display.theme = replace(state.display.theme, language="zh-Hans")
    assert sent() == {"words", "line", "cells_mean"}


def test_thumbnails_are_made_once_for_a_text(panel: GridPanel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("explorer.widgets.panels.attention.grid.thumbnails", lambda *_: pytest.fail("made again"))
    panel.state.selection.open_head(1, 1)
    panel.state.display.log_weights = True
    panel.state.display.head_order = "previous"


def test_colours_and_the_first_token_are_as_chosen(state: ExplorerState, grid: HeadGrid) -> None:
    assert state.reader.attention is not None
    for first_token in ("hidden", "renormalised", "shown"):
        state.display.first_token = first_token
        assert grid.cells == thumbnails(state.reader.attention, first_token).cells.tobytes()
    for log in (True, False):
        state.display.log_weights = log
        assert grid.palette == palette(state.display.theme, log=log)
    assert grid.scale["least"] == "0"


def test_a_longer_text_says_what_its_cells_are(lm: LocalModel) -> None:
    for n_tokens, said in [
        (64, "a cell is one weight"),
        (65, "a cell is the largest of 2 × 2 weights"),
        (EXACT_TOKENS, "a cell is the largest of 4 × 4 weights"),
        (
            EXACT_TOKENS + 1,
            "a cell is the largest of 5 × 5 weights · more than 256 tokens, so weights are bytes, at most 0.004 off",
        ),
    ]:
        assert only(shown(lm, attention_of(random_weights(1, 2, n_tokens))), HeadGrid).cells_mean == said


def test_it_has_its_place_before_there_is_an_answer(lm: LocalModel) -> None:
    panel = GridPanel(ExplorerState(lm, "The cat"), visible=False)
    assert only(panel, HeadGrid).shape == (0, 0)
    settle(panel.state)
    assert panel.state.reader.attention is None, "what nobody sees is not computed"
    panel.visible = True
    grid = only(panel, HeadGrid)
    assert (grid.shape, grid.names[5]) == ((2, 4), "L1H1")
    settle(panel.state)
    assert grid.cells


# --- where there is no picture


def test_why_there_is_none_stands_in_its_place(lm: LocalModel) -> None:
    good = attention_of(random_weights(2, 4, 5))
    panel = shown(lm, good)
    grid = only(panel, HeadGrid)
    panel.state.reader.trace = replace(
        read_from(lm, good),
        recorded_attention=None,
        attention_unavailable=Message.of("attention-too-long", n=2000, most=1414),
    )
    assert grid.sentence.startswith("The text has 2,000 tokens")
    panel.state.reader.trace = read_from(lm, good)
    assert grid.sentence == ""
    weights = random_weights(2, 4, 5)
    weights[1, 2, 3, 0] = np.nan
    panel.state.reader.trace = read_from(lm, attention_of(weights))
    assert "layer 1, head 2" in grid.sentence
    panel.state.display.theme = replace(panel.state.display.theme, language="zh-Hans")
    assert "第 1 层第 2 头" in grid.sentence


def test_what_was_not_asked_for_yet_is_waited_for(lm: LocalModel) -> None:
    good = attention_of(random_weights(2, 4, 5))
    panel = shown(lm, good)
    grid = only(panel, HeadGrid)
    before = grid.cells
    panel.state.reader.trace = replace(read_from(lm, good), recorded_attention=None)
    assert (grid.sentence, grid.cells) == ("", before)


# --- what a hand on it does


def test_a_click_opens_a_head(state: ExplorerState, grid: HeadGrid, page: Page) -> None:
    page.send(grid, kind="open", head=6)
    assert (state.selection.head, state.selection.heads) == ((1, 2), ((1, 2),))
    assert (grid.opened, grid.chosen) == (6, [6])


def test_heads_are_added_and_taken_away_but_never_all(state: ExplorerState, grid: HeadGrid, page: Page) -> None:
    page.send(grid, kind="add", head=6)
    assert (state.selection.head, state.selection.heads, state.selection.blend) == ((0, 0), ((0, 0), (1, 2)), "mean")
    state.selection.blend = "max"
    page.send(grid, kind="add", head=1)
    assert (state.selection.heads, state.selection.blend) == (((0, 0), (1, 2), (0, 1)), "max")
    assert (grid.opened, grid.chosen) == (0, [0, 6, 1])
    page.send(grid, kind="add", head=0)
    assert (state.selection.head, state.selection.heads, state.selection.blend) == ((1, 2), ((1, 2), (0, 1)), "max")
    page.send(grid, kind="add", head=1)
    assert (state.selection.heads, state.selection.blend) == (((1, 2),), "head")
    page.send(grid, kind="add", head=6)
    assert (state.selection.head, state.selection.heads, state.selection.blend) == ((1, 2), ((1, 2),), "head")


@pytest.mark.parametrize("kind", ["open", "add", "note"])
@pytest.mark.parametrize("head", [8, 10**15])
def test_a_head_that_the_model_does_not_have_is_ignored(
    state: ExplorerState, grid: HeadGrid, page: Page, kind: str, head: int
) -> None:
    page.messages.clear()
    page.send(grid, kind=kind, head=head)
    assert (state.selection.heads, page.to(grid), grid.ignored) == (((0, 0),), [], 1)


def test_a_head_that_the_new_model_does_not_have_is_not_opened(
    state: ExplorerState, grid: HeadGrid, page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    info = replace(state.reader.model.info, n_layer=1)
    monkeypatch.setattr(state.reader.model, "info", info)
    page.send(grid, kind="open", head=6)
    page.send(grid, kind="add", head=6)
    assert state.selection.heads == ((0, 0),)
    page.send(grid, kind="open", head=3)
    assert state.selection.head == (0, 3)


# --- scores, and the order by them


def test_the_line_has_the_scores_of_a_head(state: ExplorerState, grid: HeadGrid, page: Page) -> None:
    assert state.reader.attention is not None
    assert state.reader.trace is not None
    page.send(grid, kind="note", head=6)
    content = page.to(grid)[-1].data["content"]
    scores = [f"{roles_of(state.reader.trace).of(kind)[1, 2]:.2f}" for kind in KINDS]
    previous, first, same, induction = scores
    assert content == {
        "kind": "note",
        "head": 6,
        "text": f"L1H2 · entropy {state.reader.attention.entropy[1, 2].mean():.1f} bits · previous {previous} · "
        f"first {first} · same {same} · induction {induction}",
    }
    state.selection.open_head(1, 2)
    assert grid.line == content["text"]
    state.display.theme = replace(state.display.theme, language="zh-Hans")
    assert grid.line.startswith("L1H2 · 熵 ")


def sharp(n_layer: int, n_head: int, keys: dict[tuple[int, int], Any], n_tokens: int) -> Attention:
    """Heads that look at one key: ``keys`` gives it for each query; the other heads look at all alike."""
    weights = np.tril(np.ones((n_layer, n_head, n_tokens, n_tokens)))
    weights /= weights.sum(-1, keepdims=True)
    for (layer, head), key in keys.items():
        weights[layer, head] = 0
        for query in range(n_tokens):
            weights[layer, head, query, key(query)] = 1
    return attention_of(weights)


def test_heads_are_sorted_best_first(lm: LocalModel) -> None:
    keys = {(1, 0): lambda q: max(0, q - 1), (0, 2): lambda _: 0, (1, 2): lambda q: max(0, q - 3)}
    ids = [0, 1, 2, 3, 1, 2, 3]  # from token 4 on, the token three before is equal
    panel = shown(lm, sharp(2, 3, keys, 7), ids)
    grid, state = only(panel, HeadGrid), panel.state
    assert grid.order == []
    for by, best in (("previous", 3), ("first", 2), ("same", 5)):
        state.display.head_order = by
        assert grid.order[0] == best
        assert sorted(grid.order) == list(range(6))
    state.display.head_order = "entropy"
    assert grid.order == [2, 3, 5, 0, 1, 4], "the three without any, then the others, as they stand in the model"
    state.display.head_order = "nothing-known"
    assert grid.order == []
    assert menus(panel)[0].value == "layer"


def test_a_score_that_no_head_has_sorts_nothing_and_is_told(lm: LocalModel) -> None:
    panel = shown(lm, attention_of(random_weights(2, 3, 6)), head_order="induction")
    grid = only(panel, HeadGrid)
    assert (grid.order, grid.line) == ([], "No head has this score on this text, so they stand by layer.")
    panel.state.display.head_order = "layer"
    assert grid.line.startswith("L0H0 · ")


# --- its controls


def test_the_controls_and_the_state_agree(panel: GridPanel, page: Page) -> None:
    order, first = menus(panel)
    log = only(panel, w.Checkbox)
    assert [option[1] for option in order.options] == list(ORDERS)
    assert [option[1] for option in first.options] == list(FIRST_TOKEN_WORDS)
    page.set(order, index=4)
    page.set(first, index=2)
    page.set(log, value=True)
    state = panel.state
    assert (state.display.head_order, state.display.first_token, state.display.log_weights) == (
        "induction",
        "renormalised",
        True,
    )
    state.display.head_order, state.display.first_token, state.display.log_weights = "entropy", "hidden", False
    assert (order.value, first.value, log.value) == ("entropy", "hidden", False)
    state.display.theme = replace(state.display.theme, language="zh-Hans")
    assert (order.value, first.value, order.label) == ("entropy", "hidden", "按熵，从低到高")


def test_alone_in_a_cell_it_has_a_box_to_type_into(lm: LocalModel, page: Page) -> None:
    panel = GridPanel(lm, "The cat")
    settle(panel.state)
    before = only(panel, HeadGrid).cells
    page.set(only(panel, PrefixBox), value="The cat and the cat")
    settle(panel.state)
    assert only(panel, HeadGrid).cells != before
