"""How the benchmarks measure, and how they say what they measured.

The speed of these machines changes from minute to minute, so only ratios are worth reading: of times that were taken
right after each other, round by round, and then the median of the rounds. ``EXPLORER_TEST_DEVICE=cuda`` measures
another device.
"""

from __future__ import annotations

import ctypes
import os
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np
import torch
from rich.console import Console
from rich.table import Table

from explorer.language_model.trace import Floats

DEVICE = os.environ.get("EXPLORER_TEST_DEVICE", "cpu")
ROUNDS = 21

REST_SECONDS = 0.05
"""Before each measurement: threads of the product before it spin for a while, and would take a core from it."""

READ_BYTES = 500 * 10**6
"""What a reader of memory reads: more than any cache holds."""

Action = Callable[[], Any]
Prepare = Callable[[int], Action]
"""Called with the number of the round, before the clock starts."""


def milliseconds(action: Action) -> float:
    began = perf_counter()
    action()
    if DEVICE == "cuda":
        torch.cuda.synchronize()
    return (perf_counter() - began) * 1000


@dataclass(frozen=True)
class Times:
    """Milliseconds of each action in each round."""

    of: Mapping[str, list[float]]

    def median(self, name: str) -> float:
        return median(self.of[name])

    def ratio(self, name: str, other: str) -> float:
        """Median over the rounds of the time of ``name`` over that of ``other`` in the same round."""
        return median(a / b for a, b in zip(self.of[name], self.of[other], strict=True))

    def spread(self, name: str) -> str:
        """The median, and the fastest."""
        return f"{self.median(name):.1f} ms ({min(self.of[name]):.1f})"


def in_turns(actions: Mapping[str, Prepare], rounds: int = ROUNDS) -> Times:
    """Time the actions one after the other in each round, after one round to warm up."""
    times: dict[str, list[float]] = {name: [] for name in actions}
    for i in range(rounds + 1):
        for name, prepare in actions.items():
            action = prepare(i)
            time.sleep(REST_SECONDS)
            times[name].append(milliseconds(action))
    return Times({name: values[1:] for name, values in times.items()})


def medians(actions: Mapping[str, Prepare], rounds: int = ROUNDS) -> dict[str, float]:
    """Median time of each action, in turns."""
    times = in_turns(actions, rounds)
    return {name: times.median(name) for name in actions}


# --- the floor: nothing that looks at each weight once can be faster than memory gives them


def readers() -> dict[str, Prepare]:
    """Actions that read `READ_BYTES` in the ways that read fastest, for `with_floor`."""
    if DEVICE != "cpu":
        numbers = torch.ones(READ_BYTES // 4, device=DEVICE)
        return {"read, device": lambda _: numbers.sum}
    numbers = _numbers()
    matrix, vector = numbers.reshape(-1, 1024), np.ones(1024, np.float32)
    halves = np.split(numbers, 2)
    return {
        "read, BLAS": lambda _: lambda: matrix @ vector,
        "read, two threads": lambda _: lambda: list(_two_threads().map(np.dot, halves, halves)),
    }


def with_floor(times: Times, n_bytes: int) -> Times:
    """With ``floor``: in each round, how long the faster reader would have taken for ``n_bytes``."""
    readers = [values for name, values in times.of.items() if name.startswith("read, ")]
    floor = [min(of_round) * n_bytes / READ_BYTES for of_round in zip(*readers, strict=True)]
    return Times({**times.of, "floor": floor})


@cache
def _numbers() -> Floats:
    return np.ones(READ_BYTES // 4 // 1024 * 1024, np.float32)


@cache
def _two_threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(2)


# --- saying it


Row = tuple[str, str, str]


def show(title: str, rows: list[Row]) -> None:
    table = Table("", "median (fastest)", "", title=f"{title}\n{machine()}", title_justify="left")
    for row in rows:
        table.add_row(*row)
    print()
    Console(width=118).print(table)


def verdict(figure: float, goal: float, *, least: bool) -> str:
    met = figure >= goal if least else figure <= goal
    return f"{'PASS' if met else 'MISS'} (goal {'≥' if least else '≤'} {goal})"


def times_of(ratio: float, what: str, goal: float | None = None) -> str:
    """That something takes ``ratio`` times as long as ``what``, and whether that is little enough."""
    return f"{ratio:.2f} times {what}" + ("" if goal is None else f": {verdict(ratio, goal, least=False)}")


def faster_than(ratio: float, what: str, goal: float | None = None) -> str:
    """That something is ``ratio`` times as fast as ``what``, and whether that is enough."""
    return f"{ratio:.2f} times as fast as {what}" + ("" if goal is None else f": {verdict(ratio, goal, least=True)}")


def machine() -> str:
    """What the figures are of: processor, the kernels numpy's BLAS chose for it, threads, and who else is at work."""
    if DEVICE == "cuda":
        return f"{torch.cuda.get_device_name()}, torch {torch.__version__}"
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines() if Path("/proc/cpuinfo").exists() else []
    name = next((line.partition(": ")[2] for line in lines if line.startswith("model name")), "processor unknown")
    return (
        f"{name}, {os.cpu_count()} cores, BLAS {_blas_kernels()}, torch with {torch.get_num_threads()} threads, "
        f"load {os.getloadavg()[0]:.1f}"
    )


def _blas_kernels() -> str:
    """OpenBLAS chooses when it is loaded, by the processor or by OPENBLAS_CORETYPE; numpy cannot say what."""
    with suppress(OSError, StopIteration, AttributeError):
        mapped = Path("/proc/self/maps").read_text(encoding="utf-8").splitlines()
        library: Any = ctypes.CDLL(next(line.split()[-1] for line in mapped if "openblas" in line))
        library.scipy_openblas_get_corename64_.restype = ctypes.c_char_p
        name = library.scipy_openblas_get_corename64_().decode()
        return f"OpenBLAS {name} with {library.scipy_openblas_get_num_threads64_()} threads"
    return str(np.show_config(mode="dicts")["Build Dependencies"]["blas"]["name"])  # type: ignore[call-overload,index]


def some_ids(n: int, seed: int) -> list[int]:
    return np.random.default_rng(seed).integers(0, 49_000, n).tolist()
