"""`AttentionText`: what the page is sent of one look, and which of its messages count."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from explorer.figures.shared.theme import Theme
from explorer.language_model.attention import Floats
from explorer.widgets.elements.attention_text.widget import CHOICES, N_SHADES, AttentionText, palette, token_weights
from tests.widgets.page import Page

T = 9


def weights_of(found: dict[str, Any]) -> Floats:
    return np.frombuffer(found["weights"], np.float32)


# --- one look


def test_a_look_has_numbers_and_shades_for_the_chips_and_names_the_strongest_five() -> None:
    weights = np.array([0.4, 0.0, 0.25, 2e-5, 0.25, 0.09, 0.00998], np.float64)
    found = token_weights(9, 3, weights, "title", [f"t{i}" for i in range(10)], log=False)
    assert found["numbers"] == ["0.4", "0", "0.25", "2e-5", "0.25", "0.09", "0.00998"]
    assert [name for _, name, _, _ in found["strongest"]] == ["t3", "t5", "t7", "t8", "t9"]
    assert [row for row, _, _, _ in found["strongest"]] == [3, 5, 7, 8, 9]
    assert [number for _, _, number, _ in found["strongest"]] == ["0.4", "0.25", "0.25", "0.09", "0.00998"]
    assert list(found["shades"]) == [round(weight * (N_SHADES - 1)) for weight in weights.tolist()]
    assert_array_equal(weights_of(found), weights.astype(np.float32))
    assert (found["row"], found["first"], found["title"]) == (9, 3, "title")


def test_what_is_left_out_has_a_dash_and_is_never_the_strongest() -> None:
    found = token_weights(2, 0, np.array([np.nan, 0.0, 0.3]), "", ["a", "b", "c"], log=False)
    assert found["numbers"] == ["–", "0", "0.3"]
    assert [name for _, name, _, _ in found["strongest"]] == ["c"]
    assert found["shades"][0] == 0
    assert_array_equal(np.isnan(weights_of(found)), [True, False, False])


def test_weights_without_a_chip_stay_here_but_the_strongest_are_named() -> None:
    found = token_weights(3, 0, np.array([0.5, 0.1, 0.15, 0.25]), "", list("abcd"), log=False, shown_from=2)
    assert (found["first"], found["numbers"]) == (2, ["0.15", "0.25"])
    assert [(row, name) for row, name, _, _ in found["strongest"]] == [(0, "a"), (3, "d"), (2, "c"), (1, "b")]


def test_on_the_logarithmic_scale_small_weights_have_a_colour() -> None:
    weights = np.array([1.0, 0.01, 1e-4, 0.0])
    found = token_weights(3, 0, weights, "", list("abcd"), log=True)
    assert list(found["shades"]) == [N_SHADES - 1, round(0.5 * (N_SHADES - 1)), 0, 0]


@pytest.mark.parametrize("dark", [False, True])
def test_ink_can_be_read_on_every_shade(dark: bool) -> None:
    theme = Theme(dark=dark)
    pairs = palette(theme)
    assert len(pairs) == N_SHADES
    assert pairs[0][0] == theme.weight(0)
    assert pairs[-1][0] == theme.weight(1)
    assert all(ink == theme.ink_on(back) for back, ink in pairs)


# --- what the page may say


NO_MESSAGES: list[Any] = [
    {"kind": "ask", "row": T},
    {"kind": "pin", "row": T},
    {"kind": "ask", "row": None},
    *({"kind": "choose", "what": "blend", "name": name} for name in ("least", "all")),
    *({"kind": "choose", "what": what, "name": "max"} for what in ("heads", "direction", "head")),
]


@pytest.mark.parametrize("content", NO_MESSAGES, ids=repr)
def test_messages_that_mean_nothing_are_ignored(page: Page, content: Any) -> None:
    heard: list[Any] = []
    text = AttentionText(heard.append, heard.append, lambda *choice: heard.append(choice))
    text.tokens = {"labels": ["a"] * T, "first": 0}
    page.deliver(text, content)
    assert (heard, text.ignored) == ([], 1)


@pytest.mark.parametrize(("what", "name"), [(what, name) for what, names in CHOICES.items() for name in names])
def test_every_button_is_heard(page: Page, what: str, name: str) -> None:
    heard: list[tuple[str, str]] = []
    text = AttentionText(lambda _: None, lambda _: None, lambda *choice: heard.append(choice))
    page.send(text, kind="choose", what=what, name=name)
    assert heard == [(what, name)]


def test_while_a_sentence_stands_in_its_place_no_token_can_be_meant(page: Page) -> None:
    heard: list[int | None] = []
    text = AttentionText(heard.append, heard.append, lambda *_: None, tokens={"labels": ["a", "b"], "first": 0})
    page.send(text, kind="ask", row=1)
    text.sentence = "none"
    page.send(text, kind="ask", row=1)
    page.send(text, kind="pin", row=1)
    assert heard == [1]


def test_an_answer_has_the_number_of_the_look_and_its_exact_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    text = AttentionText(lambda _: None, lambda _: None, lambda *_: None)
    sent: list[Any] = []
    monkeypatch.setattr(text, "send", lambda *message: sent.append(message))
    weights = np.random.default_rng(0).random(3, np.float32)
    found = token_weights(1, 0, weights, "title", ["<b>", "b", "c"], log=False)
    text.show(1, False, [found])
    text.show(1, True, [found])
    text.answer(found)
    ((content, buffers),) = sent
    assert (content["kind"], content["number"], text.shown["number"]) == ("token_weights", 2, 2)
    assert_array_equal(np.frombuffer(buffers[0], np.float32), weights)
    assert buffers[1] == found["shades"]
    assert {"weights", "shades"}.isdisjoint(content["token_weights"]), "bytes travel beside the message"


def test_a_page_says_whether_there_are_arcs_and_nothing_else(page: Page) -> None:
    text = AttentionText(lambda _: None, lambda _: None, lambda *_: None, tokens={"labels": ["a"], "first": 0})
    page.messages.clear()
    page.set(text, arcs=False, tokens={"labels": ["forged"]}, sentence="forged")
    assert (text.arcs, text.tokens["labels"], text.sentence) == (False, ["a"], "")
    (refused,) = page.messages
    assert refused.data["state"] == {"tokens": text.tokens, "sentence": ""}, "it is put right on the page"
