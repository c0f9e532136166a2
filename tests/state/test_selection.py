"""`Selection`, alone: what may be looked at, and what is refused."""

from __future__ import annotations

import threading
from typing import Any

import pytest
import traitlets as t

from explorer.language_model.interventions import Ablate
from explorer.language_model.model import ModelInfo
from explorer.locales import ExplorerError
from explorer.state.selection import MAX_PINS, Selection
from explorer.state.state import ExplorerState
from tests.state.waiting import settle
from tests.widgets.fake_model import FakeModel

INFO = FakeModel().info
V = INFO.vocab_size
FORGED: list[Any] = ["1", True, False, -1, V, 10**30, 1.0, 1.5, float("nan"), None, (1,), [2], b"1", {"id": 1}]


class Infos:
    """Of the model in use, whichever that is."""

    def __init__(self, info: ModelInfo | None) -> None:
        self.info = info

    def __call__(self) -> ModelInfo | None:
        return self.info


@pytest.fixture
def selection() -> Selection:
    return Selection(threading.RLock(), Infos(INFO))


@pytest.mark.parametrize("forged", FORGED, ids=repr)
def test_a_pin_that_is_no_token_is_refused_and_the_others_stay(selection: Selection, forged: Any) -> None:
    selection.pins = (3, forged, 5)
    assert selection.pins == (3, 5)
    assert all(type(pin) is int for pin in selection.pins)


def test_pins_are_few_and_each_is_there_once(selection: Selection) -> None:
    selection.pins = (7, 7, 3, 7)
    assert selection.pins == (7, 3)
    selection.pins = tuple(range(V))
    assert selection.pins == tuple(range(MAX_PINS))
    selection.pins = (0, V - 1)
    assert selection.pins == (0, V - 1), "the first token and the last"


@pytest.mark.parametrize("nonsense", [None, 3, "34", {3, 4}])
def test_what_is_no_tuple_changes_nothing(selection: Selection, nonsense: Any) -> None:
    selection.pins = (3,)
    with pytest.raises(t.TraitError):
        selection.pins = nonsense
    assert selection.pins == (3,)


def test_without_a_model_there_is_nothing_to_pin() -> None:
    selection = Selection(threading.RLock(), Infos(None))
    selection.pins = (0, 1)
    assert (selection.pins, selection.has_head(0, 0)) == ((), False)


@pytest.mark.parametrize("forged", FORGED, ids=repr)
def test_after_a_forged_pin_every_question_is_answered(forged: Any) -> None:
    state = ExplorerState(FakeModel(), "the cat")
    settle(state)
    state.selection.pins = (forged,)
    state.document.prefix = "the dog"
    settle(state)
    assert state.reader.trace is not None
    assert (state.reader.trace.text, state.reader.stale, state.status.current.state) == ("the dog", False, "ready")


def test_a_head_is_there_or_not(selection: Selection) -> None:
    there = [(layer, head) for layer in range(-1, 9) for head in range(-1, 9) if selection.has_head(layer, head)]
    assert there == [(layer, head) for layer in range(INFO.n_layer) for head in range(INFO.n_head)]


def test_opening_a_head_closes_the_others_and_is_told_once(selection: Selection) -> None:
    selection.choose_heads([(0, 1), (1, 2)], "max")
    assert (selection.head, selection.heads, selection.blend) == ((0, 1), ((0, 1), (1, 2)), "max")
    seen = []
    selection.observe(lambda _: seen.append((selection.head, selection.heads, selection.blend)), ["head", "heads"])
    selection.open_head(1, 0)
    assert set(seen) == {((1, 0), ((1, 0),), "head")}, "nobody sees one without the other"


def test_the_open_head_stays_open_among_those_that_are_chosen(selection: Selection) -> None:
    selection.open_head(1, 2)
    selection.choose_heads([(0, 1), (1, 2)], "mean")
    assert selection.head == (1, 2)
    selection.choose_heads([(0, 1), (0, 2)], "mean")
    assert selection.head == (0, 1)


def test_another_model_begins_without_pins_at_its_first_head() -> None:
    infos = Infos(INFO)
    selection = Selection(threading.RLock(), infos)
    selection.pins = (V - 1,)
    selection.choose_heads([(1, 2)], "mean")
    infos.info = FakeModel(n_layer=1, n_head=1).info
    selection.on_model()
    assert (selection.pins, selection.head, selection.heads, selection.blend) == ((), (0, 0), ((0, 0),), "head")


def test_a_head_that_there_is_not_is_refused(selection: Selection) -> None:
    selection.choose_heads([(0, 1), (1, 2)], "max")
    before = (selection.head, selection.heads, selection.blend)
    for layer, head in ((INFO.n_layer, 0), (0, INFO.n_head), (-1, 0), (0, 10**30)):
        with pytest.raises(ExplorerError):
            selection.open_head(layer, head)
        with pytest.raises(ExplorerError):
            selection.choose_heads([(0, 0), (layer, head)], "mean")
        with pytest.raises(ExplorerError):
            selection.head = (layer, head)
        assert (selection.head, selection.heads, selection.blend) == before
    selection.choose_heads([], "mean")
    assert (selection.head, selection.heads, selection.blend) == before


def test_after_an_impossible_head_every_question_is_answered() -> None:
    state = ExplorerState(FakeModel(), "the cat")
    state.reader.require("somebody", frozenset({"attention", "layer", "vectors"}))
    settle(state)
    with pytest.raises(ExplorerError):
        state.selection.head = (99, 0)
    state.document.prefix = "the dog"
    settle(state)
    assert state.reader.trace is not None
    assert (state.reader.trace.text, state.status.current.state) == ("the dog", "ready")


def test_interventions_that_the_model_cannot_do_are_refused_from_the_start() -> None:
    with pytest.raises(ExplorerError, match="99"):
        ExplorerState(FakeModel(), "the cat", interventions=(Ablate(((99, 0),)),))
