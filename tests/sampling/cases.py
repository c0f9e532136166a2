"""Random logits, texts and parameters as real models and people have them, and the comparison with the reference."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from explorer.language_model.trace import Floats
from explorer.locales import ExplorerError
from explorer.sampling.distribution import KEPT, Distribution
from explorer.sampling.sampling import Sampling
from tests.sampling import reference

GPT2_VOCAB = 50_257
WITHIN_ROUNDING = 1e-5
"""In float32, a token so close to a threshold may fall on either side of it."""


@dataclass(frozen=True)
class Case:
    """What a `Sampling` is asked: logits (V,) float64 that float32 holds exactly, the text so far, the parameters."""

    logits: Floats
    text: list[int]
    parameters: dict[str, Any]


def zipf(random: np.random.Generator, n_vocab: int) -> Floats:
    """Probabilities that fall with a power of the rank, as those of words do."""
    return random.permutation(-random.uniform(0.9, 2) * np.log(np.arange(1, n_vocab + 1)))


def gpt_like(random: np.random.Generator, n_vocab: int) -> Floats:
    """A broad hill far below 0, as GPT-2's, and a few tokens that stand out."""
    logits = random.normal(-35, 2.5, n_vocab)
    n_likely = int(random.integers(1, min(30, n_vocab)))
    logits[random.choice(n_vocab, n_likely, replace=False)] = random.normal(-22, 4, n_likely)
    return logits


def rounded(random: np.random.Generator, n_vocab: int) -> Floats:
    """Many equal logits, as those of 16-bit weights."""
    return np.round(gpt_like(random, n_vocab) * 4) / 4


def with_impossible(random: np.random.Generator, n_vocab: int) -> Floats:
    logits = gpt_like(random, n_vocab)
    logits[1:][random.random(n_vocab - 1) < 0.3] = -np.inf
    return logits


def stepped(random: np.random.Generator, n_vocab: int) -> Floats:
    """So few different values that every edge goes through a crowd of equal ones."""
    return random.integers(-12, 3, n_vocab) / 2.0


SHAPES = (zipf, gpt_like, rounded, with_impossible, stepped)


def cases(n: int, seed: int, *, stages: tuple[str, ...] | None = None, n_vocab: int | None = None) -> Iterator[Case]:
    """``n`` cases. Of ``stages`` all have a value; without them any number of all, in any order, some switched off."""
    random = np.random.default_rng(seed)
    for i in range(n):
        size = n_vocab or int(random.choice([50, 64, 333, 1000, 5000], p=[0.3, 0.2, 0.2, 0.2, 0.1]))
        logits = SHAPES[i % len(SHAPES)](random, size).astype(np.float32).astype(np.float64)
        # A text of few different tokens, likely ones among them: so n-grams repeat and penalties matter.
        pool = np.concatenate([np.argsort(-logits)[:6], random.integers(0, size, 4)])
        text = random.choice(pool, int(random.integers(0, 60))).tolist()
        values = {name: value(random, name, logits) for name in reference.ORDER}
        if stages is not None:
            yield Case(logits, text, {name: values[name] for name in stages})
            continue
        chosen = [name for name in reference.ORDER if random.random() < 0.6]
        parameters: dict[str, Any] = {name: values[name] for name in chosen}
        if i % 2:
            parameters["order"] = tuple(random.permutation(reference.ORDER).tolist())
        if i % 3 == 0:
            parameters["off"] = tuple(name for name in reference.ORDER if random.random() < 0.2)
        if i % 7 == 0:
            parameters["greedy"] = True
        yield Case(logits, text, parameters)


