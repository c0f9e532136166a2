"""What an answer costs on a model of GPT-2 small's size, beside transformers' own pass and the floor of the memory.

Prints tables and judges nothing: times are the machine's. ``EXPLORER_TEST_DEVICE=cuda`` measures another device.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from transformers import GPT2LMHeadModel

from explorer.engine.local_model import LocalModel
from explorer.sampling.sampling import Sampling
from tests.benchmarks.timing import DEVICE, ROUNDS, medians, show, some_ids, verdict
from tests.modules import module_of, unread

PREFIX = 32
LONG = 256
FASTER_THAN_FULL = 2.5
TIMES_THE_FLOOR = 3.0
TIMES_WITHOUT_ATTENTION = 1.3
FASTER_THAN_FULL_WITH_ATTENTION = {32: 2.5, 128: 5.0}


def test_one_more_token_after_a_short_prefix(lm: LocalModel, eager: GPT2LMHeadModel) -> None:
    prefix = some_ids(PREFIX, seed=0)

    def appended(i: int) -> Callable[[], Any]:
        lm.trace(prefix)
        # Another token each time: nothing of it is cached.
        return lambda: lm.trace([*prefix, 1000 + i])

    def full(i: int) -> Callable[[], Any]:
        ids = torch.tensor([[*prefix, 1000 + i]], device=DEVICE)
        return lambda: eager(ids, output_attentions=True).logits[0, -1].cpu()

    numbers = torch.ones(125_000_000, device=DEVICE)  # 500 MB: no cache holds them
    with torch.inference_mode():
        # The memory's speed is measured in turns with ours: on a shared machine it changes from minute to minute.
        times = medians({"ours": appended, "full": full, "read": lambda _: numbers.sum})
    bandwidth = numbers.numel() * numbers.element_size() / (times["read"] / 1000)
    weight_bytes = sum(weight.numel() * weight.element_size() for weight in module_of(lm).parameters())
    floor = weight_bytes / bandwidth * 1000
    faster, above = times["full"] / times["ours"], times["ours"] / floor
    show(
        f"One token after {PREFIX}, GPT-2-small-sized, float32, {DEVICE}, {torch.get_num_threads()} threads",
        [
            ("LocalModel.trace", f"{times['ours']:.1f} ms", ""),
            ("model(ids, output_attentions=True)", f"{times['full']:.1f} ms",
             f"{faster:.2f} times ours: {verdict(faster, FASTER_THAN_FULL, least=True)}"),
            (f"floor: {weight_bytes / 1e6:.0f} MB at {bandwidth / 1e9:.1f} GB/s", f"{floor:.1f} ms",
             f"ours is {above:.2f} times it: {verdict(above, TIMES_THE_FLOOR, least=False)}"),
        ],
    )  # fmt: skip


@pytest.mark.parametrize("n_before", FASTER_THAN_FULL_WITH_ATTENTION)
def test_one_more_token_with_all_its_attention(lm: LocalModel, eager: GPT2LMHeadModel, n_before: int) -> None:
    """The text grows by a token a round, as it does while one steps."""
    ids = some_ids(n_before + ROUNDS + 1, seed=3)
    plain = unread(lm)  # with a cache of its own, which knows of no attention

    def appended(model: LocalModel, *, attention: bool) -> Callable[[int], Callable[[], Any]]:
        model.trace(ids[:n_before], attention=attention)
        return lambda i: lambda: model.trace(ids[: n_before + i + 1], attention=attention)

    def full(i: int) -> Callable[[], Any]:
        tokens = torch.tensor([ids[: n_before + i + 1]], device=DEVICE)
        return lambda: [layer.cpu() for layer in eager(tokens, output_attentions=True).attentions]

    with torch.inference_mode():
        times = medians(
            {"without": appended(plain, attention=False), "with": appended(lm, attention=True), "full": full}
        )
    faster, dearer = times["full"] / times["with"], times["with"] / times["without"]
    goal = FASTER_THAN_FULL_WITH_ATTENTION[n_before]
    show(
        f"One token after {n_before} with the attention of all 144 heads",
        [
            ("trace(ids)", f"{times['without']:.1f} ms", ""),
            ("trace(ids, attention=True)", f"{times['with']:.1f} ms",
             f"{dearer:.2f} times: {verdict(dearer, TIMES_WITHOUT_ATTENTION, least=False)}"),
            ("model(ids, output_attentions=True)", f"{times['full']:.1f} ms",
             f"{faster:.2f} times ours: {verdict(faster, goal, least=True)}"),
        ],
    )  # fmt: skip


def test_texts_of_other_kinds(lm: LocalModel) -> None:
    long = some_ids(LONG, seed=1)

    def backspace_to_a_text_seen(i: int) -> Callable[[], Any]:
        lm.trace([*long[:PREFIX], i])
        lm.trace(long[:PREFIX])
        return lambda: lm.trace(long[:PREFIX])

    def backspace_to_another(i: int) -> Callable[[], Any]:
        ids = some_ids(64, seed=1000 + i)
        lm.trace(ids)
        return lambda: lm.trace(ids[:63])

    def another_last_token(i: int) -> Callable[[], Any]:
        lm.trace([*long, 2000 + i])
        return lambda: lm.trace([*long, 3000 + i])

    def new_text(i: int) -> Callable[[], Any]:
        ids = some_ids(LONG, seed=10 + i)
        return lambda: lm.trace(ids)

    def new_text_by_transformers(i: int) -> Callable[[], Any]:
        ids = torch.tensor([some_ids(LONG, seed=10 + i)], device=DEVICE)
        return lambda: module_of(lm)(ids).logits.cpu()

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
    show("LocalModel.trace", [(name, f"{time:.2f} ms", "") for name, time in times.items()])


def test_a_tick_of_the_slider(lm: LocalModel) -> None:
    trace = lm.trace(some_ids(PREFIX, seed=2))
    logits = torch.from_numpy(trace.logits.copy())
    actions: dict[str, Callable[[int], Callable[[], Any]]] = {
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
