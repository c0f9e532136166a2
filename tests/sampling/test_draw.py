"""The draw: where its u comes from, on which token it falls, and whether the shares are those on show."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from explorer.engine.loading import load
from explorer.engine.local_model import LocalModel
from explorer.language_model.trace import Floats, Ints
from explorer.locales import ExplorerError
from explorer.models import sources
from explorer.models.catalog import BUNDLED
from explorer.sampling.distribution import Distribution
from explorer.sampling.draw import (
    DRAWN,
    HAND,
    MAX_SEED,
    boundaries,
    by_hand,
    checked_seed,
    choose,
    drawn,
    uniform,
    uniforms,
)
from explorer.sampling.sampling import Sampling
from explorer.sampling.stages import GREEDY

JUST_BELOW_1 = 1 - 2.0**-53

N_DRAWS = 10_000
BELIEVABLE = 1e-3
"""p-values under this are no chance any more. The seeds are fixed: what passes once passes always."""


# --- u


def philox(counter: tuple[int, int, int, int], key: tuple[int, int]) -> tuple[int, ...]:
    """Philox 4x64-10, as Salmon et al. 2011 write it (section 3.3, constants from table 2 and section 3.3)."""
    word = 2**64
    c, (k0, k1) = counter, key
    for _ in range(10):
        left, right = c[0] * 0xD2E7470EE14C6C93, c[2] * 0xCA5A826395121157
        c = (right // word ^ c[1] ^ k0, right % word, left // word ^ c[3] ^ k1, left % word)
        k0, k1 = (k0 + 0x9E3779B97F4A7C15) % word, (k1 + 0xBB67AE8584CAA73B) % word
    return c


WHOLE = st.integers(0, 2**40)


@given(st.integers(0, MAX_SEED), WHOLE, WHOLE, WHOLE)
def test_u_is_philox_of_seed_sample_step_and_redraw(seed: int, sample: int, step: int, redraw: int) -> None:
    first = philox((redraw + 1, step, sample, 0), (seed, 0))[0]
    assert uniform(seed, sample, step, redraw) == (first >> 11) / 2**53


@pytest.mark.parametrize(
    ("where", "u"),
    [
        ((0, 0, 0, 0), 0.011546754286331562),
        ((42, 0, 0, 0), 0.8201981478608876),
        ((42, 0, 0, 1), 0.36812845090913937),
        ((42, 0, 1, 0), 0.20650309990981752),
        ((42, 1, 0, 0), 0.9756427741835573),
        ((MAX_SEED, 7, 1000, 5), 0.45204330941966175),
    ],
)
def test_saved_sessions_keep_their_draws(where: tuple[int, int, int, int], u: float) -> None:
    assert uniform(*where) == u


def test_no_two_places_share_a_u() -> None:
    places = list(product(range(8), repeat=4))
    assert len({uniform(*place) for place in places}) == len(places)
    streams = [uniforms(7, sample, step, range(20_000)) for sample in range(2) for step in range(3)]
    assert len(np.unique(streams)) == 6 * 20_000


@given(st.integers(0, 100), st.integers(0, 1000), st.integers(0, 30))
def test_draws_together_are_the_throws_one_by_one(step: int, first: int, n: int) -> None:
    draws = range(first, first + n)
    assert uniforms(3, 1, step, draws).tolist() == [uniform(3, 1, step, redraw) for redraw in draws]


@pytest.mark.parametrize(
    "us",
    [
        lambda n: uniforms(1, 0, 0, range(n)),
        lambda n: np.array([uniform(1, 0, step) for step in range(n)]),
        lambda n: np.array([uniform(1, sample, 0) for sample in range(n)]),
        lambda n: np.array([uniform(seed, 0, 0) for seed in range(n)]),
    ],
    ids=["draws", "steps", "samples", "seeds"],
)
def test_us_are_uniform_and_know_nothing_of_each_other(us: Callable[[int], Floats]) -> None:
    some = us(N_DRAWS)
    assert some.dtype == np.float64
    assert some.min() >= 0
    assert some.max() < 1
    assert p_value(np.bincount((some * 100).astype(int), minlength=100), np.full(100, 0.01)) > BELIEVABLE
    pairs = (some[:-1] * 10).astype(int) * 10 + (some[1:] * 10).astype(int)
    assert p_value(np.bincount(pairs, minlength=100), np.full(100, 0.01)) > BELIEVABLE


@pytest.mark.parametrize("seed", [-1, 2**63, True, 1.0, "7", None, float("nan")])
def test_a_seed_that_is_none_is_refused(seed: Any) -> None:
    with pytest.raises(ExplorerError) as caught:
        uniform(seed, 0, 0)
    assert caught.value.message.id == "seed-out-of-range"
    assert str(seed) in str(caught.value)
    assert str(MAX_SEED) in str(caught.value)


@pytest.mark.parametrize("seed", [0, MAX_SEED, np.int64(7)])
def test_a_seed_is_recorded_as_a_plain_number(seed: Any) -> None:
    assert type(checked_seed(seed)) is int
    assert checked_seed(seed) == seed


# --- the token it falls on


def distribution(probabilities: list[float], **parameters: Any) -> Distribution:
    with np.errstate(divide="ignore"):
        return Sampling(**parameters).apply(np.log(np.array(probabilities)), ())


HALVES = [0.125, 0.5, 0.125, 0.25]
"""Sums of these are exact. By probability, then id: 1, 3, 0, 2, with boundaries at 1/2, 3/4, 7/8 and 1."""


@pytest.mark.parametrize(
    ("u", "token"),
    [(0.0, 1), (0.3, 1), (0.5, 3), (0.6, 3), (0.75, 0), (0.8, 0), (0.875, 2), (0.99, 2), (JUST_BELOW_1, 2)],
)
def test_a_u_on_a_boundary_falls_on_the_token_after_it(u: float, token: int) -> None:
    got = distribution(HALVES)
    assert boundaries(got).tolist() == [0.5, 0.75, 0.875, 1]
    assert drawn(got, np.array([u])).tolist() == [token]
    for end, before in zip(boundaries(got), got.survivors, strict=True):
        assert drawn(got, np.array([np.nextafter(end, 0)])).tolist() == [before]


@given(
    arrays.arrays(np.float32, st.integers(1, 40), elements=st.floats(-30, 30, width=32)),
    st.lists(st.floats(0, JUST_BELOW_1), min_size=1, max_size=20),
    st.sampled_from([{}, {"top_p": 0.7}, {"top_k": 3}, {"temperature": 0.3}]),
)
def test_a_draw_is_a_walk_along_the_survivors(logits: Floats, us: list[float], parameters: dict[str, Any]) -> None:
    got = Sampling(**parameters).apply(logits, ())
    shares = [float(got.probabilities[i]) for i in got.survivors]
    assert shares == sorted(shares, reverse=True)
    for u, token in zip(us, drawn(got, np.array(us)), strict=True):
        walked = 0.0
        for expected, share in zip(got.survivors, shares, strict=True):
            walked += share / sum(shares)
            if u < walked - 1e-9:
                assert token == expected
            if u < walked + 1e-9:
                break  # or so close to a boundary that it may be either


def test_evenly_spread_us_give_each_token_its_share() -> None:
    got = Sampling(temperature=0.8, top_p=0.95).apply(np.random.default_rng(0).normal(0, 3, 300), ())
    n = 1_000_000
    counts = np.bincount(drawn(got, (np.arange(n) + 0.5) / n), minlength=300)
    np.testing.assert_allclose(counts / n, got.probabilities, rtol=0, atol=1.01 / n)


def test_what_was_removed_is_never_drawn() -> None:
    got = distribution([0.4, 0.3, 0.2, 0.1, 0], top_k=2)
    assert set(drawn(got, uniforms(0, 0, 0, range(1000))).tolist()) == {0, 1}


def test_the_walk_is_by_the_probabilities_that_the_sampler_left() -> None:
    got = distribution(HALVES, bias=((2, 10.0),))  # now 2 is the likeliest, then 1, 3 and 0
    assert drawn(got, np.array([0.0, 0.99])).tolist() == [2, 2]
    assert drawn(got, boundaries(got)[:-1]).tolist() == [1, 3, 0]


@pytest.mark.parametrize("u", [0.0, 0.5, JUST_BELOW_1])
def test_one_survivor_is_drawn_by_every_u(u: float) -> None:
    got = choose(distribution(HALVES, top_k=1), u)
    assert (got.id, got.u, got.chosen_by, got.probability) == (1, u, DRAWN, 1)


@pytest.mark.parametrize("u", [0.0, 0.9, JUST_BELOW_1])
def test_a_greedy_choice_needs_no_u(u: float) -> None:
    got = choose(distribution([0.2, 0.3, 0.3, 0.2], greedy=True), u)
    assert (got.id, got.u, got.chosen_by) == (1, None, GREEDY)


def test_a_choice_by_hand_is_free() -> None:
    got = by_hand(distribution([0.4, 0.3, 0.2, 0.1], top_k=2), 3)
    assert (got.id, got.u, got.chosen_by, got.probability, got.removed_by) == (3, None, HAND, 0, "top_k")
    with pytest.raises(ExplorerError, match=r"^4 is not a token id"):
        by_hand(distribution(HALVES), 4)


# --- ten thousand draws


def p_value(counts: Ints, shares: Floats) -> float:
    """How likely a chi-square at least as large is, if ``counts`` (n,) come from ``shares`` (n,) (Pearson 1900).

    Tokens of which fewer than five are expected are counted together, likely ones first.
    """
    expected = shares * counts.sum()
    observed = counts.astype(np.float64)
    rare = expected < 5
    if rare.any():
        observed = np.append(observed[~rare], observed[rare].sum())
        expected = np.append(expected[~rare], expected[rare].sum())
    if (observed[expected == 0] > 0).any():
        return 0.0
    observed, expected = observed[expected > 0], expected[expected > 0]
    if len(expected) == 1:
        return 1.0
    chi_square = ((observed - expected) ** 2 / expected).sum()
    degrees = len(expected) - 1
    return float(torch.special.gammaincc(torch.tensor(degrees / 2.0).double(), torch.tensor(chi_square / 2)))


SAMPLINGS = [
    Sampling(),
    Sampling(temperature=0.7),
    Sampling(temperature=1.8, min_p=0.02),
    Sampling(top_k=5),
    Sampling(temperature=1.3, top_p=0.9),
    Sampling(typical_p=0.8, repetition_penalty=1.3),
]


@pytest.fixture(scope="module", params=["peaked-gpt2", BUNDLED, "smollm2-135m"])
def lm(request: pytest.FixtureRequest, peaked: LocalModel) -> LocalModel:
    if request.param == "peaked-gpt2":
        return peaked
    if sources.on_disk(request.param) is None:
        pytest.skip("smollm2-135m is not on this disk")
    return load(request.param, device="cpu")


@pytest.mark.parametrize("sampling", SAMPLINGS, ids=str)
def test_ten_thousand_draws_have_the_shares_on_show(lm: LocalModel, sampling: Sampling) -> None:
    got = lm.trace("The robot read a page, covered the last").distribution(sampling)
    tokens = drawn(got, uniforms(11, 0, 3, range(N_DRAWS)))
    assert shares_p(tokens, got) > BELIEVABLE


@pytest.mark.parametrize("sampling", SAMPLINGS, ids=str)
def test_the_first_tokens_of_many_samples_have_them_too(peaked: LocalModel, sampling: Sampling) -> None:
    got = peaked.trace("The capital of").distribution(sampling)
    us = np.array([uniform(5, sample, 0) for sample in range(N_DRAWS)])
    assert shares_p(drawn(got, us), got) > BELIEVABLE


def shares_p(tokens: Ints, got: Distribution) -> float:
    return p_value(np.bincount(tokens, minlength=len(got.probabilities)), got.probabilities.astype(np.float64))


@pytest.mark.parametrize(
    ("bias", "used"),
    [
        (lambda us: us * 0.97, Sampling(temperature=1.3, top_p=0.9)),
        (lambda us: us**1.2, Sampling(temperature=1.3, top_p=0.9)),
        (lambda us: us, Sampling(temperature=1.2, top_p=0.9)),
        (lambda us: us, Sampling(temperature=1.3, top_p=0.85)),
        (lambda us: us, Sampling()),
    ],
    ids=["u stays below 0.97", "u leans to 0", "another temperature", "another top-p", "before the sampler"],
)
def test_the_comparison_finds_a_biased_draw(
    peaked: LocalModel, bias: Callable[[Floats], Floats], used: Sampling
) -> None:
    trace = peaked.trace("The robot read a page, covered the last")
    tokens = drawn(trace.distribution(used), bias(uniforms(11, 0, 3, range(N_DRAWS))))
    assert shares_p(tokens, trace.distribution(Sampling(temperature=1.3, top_p=0.9))) < 1e-6
