"""What an answer costs on a model of GPT-2 small's size, beside transformers' own pass and the floor of the memory.

Prints tables and judges nothing: times are the machine's. ``EXPLORER_TEST_DEVICE=cuda`` measures another device.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np
import pytest
import torch
from rich.console import Console
from rich.table import Table
from transformers import GPT2Config, GPT2LMHeadModel

from explorer.language_model.forward import LanguageModel
from explorer.language_model.model import ModelInfo
from explorer.language_model.tokens import Vocabulary
from explorer.sampling.sampling import Sampling

DEVICE = os.environ.get("EXPLORER_TEST_DEVICE", "cpu")
PREFIX = 32
LONG = 256
ROUNDS = 21
FASTER_THAN_FULL = 2.5
TIMES_THE_FLOOR = 3.0


class NumberedTokenizer:
    """Stands in for a real one: the benchmark speaks in ids."""

    def __init__(self, n_vocab: int) -> None:
        self.vocabulary = Vocabulary([str(i).encode() for i in range(n_vocab)])


@pytest.fixture(scope="module")
def lm() -> LanguageModel:
    """GPT-2 small with random weights: 124 million parameters, float32."""
    torch.manual_seed(0)
    torch.set_float32_matmul_precision("highest")
    config = GPT2Config()
    module = GPT2LMHeadModel(config).eval().requires_grad_(False).to(DEVICE)
    info = ModelInfo(
        name="gpt2-sized", title="GPT-2-sized", revision=None, n_layer=12, n_head=12, n_embd=768, n_positions=1024,
        vocab_size=config.vocab_size, n_parameters=module.num_parameters(), device=DEVICE, dtype="float32",
    )  # fmt: skip
    return LanguageModel(module, NumberedTokenizer(config.vocab_size), info)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def eager(lm: LanguageModel) -> GPT2LMHeadModel:
    """The same model in the attention implementation that gives out attention rows."""
    module = GPT2LMHeadModel(GPT2Config(attn_implementation="eager")).eval().requires_grad_(False).to(DEVICE)
    module.load_state_dict(lm.module.state_dict())
    return module


def milliseconds(action: Callable[[], Any]) -> float:
    began = perf_counter()
    action()
    if DEVICE == "cuda":
        torch.cuda.synchronize()
    return (perf_counter() - began) * 1000


def medians(actions: dict[str, Callable[[int], Callable[[], Any]]], rounds: int = ROUNDS) -> dict[str, float]:
    """Median time of each action, in turns, so that a busy machine is as unkind to each; after one round to warm up.

    An action's factory is called with the number of the round, before the clock starts.
    """
    times: dict[str, list[float]] = {name: [] for name in actions}
    for i in range(rounds + 1):
        for name, prepare in actions.items():
            times[name].append(milliseconds(prepare(i)))
    return {name: median(values[1:]) for name, values in times.items()}


def show(title: str, rows: list[tuple[str, str, str]]) -> None:
    table = Table("", "median", "", title=title, title_justify="left")
    for row in rows:
        table.add_row(*row)
    print()
    Console(width=110).print(table)


def verdict(figure: float, goal: float, *, least: bool) -> str:
    met = figure >= goal if least else figure <= goal
    return f"{'PASS' if met else 'MISS'} (goal {'≥' if least else '≤'} {goal})"


def some_ids(n: int, seed: int) -> list[int]:
    return np.random.default_rng(seed).integers(0, 50_000, n).tolist()


def test_one_more_token_after_a_short_prefix(lm: LanguageModel, eager: GPT2LMHeadModel) -> None:
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
    weight_bytes = sum(weight.numel() * weight.element_size() for weight in lm.module.parameters())
    floor = weight_bytes / bandwidth * 1000
    faster, above = times["full"] / times["ours"], times["ours"] / floor
    show(
        f"One token after {PREFIX}, GPT-2-small-sized, float32, {DEVICE}, {torch.get_num_threads()} threads",
        [
            ("LanguageModel.trace", f"{times['ours']:.1f} ms", ""),
            ("model(ids, output_attentions=True)", f"{times['full']:.1f} ms",
             f"{faster:.2f} times ours: {verdict(faster, FASTER_THAN_FULL, least=True)}"),
            (f"floor: {weight_bytes / 1e6:.0f} MB at {bandwidth / 1e9:.1f} GB/s", f"{floor:.1f} ms",
             f"ours is {above:.2f} times it: {verdict(above, TIMES_THE_FLOOR, least=False)}"),
        ],
    )  # fmt: skip


def test_texts_of_other_kinds(lm: LanguageModel) -> None:
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
        return lambda: lm.module(ids).logits.cpu()

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
    show("LanguageModel.trace", [(name, f"{time:.2f} ms", "") for name, time in times.items()])


def test_a_tick_of_the_slider(lm: LanguageModel) -> None:
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
