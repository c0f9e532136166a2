"""`AttentionTextPanel`: which weights the page is sent, how often, and what a hand on it does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from explorer.engine.local_model import LocalModel
from explorer.figures.shared.theme import Theme
from explorer.language_model.attention import Attention, Floats
from explorer.language_model.trace import Trace
from explorer.locales import Message, numbers
from explorer.state.state import ExplorerState
from explorer.widgets.elements.attention_text.widget import AttentionText
from explorer.widgets.elements.prefix_box.widget import PrefixBox
from explorer.widgets.panels.attention.attention_text import MAX_CHIPS, AttentionTextPanel
from tests.attention import Given, attention_of, random_weights
from tests.figures.reading import HOSTILE, VOCABULARY, V
from tests.widgets.page import Page, only, settle

N_LAYER, N_HEAD, T = 3, 2, 9
DENSE = random_weights(N_LAYER, N_HEAD, T)


def trace_of(recorded_attention: Attention | None, *, start: int = 0, n_tokens: int = T, **more: Any) -> Trace:
    """Of a text whose first tokens are the hostile ones."""
    per_token = np.zeros(start + n_tokens, np.float32)
    return Trace(
        ids=np.arange(start + n_tokens) % V,
        logits=np.zeros(V, np.float32),
        surprisal=per_token,
        entropy=per_token,
        rank=np.zeros(start + n_tokens, np.int64),
        start=start,
        computed=1,
        milliseconds=1.0,
        vocabulary=VOCABULARY,
        recorded_attention=recorded_attention,
        **more,
    )


def state_of(trace: Trace | None, **traits: Any) -> ExplorerState:
    state = ExplorerState(**traits)
    state.reader.trace = trace
    return state


@pytest.fixture
def state() -> ExplorerState:
    state = state_of(trace_of(attention_of(DENSE)))
    state.selection.open_head(1, 0)
    return state


def text_of(panel: AttentionTextPanel) -> AttentionText:
    return only(panel, AttentionText)


def weights_of(found: dict[str, Any]) -> Floats:
    return np.frombuffer(found["weights"], np.float32)


def shown(panel: AttentionTextPanel) -> dict[str, Any]:
    """The look that is painted while nobody points at anything."""
    sent = text_of(panel).shown
    found: dict[str, Any] = next(each for each in sent["token_weights"] if each["row"] == sent["row"])
    return found


def answers(page: Page, panel: AttentionTextPanel) -> list[dict[str, Any]]:
    """The messages to the page that are no updates."""
    return [m.data["content"] for m in page.to(text_of(panel)) if m.kind == "custom"]


# --- which weights


def test_the_last_token_s_look_is_the_row_of_the_open_head(state: ExplorerState) -> None:
    panel = AttentionTextPanel(state)
    row = DENSE[1, 0, T - 1]
    assert_array_equal(weights_of(shown(panel)), row)
    assert shown(panel)["numbers"][-1] == numbers.probability(float(row[-1]))
    assert shown(panel)["strongest"][0][1] == VOCABULARY.tokens([int(row.argmax())])[0].label
    assert "L1H0" in shown(panel)["title"]
    assert text_of(panel).tokens["labels"][: len(HOSTILE)] == [t.label for t in VOCABULARY.tokens(range(len(HOSTILE)))]


HEADS = ((0, 1), (1, 0), (2, 1))


@pytest.mark.parametrize("row", [0, 4, T - 1])
@pytest.mark.parametrize("direction", ["to", "from"])
@pytest.mark.parametrize("blend", ["head", "mean", "max"])
def test_weights_are_those_of_the_heads_chosen(state: ExplorerState, blend: str, direction: str, row: int) -> None:
    state.selection.choose_heads(HEADS, blend)
    state.selection.direction, state.selection.cursor = direction, row
    chosen = np.stack([DENSE[layer, head] for layer, head in (HEADS if blend != "head" else [(1, 0)])])
    matrix = chosen.max(0) if blend == "max" else chosen.astype(np.float64).mean(0)
    expected = matrix[row, : row + 1] if direction == "to" else matrix[row:, row]
    found = shown(AttentionTextPanel(state))
    assert found["first"] == (0 if direction == "to" else row)
    assert_allclose(weights_of(found), expected, rtol=1e-6 if blend == "mean" else 0)


def test_one_head_is_that_head_however_heads_are_put_together(state: ExplorerState) -> None:
    state.selection.blend = "max"
    panel = AttentionTextPanel(state)
    assert_array_equal(weights_of(shown(panel)), DENSE[1, 0, T - 1])
    assert text_of(panel).chosen["blend"] == "head"
    assert not text_of(panel).chosen["several"]


@pytest.mark.parametrize("first", ["hidden", "renormalised"])
def test_the_first_token_can_be_left_out(state: ExplorerState, first: str) -> None:
    state.display.first_token = first
    panel = AttentionTextPanel(state)
    row = DENSE[1, 0, T - 1].astype(np.float64)
    rest = row[1:] / (row[1:].sum() if first == "renormalised" else 1)
    found = weights_of(shown(panel))
    assert np.isnan(found[0])
    assert_allclose(found[1:], rest, rtol=1e-6)
    state.selection.direction, state.selection.cursor = "from", 0
    assert_array_equal(np.isnan(weights_of(shown(panel))), [False] + [True] * (T - 1))
    state.selection.direction = "to"
    assert_array_equal(weights_of(shown(panel)), [1])  # it has nothing else


def test_of_a_long_text_the_open_head_is_exact_and_the_others_say_that_they_are_not() -> None:
    dense = random_weights(2, 2, 300)
    attention = attention_of(dense).fetched(1)
    assert isinstance(attention.source, Given)
    asked = attention.source.asked
    state = state_of(trace_of(attention, n_tokens=300))
    state.selection.open_head(1, 1)
    panel = AttentionTextPanel(state)
    assert_array_equal(weights_of(shown(panel)), dense[1, 1, 299])
    assert "256" not in text_of(panel).explanation
    state.selection.open_head(0, 1)
    difference = np.abs(weights_of(shown(panel)) - dense[0, 1, 299]).max()
    assert 0 < difference < 0.004
    assert "256" in text_of(panel).explanation
    state.selection.choose_heads([(1, 0), (0, 0)], "mean")
    assert (state.selection.head, "256" in text_of(panel).explanation) == ((1, 0), True)
    assert attention.source.asked == asked, "a panel never waits for the model"


@pytest.mark.parametrize("language", ["en", "zh-Hans"])
def test_the_explanation_says_what_the_numbers_sum_to(state: ExplorerState, language: str) -> None:
    state.display.theme = Theme(language=language)
    panel = AttentionTextPanel(state)
    said = set()
    for blend in ("mean", "max"):
        for direction in ("to", "from"):
            for first in ("shown", "hidden", "renormalised"):
                state.selection.choose_heads(HEADS, blend)
                state.selection.direction, state.display.first_token = direction, first
                said.add(text_of(panel).explanation)
    assert len(said) == 12
    state.selection.direction, state.display.first_token, state.selection.blend = "from", "shown", "mean"
    assert {"en": "do not sum to 1", "zh-Hans": "合计不为 1"}[language] in text_of(panel).explanation


# --- when the page is sent what


@pytest.mark.parametrize(
    "change",
    [
        lambda s: setattr(
            s.reader, "trace", trace_of(attention_of(random_weights(N_LAYER, N_HEAD, T + 1)), n_tokens=T + 1)
        ),
        lambda s: s.selection.open_head(2, 1),
        lambda s: s.selection.choose_heads(HEADS, "max"),
        lambda s: setattr(s.selection, "cursor", 4),
        lambda s: setattr(s.selection, "direction", "from"),
        lambda s: setattr(s.display, "first_token", "hidden"),
        lambda s: setattr(s.display, "log_weights", True),
        lambda s: setattr(s.display, "theme", Theme(dark=True)),
        lambda s: setattr(s.display, "theme", Theme(language="zh-Hans")),
    ],
    ids=["trace", "head", "heads", "cursor", "direction", "first token", "log", "dark", "language"],
)
def test_each_change_is_one_message(state: ExplorerState, page: Page, change: Callable[[ExplorerState], None]) -> None:
    panel = AttentionTextPanel(state)
    before = text_of(panel).shown["number"]
    page.messages.clear()
    change(state)
    (message,) = page.to(text_of(panel))
    assert message.kind == "update"
    assert text_of(panel).shown["number"] == before + 1


def test_a_step_of_a_short_text_sends_few_bytes_and_of_a_long_one_never_many(page: Page) -> None:
    sizes = []
    for n in (30, 1500):
        state = state_of(trace_of(attention_of(random_weights(1, 1, n)), n_tokens=n))
        panel = AttentionTextPanel(state)
        page.messages.clear()
        state.reader.trace = trace_of(attention_of(random_weights(1, 1, n + 1)), n_tokens=n + 1)
        (message,) = page.to(text_of(panel))
        sizes.append(message.n_bytes)
    assert sizes[0] < 3_000
    assert sizes[1] < 30_000


def test_what_is_out_of_view_is_sent_nothing(state: ExplorerState, page: Page) -> None:
    panel = AttentionTextPanel(state, visible=False)
    page.messages.clear()
    state.selection.open_head(0, 1)
    state.reader.late = True
    assert page.to(text_of(panel)) == []
    state.reader.late = False
    assert page.to(text_of(panel)) == []
    panel.visible = True
    assert_array_equal(weights_of(shown(panel)), DENSE[0, 1, T - 1])
    state.reader.late = True
    panel.visible = False
    page.messages.clear()
    state.reader.late = False
    assert page.to(text_of(panel)) == []
    panel.visible = True
    assert not text_of(panel).stale


def test_a_token_that_is_pointed_at_is_one_message_each_way(state: ExplorerState, page: Page) -> None:
    panel = AttentionTextPanel(state)
    page.messages.clear()
    page.send(text_of(panel), kind="ask", row=4)
    (message,) = page.to(text_of(panel))
    assert message.data["content"]["number"] == text_of(panel).shown["number"]
    found = message.data["content"]["token_weights"]
    assert (found["row"], len(found["numbers"])) == (4, 5)
    assert found["strongest"][0][2] == numbers.probability(float(DENSE[1, 0, 4].max()))
    state.selection.direction = "from"
    page.send(text_of(panel), kind="ask", row=4)
    assert len(answers(page, panel)[-1]["token_weights"]["numbers"]) == T - 4


def test_a_token_under_a_resting_pointer_comes_along_with_the_next_answer(state: ExplorerState, page: Page) -> None:
    panel = AttentionTextPanel(state)
    page.send(text_of(panel), kind="ask", row=4)
    longer = random_weights(N_LAYER, N_HEAD, T + 1, seed=1)
    state.reader.trace = trace_of(attention_of(longer), n_tokens=T + 1)
    last, pointed = text_of(panel).shown["token_weights"]
    assert (last["row"], pointed["row"]) == (T, 4)
    assert_array_equal(weights_of(last), longer[1, 0, T])
    assert_array_equal(weights_of(pointed), longer[1, 0, 4, :5])
    state.reader.trace = trace_of(attention_of(longer[:, :, :4, :4]), n_tokens=4)
    assert [found["row"] for found in text_of(panel).shown["token_weights"]] == [3]


# --- what the page may do


def test_a_click_stays_with_a_token_and_another_lets_it_go(state: ExplorerState, page: Page) -> None:
    panel = AttentionTextPanel(state)
    assert not text_of(panel).shown["pinned"]
    page.send(text_of(panel), kind="pin", row=4)
    assert (state.selection.cursor, text_of(panel).shown["row"], text_of(panel).shown["pinned"]) == (4, 4, True)
    page.send(text_of(panel), kind="pin", row=T - 1)
    assert (state.selection.cursor, text_of(panel).shown["row"], text_of(panel).shown["pinned"]) == (T - 1, T - 1, True)
    page.send(text_of(panel), kind="pin", row=T - 1)
    assert (state.selection.cursor, text_of(panel).shown["row"], text_of(panel).shown["pinned"]) == (-1, T - 1, False)
    page.send(text_of(panel), kind="pin", row=4)
    page.send(text_of(panel), kind="pin", row=None)
    assert state.selection.cursor == -1


def test_the_buttons_choose_heads_and_direction(state: ExplorerState, page: Page) -> None:
    panel = AttentionTextPanel(state)
    assert text_of(panel).chosen == {"blend": "head", "direction": "to", "heads": "", "several": False}
    page.send(text_of(panel), kind="choose", what="heads", name="layer")
    assert (state.selection.head, state.selection.heads, state.selection.blend) == ((1, 0), ((1, 0), (1, 1)), "mean")
    page.send(text_of(panel), kind="choose", what="blend", name="max")
    page.send(text_of(panel), kind="choose", what="heads", name="all")
    assert (state.selection.head, len(set(state.selection.heads)), state.selection.blend) == (
        (1, 0),
        N_LAYER * N_HEAD,
        "max",
    )
    page.send(text_of(panel), kind="choose", what="direction", name="from")
    assert text_of(panel).chosen == {"blend": "max", "direction": "from", "heads": "all", "several": True}
    assert_array_equal(weights_of(shown(panel)), DENSE[:, :, T - 1, T - 1].max(keepdims=True)[0])


# --- texts of all kinds


def test_tokens_before_the_window_have_chips_and_no_look(page: Page) -> None:
    state = state_of(trace_of(attention_of(DENSE), start=3))
    state.selection.cursor = 5
    panel = AttentionTextPanel(state)
    text = text_of(panel)
    assert (text.tokens["first"], len(text.tokens["labels"])) == (-3, 3 + T)
    assert (text.shown["row"], text.shown["pinned"]) == (2, True)
    assert shown(panel)["title"].count(VOCABULARY.tokens([5])[0].label) == 1
    page.messages.clear()
    page.send(text, kind="ask", row=-1)
    assert page.to(text) == []
    page.send(text, kind="pin", row=T - 1)
    assert state.selection.cursor == 3 + T - 1


def test_of_a_very_long_text_the_end_has_chips(page: Page) -> None:
    n = MAX_CHIPS + 50
    dense = random_weights(1, 1, n)
    state = state_of(trace_of(attention_of(dense), n_tokens=n))
    panel = AttentionTextPanel(state)
    tokens = text_of(panel).tokens
    assert (tokens["first"], len(tokens["labels"]), tokens["elided"]) == (50, MAX_CHIPS, "… 50")
    assert "50" in tokens["elided_note"]
    assert (shown(panel)["first"], len(shown(panel)["numbers"])) == (50, MAX_CHIPS)
    assert_array_equal(weights_of(shown(panel)).argsort()[-9:], dense[0, 0, -1, 50:].argsort()[-9:])
    page.send(text_of(panel), kind="ask", row=49)
    assert answers(page, panel) == []
    state.selection.cursor = 10
    assert (shown(panel)["row"], shown(panel)["numbers"]) == (10, [])
    assert len(shown(panel)["strongest"]) == 5
    state.selection.direction = "from"
    assert (shown(panel)["first"], len(shown(panel)["numbers"])) == (50, MAX_CHIPS)


def test_one_token_looks_at_itself() -> None:
    panel = AttentionTextPanel(state_of(trace_of(attention_of(np.ones((1, 1, 1, 1), np.float32)), n_tokens=1)))
    assert shown(panel)["numbers"] == ["1"]
    assert "weight is 1" in text_of(panel).explanation


def test_why_there_is_nothing_to_show_is_a_sentence_in_its_place(state: ExplorerState, page: Page) -> None:
    panel = AttentionTextPanel(state)
    text, trace = text_of(panel), state.reader.trace
    state.reader.trace = trace_of(None, attention_unavailable=Message.of("attention-too-long", n=9000, most=5000))
    assert "9,000" in text.sentence
    page.messages.clear()
    page.send(text, kind="ask", row=2)
    assert page.to(text) == []
    state.reader.trace = trace
    assert text.sentence == ""
    broken = DENSE.copy()
    broken[2, 1, 3] = np.nan
    state.reader.trace = trace_of(attention_of(broken))
    assert "layer 2, head 1" in text.sentence
    state.display.theme = replace(state.display.theme, language="zh-Hans")
    assert "不是数" in text.sentence


def test_a_head_that_the_model_lacks_is_a_sentence(state: ExplorerState) -> None:
    panel = AttentionTextPanel(state)
    state.selection.open_head(7, 0)
    assert "no layer 7" in text_of(panel).sentence
    state.selection.open_head(0, 0)
    assert text_of(panel).sentence == ""


def test_while_attention_is_being_asked_for_the_old_look_stays(state: ExplorerState, page: Page) -> None:
    panel = AttentionTextPanel(state)
    page.messages.clear()
    state.reader.trace = trace_of(None)
    assert page.to(text_of(panel)) == []
    assert text_of(panel).sentence == ""
    assert text_of(AttentionTextPanel(ExplorerState())).shown == {}


# --- with a model


def test_alone_in_a_cell_it_follows_the_text(lm: LocalModel, page: Page) -> None:
    panel = AttentionTextPanel(lm, "The capital of")
    settle(panel.state)
    for text in ("The capital of", "The capital of France", ""):
        page.set(only(panel, PrefixBox), value=text)
        settle(panel.state)
        expected = lm.trace(text, attention=True)
        row = expected.attention.row(0, 0, expected.attention.n_tokens - 1)
        assert_allclose(weights_of(shown(panel)), row, rtol=1e-4, atol=1e-6)
        assert text_of(panel).tokens["labels"] == [token.label for token in expected.tokens]


def test_each_step_shows_the_look_of_the_new_token_in_one_message(lm: LocalModel, page: Page) -> None:
    panel = AttentionTextPanel(lm, "The capital of")
    settle(panel.state)
    for _ in range(3):
        page.messages.clear()
        panel.state.playback.step()
        settle(panel.state)
        assert len([m for m in page.to(text_of(panel)) if "shown" in m.data.get("state", {})]) == 1
        trace = panel.state.reader.trace
        assert trace is not None
        assert shown(panel)["row"] == len(trace.ids) - 1
        assert_array_equal(weights_of(shown(panel)), trace.attention.row(0, 0, len(trace.ids) - 1))
