"""Every stage, alone and together, against the reference; planted bugs, which the same comparison has to find."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from transformers.generation import logits_process

from explorer.language_model.trace import Floats, Ints
from explorer.locales import ExplorerError
from explorer.sampling import sampling as sampling_module
from explorer.sampling import stages
from explorer.sampling.distribution import Distribution
from explorer.sampling.sampling import Sampling
from explorer.sampling.softmax import Softmax
from explorer.sampling.stages import DEFAULT_ORDER, STAGES, Process
from tests.sampling import reference
from tests.sampling.cases import GPT2_VOCAB, Case, assert_agrees, cases

DTYPES = pytest.mark.parametrize("dtype", [np.float64, np.float32])

ALONE, TOGETHER, LARGE = 20, 300, 16
"""How many random cases for each stage, for several in any order, and for several over GPT-2's vocabulary."""

MAX_TURNED = 4
"""Of hundreds of thousands of tokens, so many may stand so close to an edge that float32 turns them over."""


# --- the reference


@DTYPES
@pytest.mark.parametrize("stage", reference.ORDER)
def test_a_stage_alone_does_what_its_paper_says(stage: str, dtype: type[np.floating[Any]]) -> None:
    assert_all_agree(cases(ALONE, seed=1, stages=(stage,)), dtype)


@DTYPES
def test_stages_together_in_any_order_do_what_the_papers_say(dtype: type[np.floating[Any]]) -> None:
    assert_all_agree(cases(TOGETHER, seed=2), dtype)


@DTYPES
def test_over_a_large_vocabulary_too(dtype: type[np.floating[Any]]) -> None:
    assert_all_agree(cases(LARGE, seed=3, n_vocab=GPT2_VOCAB), dtype)


def assert_all_agree(some: Iterator[Case], dtype: type[np.floating[Any]]) -> None:
    turned = [assert_agrees(case, dtype) for case in some]
    print(f"\n{dtype.__name__}: {len(turned)} cases, {sum(turned)} tokens on the other side of an edge")
    assert sum(turned) <= MAX_TURNED


def test_float32_says_at_the_end_what_float64_says() -> None:
    other_survivors, n = 0, 0
    for case in cases(TOGETHER, seed=4):
        try:
            exact, rounded = (
                Sampling(**case.parameters).apply(case.logits.astype(dtype), case.text).probabilities
                for dtype in (np.float64, np.float32)
            )
        except ExplorerError:
            continue
        n += 1
        if ((exact > 1e-30) != (rounded > 1e-30)).any():
            other_survivors += 1
        else:
            likely = exact > 1e-30
            np.testing.assert_allclose(np.log(rounded[likely]), np.log(exact[likely]), rtol=0, atol=1e-3)
    print(f"\nof {n} samplers, {other_survivors} leave other tokens in float32 than in float64")
    assert n > 250
    assert other_survivors <= 0.03 * n


def test_the_default_order_is_the_references() -> None:
    assert reference.ORDER == DEFAULT_ORDER


# --- what happens at an edge


