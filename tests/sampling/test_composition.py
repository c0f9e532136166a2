"""All stages in their default order are what transformers' ``generate`` does with the same settings."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from transformers import GenerationConfig

from explorer.engine.local_model import LocalModel
from explorer.generation.generate import Stop, generate
from explorer.language_model.trace import Floats
from explorer.sampling.sampling import Sampling
from explorer.sampling.stages import DEFAULT_ORDER
from tests.modules import module_of
from tests.sampling.reference import log_softmax

PREFIXES = ["The capital of", "Once upon a time there was a", "for i in range(", "春眠不觉晓", "And again. And again."]
N_TOKENS = 12
ROUNDING = 1e-5
"""``generate`` makes float32 of any model's logits before it looks at them."""


def settings(random: np.random.Generator, n_vocab: int) -> dict[str, Any]:
    """Every parameter that ``generate`` has too, with a value that changes something."""
    some = random.choice(n_vocab, 8, replace=False).tolist()
    return {
        "bias": {token: float(random.integers(-24, 24)) / 8 for token in some[:5]},
        "repetition_penalty": float(random.uniform(1.05, 1.6)),
        "no_repeat_ngram": int(random.integers(2, 5)),
        "banned": some[5:],
        "temperature": float(random.uniform(0.5, 2)),
        "top_k": int(random.integers(20, 200)),
        "top_p": float(random.uniform(0.7, 0.99)),
        "min_p": float(random.uniform(0.0005, 0.02)),
        "typical_p": float(random.uniform(0.7, 0.99)),
    }


def transformers_generate(lm: LocalModel, ids: list[int], parameters: dict[str, Any], *, sample: bool) -> Any:
    """What ``generate`` says, with everything neutral that is not asked for: its defaults (top-k 50) are not ours."""
    config = GenerationConfig(
        do_sample=sample,
        max_new_tokens=N_TOKENS,
        sequence_bias=[[[token], amount] for token, amount in parameters.get("bias", {}).items()] or None,
        repetition_penalty=parameters.get("repetition_penalty", 1.0),
        no_repeat_ngram_size=parameters.get("no_repeat_ngram", 0),
        bad_words_ids=[[token] for token in parameters.get("banned", [])] or None,
        temperature=parameters.get("temperature", 1.0),
        top_k=parameters.get("top_k", 0),
        top_p=parameters.get("top_p", 1.0),
        min_p=parameters.get("min_p"),
        typical_p=parameters.get("typical_p", 1.0),
        pad_token_id=0,
        output_scores=True,
        return_dict_in_generate=True,
    )
    # What the config leaves open would be taken from the model's own, its end token among others.
    module_of(lm).generation_config = GenerationConfig()
    torch.manual_seed(len(ids))
    return module_of(lm).generate(
        torch.tensor([ids]), attention_mask=torch.ones((1, len(ids)), dtype=torch.int64), generation_config=config
    )


def assert_same_scores(lm: LocalModel, prefix: str, parameters: dict[str, Any], sampling: Sampling) -> None:
    """After every token that ``generate`` drew, the sampler leaves the same tokens with the same probabilities."""
    ids = list(lm.tokenize(prefix).ids)
    theirs = transformers_generate(lm, ids, parameters, sample=True)
    sequence = theirs.sequences[0].tolist()
    assert len(sequence) == len(ids) + N_TOKENS
    for i, scores in enumerate(theirs.scores):
        got = lm.trace(sequence[: len(ids) + i]).distribution(sampling)
        expected: Floats = scores[0].double().numpy()
        survives = np.isfinite(expected)
        np.testing.assert_array_equal(got.stages[-1].survives, survives)
        ours = np.log(got.probabilities[survives])
        np.testing.assert_allclose(ours, log_softmax(expected)[survives], rtol=0, atol=ROUNDING)


@pytest.mark.parametrize("prefix", PREFIXES)
def test_all_parameters_at_once_in_the_default_order_are_generates(peaked64: LocalModel, prefix: str) -> None:
    random = np.random.default_rng(PREFIXES.index(prefix))
    for _ in range(4):
        parameters = settings(random, peaked64.info.vocab_size)
        assert_same_scores(peaked64, prefix, parameters, Sampling(**parameters))


def test_each_parameter_alone_is_generates(peaked64: LocalModel) -> None:
    for name, value in settings(np.random.default_rng(9), peaked64.info.vocab_size).items():
        assert_same_scores(peaked64, PREFIXES[0], {name: value}, Sampling(**{name: value}))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("bias", "repetition_penalty"),
        ("temperature", "top_p"),
        ("top_k", "top_p"),
        ("top_p", "min_p"),
        ("min_p", "typical_p"),
        ("banned", "top_k"),
    ],
)
def test_any_other_order_is_not_generates(peaked64: LocalModel, first: str, second: str) -> None:
    order = list(DEFAULT_ORDER)
    one, other = order.index(first), order.index(second)
    order[one], order[other] = order[other], order[one]
    trace = peaked64.trace(PREFIXES[1])
    likely = [c.id for c in trace.distribution(Sampling()).top(5)]
    strong: dict[str, Any] = {
        "bias": dict.fromkeys([*likely, *trace.ids.tolist()], -4.0), "repetition_penalty": 1.5, "banned": likely,
        "temperature": 2.0, "top_k": 8, "top_p": 0.7, "min_p": 0.1, "typical_p": 0.6,
    }  # fmt: skip
    parameters = {name: strong[name] for name in (first, second)}
    assert_same_scores(peaked64, PREFIXES[1], parameters, Sampling(**parameters))
    with pytest.raises(AssertionError):
        assert_same_scores(peaked64, PREFIXES[1], parameters, Sampling(**parameters, order=tuple(order)))


@pytest.mark.parametrize("prefix", PREFIXES)
def test_greedy_with_penalties_is_generate_without_sampling(peaked64: LocalModel, prefix: str) -> None:
    random = np.random.default_rng(PREFIXES.index(prefix))
    ids = list(peaked64.tokenize(prefix).ids)
    for _ in range(4):
        everything = settings(random, peaked64.info.vocab_size)
        penalties = {k: everything[k] for k in ("bias", "repetition_penalty", "no_repeat_ngram", "banned")}
        theirs = transformers_generate(peaked64, ids, penalties, sample=False).sequences[0].tolist()
        # What reshapes a draw is passed over here as there.
        sampling = Sampling(**everything, greedy=True)
        ours = [c.id for c in generate(peaked64, ids, sampling, stop=Stop(max_new_tokens=N_TOKENS))]
        assert ids + ours == theirs
        plain = transformers_generate(peaked64, ids, {}, sample=False).sequences[0].tolist()
        assert theirs != plain, "the penalties change nothing, so nothing was tested"
