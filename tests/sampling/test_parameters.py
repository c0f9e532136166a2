"""What a `Sampling` takes and refuses, and how it is written down."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import fields
from decimal import Decimal
from itertools import count, repeat
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from explorer.generation.strategy import strategies
from explorer.language_model.arguments import whole
from explorer.locales import ExplorerError
from explorer.sampling.draw import checked_seed
from explorer.sampling.sampling import RANGES, WHOLE, Sampling
from explorer.sampling.stages import DEFAULT_ORDER

NO_NUMBERS: list[Any] = [
    float("nan"), float("inf"), float("-inf"), 1e308, -1e308, 10**400, True, False, np.True_, np.False_, "", "0.5", "7",
    b"0.5", [], [0.5], {}, 1j, Decimal("0.5"), ..., np.array(0.5), np.array([0.5]), torch.tensor(0.5),
]  # fmt: skip
"""What no parameter takes for a number."""

HUGE = 10**5000
"""Python does not even write it out."""


def refusal(**parameters: Any) -> str:
    """The sentence with which a value is refused, in English; it has a Chinese one too."""
    with pytest.raises(ExplorerError) as caught:
        Sampling(**parameters)
    english, chinese = (caught.value.message.render(lang) for lang in ("en", "zh-Hans"))
    assert caught.value.message.id not in (english, chinese)
    assert english != chinese
    assert len(english) < 500
    return english


def shown(value: Any) -> str:
    """As much of a value as its refusal quotes at least."""
    return (repr(value) if isinstance(value, str) else str(value))[:50]


# --- numbers


@pytest.mark.parametrize("value", NO_NUMBERS, ids=lambda value: f"{type(value).__name__} {shown(value)}")
@pytest.mark.parametrize("name", RANGES)
def test_what_is_no_number_is_refused_with_name_value_and_range(name: str, value: Any) -> None:
    sentence = refusal(**{name: value})
    low, high = RANGES[name]
    for part in (name, shown(value), f"from {low:g} to {high:.15g}"):
        assert part in sentence


@pytest.mark.parametrize("name", sorted(set(RANGES) - {"top_k"}))
def test_none_is_refused_where_it_means_nothing(name: str) -> None:
    assert "None" in refusal(**{name: None})


@pytest.mark.parametrize("name", RANGES)
def test_a_range_ends_where_its_sentence_says(name: str) -> None:
    low, high = RANGES[name]
    Sampling(**{name: low}), Sampling(**{name: high})  # type: ignore[arg-type]
    whole = name in WHOLE
    outside = (low - 1, high + 1) if whole else (np.nextafter(low, -np.inf), np.nextafter(high, np.inf))
    for value in (*outside, int(low) - 1, int(high) + 1):
        assert str(value) in refusal(**{name: value})  # to the last digit: 1.0000000000000002 is not 1


@pytest.mark.parametrize("value", [2.0, 2.5, np.float64(2), "2"])
@pytest.mark.parametrize("name", sorted(WHOLE))
def test_a_count_is_a_whole_number(name: str, value: Any) -> None:
    assert "whole number" in refusal(**{name: value})


@pytest.mark.parametrize("name", RANGES)
def test_a_number_too_long_to_write_is_refused_like_any_other(name: str) -> None:
    assert "…" in refusal(**{name: HUGE})


@pytest.mark.parametrize("value", [0, 1, None, "yes", np.True_])
def test_greedy_is_a_switch(value: Any) -> None:
    assert shown(value) in refusal(greedy=value)


# --- ids


@pytest.mark.parametrize(
    "value",
    [
        -1,
        7,
        None,
        "",
        "17",
        b"\x07",
        [-1],
        [1.0],
        ["1"],
        [True],
        [None],
        [[1]],
        {3: 1.0},
        [1, -(10**30)],
        [float("nan")],
    ],
    ids=str,
)
def test_banned_takes_a_list_of_ids_only(value: Any) -> None:
    assert f"banned is {shown(value)}" in refusal(banned=value)


@pytest.mark.parametrize(
    "value",
    [
        7, None, "", "ab", b"", [5], [(5,)], [(5, 1, 2)], {-1: 1.0}, {"5": 1.0}, {5.0: 1.0}, {True: 1.0}, {5: True},
        {5: "2"}, {5: None}, {5: float("nan")}, {5: float("inf")}, {5: 100.1}, {5: -101}, {5: 10**400},
        [(5, 1), (5, 2)],
    ],
    ids=str,
)  # fmt: skip
def test_bias_takes_a_number_for_each_id_only(value: Any) -> None:
    sentence = refusal(bias=value)
    assert f"bias is {shown(value)}" in sentence
    assert "from −100 to 100" in sentence


def test_ids_too_long_to_write_are_refused_when_a_vocabulary_is_known() -> None:
    with pytest.raises(ExplorerError, match=r"^… is not a token id .* 0 to 2"):
        Sampling(banned=(HUGE,)).apply(np.zeros(3), ())


# --- stages


@pytest.mark.parametrize("value", ["top_k", None, 7, ["top_q"], [None], [1], [["top_k"]]], ids=str)
@pytest.mark.parametrize("name", ["order", "off"])
def test_a_list_of_stages_holds_nothing_else(name: str, value: Any) -> None:
    sentence = refusal(**{name: value})
    assert name in sentence
    assert all(stage in sentence for stage in DEFAULT_ORDER)


@pytest.mark.parametrize("order", [(), DEFAULT_ORDER[1:], (*DEFAULT_ORDER, "top_k"), ("top_k",) * len(DEFAULT_ORDER)])
def test_an_order_has_every_stage_once(order: tuple[str, ...]) -> None:
    assert f"order is {', '.join(order) or '()'}" in refusal(order=order)


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("temprature", "temperature"),
        ("top-k", "top_k"),
        ("topp", "top_p"),
        ("banned_ids", "banned"),
        ("qqq", ", ".join(field.name for field in fields(Sampling))),
    ],
)
def test_an_unknown_parameter_names_the_nearest(name: str, nearest: str) -> None:
    with pytest.raises(ExplorerError) as caught:
        Sampling.of({"top_p": 0.9, name: 1})
    assert name in str(caught.value)
    assert nearest in str(caught.value)


def test_a_parameter_with_an_endless_name_is_quoted_in_part() -> None:
    with pytest.raises(ExplorerError) as caught:
        Sampling.of({"x" * 10_000: 1})
    assert len(str(caught.value)) < 500


# --- what is no list at all


def raising() -> Iterator[int]:
    yield 1
    raise RuntimeError("the file that this reads is gone")


class Unreadable:
    """Raises whatever is asked of it."""

    def __index__(self) -> int:
        raise RuntimeError

    def __iter__(self) -> Iterator[int]:
        raise KeyError

    def __str__(self) -> str:
        raise LookupError


def nested(depth: int) -> list[Any]:
    inner: list[Any] = []
    for _ in range(depth):
        inner = [inner]
    return inner


NO_LISTS: dict[str, Callable[[], Any]] = {
    "an array without dimensions": lambda: np.array(3),
    "a tensor without dimensions": lambda: torch.tensor(3),
    "a tensor of fractions": lambda: torch.tensor([0.5, 1.5]),
    "a matrix": lambda: np.zeros((2, 3, 4)),
    "nested lists": lambda: [[[1]]],
    "very deeply nested lists": lambda: nested(100_000),
    "a generator that raises": raising,
    "a generator without end": lambda: repeat(True),
    "numbers without end": lambda: count(-1),
    "an object that raises": Unreadable,
    "a list of such": lambda: [Unreadable()],
    "a type": lambda: int,
    "a module": lambda: np,
}


@pytest.mark.parametrize("made", NO_LISTS.values(), ids=NO_LISTS)
@pytest.mark.parametrize("name", ["banned", "bias", "order", "off"])
def test_what_is_no_list_is_refused_in_a_sentence(name: str, made: Callable[[], Any]) -> None:
    assert name in refusal(**{name: made()})


@pytest.mark.parametrize("made", NO_LISTS.values(), ids=NO_LISTS)
@pytest.mark.parametrize("name", [*sorted(set(RANGES) - {"top_k", "no_repeat_ngram"}), "greedy"])
def test_and_it_is_no_number_either(name: str, made: Callable[[], Any]) -> None:
    assert name in refusal(**{name: made()})


@pytest.mark.parametrize("made", NO_LISTS.values(), ids=NO_LISTS)
def test_nor_a_strategy_nor_a_seed(made: Callable[[], Any]) -> None:
    with pytest.raises(ExplorerError):
        strategies(made())
    if whole(value := made()) is None:
        with pytest.raises(ExplorerError) as caught:
            checked_seed(value)
        assert caught.value.message.id == "seed-out-of-range"


def test_a_seed_too_long_to_write_is_refused_like_any_other() -> None:
    with pytest.raises(ExplorerError, match="…"):
        checked_seed(HUGE)


def test_whole_numbers_of_other_libraries_are_taken() -> None:
    assert Sampling(banned=torch.tensor([5, 3])) == Sampling(banned=[torch.tensor(3), np.array(5)])  # type: ignore[arg-type]


# --- one value, one form


def numbers(name: str) -> st.SearchStrategy[Any]:
    low, high = RANGES[name]
    return st.integers(int(low), int(high)) if name in WHOLE else st.floats(low, high)


SAMPLINGS = st.builds(
    Sampling,
    **{name: numbers(name) for name in RANGES if name != "top_k"},
    top_k=st.none() | numbers("top_k"),
    banned=st.lists(st.integers(0, 100_000), max_size=5),
    bias=st.dictionaries(st.integers(0, 100_000), st.floats(-100, 100), max_size=5),
    greedy=st.booleans(),
    order=st.permutations(DEFAULT_ORDER).map(tuple),
    off=st.lists(st.sampled_from(DEFAULT_ORDER)),
)


@given(SAMPLINGS)
def test_a_record_survives_json(sampling: Sampling) -> None:
    again = Sampling.of(json.loads(json.dumps(sampling.record(), allow_nan=False)))
    assert again == sampling
    assert hash(again) == hash(sampling)
    assert str(again) == str(sampling)
    assert list(sampling.record()) == [field.name for field in fields(Sampling)]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"bias": {5: 2}}, {"bias": [(5, 2.0)]}),
        ({"bias": {7: 1, 5: 2}}, {"bias": [[5, 2], [7, 1]]}),
        ({"banned": [9, 3, 3]}, {"banned": (3, 9)}),
        ({"banned": np.array([9, 3])}, {"banned": {3, 9}}),
        ({"off": ["top_p", "bias", "top_p"]}, {"off": ("bias", "top_p")}),
        ({"order": list(DEFAULT_ORDER)}, {}),
        ({"temperature": np.float32(0.5), "top_k": np.int64(3)}, {"temperature": 0.5, "top_k": 3}),
        ({"bias": {np.int32(5): np.float32(2)}}, {"bias": {5: 2}}),
        ({"temperature": 1, "presence_penalty": -0.0}, {}),
    ],
)
def test_what_can_be_written_in_several_ways_is_one_value(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert Sampling(**one) == Sampling(**other)
    assert len({Sampling(**one), Sampling(**other)}) == 1
    assert Sampling.of(one) == Sampling(**one)
    for name in one:
        assert repr(getattr(Sampling(**one), name)).replace("-0.0", "0.0") == repr(getattr(Sampling(**other), name))


def test_numbers_are_pythons_own() -> None:
    sampling = Sampling(
        temperature=np.float32(0.5),  # type: ignore[arg-type]
        top_k=np.int64(3),  # type: ignore[arg-type]
        banned=np.array([4, 2]),  # type: ignore[arg-type]
        bias={np.int64(1): np.float64(2)},  # type: ignore[arg-type]
    )
    assert (type(sampling.temperature), type(sampling.top_k)) == (float, int)
    assert {type(i) for i in sampling.banned} == {int}
    assert [(type(i), type(amount)) for i, amount in sampling.bias] == [(int, float)]


@pytest.mark.parametrize(
    ("parameters", "line"),
    [
        ({}, "temperature 1"),
        ({"temperature": 0.7, "top_p": 0.9}, "temperature 0.7, top_p 0.9"),
        ({"top_p": 0.1 + 0.2, "top_k": 10_000_000}, "top_k 10000000, top_p 0.3"),
        ({"greedy": True, "temperature": 0.5, "banned": [3]}, "banned 1 token, greedy"),
        ({"greedy": True}, "greedy"),
        ({"bias": {1: 2, 3: 4}, "presence_penalty": -1}, "bias 2 tokens, presence_penalty -1"),
        ({"top_p": 0.9, "off": ["top_p"]}, "temperature 1"),
        ({"top_p": 0.9, "min_p": 0.1, "order": DEFAULT_ORDER[::-1]}, "min_p 0.1, top_p 0.9"),
    ],
)
def test_a_sampling_says_in_a_line_what_it_does(parameters: dict[str, Any], line: str) -> None:
    assert str(Sampling(**parameters)) == line
