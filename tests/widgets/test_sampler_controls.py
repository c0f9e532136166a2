"""The controls: their scales, tokens by what is typed, and what no page of ours sends."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from explorer.engine.local_model import LocalModel
from explorer.language_model.tokens import Vocabulary
from explorer.sampling.sampling import RANGES, Sampling
from explorer.sampling.stages import STAGES
from explorer.state.state import ExplorerState
from explorer.widgets.elements.sampler_controls.widget import SamplerControls, place, scales
from explorer.widgets.panels.main.sampling import MAX_CHIPS, SamplingPanel
from tests.widgets.page import Page, only, settle
from tests.widgets.sampler_controls import ask, line, row

# What is raised while a message is read, ipywidgets only warns of.
pytestmark = pytest.mark.filterwarnings("error:Exception in widget method")


@pytest.fixture
def state(lm: LocalModel) -> ExplorerState:
    """With an answer to a short text."""
    state = ExplorerState(lm, "The capital of")
    settle(state)
    return state


@pytest.fixture
def controls(state: ExplorerState) -> SamplerControls:
    return only(SamplingPanel(state), SamplerControls)


# --- scales


@pytest.mark.parametrize("n_vocab", [2, 9, 300, 50_257])
def test_the_stops_of_a_slider_ascend_and_each_is_a_value_that_a_sampler_takes(n_vocab: int) -> None:
    assert set(scales(n_vocab)) == set(RANGES)
    for stage, scale in scales(n_vocab).items():
        stops = scale["stops"]
        assert stops[scale["neutral"]] == STAGES[stage].neutral
        for i, stop in enumerate(stops):
            assert place(stop, stops) == i
            if (stage, stop) != ("temperature", 0):
                assert getattr(Sampling(**{stage: stop}), stage) == stop
        numbers = [stop for stop in stops if stop is not None]
        assert all(a < b for a, b in pairwise(numbers))
    assert all(isinstance(k, int) and k < n_vocab for k in scales(n_vocab)["top_k"]["stops"][:-1])


@pytest.mark.parametrize(("value", "stop"), [(0.73, 0.75), (0.001, 0.0), (50.0, 3.0)])
def test_a_slider_stands_at_the_stop_nearest_to_a_value(value: float, stop: float) -> None:
    stops = scales(300)["temperature"]["stops"]
    assert stops[place(value, stops)] == stop


# --- tokens


@pytest.mark.parametrize(
    ("text", "banned", "bias"),
    [
        ("the", (1, 0), {}),
        (" the", (0,), {}),
        ("#2", (2,), {}),
        ("the +2", (), {0: 2, 1: 2}),
        ("the=-1.5", (), {0: -1.5, 1: -1.5}),
        ("the = 3", (), {0: 3, 1: 3}),
        (" the −.5", (), {0: -0.5}),
        ("#2=100", (), {2: 100}),
        ("1+1", (3,), {}),
        ("=", (4,), {}),
        ("=  =1", (), {4: 1}),
        ("\\n", (5,), {}),
        (" ", (6,), {}),
    ],
)
def test_tokens_are_banned_and_biased_by_what_is_typed(
    state: ExplorerState,
    controls: SamplerControls,
    page: Page,
    monkeypatch: pytest.MonkeyPatch,
    text: str,
    banned: Any,
    bias: Any,
) -> None:
    pieces = [b" the", b"the", b"<b>x</b>", b"1+1", b"=", b"\n", b" "]
    monkeypatch.setattr(type(state.reader.model), "vocabulary", Vocabulary(pieces))
    ask(page, controls, ("token", "token", text))
    assert state.sampler.sampling == Sampling(banned=banned, bias=bias)
    assert controls.shown["token"] == {"note": "", "typed": None}


def test_chips_show_labels_and_can_be_taken_away(state: ExplorerState, controls: SamplerControls, page: Page) -> None:
    the = state.reader.model.vocabulary.find(" the").id
    ask(page, controls, ("token", "token", " the"), ("token", "token", " the +2"), ("token", "token", "#7 -1"))
    assert state.sampler.sampling == Sampling(banned=(the,), bias=((the, 2), (7, -1)))
    (banned,) = row(controls, "banned")["chips"]
    assert (banned["id"], banned["label"]) == (the, "·the")
    labels = [chip["label"] for chip in row(controls, "bias")["chips"]]
    assert sorted(labels) == sorted(["·the +2", f"{state.reader.model.vocabulary[7].label} -1"])
    ask(page, controls, ("drop", "banned", the), ("token", "token", "#7=0"))
    assert state.sampler.sampling == Sampling(bias=((the, 2),))
    ask(page, controls, ("drop", "bias", the))
    assert state.sampler.sampling == Sampling()


def test_of_many_tokens_some_have_a_chip_and_the_rest_is_counted(
    state: ExplorerState, controls: SamplerControls
) -> None:
    state.sampler.sampling = Sampling(banned=tuple(range(100)))
    chips = row(controls, "banned")["chips"]
    assert len(chips) == MAX_CHIPS + 1
    assert (chips[-1]["id"], chips[-1]["label"]) == (None, f"+{100 - MAX_CHIPS}")


@pytest.mark.parametrize("text", ["no such token", "#99999999", "cat=abc", "the=1000", "the +1.2.3", "\0\0", "<b>"])
def test_what_is_no_token_is_refused_and_stays_for_mending(
    state: ExplorerState, controls: SamplerControls, page: Page, text: str
) -> None:
    ask(page, controls, ("token", "token", text))
    assert state.sampler.sampling == Sampling()
    assert controls.shown["token"]["typed"] == text
    assert line(controls) == controls.shown["token"]["note"] != ""
    ask(page, controls, ("token", "token", " the"))
    assert controls.shown["token"] == {"note": "", "typed": None}


def test_a_bias_that_is_refused_quotes_what_was_typed_alone(
    state: ExplorerState, controls: SamplerControls, page: Page
) -> None:
    state.sampler.sampling = Sampling(bias=((3, 77),))
    ask(page, controls, ("token", "token", "#5=1000"))
    assert "1000" in line(controls)
    assert "77" not in line(controls)


# --- what no page of ours sends


@pytest.mark.parametrize(
    "change",
    [
        None,
        "value",
        [],
        ["value"],
        ["value", "top_p"],
        ["value", "top_p", 0.5, 0.5],
        ["value", "no_such_stage", 0.5],
        ["value", "__class__", 0.5],
        ["value", "banned", [1]],
        ["value", ["top_p"], 0.5],
        ["value", "top_p", None],
        ["value", "top_p", True],
        ["value", "top_p", [0.5]],
        ["value", "top_p", {"a": 1}],
        ["value", "top_k", False],
        ["value", "top_k", -(10**400)],
        ["value", "top_p", "\x00\x1b[31m" * 1000],
        ["switch", "top_p", "yes"],
        ["switch", "greedy", True],
        ["switch", "banned", True],
        ["order", "order", None],
        ["order", "order", ["top_p"]],
        ["order", "order", [["top_p"], {}]],
        ["order", "order", "top_p"],
        ["preset", "preset", "sampler-controls"],
        ["preset", "preset", ["preset-hot"]],
        ["token", "token", 5],
        ["token", "token", ""],
        ["token", "token", "x " * 100_000],
        ["drop", "banned", "5"],
        ["drop", "top_p", 5],
        ["drop", "bias", -1],
        ["evil", "top_p", 0.5],
    ],
    ids=lambda change: str(change)[:40],
)
def test_changes_that_nobody_can_ask_for_change_nothing(
    state: ExplorerState, controls: SamplerControls, page: Page, change: Any
) -> None:
    state.sampler.sampling = before = Sampling(min_p=0.1, bias=((5, 1.0),))
    ask(page, controls, change)
    assert state.sampler.sampling == before
    ask(page, controls, ("value", "top_p", 0.5))
    assert state.sampler.sampling == Sampling(min_p=0.1, bias=((5, 1.0),), top_p=0.5)


@pytest.mark.parametrize("asked", [None, 5, "x", [], {}, {"number": "1", "changes": []}, {"number": 1}, {"changes": 3}])
def test_questions_that_are_none_have_no_answer(
    state: ExplorerState, controls: SamplerControls, page: Page, asked: Any
) -> None:
    page.set(controls, asked=asked)
    assert state.sampler.sampling == Sampling()
    assert controls.shown["answered"] == 0
    page.set(controls, asked={"number": 1, "changes": [("value", "top_p", 0.5)]})
    assert state.sampler.sampling == Sampling(top_p=0.5)


@pytest.mark.parametrize(
    "said", [{"shown": {"rows": []}}, {"words": 5}, {"scales": {}}, {"layout": "IPY_MODEL_none"}, {"_dom_classes": 7}]
)
def test_a_page_only_asks(controls: SamplerControls, page: Page, said: dict[str, Any]) -> None:
    (name,) = said
    before = getattr(controls, name)
    page.set(controls, **said)
    assert getattr(controls, name) is before
