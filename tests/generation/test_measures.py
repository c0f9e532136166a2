"""Measures against published implementations, and against cases worked by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
import sacrebleu
from hypothesis import given
from hypothesis import strategies as st

from explorer.engine.local_model import LanguageModel
from explorer.generation.compare import compare
from explorer.generation.decoders import Sample, Step
from explorer.generation.measures import MAX_PAIRED, _distance, fingerprint, measures
from explorer.language_model.tokens import Token
from explorer.sampling.distribution import Candidate
from explorer.sampling.sampling import Sampling

WORDS = ("the", "cat", "sat", "on", "a", "mat", "and", "slept")


def sample(*ids: int, probability: float = 0.5, ranks: tuple[int, ...] = (), entropy: float = 1.0) -> Sample:
    """A text of words, each as likely as is said."""
    steps = []
    for i, token_id in enumerate(ids):
        token = Token(token_id, f" {WORDS[token_id % len(WORDS)]}".encode())
        rank = ranks[i] if ranks else 1
        choice = Candidate(token, raw_probability=probability, probability=probability, logit=0.0, rank=rank)
        steps.append(Step(choice, entropy, entropy))
    return Sample(tuple(steps), "length")


def test_surprisal_and_perplexity() -> None:
    found = measures([sample(1, 2, probability=0.5), sample(3, probability=0.125)], [])
    assert found["surprisal"].value == pytest.approx((1 + 3) / 2)
    assert found["surprisal"].of_each == pytest.approx((1, 3))
    assert found["perplexity"].of_each == pytest.approx((2, 8))
    assert found["length"].of_each == (2, 1)


def test_distinct_counts_over_all_samples() -> None:
    found = measures([sample(1, 2, 1), sample(1, 2, 3)], [])
    assert found["distinct-1"].value == pytest.approx(3 / 6)
    assert found["distinct-2"].value == pytest.approx(3 / 4)  # 12, 21, 12, 23
    assert found["distinct-3"].value == pytest.approx(2 / 2)


def test_repetition_is_within_a_text() -> None:
    found = measures([sample(1, 2, 3, 4, 1, 2, 3, 4), sample(1, 2, 3, 4, 5, 6, 7, 8)], [])
    assert found["repetition-4"].of_each == pytest.approx((1 - 4 / 5, 0))
    assert found["repeated-tokens"].of_each == pytest.approx((0.5, 0))


def test_copied_is_what_the_prefix_has() -> None:
    found = measures([sample(1, 2, 3, 4, 5), sample(6, 7, 0, 1)], [9, 1, 2, 3, 4, 9])
    assert found["copied"].of_each == pytest.approx((1 / 2, 0))


def test_first_choices_and_the_fingerprint() -> None:
    samples = [sample(1, 2, 3, 4, ranks=(1, 2, 10, 11)), sample(1, 2, 3, 4, ranks=(1, 100, 101, 5000))]
    assert measures(samples, [])["first-choices"].value == pytest.approx(1 / 4)
    assert fingerprint(samples) == pytest.approx((2 / 8, 2 / 8, 2 / 8, 2 / 8))


def test_self_bleu_is_sacrebleus() -> None:
    samples = [sample(0, 1, 2, 3, 4, 5), sample(0, 1, 2, 3, 0, 7), sample(4, 1, 2, 6, 0, 1, 7)]
    texts = [each.text for each in samples]
    by_hand = [
        sacrebleu.sentence_bleu(text, texts[:i] + texts[i + 1 :], use_effective_order=True).score
        for i, text in enumerate(texts)
    ]
    found = measures(samples, [])["self-bleu"]
    assert found.of_each == pytest.approx(by_hand)
    assert found.value == pytest.approx(np.mean(by_hand))
    same = measures([sample(0, 1, 2, 3, 4)] * 3, [])
    assert same["self-bleu"].value == pytest.approx(100)
    assert same["distance"].value == 0


@pytest.mark.parametrize(
    ("a", "b", "edits"), [("kitten", "sitting", 3), ("", "abc", 3), ("abc", "abc", 0), ("flaw", "lawn", 2)]
)
def test_distance_by_hand(a: str, b: str, edits: int) -> None:
    assert _distance([*map(ord, a)], [*map(ord, b)]) == pytest.approx(edits / max(len(a), len(b)))


@given(st.lists(st.integers(0, 3), min_size=1), st.lists(st.integers(0, 3), min_size=1))
def test_distance_is_a_distance(a: list[int], b: list[int]) -> None:
    assert _distance(a, b) == _distance(b, a)
    assert 0 <= _distance(a, b) <= 1
    assert (_distance(a, b) == 0) == (a == b)


def test_of_many_samples_the_first_are_compared_with_each_other() -> None:
    alike, other = sample(1, 2, 3, 4), sample(5, 6, 7, 8)
    few = measures([alike] * MAX_PAIRED, ())
    many = measures([*[alike] * MAX_PAIRED, *[other] * 10], ())
    for name in ("distance", "self-bleu"):
        assert many[name].value == few[name].value
    assert many["distinct-1"].value > few["distinct-1"].value, "all else is of all"


def test_intervals_hold_the_mean_and_narrow_with_samples() -> None:
    random = np.random.default_rng(0)
    widths = []
    for n in (8, 128):
        found = measures([sample(1, probability=p) for p in random.uniform(0.1, 0.9, n)], [])["surprisal"]
        assert found.low < found.value < found.high
        widths.append(found.high - found.low)
    assert widths[1] < widths[0] / 2
    few = measures([sample(1), sample(2)], [])["surprisal"]
    assert math.isnan(few.low)


def test_the_bootstrap_covers_the_true_mean_as_often_as_it_says() -> None:
    random = np.random.default_rng(3)
    covered = 0
    for _ in range(200):
        found = measures([sample(1, probability=2.0 ** -max(0.01, x)) for x in random.normal(5, 1, 30)], [])[
            "surprisal"
        ]
        covered += found.low <= 5 <= found.high
    assert 0.87 <= covered / 200 <= 0.99


def test_texts_too_short_or_too_few_have_no_number() -> None:
    found = measures([sample(1)], [])
    for name in ("self-bleu", "distance", "repetition-4", "copied", "distinct-2"):
        assert math.isnan(found[name].value), name
    nothing = measures([sample()], [])
    assert math.isnan(nothing["surprisal"].value)
    assert nothing["length"].value == 0
    assert all(math.isnan(share) for share in fingerprint([sample()]))


def test_the_samplers_differ_as_one_expects(peaked: LanguageModel) -> None:
    made = compare(peaked, "Once upon", [Sampling(temperature=0.5), Sampling(temperature=2.0)], n=16, max_new_tokens=30)
    cool, hot = (measures(written.samples, made.ids) for written in made.strategies)
    assert cool["surprisal"].high < hot["surprisal"].low
    assert cool["first-choices"].low > hot["first-choices"].high
    assert cool["distinct-1"].value < hot["distinct-1"].value
    assert cool["self-bleu"].value > hot["self-bleu"].value
