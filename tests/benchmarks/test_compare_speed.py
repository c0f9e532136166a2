"""A batch of strategies beside one `generate` call a sample, and what more samples cost.

Prints tables and judges nothing: times are the machine's.
"""

from __future__ import annotations

import resource
from typing import Any

import torch
from transformers import GenerationConfig

from explorer.generation.compare import ComparisonRun, compare
from explorer.sampling.sampling import Sampling
from tests.benchmarks.conftest import Measured
from tests.benchmarks.timing import DEVICE, Prepare, Row, in_turns, milliseconds, show, some_ids, verdict

MIN_TIMES_GENERATE = 12.0
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


def test_eight_strategies_with_eight_samples(gpt2_sized: Measured) -> None:
    ids = some_ids(PREFIX, seed=1)

    def ours(engine: str) -> Prepare:
        lm = gpt2_sized.fresh(engine)
        return lambda i: (
            lambda: compare(lm, ids, STRATEGIES, n=N_SAMPLES, max_new_tokens=N_TOKENS, seed=i, through_end=True)
        )

    actions = {"generate": one_generate_call(gpt2_sized.module, ids)}
    times = in_turns(actions | {engine: ours(engine) for engine in gpt2_sized.engines}, rounds=3)
    n_texts = len(STRATEGIES) * N_SAMPLES
    single = N_TOKENS / times.median("generate") * 1000
    rows: list[Row] = [("model.generate, one sample a call", f"{single:.0f} tokens/s", "")]
    for engine in gpt2_sized.engines:
        faster, rate = n_texts * times.ratio("generate", engine), n_texts * N_TOKENS / times.median(engine) * 1000
        goal = f": {verdict(faster, MIN_TIMES_GENERATE, least=True)}" if engine == gpt2_sized.usual.info.engine else ""
        share = share_of_passes(gpt2_sized, engine, ids)
        rows.append((f"explorer.compare, {engine}", f"{rate:.0f} tokens/s", f"{faster:.1f} times generate{goal}"))
        rows.append(("of that in forward passes", f"{100 * share:.0f}%", "the rest is the samplers'"))
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    rows.append(("peak memory of the process, three copies of the weights", f"{memory:.1f} GB", ""))
    show(f"{len(STRATEGIES)} strategies x {N_SAMPLES} samples x {N_TOKENS} tokens, {gpt2_sized.title}, {DEVICE}", rows)


def one_generate_call(module: Any, ids: list[int]) -> Prepare:
    """A sample by transformers."""
    module.generation_config = GenerationConfig()
    config = GenerationConfig(
        do_sample=True, temperature=0.8, top_p=0.9, top_k=0, max_new_tokens=N_TOKENS, pad_token_id=0
    )
    given = torch.tensor([ids], device=DEVICE)
    return lambda _: lambda: module.generate(given, attention_mask=torch.ones_like(given), generation_config=config)


def share_of_passes(measured: Measured, engine: str, ids: list[int]) -> float:
    """Of a comparison's time, once its prefix is read."""
    comparing = ComparisonRun(
        measured.fresh(engine), ids, STRATEGIES, n=N_SAMPLES, max_new_tokens=N_TOKENS, through_end=True
    )
    comparing.advance()
    spent, read = [0.0], comparing._read

    def timed(*given: Any) -> Any:
        kept = []
        spent.append(milliseconds(lambda: kept.append(read(*given))))
        return kept[0]

    comparing._read = timed  # type: ignore[method-assign]
    whole = milliseconds(lambda: [None for _ in iter(comparing.advance, False)])
    return sum(spent) / whole


def test_the_cost_grows_with_the_samples(gpt2_sized: Measured) -> None:
    lm = gpt2_sized.usual
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
