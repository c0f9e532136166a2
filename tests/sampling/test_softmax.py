"""What no stage removed has a probability, however small: in every number and every list that says what is left."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from explorer.language_model.trace import Floats
from explorer.sampling.differences import Difference
from explorer.sampling.distribution import KEPT, Distribution
from explorer.sampling.draw import boundaries, drawn
from explorer.sampling.sampling import Sampling
from explorer.sampling.softmax import SMALLEST, Softmax
from tests.sampling.cases import gpt_like
from tests.sampling.reference import log_softmax

V = 8192
COLD = 0.1
"""A temperature at which most of the tokens have less probability than float32 holds."""

LOGITS = arrays.arrays(
    st.sampled_from([np.float32, np.float64]),
    st.integers(1, 50),
    elements=st.floats(-60, 60, width=32) | st.sampled_from([0.0, -5000.0, -np.inf]),
).filter(lambda values: np.isfinite(values).any())

SAMPLINGS = st.builds(
    Sampling,
    temperature=st.sampled_from([0.001, 0.1, 1.0, 3.0]),
    top_k=st.sampled_from([None, 1, 5]),
    top_p=st.sampled_from([0.5, 1.0]),
    min_p=st.sampled_from([0.0, 0.1]),
    greedy=st.booleans(),
)


def cold(seed: int, dtype: type[np.floating[Any]] = np.float32) -> tuple[Floats, Distribution]:
    logits = gpt_like(np.random.default_rng(seed), V).astype(dtype)
    return logits, Sampling(temperature=COLD).apply(logits, ())


@given(LOGITS, SAMPLINGS)
def test_all_that_say_what_is_left_say_the_same(logits: Floats, sampling: Sampling) -> None:
    got = sampling.apply(logits, ())
    left = np.flatnonzero(np.isfinite(got.final.scores))
    assert left.tolist() == np.flatnonzero(got.survives).tolist() == sorted(got.survivors.tolist())
    assert left.tolist() == np.flatnonzero(got.probabilities > 0).tolist()
    assert left.tolist() == np.flatnonzero(np.isfinite(got.log_probabilities)).tolist()
    assert left.tolist() == [i for i in range(len(logits)) if got.candidate(i).probability > 0]
    assert left.tolist() == np.flatnonzero((got.removed_by == KEPT) & np.isfinite(logits)).tolist()
    assert len(left) == got.n_survivors == len(boundaries(got))
    for i in range(len(logits)):
        assert got.candidate(i).probability == got.probabilities[i]
        assert got.candidate(i).raw_probability == got.raw_probabilities[i]


def test_float32_logits_at_a_low_temperature_lose_no_token() -> None:
    logits, got = cold(0)
    as_float32 = np.exp(log_softmax(logits.astype(np.float64) / COLD)).astype(np.float32)
    assert np.count_nonzero(as_float32) < V / 2, "this is what was shown of 8,192 survivors"
    assert got.n_survivors == np.count_nonzero(got.probabilities) == V
    log_p = log_softmax(logits.astype(np.float64) / COLD)
    np.testing.assert_allclose(got.log_probabilities, log_p, rtol=0, atol=1e-4)
    held = log_p > -700  # by float64, to all its digits
    assert np.count_nonzero(held) > V / 2
    np.testing.assert_allclose(got.probabilities[held], np.exp(log_p)[held], rtol=1e-4)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_divergences_at_a_low_temperature_are_finite_and_right(dtype: type[np.floating[Any]]) -> None:
    """From float32 probabilities this divergence would be infinite."""
    first, one = cold(1, dtype)
    second = (first + np.random.default_rng(2).normal(0, 0.02, V)).astype(dtype)
    found = Difference(one, Sampling(temperature=COLD).apply(second, ()))
    p, q = (log_softmax(logits.astype(np.float64) / COLD) for logits in (first, second))
    assert np.exp(q).astype(np.float32).min() == 0
    assert 0 < found.kl_bits < 1
    assert found.kl_bits == pytest.approx((np.exp(p) * (p - q)).sum() / np.log(2), rel=1e-3)
    assert found.kl_back_bits == pytest.approx((np.exp(q) * (q - p)).sum() / np.log(2), rel=1e-3)
    mean = np.logaddexp(p, q) - np.log(2)
    both = [(np.exp(each) * (each - mean)).sum() / np.log(2) for each in (p, q)]
    assert found.js_bits == pytest.approx(sum(both) / 2, rel=1e-3)


def test_a_divergence_is_infinite_where_a_stage_removed_a_token_however_unlikely() -> None:
    logits = np.array([0, -1, -5000], np.float32)
    whole, cut = Sampling().apply(logits, ()), Sampling(banned=(2,)).apply(logits, ())
    assert Difference(whole, cut).kl_bits == np.inf
    assert Difference(cut, whole).kl_bits == pytest.approx(0, abs=1e-12)
    apart = [Sampling(top_k=1).apply(np.array(values, np.float32), ()) for values in ([1, 0], [0, 1])]
    assert Difference(*apart).js_bits == 1


def test_what_float64_cannot_hold_is_not_called_impossible() -> None:
    got = Sampling(temperature=0.001).apply(np.array([0, -1, -np.inf], np.float32), ())
    assert got.probabilities.tolist() == [1, SMALLEST, 0]
    assert got.log_probabilities[1] == pytest.approx(-1000, rel=1e-6)
    assert [c.id for c in got.top(2)] == [0, 1]
    assert drawn(got, np.array([1 - 2.0**-53])).tolist() == [0]


@given(LOGITS, SAMPLINGS, st.integers(0, 60))
def test_a_rest_is_nothing_only_where_nothing_is_left(logits: Floats, sampling: Sampling, n: int) -> None:
    got = sampling.apply(logits, ())
    shown = got.top(n)
    rest, raw_rest = got.rest(shown), got.rest(shown, raw=True)
    hidden = set(range(len(logits))) - {c.id for c in shown}
    assert (rest > 0) == any(got.survives[i] for i in hidden)
    assert (raw_rest > 0) == any(np.isfinite(logits[i]) for i in hidden)
    assert (rest == 1) == (not any(got.survives[c.id] for c in shown))
    assert rest == pytest.approx(sum(got.probabilities[list(hidden)]), abs=1e-12)


def test_the_rest_of_what_is_all_shown_is_exactly_0() -> None:
    """One minus the sum of those shown was 1.5e-8."""
    for seed in range(50):
        logits = np.random.default_rng(seed).normal(0, 3, 500).astype(np.float32)
        got = Sampling(top_k=7).apply(logits, ())
        assert got.rest(got.top(7)) == 0
        assert got.rest(Sampling().apply(logits, ()).top(500), raw=True) == 0


@given(LOGITS, SAMPLINGS)
def test_a_raw_mass_is_all_only_where_nothing_was_removed(logits: Floats, sampling: Sampling) -> None:
    got = sampling.apply(logits, ())
    for stage in got.stages:
        assert (got.raw_mass(stage) == 1) == (stage.n_survivors == np.isfinite(logits).sum())


@pytest.mark.parametrize("n", [1, 2, 3, 1000, V])
def test_of_equal_tokens_the_entropy_is_exact(n: int) -> None:
    scores = np.full(V, -np.inf, np.float32)
    scores[:n] = 3.25
    assert Softmax(scores).entropy_bits == np.log2(n)


def test_what_was_computed_for_many_serves_each_row() -> None:
    many = Softmax(np.random.default_rng(0).normal(0, 3, (2, 3, 50)))
    _ = many.probabilities, many.entropy_bits
    row = many.row(1, 2)
    assert np.shares_memory(row.weights, many.weights)
    alone = Softmax(many.scores[1, 2].copy())
    np.testing.assert_array_equal(row.probabilities, alone.probabilities)
    np.testing.assert_array_equal(row.log_probabilities, alone.log_probabilities)
    assert (row.entropy_bits, row.n_survivors) == (alone.entropy_bits, alone.n_survivors)