def value(random: np.random.Generator, name: str, logits: Floats) -> Any:
    """A value of the parameter ``name`` that somebody might set."""
    n_vocab = len(logits)
    some = random.choice(n_vocab, int(random.integers(1, 6)), replace=False).tolist()
    likely = np.argsort(-logits)[: int(random.integers(1, 4))].tolist()
    return {
        # transformers keeps biases in float32, and these are exact there.
        "bias": {token: float(random.integers(-40, 40)) / 8 for token in {*some, *likely}},
        "banned": sorted({*some, *likely[1:]}),
        "repetition_penalty": float(random.uniform(0.7, 1.8)),
        "presence_penalty": float(random.uniform(-2, 2)),
        "frequency_penalty": float(random.uniform(-0.5, 0.5)),
        "no_repeat_ngram": int(random.integers(1, 5)),
        "temperature": float(np.exp(random.uniform(np.log(0.3), np.log(3)))),
        "top_k": int(random.choice([1, 2, 10, 40, n_vocab // 2, n_vocab + 7])),
        "top_p": float(random.choice([random.uniform(0.05, 0.99), 0.9])),
        "min_p": float(random.choice([random.uniform(0.001, 0.5), 0.05, 1])),
        "typical_p": float(random.uniform(0.05, 0.99)),
    }[name]


def assert_agrees(case: Case, dtype: type[np.floating[Any]]) -> int:
    """The sampler says at every stage what the reference says; how many tokens rounding put on the other side.

    In float64 the reference runs from end to end and all must be the same. In float32 it takes each stage up from what
    the sampler's stage before left, so that rounding does not add up, and tokens at an edge may fall either way.
    """
    exact = dtype is np.float64
    tolerance = 1e-9 if exact else 1e-3
    raw = reference.log_softmax(case.logits)
    expected = reference.in_force(case.parameters)
    sampling = Sampling(**case.parameters)
    try:
        got = sampling.apply(case.logits.astype(dtype), case.text)
    except ExplorerError as error:
        assert_nothing_is_left(case, error)
        return 0
    greedy = case.parameters.get("greedy", False)
    assert [stage.name for stage in got.stages] == [name for name, _ in expected] + ["greedy"] * greedy

    before, removed_by, n_turned = case.logits, np.full(len(raw), KEPT), 0
    for i, ((name, parameter), stage) in enumerate(zip(expected, got.stages, strict=False)):
        after, margin = reference.STAGES[name](before, case.text, parameter)
        kept = np.isfinite(after)
        turned = kept != stage.survives
        assert not turned.any() or (not exact and margin[turned].max() < WITHIN_ROUNDING), f"{name}: other survivors"
        n_turned += int(turned.sum())
        after = np.where(turned, stage.scores, after)  # from here on we go along
        kept = stage.survives
        log_p = reference.log_softmax(after)
        with np.errstate(divide="ignore"):
            ours = np.log(stage.probabilities.astype(np.float64))
        likely = log_p > -80  # float32 holds no probability below exp(-87)
        np.testing.assert_allclose(ours[likely], log_p[likely], rtol=0, atol=tolerance, err_msg=name)
        assert stage.n_survivors == kept.sum()
        assert stage.entropy_bits == pytest.approx(reference.entropy_bits(after), abs=tolerance)
        assert got.raw_mass(stage) == pytest.approx(np.exp(raw)[kept].sum(), abs=tolerance)
        removed_by[np.isfinite(before) & ~kept] = i
        before = after if exact else stage.scores.astype(np.float64)
    if greedy:
        only = int(np.argmax(before))  # the first of equals
        removed_by[np.isfinite(before) & (np.arange(len(before)) != only)] = len(expected)
        before = np.where(np.arange(len(before)) == only, 0.0, -np.inf)
    np.testing.assert_array_equal(got.removed_by, removed_by)
    assert_sound(got, before, raw, tolerance)
    return n_turned


def assert_sound(got: Distribution, final: Floats, raw: Floats, tolerance: float) -> None:
    """The distribution after all stages is that of the logits ``final`` (V,), the one before them of ``raw``."""
    np.testing.assert_allclose(got.probabilities, np.exp(reference.log_softmax(final)), rtol=0, atol=tolerance)
    np.testing.assert_allclose(got.raw_probabilities, np.exp(raw), rtol=0, atol=tolerance)
    assert got.entropy_bits == pytest.approx(reference.entropy_bits(final), abs=tolerance)
    rounding = 1e-12 if got.logits.dtype == np.float64 else 1e-6
    for probabilities in (got.probabilities, got.raw_probabilities):
        assert probabilities.sum(dtype=np.float64) == pytest.approx(1, abs=rounding)


def assert_nothing_is_left(case: Case, error: ExplorerError) -> None:
    """The reference runs out of tokens at the stage which the error names."""
    assert error.message.id == "no-token-left", error
    logits = case.logits
    for name, parameter in reference.in_force(case.parameters):
        logits = reference.STAGES[name](logits, case.text, parameter).logits
        if not np.isfinite(logits).any():
            assert dict(error.message.arguments)["stage"] == name
            return
    raise AssertionError(f"tokens are left, but: {error}")
