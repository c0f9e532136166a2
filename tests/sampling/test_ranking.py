"""What is found without a sort is what a sort would find."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from explorer.language_model.trace import Floats, Ints
from explorer.sampling.draw import boundaries, choose, drawn
from explorer.sampling.ranking import at_mass, descending, largest, rank_of
from explorer.sampling.sampling import Sampling
from tests.sampling.cases import GPT2_VOCAB, SHAPES

DTYPES = st.sampled_from([np.float32, np.float64])
ELEMENTS = st.floats(-100, 100, width=32) | st.sampled_from([0.0, -0.0, 1.0, 1.03125, -np.inf])
VALUES = arrays.arrays(DTYPES, st.integers(1, 80), elements=ELEMENTS)


def by_hand(values: Floats, ties: Floats | None = None) -> list[int]:
    keys = values if ties is None else ties
    return sorted(range(len(values)), key=lambda i: (-values[i], -keys[i], i))


@given(VALUES, st.integers(-1, 90))
def test_the_largest_are_the_first_of_a_sort(values: Floats, n: int) -> None:
    assert largest(values, n).tolist() == by_hand(values)[: max(n, 0)]


@given(VALUES, st.integers(-1, 90), st.data())
def test_of_equal_ones_those_with_larger_ties_come_first(values: Floats, n: int, data: st.DataObject) -> None:
    ties = data.draw(arrays.arrays(np.float32, len(values), elements=ELEMENTS))
    assert largest(values, n, ties).tolist() == by_hand(values, ties)[: max(n, 0)]


@given(VALUES)
def test_a_rank_by_counting_is_that_of_a_sort(values: Floats) -> None:
    order = by_hand(values)
    assert [rank_of(values, i) for i in order] == list(range(1, len(values) + 1))


def walked(values: Floats, weights: Floats, mass: float, *, beyond: bool) -> tuple[int, float]:
    """The index that a walk along all of them finds, and how far ``mass`` is from where it would be another."""
    order = descending(values)
    ends = np.cumsum(weights[order])
    place = int(min(np.searchsorted(ends, mass, "right" if beyond else "left"), np.searchsorted(ends, ends[-1])))
    return int(order[place]), float(np.abs(ends - mass).min())


def assert_walked(values: Floats, weights: Floats, mass: float, *, beyond: bool) -> None:
    expected, gap = walked(values, weights, mass, beyond=beyond)
    if gap > 1e-12 * weights.sum():
        assert at_mass(values, weights, mass, beyond=beyond) == expected


@given(VALUES.filter(lambda values: np.isfinite(values).any()), st.floats(0, 1), st.booleans())
def test_a_mass_is_reached_where_a_walk_reaches_it(values: Floats, share: float, beyond: bool) -> None:
    weights = np.exp(values.astype(np.float64) - values.max())
    assert_walked(values, weights, share * weights.sum(), beyond=beyond)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.__name__)
def test_a_mass_is_reached_in_a_large_vocabulary_too(shape: Any, dtype: type[np.floating[Any]]) -> None:
    random = np.random.default_rng(3)
    values = shape(random, GPT2_VOCAB).astype(dtype)
    weights = np.exp(values.astype(np.float64) - values.max())
    for share in [0, 1 - 2**-53, 1, *random.random(40)]:
        for beyond in (False, True):
            assert_walked(values, weights, share * weights.sum(), beyond=beyond)


def test_sums_that_are_exact_are_told_apart_at_their_ends() -> None:
    values, weights = np.log(np.array([1, 8, 1, 4], np.float32)), np.array([1.0, 8, 1, 4])
    for mass, reached, exceeded in [(0, 1, 1), (8, 1, 3), (8.5, 3, 3), (12, 3, 0), (13, 0, 2), (14, 2, 2)]:
        assert at_mass(values, weights, mass) == reached
        assert at_mass(values, weights, mass, beyond=True) == exceeded


def test_a_mass_that_rounding_lifts_above_all_is_the_last_that_has_any() -> None:
    values, weights = np.array([0, -1, -5000, -np.inf], np.float32), np.array([1, 0.5, 0, 0])
    assert at_mass(values, weights, 1.5000000001) == at_mass(values, weights, 1.5, beyond=True) == 1


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    "sampling",
    [Sampling(), Sampling(temperature=0.1), Sampling(temperature=2), Sampling(top_k=40), Sampling(top_p=0.9)],
    ids=str,
)
def test_a_token_is_chosen_where_it_would_be_drawn(sampling: Sampling, dtype: type[np.floating[Any]]) -> None:
    """`drawn` goes along all the survivors, `choose` does not sort them."""
    random = np.random.default_rng(4)
    for shape in SHAPES:
        got = sampling.apply(shape(random, 5000).astype(dtype), ())
        us = np.array([0.0, 0.5, *random.random(60)])
        us = us[[np.abs(boundaries(got) - u).min() > 1e-12 for u in us]]
        assert len(us) > 50
        expected: Ints = drawn(got, us)
        assert [choose(got, float(u)).id for u in us] == expected.tolist()
        assert choose(got, 1 - 2.0**-53).id in got.survivors
