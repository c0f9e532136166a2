"""Measures against published implementations, and against cases worked by hand."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest
import sacrebleu
from hypothesis import given
from hypothesis import strategies as st

from explorer.engine.local_model import LocalModel
from explorer.generation import measures as module
from explorer.generation.compare import compare
from explorer.generation.decoders import Sample, Step
from explorer.generation.intervals import ALIKE, DEPENDENT, FEW, FEWEST, STUDENT, STUDENT_LOG, WILSON
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
    assert found["perplexity"].value == pytest.approx(2 ** found["surprisal"].value) == pytest.approx(4)
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


def test_tokens_of_the_prefix_are_repeated_too_and_runs_of_it_are_not() -> None:
    """Welleck et al. 2020: rep/128 looks at all the context, seq-rep-4 at the continuation alone."""
    found = measures([sample(1, 2, 3, 4), sample(9, 9, 8, 7)], [1, 2, 3, 4, 5])
    assert found["repeated-tokens"].of_each == pytest.approx((1, 1 / 4))
    assert found["repetition-4"].of_each == (0, 0)
    between = range(100, 227)
    far = measures([sample(*between, 1), sample(*between, 2)], [2, 1])
    assert far["repeated-tokens"].of_each == pytest.approx((1 / 128, 0)), "the 1 is 128 tokens away, the 2 is 129"


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


def table_of_distances(a: list[int], b: list[int]) -> int:
    """Wagner and Fischer 1974, the whole table."""
    table = [list(range(len(b) + 1))]
    for i, token in enumerate(a, 1):
        table.append([i])
        for j, other in enumerate(b, 1):
            table[i].append(min(table[i - 1][j] + 1, table[i][j - 1] + 1, table[i - 1][j - 1] + (token != other)))
    return table[-1][-1]


@given(st.lists(st.integers(0, 3), min_size=1, max_size=90), st.lists(st.integers(0, 3), min_size=1, max_size=90))
def test_distance_is_that_of_the_whole_table(a: list[int], b: list[int]) -> None:
    assert _distance(a, b) == pytest.approx(table_of_distances(a, b) / max(len(a), len(b)))


def test_a_measure_is_computed_when_it_is_asked_for_and_once(monkeypatch: pytest.MonkeyPatch) -> None:
    pairs = list[tuple[Sequence[int], Sequence[int]]]()
    monkeypatch.setattr(module, "_distance", lambda a, b: pairs.append((a, b)) or 0.5)
    found = measures([sample(1, 2), sample(3, 4), sample(5, 6)], [])
    assert found["perplexity"].value == pytest.approx(2)
    assert not pairs
    assert found["distance"].value == found["distance"].value == 0.5
    assert len(pairs) == 3
    assert len(found) == len(list(found)) == 13


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
    for n in (FEWEST, 128):
        found = measures([sample(1, probability=p) for p in random.uniform(0.1, 0.9, n)], [])["surprisal"]
        assert found.low < found.value < found.high
        widths.append(found.high - found.low)
    assert widths[1] < widths[0] / 2


def test_each_measure_has_the_interval_that_fits_it() -> None:
    random = np.random.default_rng(0)
    ranks = random.integers(1, 3, (FEWEST, 4)).tolist()
    texts = [
        sample(1, 2, 3, 4, probability=p, ranks=tuple(r))
        for p, r in zip(random.uniform(0.1, 0.9, FEWEST), ranks, strict=True)
    ]
    methods = {name: measure.interval.method for name, measure in measures(texts, [1]).items()}
    assert methods["surprisal"] == methods["first-choices"] == STUDENT
    assert methods["perplexity"] == STUDENT_LOG
    assert methods["length"] == methods["repeated-tokens"] == ALIKE, "all texts have the same"
    assert methods["self-bleu"] == methods["distance"] == methods["distinct-2"] == DEPENDENT
    assert {measure.interval.method for measure in measures(texts[1:], [1]).values()} == {FEW, DEPENDENT}
    first = [Sample(text.steps[:1], None) for text in texts]
    assert measures(first, [1])["first-choices"].interval.method == WILSON


def test_texts_too_short_or_too_few_have_no_number() -> None:
    found = measures([sample(1)], [])
    for name in ("self-bleu", "distance", "repetition-4", "copied", "distinct-2"):
        assert math.isnan(found[name].value), name
    nothing = measures([sample()], [])
    assert math.isnan(nothing["surprisal"].value)
    assert nothing["length"].value == 0
    assert all(math.isnan(share) for share in fingerprint([sample()]))


def test_the_samplers_differ_as_one_expects(peaked: LocalModel) -> None:
    made = compare(peaked, "Once upon", [Sampling(temperature=0.5), Sampling(temperature=2.0)], n=16, max_new_tokens=30)
    cool, hot = (measures(written.samples, made.ids) for written in made.strategies)
    assert cool["surprisal"].high < hot["surprisal"].low
    assert cool["first-choices"].low > hot["first-choices"].high
    assert cool["distinct-1"].value < hot["distinct-1"].value
    assert cool["self-bleu"].value > hot["self-bleu"].value
