"""Many distributions at once are what each is alone; and records are frozen."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from explorer.language_model.trace import Floats, Ints
from explorer.locales import ExplorerError
from explorer.sampling.distribution import Distribution
from explorer.sampling.draw import choose
from explorer.sampling.sampling import Sampling
from tests.sampling.cases import cases

SAMPLINGS = [
    Sampling(),
    Sampling(greedy=True, presence_penalty=0.5),
    Sampling(temperature=0.7, top_p=0.8),
    Sampling(top_k=4, bias={3: 2}),
    Sampling(min_p=0.05, frequency_penalty=0.5),
    Sampling(typical_p=0.7, repetition_penalty=1.3, banned=[1, 2]),
]


def batches(n: int) -> Iterator[tuple[Floats, list[list[int]], dict[str, Any]]]:
    """Logits (6, V) float32, a text for each row, and the parameters of a sampler."""
    random = np.random.default_rng(10)
    for case in cases(n, seed=10):
        rows = np.stack([random.permutation(case.logits) for _ in range(6)]).astype(np.float32)
        texts = [random.permutation(case.text or [0]).tolist() for _ in range(6)]
        yield rows, texts, case.parameters


def test_many_at_once_are_what_each_is_alone() -> None:
    n = 0
    for rows, texts, parameters in batches(60):
        sampling = Sampling(**parameters)
        try:
            alone = [sampling.apply(row, text) for row, text in zip(rows, texts, strict=True)]
        except ExplorerError:
            with pytest.raises(ExplorerError):
                sampling.apply(rows, texts)
            continue
        n += 1
        shaped = rows.reshape(2, 3, -1), np.reshape(texts, (2, 3, -1))
        for together, place in (
            (sampling.apply(rows, texts), lambda i: (i,)),
            (sampling.apply(*shaped), lambda i: divmod(i, 3)),
        ):
            for i, one in enumerate(alone):
                assert_same(together.row(*place(i)), one)
                assert_same_account(together, place(i), one)
    assert n > 40


@given(
    arrays.arrays(np.float32, (5, 30), elements=st.floats(-40, 40, width=32) | st.sampled_from([0.0, 1.0])),
    arrays.arrays(np.int64, (5, 12), elements=st.integers(0, 29)),
    st.sampled_from(SAMPLINGS),
    st.floats(0, 1, exclude_max=True),
)
def test_a_row_of_many_is_chosen_from_as_it_is_alone(rows: Floats, texts: Ints, sampling: Sampling, u: float) -> None:
    """As `compare` does it: what was computed for all rows serves each, and no number is another for it."""
    together = sampling.apply(rows, texts)
    raw, after = together.raw.entropy_bits, together.entropy_bits
    for i in range(len(rows)):
        alone = sampling.apply(rows[i], texts[i])
        assert choose(together.row(i), u) == choose(alone, u)
        assert (raw[i], after[i]) == (alone.raw.entropy_bits, alone.entropy_bits)


def test_one_text_serves_many_distributions() -> None:
    rows, texts, _ = next(batches(1))
    sampling = Sampling(frequency_penalty=0.5, no_repeat_ngram=1, top_p=0.9)
    for i, row in enumerate(rows):
        assert_same(sampling.apply(rows, texts[0]).row(i), sampling.apply(row, texts[0]))


def assert_same(got: Distribution, expected: Distribution) -> None:
    for name in ("logits", "raw_probabilities", "probabilities", "removed_by", "survivors"):
        np.testing.assert_array_equal(getattr(got, name), getattr(expected, name), err_msg=name)
    for one, other in zip(got.stages, expected.stages, strict=True):
        assert one.name == other.name
        np.testing.assert_array_equal(one.scores, other.scores)


def assert_same_account(together: Distribution, place: tuple[int, ...], one: Distribution) -> None:
    assert together.entropy_bits[place] == pytest.approx(one.entropy_bits)
    assert together.effective_choices[place] == pytest.approx(one.effective_choices)
    for many, alone in zip(together.stages, one.stages, strict=True):
        assert many.n_survivors[place] == alone.n_survivors
        assert many.entropy_bits[place] == pytest.approx(alone.entropy_bits)
        assert together.raw_mass(many)[place] == pytest.approx(one.raw_mass(alone))


# --- nothing changes


def test_nothing_that_is_given_is_changed_and_nothing_that_is_got_can_be() -> None:
    for case in cases(40, seed=11):
        sampling, logits, text = Sampling(**case.parameters), case.logits.copy(), np.array(case.text, np.int64)
        logits.flags.writeable = text.flags.writeable = False
        try:
            got = sampling.apply(logits, text)
        except ExplorerError:
            continue
        np.testing.assert_array_equal(logits, case.logits)
        np.testing.assert_array_equal(text, case.text)
        arrays = [got.raw_probabilities, got.probabilities]
        arrays += [array for stage in got.stages for array in (stage.scores, stage.probabilities)]
        assert not any(array.flags.writeable for array in arrays)
        assert not any(np.shares_memory(array, logits) for array in arrays)


@pytest.mark.parametrize("sampling", [Sampling(temperature=2, top_k=3), Sampling(no_repeat_ngram=3)], ids=str)
def test_a_distribution_keeps_what_it_says_when_the_logits_change_later(sampling: Sampling) -> None:
    logits = np.array([0.0, 1, 2, 3])
    got = sampling.apply(logits, ())  # without a text there are no n-grams: that stage hands on what it was given
    before = [stage.scores.copy() for stage in got.stages]
    raw = Sampling().apply(logits.copy(), ()).raw_probabilities
    logits[:] = 0
    for stage, scores in zip(got.stages, before, strict=True):
        np.testing.assert_array_equal(stage.scores, scores)
    np.testing.assert_array_equal(got.raw_probabilities, raw, "they are computed when they are first asked for")
