"""How the benchmarks measure, and how they say what they measured.

``EXPLORER_TEST_DEVICE=cuda`` measures another device.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np
import torch
from rich.console import Console
from rich.table import Table

DEVICE = os.environ.get("EXPLORER_TEST_DEVICE", "cpu")
ROUNDS = 21


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
