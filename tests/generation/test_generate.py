"""`generate`: the same seed gives the same text, on a cold model and a warm one; and when a text is complete."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import GenerationConfig

from explorer.engine.loading import load
from explorer.engine.local_model import LocalModel
from explorer.generation.generate import END, LENGTH, TEXT, Stop, generate
from explorer.language_model.model import Model, ModelInfo, Watch
from explorer.language_model.tokens import Encoding, Token, Vocabulary
from explorer.language_model.trace import Floats, Trace
from explorer.sampling.draw import boundaries, choose, uniform
from explorer.sampling.sampling import Sampling
from explorer.sampling.stages import GREEDY
from tests.model_repositories import TEXT as TRAINING_TEXT
from tests.modules import module_of, unread
from tests.passes import Passes

N_CASES = 50
CLOSE = 1e-5
"""A u nearer than this to a boundary may fall on either side of it in float32."""

LIVELY = Sampling(temperature=1.2, top_p=0.95)


class Cold:
    """A model that forgets everything before each question: every answer is a full pass."""

    def __init__(self, lm: LocalModel, noise: float = 0.0) -> None:
        self._lm = lm
        self._noise = noise

    @property
    def info(self) -> ModelInfo:
        return self._lm.info

    @property
    def vocabulary(self) -> Vocabulary:
        return self._lm.vocabulary

    def tokenize(self, text: str) -> Encoding:
        return self._lm.tokenize(text)

    def next_logits(self, rows: Sequence[Sequence[int]]) -> Floats:
        return self._lm.next_logits(rows)

    def trace(self, text_or_ids: str | Sequence[int], *, attention: bool = False, watch: Watch | None = None) -> Trace:
        fresh = unread(self._lm)
        trace = fresh.trace(text_or_ids, attention=attention, watch=watch)
        off = np.random.default_rng(len(text_or_ids)).normal(0, 1, len(trace.logits)).astype(trace.logits.dtype)
        return replace(trace, logits=trace.logits + self._noise * off)


def ids_of(model: Model, prefix: str, sampling: Sampling, n: int = 15, **where: int) -> list[int]:
    ids = model.tokenize(prefix).ids
    return [c.id for c in generate(model, ids, sampling, stop=Stop(max_new_tokens=n), **where)]


# --- what decides a text


def test_the_same_seed_gives_the_same_text_and_another_one_another(peaked: LocalModel) -> None:
    texts = [ids_of(peaked, "The", LIVELY, seed=seed) for seed in (1, 2, 1)]
    assert texts[0] == texts[2] != texts[1]
    assert ids_of(peaked, "The", LIVELY, seed=1, sample=1) != texts[0]


def test_a_step_depends_on_its_place_alone(peaked: LocalModel) -> None:
    ids = list(peaked.tokenize("The robot").ids)
    sampling = Sampling(temperature=1.5, repetition_penalty=1.2)
    whole = list(generate(peaked, ids, sampling, seed=3, sample=2))
    for n, candidate in enumerate(whole):
        so_far = [*ids, *(c.id for c in whole[:n])]
        u = uniform(3, 2, n)
        assert (candidate.u, candidate.chosen_by) == (u, "drawn")
        assert candidate == choose(peaked.trace(so_far).distribution(sampling), u)


def test_tokens_come_when_they_are_known_for_a_pass_each(peaked: LocalModel) -> None:
    fresh = unread(peaked)
    ids = fresh.tokenize("Once upon a time").ids
    with Passes(fresh) as passes:
        tokens = generate(fresh, ids, LIVELY, seed=5)
        assert passes.tokens == []
        for n in range(1, 5):
            next(tokens)
            assert passes.tokens == [len(ids), *[1] * (n - 1)]


# --- when it is complete


def tokens(*pieces: bytes) -> list[Token]:
    return [Token(i, piece) for i, piece in enumerate(pieces)]


@pytest.mark.parametrize(
    ("stop", "pieces", "reason"),
    [
        (Stop(3), [b"a", b"b"], None),
        (Stop(3), [b"a", b"b", b"c"], LENGTH),
        (Stop(0), [], LENGTH),
        (Stop(9, end_ids=(1, 7)), [b"a", b"b"], END),
        (Stop(9, end_ids=(0, 7)), [b"a", b"b"], None),  # an end token in the middle is none that was drawn just now
        (Stop(2, end_ids=(1,)), [b"a", b"b"], END),
        (Stop(9, text="robot"), [b" the ro", b"bo"], None),
        (Stop(9, text="robot"), [b" the ro", b"bo", b"ts are"], TEXT),
        (Stop(2, text="."), [b"a", b"b."], TEXT),
        (Stop(9, text="你好"), [b"\xe4\xbd", b"\xa0\xe5\xa5", b"\xbd"], TEXT),
        (Stop(9, text="你好"), [b"\xe4\xbd", b"\xa0\xe5\xa5"], None),
        (Stop(9, text=""), [b"a"], None),
        (Stop(9, text="\n"), [b"a", b"\n\n"], TEXT),
    ],
)
def test_a_text_is_complete_for_a_reason(stop: Stop, pieces: list[bytes], reason: str | None) -> None:
    assert stop.reason(tokens(*pieces)) == reason


def test_the_end_token_is_the_last(peaked: LocalModel) -> None:
    ids = peaked.tokenize("The capital of France").ids
    whole = [c.id for c in generate(peaked, ids, Sampling(greedy=True))]
    end = whole[4]
    stopped = [c.id for c in generate(peaked, ids, Sampling(greedy=True), stop=Stop(end_ids=(end,)))]
    assert stopped == whole[: whole.index(end) + 1]


def test_the_text_to_stop_at_is_looked_for_in_the_new_tokens_only(peaked: LocalModel) -> None:
    ids = peaked.tokenize("Where is the cat").ids
    found, other = peaked.vocabulary.find(" the"), peaked.vocabulary.find("a")
    assert found is not None
    assert other is not None
    for always, n in ((found, 1), (other, 6)):
        sampling = Sampling(greedy=True, bias=((always.id, 100.0),))
        assert [c.id for c in generate(peaked, ids, sampling, stop=Stop(6, text="the"))] == [always.id] * n


def test_no_tokens_at_all_cost_no_pass(peaked: LocalModel) -> None:
    with Passes(peaked) as passes:
        assert list(generate(peaked, (1, 2, 3), LIVELY, stop=Stop(0))) == []
    assert passes.tokens == []


# --- cold and warm


@pytest.mark.parametrize("prefix", ["The capital of Peru", "def fib", "夜来", "One and one is", "\n"])
def test_greedy_is_transformers_greedy_token_for_token(peaked64: LocalModel, prefix: str) -> None:
    ids = peaked64.tokenize(prefix).ids
    module_of(peaked64).generation_config = GenerationConfig()  # without the model's own end token
    theirs = module_of(peaked64).generate(
        torch.tensor([ids]),
        attention_mask=torch.ones((1, len(ids)), dtype=torch.int64),
        generation_config=GenerationConfig(do_sample=False, max_new_tokens=40, pad_token_id=0),
    )
    candidates = list(generate(peaked64, ids, Sampling(greedy=True), stop=Stop(40)))
    assert [*ids, *(c.id for c in candidates)] == theirs[0].tolist()
    assert {(c.chosen_by, c.u, c.probability) for c in candidates} == {(GREEDY, None, 1)}


def random_cases(n: int) -> list[tuple[str, Sampling, int]]:
    """Prefixes, samplers and seeds."""
    random = np.random.default_rng(12)
    also: list[dict[str, Any]] = [{}, {"top_k": 40}, {"top_p": 0.9}, {"min_p": 0.02}, {"repetition_penalty": 1.2}]
    found: list[tuple[str, Sampling, int]] = []
    for i in range(n):
        start = int(random.integers(0, len(TRAINING_TEXT) - 60))
        prefix = TRAINING_TEXT[start : start + int(random.integers(1, 60))]
        sampling = Sampling(temperature=float(random.uniform(0.6, 2)), **also[i % len(also)])
        found.append((prefix, sampling, int(random.integers(0, 1000))))
    return found


def test_in_float64_a_cold_model_and_a_warm_one_choose_the_same_tokens(peaked64: LocalModel) -> None:
    for prefix, sampling, seed in random_cases(N_CASES):
        assert ids_of(Cold(peaked64), prefix, sampling, seed=seed) == ids_of(peaked64, prefix, sampling, seed=seed)


def first_differences(one: Model, other: Model, n: int) -> list[float]:
    """Where two models that say the same but for rounding choose different tokens: how far u was from a boundary.

    Of each of ``n`` cases the first difference: after it the texts are not the same any more.
    """
    found = []
    for prefix, sampling, seed in random_cases(n):
        ids = list(one.tokenize(prefix).ids)
        pairs = zip(ids_of(one, prefix, sampling, seed=seed), ids_of(other, prefix, sampling, seed=seed), strict=True)
        for step, (mine, theirs) in enumerate(pairs):
            if mine != theirs:
                ends = boundaries(one.trace(ids).distribution(sampling))
                found.append(float(np.abs(ends - uniform(seed, 0, step)).min()))
                break
            ids.append(mine)
    return found


def test_in_float32_only_a_u_on_a_boundary_may_choose_otherwise(peaked: LocalModel, peaked64: LocalModel) -> None:
    for name, other in (("a cold one", Cold(peaked)), ("float64", peaked64)):
        differences = first_differences(peaked, other, N_CASES)
        print(f"\na warm model in float32 and {name}: of {N_CASES} texts {len(differences)} differ", differences)
        assert all(distance < CLOSE for distance in differences)


def test_the_comparison_finds_logits_that_are_a_little_off(peaked: LocalModel) -> None:
    differences = first_differences(peaked, Cold(peaked, noise=0.02), 20)
    assert max(differences, default=0) > CLOSE


def test_two_models_from_one_folder_give_the_same_text(peaked_gpt2: Path) -> None:
    one, other = (load(str(peaked_gpt2), device="cpu", dtype="float64") for _ in range(2))
    other.trace("Something else was read before.")
    assert ids_of(one, "The cat", LIVELY, seed=8) == ids_of(other, "The cat", LIVELY, seed=8)
