"""`Sampling` and `Distribution` against float64 references and the properties that define them."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from transformers import TemperatureLogitsWarper

from explorer.language_model.tokens import Vocabulary
from explorer.language_model.trace import Floats
from explorer.locales import ExplorerError
from explorer.sampling.distribution import Distribution
from explorer.sampling.ranking import descending
from explorer.sampling.sampling import Sampling
from explorer.sampling.softmax import Softmax

temperatures = st.floats(0.05, 20)


def logits(dtype: type[np.floating[Any]] = np.float64, most: int = 60) -> st.SearchStrategy[Floats]:
    """(V,) with V from 1, ties included."""
    values = st.one_of(st.floats(-50, 50, width=32), st.sampled_from([-1.0, 0.0, 2.5]))
    return arrays.arrays(dtype, st.integers(1, most), elements=values)


def reference(values: Floats, temperature: float = 1.0) -> Floats:
    """exp(l / T) over its sum, in float64, as Ackley, Hinton and Sejnowski write it."""
    wide = np.asarray(values, np.float64) / temperature
    return np.asarray(np.exp(wide - np.logaddexp.reduce(wide)))


def distribution(values: Floats, **parameters: Any) -> Distribution:
    return Sampling(**parameters).apply(values, ())


@given(logits(), temperatures)
def test_probabilities_are_the_float64_reference(values: Floats, temperature: float) -> None:
    got = distribution(values, temperature=temperature)
    np.testing.assert_allclose(got.probabilities, reference(values, temperature), rtol=1e-9, atol=1e-300)
    np.testing.assert_allclose(got.raw_probabilities, reference(values), rtol=1e-9, atol=1e-300)


@given(logits(np.float32), temperatures)
def test_probabilities_of_float32_scores_are_torchs_in_float64(values: Floats, temperature: float) -> None:
    scores = torch.from_numpy(values / np.float32(temperature)).double()
    got = Softmax(values / np.float32(temperature))
    np.testing.assert_allclose(got.probabilities, torch.softmax(scores, dim=-1).numpy(), rtol=1e-12, atol=1e-300)
    np.testing.assert_allclose(got.log_probabilities, torch.log_softmax(scores, dim=-1).numpy(), rtol=1e-12, atol=1e-12)
    assert got.probabilities.dtype == got.log_probabilities.dtype == np.float64


@given(logits(), temperatures)
def test_temperature_is_that_of_transformers(values: Floats, temperature: float) -> None:
    scores = TemperatureLogitsWarper(temperature)(
        torch.zeros((1, 0), dtype=torch.int64), torch.from_numpy(values)[None]
    )
    expected = torch.softmax(scores, dim=-1)[0].numpy()
    np.testing.assert_allclose(
        distribution(values, temperature=temperature).probabilities, expected, rtol=1e-9, atol=1e-300
    )


@given(logits(np.float32, most=500), temperatures, st.booleans())
def test_both_distributions_sum_to_1(values: Floats, temperature: float, greedy: bool) -> None:
    got = distribution(values, temperature=temperature, greedy=greedy)
    for probabilities in (got.probabilities, got.raw_probabilities):
        assert probabilities.min() >= 0
        assert probabilities.sum() == pytest.approx(1, abs=1e-12)


@given(logits(), temperatures, temperatures)
def test_a_lower_temperature_never_raises_the_entropy(values: Floats, one: float, other: float) -> None:
    low, high = sorted((one, other))
    entropies = [distribution(values, temperature=t).entropy_bits for t in (low, high)]
    assert entropies[0] <= entropies[1] + 1e-9


@given(logits(), temperatures)
def test_entropy_lies_between_none_and_all_tokens_equal(values: Floats, temperature: float) -> None:
    got = distribution(values, temperature=temperature)
    assert 0 <= got.entropy_bits <= np.log2(len(values)) + 1e-9
    assert 1 <= got.effective_choices <= len(values) * (1 + 1e-9)


@pytest.mark.parametrize(
    ("probabilities", "bits"), [([1.0], 0), ([0.5, 0.5], 1), ([0.5, 0.25, 0.25], 1.5), ([0.125] * 8, 3)]
)
def test_entropy_is_in_bits(probabilities: list[float], bits: float) -> None:
    got = distribution(np.log(np.array(probabilities)))
    assert got.entropy_bits == pytest.approx(bits)
    assert got.effective_choices == pytest.approx(2.0**bits)


@pytest.mark.parametrize("temperature", [0.001, 100.0])
def test_the_extreme_temperatures_give_probabilities(temperature: float) -> None:
    got = distribution(np.array([-40.0, 80.0, 79.0]), temperature=temperature).probabilities
    assert got == pytest.approx(reference(np.array([-40.0, 80.0, 79.0]), temperature))


def test_an_impossible_token_stays_impossible() -> None:
    got = distribution(np.array([0.0, -np.inf, 0.0]), temperature=3.0)
    assert got.probabilities.tolist() == [0.5, 0, 0.5]
    assert got.entropy_bits == 1
    assert got.ranks.tolist() == [1, 3, 2]


@given(logits(np.float32))
def test_greedy_is_certain_of_the_lowest_id_among_the_likeliest(values: Floats) -> None:
    got = distribution(values, greedy=True)
    likeliest = min(i for i, value in enumerate(values) if value == max(values))
    assert np.flatnonzero(got.probabilities).tolist() == [likeliest]
    assert got.probabilities[likeliest] == 1
    assert got.entropy_bits == 0
    np.testing.assert_allclose(got.raw_probabilities, reference(values), rtol=1e-5, atol=1e-37)


@given(logits())
def test_ranks_count_the_likelier_tokens_and_equal_ones_of_lower_id(values: Floats) -> None:
    got = distribution(values)
    for i, value in enumerate(values):
        before = sum(other > value or (other == value and j < i) for j, other in enumerate(values))
        assert got.candidate(i).rank == before + 1
    assert [got.ranks[i] for i in got.order] == list(range(1, len(values) + 1))


@given(logits(), st.integers(0, 70), temperatures)
def test_top_and_rest_are_all_there_is(values: Floats, n: int, temperature: float) -> None:
    got = distribution(values, temperature=temperature)
    top = got.top(n)
    assert len(top) == min(n, len(values))
    assert [c.rank for c in top] == list(range(1, len(top) + 1))
    assert [c.probability for c in top] == sorted((c.probability for c in top), reverse=True)
    assert sum(c.probability for c in top) + got.rest(top) == pytest.approx(1)


@given(logits(), st.floats(1e-6, 1, exclude_max=True))
def test_top_p_keeps_the_smallest_set_that_reaches_p(values: Floats, p: float) -> None:
    got = distribution(values, top_p=p)
    mass, kept = got.raw_mass(got.stages[0]), got.survivors
    assert mass >= p - 1e-12
    assert mass - got.raw_probabilities[kept[-1]] < p + 1e-12  # without its least likely token it is too small
    # Nothing that stays is less likely than what is gone.
    assert sorted(kept.tolist()) == sorted(got.order[: len(kept)].tolist())


@given(logits(), st.integers(1, 70))
def test_top_k_keeps_k_and_what_equals_the_last_of_them(values: Floats, k: int) -> None:
    got = distribution(values, top_k=k)
    kept, gone = values[got.stages[0].survives], values[~got.stages[0].survives]
    assert len(kept) >= min(k, len(values))
    assert (kept > kept.min()).sum() < k
    assert gone.size == 0 or gone.max() < kept.min()


@given(logits(), st.floats(1e-3, 1))
def test_min_p_keeps_what_is_likely_enough_beside_the_likeliest(values: Floats, p: float) -> None:
    got = distribution(values, min_p=p)
    ratio = got.raw_probabilities / got.raw_probabilities.max()
    assert (ratio[got.stages[0].survives] >= p * (1 - 1e-12)).all()
    assert (ratio[~got.stages[0].survives] < p * (1 + 1e-12)).all()


@given(logits(), st.floats(1e-3, 1, exclude_max=True))
def test_typical_keeps_enough_and_nothing_further_from_the_entropy(values: Floats, mass: float) -> None:
    got = distribution(values, typical_p=mass)
    assume(got.raw_probabilities.min() > 0)
    distance = np.abs(-np.log2(got.raw_probabilities) - distribution(values).entropy_bits)
    survives = got.stages[0].survives
    assert got.raw_mass(got.stages[0]) >= mass - 1e-12
    assert survives.all() or distance[survives].max() <= distance[~survives].min() + 1e-9


@given(logits(), st.integers(0, 59), st.floats(0, 5), st.floats(0, 5))
def test_a_greater_penalty_never_makes_a_token_of_the_text_likelier(
    values: Floats, token: int, one: float, other: float
) -> None:
    seen, (low, high) = token % len(values), sorted((one, other))
    for name in ("presence_penalty", "frequency_penalty"):
        less, more = (Sampling(**{name: by}).apply(values, [seen]).probabilities[seen] for by in (low, high))  # type: ignore[arg-type]
        assert more <= less + 1e-12


cuts = st.sampled_from([{}, {"temperature": 0.5}, {"top_k": 3}, {"top_p": 0.6, "temperature": 2.0}, {"greedy": True}])


@given(logits(np.float32), st.integers(-1, 70), cuts)
def test_what_is_shown_are_the_likeliest_before_or_after_by_raw_rank(
    values: Floats, n: int, parameters: dict[str, Any]
) -> None:
    got = distribution(values, **parameters)
    shown_first = got.top_before_or_after(n)
    assert len(shown_first) == min(max(n, 0), len(values))
    ranks = [c.rank for c in shown_first]
    assert ranks == sorted(set(ranks))
    either = sorted(np.maximum(got.probabilities, got.raw_probabilities), reverse=True)
    shown = sorted((max(c.probability, c.raw_probability) for c in shown_first), reverse=True)
    assert shown == either[: len(shown)]
    for raw, own in ((False, lambda c: c.probability), (True, lambda c: c.raw_probability)):
        assert sum(map(own, shown_first)) + got.rest(shown_first, raw=raw) == pytest.approx(1, abs=1e-5)


@given(logits(np.float32), st.integers(-1, 70), cuts)
def test_top_are_the_likeliest_after_equal_ones_by_raw_rank(values: Floats, n: int, parameters: dict[str, Any]) -> None:
    got = distribution(values, **parameters)
    everything = [got.candidate(i) for i in range(len(values))]
    assert got.top(n) == sorted(everything, key=lambda c: (-c.probability, c.rank))[: max(n, 0)]
    for candidate in everything:
        assert (candidate.removed_by is None) == bool(not got.stages or got.stages[-1].survives[candidate.id])


@given(
    arrays.arrays(
        st.sampled_from([np.float32, np.float64]),
        st.integers(0, 80),
        elements=st.floats(width=32, allow_nan=False) | st.sampled_from([0.0, -0.0, 1.0, -np.inf, 1e-45, -1e-45]),
    )
)
def test_descending_is_a_stable_sort(values: Floats) -> None:
    assert descending(values).tolist() == sorted(range(len(values)), key=lambda i: (-values[i], i))


@given(logits(), temperatures, st.booleans())
def test_the_logits_are_left_as_they_were(values: Floats, temperature: float, greedy: bool) -> None:
    before = values.copy()
    values.flags.writeable = False
    got = distribution(values, temperature=temperature, greedy=greedy)
    got.top(3)
    np.testing.assert_array_equal(values, before)


def test_a_candidate_says_what_was_before_the_sampler_and_after() -> None:
    values = np.log(np.array([0.1, 0.6, 0.3]))
    candidate = Sampling(temperature=0.5).apply(values, (), Vocabulary([b"a", b" b", b"c"])).candidate(2)
    assert (candidate.id, candidate.text, candidate.rank) == (2, "c", 2)
    assert candidate.raw_probability == pytest.approx(0.3)
    assert candidate.probability == pytest.approx(0.09 / (0.01 + 0.36 + 0.09))
    assert candidate.logit == values[2]


def test_the_record_of_a_candidate_is_the_one_files_hold() -> None:
    vocabulary = Vocabulary([b" Paris", "你".encode()[:2]])
    got = Sampling().apply(np.array([1.0, 0.0], np.float32), (), vocabulary)
    whole, fragment = (json.loads(json.dumps(c.record())) for c in got.top(2))
    keys = ["id", "text", "bytes", "raw_probability", "probability", "logit", "rank", "u", "chosen_by"]
    assert list(whole) == keys
    assert (whole["id"], whole["text"], whole["bytes"], whole["rank"]) == (0, " Paris", b" Paris".hex(), 1)
    assert (whole["u"], whole["chosen_by"]) == (None, None)
    assert (fragment["text"], fragment["bytes"]) == (None, "e4bd")


@pytest.mark.parametrize("token_id", [-1, 3])
def test_a_token_that_is_not_there_is_an_error_that_names_it(token_id: int) -> None:
    with pytest.raises(ExplorerError, match=rf"^{token_id} is not a token id .* 0 to 2"):
        distribution(np.zeros(3)).candidate(token_id)


@pytest.mark.parametrize("temperature", [0, -1, -0.0, float("nan"), float("inf"), float("-inf")])
def test_a_temperature_out_of_range_is_refused_on_construction(temperature: float) -> None:
    with pytest.raises(ExplorerError) as caught:
        Sampling(temperature=temperature)
    assert caught.value.message.id == "temperature-out-of-range"
    assert f"{temperature:g}" in str(caught.value)


def test_sampling_is_a_value() -> None:
    assert Sampling(temperature=0.7) == Sampling(temperature=0.7)
    assert len({Sampling(), Sampling(temperature=1.0), Sampling(greedy=True)}) == 2
    with pytest.raises(AttributeError):
        Sampling().temperature = 2  # type: ignore[misc]


def test_a_distribution_says_briefly_what_it_is() -> None:
    vocabulary = Vocabulary([b" a", b"<b>", b"\xe4"])
    one = Sampling().apply(np.log(np.array([0.5, 0.3, 0.2])), (), vocabulary)
    assert repr(one) == "Distribution(·a 0.5, <b> 0.3, ⟨E4⟩ 0.2, … of 3 tokens; 1.49 bits)"
    many = Sampling().apply(np.zeros((2, 4, 1000)), ())
    assert repr(many) == "Distribution(2 × 4 over 1,000 tokens)"
