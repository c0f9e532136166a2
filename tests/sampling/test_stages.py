"""Every stage, alone and together, against the reference; planted bugs, which the same comparison has to find."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from transformers import NoRepeatNGramLogitsProcessor, TopPLogitsWarper

from explorer.language_model.trace import Floats
from explorer.locales import ExplorerError
from explorer.sampling import distribution as distribution_module
from explorer.sampling import sampling as sampling_module
from explorer.sampling.distribution import Distribution
from explorer.sampling.sampling import Sampling
from explorer.sampling.stages import DEFAULT_ORDER, STAGES
from tests.sampling import reference
from tests.sampling.cases import GPT2_VOCAB, Case, assert_agrees, cases

DTYPES = pytest.mark.parametrize("dtype", [np.float64, np.float32])

ALONE, TOGETHER, LARGE = 20, 300, 16
"""How many random cases for each stage, for several in any order, and for several over GPT-2's vocabulary."""

MOST_TURNED = 4
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
    assert sum(turned) <= MOST_TURNED


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


# --- planted bugs

Process = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
GONE = -torch.inf


def exactly_k(s: Sampling) -> Process:
    """Of tokens that equal the k-th only some stay."""

    def process(ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        best = scores.topk(min(s.top_k or 1, scores.shape[-1])).indices
        return scores.masked_fill(torch.ones_like(scores, dtype=torch.bool).scatter(1, best, False), GONE)

    return process


def less_than_p(s: Sampling) -> Process:
    """The largest set *below* p, which is one token too few."""

    def process(ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        ordered, order = scores.sort(descending=True, stable=True)
        out = ordered.softmax(-1).cumsum(-1) > s.top_p
        out[:, 0] = False
        return scores.masked_fill(out.scatter(1, order, out), GONE)

    return process


def above_min_p(s: Sampling) -> Process:
    return lambda ids, scores: scores.masked_fill(scores.softmax(-1) <= s.min_p * scores.softmax(-1).amax(), GONE)


def typical_without_ties(s: Sampling) -> Process:
    def process(ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        log_p = scores.log_softmax(-1)
        order = (-log_p + (log_p.exp() * log_p).nansum(-1, keepdim=True)).abs().argsort(stable=True)
        mass = log_p.exp().gather(1, order).cumsum(-1)
        out = mass - log_p.exp().gather(1, order) >= s.typical_p
        return scores.masked_fill(out.scatter(1, order, out), GONE)

    return process


def always_divides(s: Sampling) -> Process:
    return lambda ids, scores: scores.scatter(1, ids, scores.gather(1, ids) / s.repetition_penalty)


def counts(ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
    return torch.zeros_like(scores).scatter_add_(1, ids, torch.ones_like(ids, dtype=scores.dtype))


WRONG: dict[str, tuple[str, Callable[[Sampling], Process]]] = {
    "top-k drops ties": ("top_k", exactly_k),
    "top-p leaves ties to torch.sort": ("top_p", lambda s: TopPLogitsWarper(s.top_p)),
    "top-p stays below p": ("top_p", less_than_p),
    "min-p drops equality": ("min_p", above_min_p),
    "typical drops ties": ("typical_p", typical_without_ties),
    "repetition rewards negative logits": ("repetition_penalty", always_divides),
    "temperature multiplies": ("temperature", lambda s: lambda ids, scores: scores * s.temperature),
    "n-grams are one longer": ("no_repeat_ngram", lambda s: NoRepeatNGramLogitsProcessor(s.no_repeat_ngram + 1)),
    "presence counts": (
        "presence_penalty", lambda s: lambda ids, scores: scores - counts(ids, scores) * s.presence_penalty),
    "frequency counts once": (
        "frequency_penalty", lambda s: lambda ids, scores: scores - (counts(ids, scores) > 0) * s.frequency_penalty),
}  # fmt: skip


def disagrees(some: Iterator[Case]) -> None:
    """The comparison finds a difference in one of the cases at least."""
    with pytest.raises(AssertionError):
        _ = [assert_agrees(case, np.float64) for case in some]


def plant(monkeypatch: pytest.MonkeyPatch, stage: str, make: Callable[[Sampling], Process]) -> None:
    monkeypatch.setitem(STAGES, stage, replace(STAGES[stage], make=make))


@pytest.mark.parametrize("stage", reference.ORDER)
def test_the_comparison_finds_a_skipped_stage(monkeypatch: pytest.MonkeyPatch, stage: str) -> None:
    plant(monkeypatch, stage, lambda s: lambda ids, scores: scores.clone())
    disagrees(cases(8, seed=5, stages=(stage,)))
    disagrees(cases(60, seed=6))


@pytest.mark.parametrize("wrong", WRONG)
def test_the_comparison_finds_a_wrong_rule(monkeypatch: pytest.MonkeyPatch, wrong: str) -> None:
    stage, make = WRONG[wrong]
    plant(monkeypatch, stage, make)
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
    one, other = STAGES[first].make, STAGES[second].make
    # Of two stages that both change something: under their right names, each where the other belongs.
    plant(monkeypatch, first, other)
    plant(monkeypatch, second, one)
    disagrees(cases(20, seed=8, stages=(first, second)))


def the_last_of_equals(scores: Floats) -> Floats:
    largest = scores.shape[-1] - 1 - np.argmax(scores[..., ::-1], axis=-1, keepdims=True)
    return np.where(np.arange(scores.shape[-1]) == largest, scores, -np.inf)


def test_the_comparison_finds_a_wrong_greedy_choice(monkeypatch: pytest.MonkeyPatch) -> None:
    tie = Case(np.array([1.0, 3, 2, 3]), [1, 1], {"greedy": True, "presence_penalty": 0.5, "frequency_penalty": -0.25})
    assert_agrees(tie, np.float64)
    monkeypatch.setattr(sampling_module, "_only_the_largest", the_last_of_equals)
    disagrees(iter([tie]))


@pytest.mark.parametrize("wrong", ["entropy in nats", "the mass of the sampler", "removed by the last stage"])
def test_the_comparison_finds_a_wrong_account(monkeypatch: pytest.MonkeyPatch, wrong: str) -> None:
    if wrong == "entropy in nats":
        entropy = distribution_module.entropy
        monkeypatch.setattr(distribution_module, "entropy", lambda p: entropy(p) * np.log(2))
    elif wrong == "the mass of the sampler":
        monkeypatch.setattr(Distribution, "raw_mass", lambda self, stage: self.probabilities[stage.survives].sum())
    else:
        gone = property(lambda self: np.where(self.probabilities == 0, len(self.stages) - 1, -1))
        monkeypatch.setattr(Distribution, "removed_by", gone)
    disagrees(cases(20, seed=9))
