"""A batch of strategies beside one `generate` call a sample, and what more samples cost.

Prints tables and judges nothing: times are the machine's.
"""

from __future__ import annotations

import resource
from collections.abc import Callable
from typing import Any

import torch
from transformers import GenerationConfig

from explorer.engine.local_model import LocalModel
from explorer.generation.compare import ComparisonRun, compare
from explorer.sampling.sampling import Sampling
from tests.benchmarks.timing import DEVICE, medians, milliseconds, show, some_ids, verdict
from tests.modules import module_of

LEAST_TIMES_GENERATE = 5.0
N_SAMPLES, N_TOKENS, PREFIX = 8, 40, 32
STRATEGIES = [
    Sampling(),
    Sampling(temperature=0.7),
    Sampling(temperature=1.5),
    Sampling(top_k=40),
    Sampling(top_p=0.95),
    Sampling(min_p=0.05),
    Sampling(typical_p=0.95),
    Sampling(temperature=0.8, top_p=0.9),
]
GROWING = (1, 2, 4, 8, 16, 32, 64)
BAR = 40


def test_eight_strategies_with_eight_samples(lm: LocalModel) -> None:
    module_of(lm).generation_config = GenerationConfig()
    ids = some_ids(PREFIX, seed=1)

    def ours(i: int) -> Callable[[], Any]:
        return lambda: compare(lm, ids, STRATEGIES, n=N_SAMPLES, max_new_tokens=N_TOKENS, seed=i, through_end=True)

    def theirs(i: int) -> Callable[[], Any]:
        config = GenerationConfig(
            do_sample=True, temperature=0.8, top_p=0.9, top_k=0, max_new_tokens=N_TOKENS, pad_token_id=0
        )
        given = torch.tensor([ids], device=DEVICE)
        return lambda: module_of(lm).generate(given, attention_mask=torch.ones_like(given), generation_config=config)

    times = medians({"ours": ours, "theirs": theirs}, rounds=2)
    n_texts = len(STRATEGIES) * N_SAMPLES
    rate = n_texts * N_TOKENS / times["ours"] * 1000
    single = N_TOKENS / times["theirs"] * 1000
    comparing = ComparisonRun(lm, ids, STRATEGIES, n=N_SAMPLES, max_new_tokens=N_TOKENS, through_end=True)
    comparing.advance()
    spent = {"read": 0.0}
    read = comparing._read

    def timed(*given: Any) -> Any:
        kept = []
        spent["read"] += milliseconds(lambda: kept.append(read(*given)))
        return kept[0]

    comparing._read = timed  # type: ignore[method-assign]
    whole = milliseconds(lambda: [None for _ in iter(comparing.advance, False)])
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    show(
        f"{len(STRATEGIES)} strategies x {N_SAMPLES} samples x {N_TOKENS} tokens, GPT-2-small-sized, float32, {DEVICE}",
        [
            ("model.generate, one sample a call", f"{single:.0f} tokens/s", ""),
            ("explorer.compare", f"{rate:.0f} tokens/s",
             f"{rate / single:.1f} times: {verdict(rate / single, LEAST_TIMES_GENERATE, least=True)}"),
            ("of that in forward passes", f"{100 * spent['read'] / whole:.0f}%", "the rest is the samplers'"),
            ("peak memory of the process", f"{memory:.1f} GB", ""),
        ],
    )  # fmt: skip


def test_the_cost_grows_with_the_samples(lm: LocalModel) -> None:
    ids = some_ids(PREFIX, seed=1)
    costs = {}
    for n in GROWING:
        made = ComparisonRun(lm, ids, [Sampling(top_p=0.95)], n=n, max_new_tokens=12, through_end=True)
        made.advance()
        costs[n] = milliseconds(lambda made=made: [None for _ in iter(made.advance, False)]) / 11
    most = max(costs.values())
    show(
        "One step of a strategy, by its number of samples",
        [(f"{n}", f"{cost:.0f} ms", "█" * round(BAR * cost / most)) for n, cost in costs.items()],
    )
