"""What an answer costs, beside transformers' own passes and the floor of the memory.

Prints tables and judges nothing: times are the machine's.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from transformers import DynamicCache, GPT2LMHeadModel

from explorer.engine.local_model import LocalModel
from explorer.engine.torch_engine.engine import cache_argument
from explorer.sampling.sampling import Sampling
from tests.benchmarks.conftest import Measured
from tests.benchmarks.timing import (
    DEVICE,
    ROUNDS,
    Action,
    Prepare,
    Row,
    faster_than,
    in_turns,
    medians,
    readers,
    show,
    some_ids,
    times_of,
    verdict,
    with_floor,
)

PREFIX = 32
LONG = 256
NEW_TEXT = 128
TIMES_THE_FLOOR = {32: 1.3, 512: 1.5}
FASTER_THAN_CACHED_STEP = 2.0
TIMES_ONE_TOKEN = {2: 1.8, 3: 2.4}
TIMES_TORCH = 1.0
FASTER_THAN_FULL_WITH_ATTENTION = {32: 2.5, 128: 5.0}


@pytest.mark.parametrize("n_before", TIMES_THE_FLOOR)
def test_one_more_token_with_the_attention_of_every_head(measured: Measured, n_before: int) -> None:
    """The text grows by a token a round, as it does while one steps."""
    ids = some_ids(n_before + ROUNDS + 2, seed=3)

    def ours(engine: str) -> Prepare:
        lm = measured.fresh(engine)
        lm.trace(ids[:n_before], attention=True)
        return lambda i: lambda: lm.trace(ids[: n_before + i + 1], attention=True)

    # Each of our engines stands beside both that it is compared with.
    usual, *others = measured.engines
    actions = readers() | {usual: ours(usual), "transformers": cached_step(measured.module, ids, n_before)}
    times = with_floor(in_turns(actions | {other: ours(other) for other in others}), measured.n_bytes)
    n_heads = measured.usual.info.n_layer * measured.usual.info.n_head
    bandwidth = measured.n_bytes / times.median("floor") / 1e6
    rows: list[Row] = [
        (f"floor: {measured.n_bytes / 1e6:.0f} MB at {bandwidth:.1f} GB/s", times.spread("floor"), ""),
        ("transformers, cached step, SDPA, no attention", times.spread("transformers"),
         f"{times.ratio('transformers', 'floor'):.2f} times the floor"),
    ]  # fmt: skip
    for engine in measured.engines:
        above, faster = times.ratio(engine, "floor"), times.ratio("transformers", engine)
        # numpy is what a user gets on a CPU; of the other nothing is asked.
        goals = (TIMES_THE_FLOOR[n_before], FASTER_THAN_CACHED_STEP) if engine == "numpy" else (None, None)
        rows.append((f"{engine} engine", times.spread(engine), times_of(above, "the floor", goals[0])))
        rows.append(("", "", faster_than(faster, "transformers", goals[1])))
    show(f"One token after {n_before}, all {n_heads} heads' rows, {measured.title}, float32", rows)


def cached_step(module: Any, ids: list[int], n_before: int) -> Prepare:
    """transformers reads one more token of ``ids`` a round."""
    cache = DynamicCache()

    @torch.inference_mode()
    def read(tokens: list[int]) -> Any:
        given = torch.tensor([tokens], device=DEVICE)
        known = {cache_argument(module.base_model): cache}
        return module(given, use_cache=True, logits_to_keep=1, **known).logits[0, -1].cpu()

    read(ids[:n_before])
    return lambda i: lambda: read(ids[n_before + i : n_before + i + 1])


def test_two_and_three_more_tokens(measured: Measured) -> None:
    """A key that is pressed is often two or three new tokens."""
    prefix = some_ids(PREFIX, seed=0)

    def appended(lm: LocalModel, n: int) -> Prepare:
        def prepare(i: int) -> Action:
            lm.trace(prefix, attention=True)
            new = some_ids(n, seed=1000 * n + i)  # other tokens each time: nothing of them is cached
            return lambda: lm.trace([*prefix, *new], attention=True)

        return prepare

    for engine in measured.engines:
        lm = measured.fresh(engine)
        # One token before each: what is compared stands next to each other.
        times = in_turns({"1": appended(lm, 1), "2": appended(lm, 2), "1 again": appended(lm, 1), "3": appended(lm, 3)})
        rows: list[Row] = [("1 token", times.spread("1"), "")]
        for (n, goal), one in zip(TIMES_ONE_TOKEN.items(), ("1", "1 again"), strict=True):
            rows.append(
                (
                    f"{n} tokens",
                    times.spread(f"{n}"),
                    times_of(times.ratio(f"{n}", one), "one", goal if engine == "numpy" else None),
                )
            )
        show(f"New tokens after {PREFIX} with attention, {measured.title}, {engine}", rows)


@pytest.mark.skipif(DEVICE != "cpu", reason="numpy reads on the CPU")
@pytest.mark.parametrize("attention", [False, True])
def test_a_new_text(measured: Measured, attention: bool) -> None:
    def read(engine: str) -> Prepare:
        lm = measured.fresh(engine)
        return lambda i: lambda: lm.trace(some_ids(NEW_TEXT, seed=10 + i), attention=attention)

    times = in_turns({engine: read(engine) for engine in ("numpy", "torch")}, rounds=11)
    show(
        f"A new text of {NEW_TEXT} tokens{' with attention' if attention else ''}, {measured.title}",
        [
            ("torch engine", times.spread("torch"), ""),
            ("numpy engine", times.spread("numpy"),
             times_of(times.ratio("numpy", "torch"), "the torch engine", TIMES_TORCH)),
        ],
    )  # fmt: skip


@pytest.mark.parametrize("n_before", FASTER_THAN_FULL_WITH_ATTENTION)
def test_one_more_token_beside_a_full_pass(gpt2_sized: Measured, eager: GPT2LMHeadModel, n_before: int) -> None:
    ids = some_ids(n_before + ROUNDS + 1, seed=3)

    def appended(*, attention: bool) -> Prepare:
        lm = gpt2_sized.usual  # with a cache of its own
        lm.trace(ids[:n_before], attention=attention)
        return lambda i: lambda: lm.trace(ids[: n_before + i + 1], attention=attention)

    @torch.inference_mode()
    def full(n: int) -> Any:
        tokens = torch.tensor([ids[:n]], device=DEVICE)
        return [layer.cpu() for layer in eager(tokens, output_attentions=True).attentions]

    times = in_turns(
        {
            "without": appended(attention=False),
            "with": appended(attention=True),
            "full": lambda i: lambda: full(n_before + i + 1),
        }
    )
    goal = FASTER_THAN_FULL_WITH_ATTENTION[n_before]
    show(
        f"One token after {n_before}, {gpt2_sized.title}, {gpt2_sized.usual.info.engine}",
        [
            ("trace(ids)", times.spread("without"), ""),
            ("trace(ids, attention=True)", times.spread("with"), f"{times.ratio('with', 'without'):.2f} times"),
            ("model(ids, output_attentions=True)", times.spread("full"),
             f"{times.ratio('full', 'with'):.2f} times ours: {verdict(times.ratio('full', 'with'), goal, least=True)}"),
        ],
    )  # fmt: skip


def test_texts_of_other_kinds(gpt2_sized: Measured) -> None:
    lm, module = gpt2_sized.usual, gpt2_sized.module
    long = some_ids(LONG, seed=1)

    def backspace_to_a_text_seen(i: int) -> Action:
        lm.trace([*long[:PREFIX], i])
        lm.trace(long[:PREFIX])
        return lambda: lm.trace(long[:PREFIX])

    def backspace_to_another(i: int) -> Action:
        ids = some_ids(64, seed=1000 + i)
        lm.trace(ids)
        return lambda: lm.trace(ids[:63])

    def another_last_token(i: int) -> Action:
        lm.trace([*long, 2000 + i])
        return lambda: lm.trace([*long, 3000 + i])

    def new_text(i: int) -> Action:
        ids = some_ids(LONG, seed=10 + i)
        return lambda: lm.trace(ids)

    def new_text_by_transformers(i: int) -> Action:
        ids = torch.tensor([some_ids(LONG, seed=10 + i)], device=DEVICE)
        return lambda: module(ids).logits.cpu()

    with torch.inference_mode():
        times = medians(
            {
                "a backspace to a text that was asked for": backspace_to_a_text_seen,
                "a backspace to a text that was not": backspace_to_another,
                f"another last token after {LONG}": another_last_token,
                f"a new text of {LONG} tokens": new_text,
                f"the same, model(ids) alone, all {LONG} logits": new_text_by_transformers,
            },
            rounds=7,
        )
    show(f"LocalModel.trace, {lm.info.engine}", [(name, f"{time:.2f} ms", "") for name, time in times.items()])


def test_a_tick_of_the_slider(gpt2_sized: Measured) -> None:
    trace = gpt2_sized.usual.trace(some_ids(PREFIX, seed=2))
    logits = torch.from_numpy(trace.logits.copy())
    actions: dict[str, Callable[[int], Action]] = {
        "Sampling.apply": lambda i: lambda: trace.distribution(Sampling(temperature=0.5 + i / 100)),
        "Sampling.apply, top 10, rest, entropy": lambda i: lambda: look(Sampling(temperature=0.5 + i / 100)),
        "torch.softmax": lambda i: lambda: torch.softmax(logits / (0.5 + i / 100), dim=-1),
        "torch.softmax, float64": lambda i: lambda: torch.softmax(logits.double() / (0.5 + i / 100), dim=-1),
    }

    def look(sampling: Sampling) -> None:
        distribution = trace.distribution(sampling)
        distribution.top(10)
        distribution.rest(distribution.top(10))
        assert distribution.entropy_bits > 0

    times = medians(actions)
    show(f"A distribution over {len(trace.logits):,} tokens", [(n, f"{t:.2f} ms", "") for n, t in times.items()])