@DTYPES
@pytest.mark.parametrize("n_vocab", [4, 50, 5000, GPT2_VOCAB])
def test_of_equal_tokens_at_its_edge_top_p_keeps_the_lower_ids(n_vocab: int, dtype: type[np.floating[Any]]) -> None:
    logits = np.zeros(n_vocab, dtype)
    logits[n_vocab // 2] = 1  # one that is likelier
    got = survivors(logits, top_p=0.6)
    n_kept = 1 + int(np.ceil(0.6 * (n_vocab - 1 + np.e) - np.e))
    others = [i for i in range(n_vocab) if i != n_vocab // 2]
    assert got == sorted([n_vocab // 2, *others[: n_kept - 1]])


@DTYPES
def test_top_k_keeps_all_that_equal_the_kth(dtype: type[np.floating[Any]]) -> None:
    assert survivors(np.array([1, 3, 2, 2, 2, 0], dtype), top_k=2) == [1, 2, 3, 4]


@DTYPES
def test_min_p_keeps_what_equals_the_threshold(dtype: type[np.floating[Any]]) -> None:
    assert survivors(np.array([0, 5, 5, 4.9, 5], dtype), min_p=1) == [1, 2, 4]


@DTYPES
def test_typical_keeps_what_is_as_close_as_the_last(dtype: type[np.floating[Any]]) -> None:
    # The entropy is 2.125 bits: surprisals of 3 are closest (together 3/8), then that of 1, then those of 4.
    logits = np.log(np.array([1 / 2, 1 / 8, 1 / 16, 1 / 8, 1 / 8, 1 / 16], dtype))
    assert survivors(logits, typical_p=0.01) == [1, 3, 4]
    assert survivors(logits, typical_p=0.3) == [1, 3, 4]
    assert survivors(logits, typical_p=0.4) == [0, 1, 3, 4]
    assert survivors(logits, typical_p=0.9) == [0, 1, 2, 3, 4, 5]


def survivors(logits: Floats, **parameters: Any) -> list[int]:
    got = Sampling(**parameters).apply(logits, ())
    ids: list[int] = np.flatnonzero(got.probabilities).tolist()
    assert ids == np.flatnonzero(got.stages[-1].survives).tolist()
    return ids


@DTYPES
def test_penalties_count_as_a_hand_does(dtype: type[np.floating[Any]]) -> None:
    logits, text = np.array([1, 2, 3, -4], dtype), [3, 1, 3, 3, 0]
    got = Sampling(presence_penalty=0.5, frequency_penalty=0.25).apply(logits, text)
    presence, frequency = got.stages
    assert (presence.name, frequency.name) == ("presence_penalty", "frequency_penalty")
    assert presence.scores.tolist() == [0.5, 1.5, 3, -4.5]
    assert frequency.scores.tolist() == [0.25, 1.25, 3, -5.25]
    rewarded = Sampling(presence_penalty=-0.5, frequency_penalty=-0.25).apply(logits, text)
    assert rewarded.stages[-1].scores.tolist() == [1.75, 2.75, 3, -2.75]


@pytest.mark.parametrize("token", [-1, 4])
def test_a_text_with_a_token_that_is_not_there_is_refused(token: int) -> None:
    with pytest.raises(ExplorerError, match=rf"^{token} is not a token id"):
        Sampling(presence_penalty=1).apply(np.zeros(4), [0, token])


@pytest.mark.parametrize("parameters", [{"banned": [0, 4]}, {"bias": {4: 1}}])
def test_a_banned_or_biased_token_that_is_not_there_is_refused(parameters: dict[str, Any]) -> None:
    with pytest.raises(ExplorerError, match=r"^4 is not a token id"):
        Sampling(**parameters).apply(np.zeros(4), ())


def test_the_stage_that_removed_the_last_token_is_named() -> None:
    for parameters, stage in [
        ({"banned": range(4)}, "banned"),
        ({"no_repeat_ngram": 1}, "no_repeat_ngram"),
        ({"top_k": 1, "banned": [2], "order": ("top_k", *(s for s in DEFAULT_ORDER if s != "top_k"))}, "banned"),
    ]:
        with pytest.raises(ExplorerError) as caught:
            Sampling(**parameters).apply(np.array([0.0, 1, 2, 1]), [0, 1, 2, 3])  # type: ignore[arg-type]
        assert caught.value.message.id == "no-token-left"
        assert stage in str(caught.value)


# --- transformers' own processors


def by_transformers(make: Callable[[Any], Any]) -> Process:
    """A stage that one of transformers' processors runs, made for the parameter's value."""

    def process(value: Any, text: Ints, before: Softmax) -> Floats:
        n_vocab = before.scores.shape[-1]
        scores, ids = torch.tensor(before.scores.reshape(-1, n_vocab)), torch.tensor(text.reshape(-1, text.shape[-1]))
        return np.asarray(make(value)(ids, scores).numpy()).reshape(before.scores.shape)

    return process


TRANSFORMERS: dict[str, Process] = {
    "bias": by_transformers(lambda pairs: logits_process.SequenceBiasLogitsProcessor({(i,): by for i, by in pairs})),
    "repetition_penalty": by_transformers(logits_process.RepetitionPenaltyLogitsProcessor),
    "no_repeat_ngram": by_transformers(logits_process.NoRepeatNGramLogitsProcessor),
    "banned": by_transformers(lambda ids: logits_process.NoBadWordsLogitsProcessor([[i] for i in ids])),
    "temperature": by_transformers(logits_process.TemperatureLogitsWarper),
    "top_k": by_transformers(logits_process.TopKLogitsWarper),
    "top_p": by_transformers(logits_process.TopPLogitsWarper),
    "min_p": by_transformers(logits_process.MinPLogitsWarper),
    "typical_p": by_transformers(logits_process.TypicalLogitsWarper),
}
"""For presence and frequency it has none."""


@DTYPES
@pytest.mark.parametrize("stage", TRANSFORMERS)
def test_a_stage_does_what_transformers_own_does(stage: str, dtype: type[np.floating[Any]]) -> None:
    n_turned = 0
    for case in [*cases(40, seed=12, stages=(stage,)), *cases(5, seed=13, stages=(stage,), n_vocab=GPT2_VOCAB)]:
        value = getattr(Sampling(**case.parameters), stage)
        if stage == "top_p" and len(np.unique(case.logits)) < len(case.logits):
            continue  # of equal tokens theirs keeps whichever torch.sort puts first
        before, text = Softmax(case.logits.astype(dtype)), np.array(case.text, np.int64)
        ours = STAGES[stage].process(value, text, before)
        theirs = TRANSFORMERS[stage](value, text, before)
        turned = np.isfinite(ours) != np.isfinite(theirs)
        n_turned += int(turned.sum())
        assert ours.dtype == theirs.dtype == dtype
        np.testing.assert_array_equal(ours[~turned], theirs[~turned])
    assert n_turned <= (0 if dtype is np.float64 else MAX_TURNED)


# --- planted bugs


def exactly_k(k: int, text: Ints, before: Softmax) -> Floats:
    """Of tokens that equal the k-th only some stay."""
    kept = np.full_like(before.scores, -np.inf)
    best = np.argsort(-before.scores, kind="stable")[:k]
    kept[best] = before.scores[best]
    return kept


def less_than_p(p: float, text: Ints, before: Softmax) -> Floats:
    """The largest set *below* p, which is one token too few."""
    order = np.argsort(-before.scores, kind="stable")
    gone = order[1:][np.cumsum(before.probabilities[order])[1:] > p]
    return without(before, gone)


def above_min_p(p: float, text: Ints, before: Softmax) -> Floats:
    return without(before, before.probabilities <= p * before.probabilities.max())


def typical_without_ties(p: float, text: Ints, before: Softmax) -> Floats:
    order = np.argsort(np.abs(-before.log_probabilities - before.entropy_bits * np.log(2)), kind="stable")
    mass = before.probabilities[order]
    return without(before, order[np.cumsum(mass) - mass >= p])


def always_divides(penalty: float, text: Ints, before: Softmax) -> Floats:
    scores = before.scores.copy()
    scores[np.unique(text)] /= penalty
    return scores


def without(before: Softmax, gone: Any) -> Floats:
    scores = before.scores.copy()
    scores[gone] = -np.inf
    return scores


def counts(text: Ints, before: Softmax) -> Ints:
    return np.bincount(text, minlength=before.scores.shape[-1])


WRONG: dict[str, tuple[str, Process]] = {
    "top-k drops ties": ("top_k", exactly_k),
    "top-p leaves ties to torch.sort": ("top_p", TRANSFORMERS["top_p"]),
    "top-p stays below p": ("top_p", less_than_p),
    "min-p drops equality": ("min_p", above_min_p),
    "typical drops ties": ("typical_p", typical_without_ties),
    "repetition rewards negative logits": ("repetition_penalty", always_divides),
    "temperature multiplies": ("temperature", lambda t, text, before: before.scores * t),
    "n-grams are one longer": (
        "no_repeat_ngram", lambda n, text, before: stages.no_repeat_ngram(n + 1, text, before)),
    "presence counts": (
        "presence_penalty", lambda a, text, before: before.scores - counts(text, before) * a),
    "frequency counts once": (
        "frequency_penalty", lambda a, text, before: before.scores - (counts(text, before) > 0) * a),
}  # fmt: skip


def disagrees(some: Iterator[Case]) -> None:
    """The comparison finds a difference in one of the cases at least."""
    with pytest.raises(AssertionError):
        _ = [assert_agrees(case, np.float64) for case in some]


def with_value(process: Process, value: Any) -> Process:
    return lambda _, text, before: process(value, text, before)


def plant(monkeypatch: pytest.MonkeyPatch, stage: str, process: Process) -> None:
    monkeypatch.setitem(STAGES, stage, replace(STAGES[stage], process=process))


@pytest.mark.parametrize("stage", reference.ORDER)
def test_the_comparison_finds_a_skipped_stage(monkeypatch: pytest.MonkeyPatch, stage: str) -> None:
    plant(monkeypatch, stage, lambda value, text, before: before.scores.copy())
    disagrees(cases(8, seed=5, stages=(stage,)))
    disagrees(cases(60, seed=6))


@pytest.mark.parametrize("wrong", WRONG)
def test_the_comparison_finds_a_wrong_rule(monkeypatch: pytest.MonkeyPatch, wrong: str) -> None:
    stage, process = WRONG[wrong]
    plant(monkeypatch, stage, process)
    disagrees(cases(20, seed=7, stages=(stage,)))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("bias", "repetition_penalty"),
        ("bias", "top_k"),
        ("repetition_penalty", "presence_penalty"),
        ("repetition_penalty", "frequency_penalty"),
        ("presence_penalty", "temperature"),
        ("no_repeat_ngram", "top_k"),
        ("banned", "top_p"),
        ("temperature", "top_p"),
        ("temperature", "min_p"),
        ("top_k", "top_p"),
        ("top_p", "min_p"),
        ("min_p", "typical_p"),
    ],
)
def test_the_comparison_finds_two_stages_in_the_wrong_order(
    monkeypatch: pytest.MonkeyPatch, first: str, second: str
) -> None:
    # Of two stages that both change something: each where the other belongs, under the other's name.
    swapped = {first: second, second: first}
    processes = {name: STAGES[name].process for name in swapped}
    for case in cases(20, seed=8, stages=(first, second)):
        values = {name: getattr(Sampling(**case.parameters), name) for name in swapped}
        for name, other in swapped.items():
            plant(monkeypatch, name, with_value(processes[other], values[other]))
        try:
            assert_agrees(case, np.float64)
        except AssertionError:
            return
    raise AssertionError("the wrong order was not found")


def the_last_of_equals(scores: Floats) -> Floats:
    largest = scores.shape[-1] - 1 - np.argmax(scores[..., ::-1], axis=-1, keepdims=True)
    return np.where(np.arange(scores.shape[-1]) == largest, scores, -np.inf)


def test_the_comparison_finds_a_wrong_greedy_choice(monkeypatch: pytest.MonkeyPatch) -> None:
    tie = Case(np.array([1.0, 3, 2, 3]), [1, 1], {"greedy": True, "presence_penalty": 0.5, "frequency_penalty": -0.25})
    assert_agrees(tie, np.float64)
    monkeypatch.setattr(sampling_module, "only_the_largest", the_last_of_equals)
    disagrees(iter([tie]))


@pytest.mark.parametrize("wrong", ["entropy in nats", "the mass of the sampler", "removed by the last stage"])
def test_the_comparison_finds_a_wrong_account(monkeypatch: pytest.MonkeyPatch, wrong: str) -> None:
    if wrong == "entropy in nats":
        nats = property(lambda self: -np.vdot(self.probabilities, np.log(np.maximum(self.probabilities, 1e-300))))
        monkeypatch.setattr(Softmax, "entropy_bits", nats)
    elif wrong == "the mass of the sampler":
        monkeypatch.setattr(Distribution, "raw_mass", lambda self, stage: self.probabilities[stage.survives].sum())
    else:
        gone = property(lambda self: np.where(self.probabilities == 0, len(self.stages) - 1, -1))
        monkeypatch.setattr(Distribution, "removed_by", gone)
    disagrees(cases(20, seed=9))
