"""What whole processes cost: `explorer predict` from start to end, and the memory of a kernel with the app open.

Prints tables and judges nothing: times are the machine's.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import dataclass
from statistics import median
from typing import IO

import pytest

from explorer.models import sources
from explorer.models.catalog import BUNDLED
from tests.benchmarks.conftest import SMOLLM2
from tests.benchmarks.timing import DEVICE, Row, show, verdict

RUNS = 7
MAX_SECONDS = {BUNDLED: 1.2, SMOLLM2: 2.0}
MAX_MB = {BUNDLED: 200}
MAX_PRIVATE_MB = 200
N_SLOWEST = 10

pytestmark = pytest.mark.skipif(DEVICE != "cpu", reason="these processes compute on the CPU")

# A process of its own, because a child's peak counts what its parent held when it was made.
MEASURE = """\
import json, os, subprocess, sys, time
began = time.perf_counter()
child = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL)
_, status, usage = os.wait4(child.pid, 0)
print(json.dumps([status, time.perf_counter() - began, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024]))
"""

KERNEL = """\
import sys
import explorer
lm = explorer.load(sys.argv[1])
app = explorer.Explorer(lm)
lm.trace("When Mary and John went to the store, John gave a drink to", attention=True)
print("ready", flush=True)
for _ in sys.stdin:
    print(open("/proc/self/smaps_rollup").read().replace(chr(10), ";"), flush=True)
"""


@dataclass(frozen=True)
class Cost:
    seconds: float
    processor_seconds: float
    peak_bytes: float


def cost_of(arguments: list[str]) -> Cost:
    """What a command costs as a process of its own."""
    command = [sys.executable, "-c", MEASURE, sys.executable, *arguments]
    status, *figures = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    assert status == 0
    return Cost(*figures)


@pytest.mark.parametrize("model", MAX_SECONDS)
def test_predict_as_a_process(model: str) -> None:
    require(model)
    predict = ["-m", "explorer", "predict", "--model", model, "The old"]
    cost_of(predict)  # the first prepares and checks
    costs = [cost_of(predict) for _ in range(RUNS)]
    seconds, peak = median(cost.seconds for cost in costs), median(cost.peak_bytes for cost in costs)
    within = verdict(peak / 1e6, MAX_MB[model], least=False) if model in MAX_MB else "weights that are mapped included"
    rows: list[Row] = [
        ("wall", f"{seconds:.2f} s ({min(cost.seconds for cost in costs):.2f})",
         verdict(seconds, MAX_SECONDS[model], least=False)),
        ("of the processor", f"{median(cost.processor_seconds for cost in costs):.2f} s", ""),
        ("peak memory", f"{peak / 1e6:.0f} MB", within),
    ]  # fmt: skip
    show(f'explorer predict --model {model} "The old", {RUNS} runs', rows)


def test_what_predict_imports() -> None:
    """Seconds that each package takes to import, what it imports first included: where the start of a process goes."""
    command = [sys.executable, "-X", "importtime", "-m", "explorer", "predict", "--model", BUNDLED, "The old"]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stderr.splitlines()
    imports = [match for line in lines if (match := re.match(r"import time: +(\d+) \| +(\d+) \| ( *)([\w.]+)$", line))]
    own: dict[str, int] = {}
    for each in imports:
        package = each[4].split(".")[0]
        own[package] = own.get(package, 0) + int(each[1])
    slowest = sorted(own.items(), key=lambda item: -item[1])[:N_SLOWEST]
    rows: list[Row] = [(package, f"{microseconds / 1000:.0f} ms", "") for package, microseconds in slowest]
    total = f"{sum(own.values()) / 1000:.0f} ms"
    show("Imports of explorer predict, by package", [*rows, (f"all {len(imports)} modules", total, "")])


def test_private_memory_of_a_kernel() -> None:
    """What a second kernel with the app open adds to the first: all but what both map."""
    require(SMOLLM2)
    rows: list[Row] = []
    kernels: list[subprocess.Popen[str]] = []
    try:
        for title in ("alone", "with a second one"):
            kernels.append(opened_app())
            memory = memory_of(kernels[0])
            private = memory["Private_Clean"] + memory["Private_Dirty"]
            goal = verdict(private / 1e6, MAX_PRIVATE_MB, least=False) if len(kernels) > 1 else "weights included"
            rows.append((f"private, {title}", f"{private / 1e6:.0f} MB", goal))
            rows.append(("    of that written to", f"{memory['Private_Dirty'] / 1e6:.0f} MB", ""))
        rows.append(("resident", f"{memory['Rss'] / 1e6:.0f} MB", ""))
    finally:
        for kernel in kernels:
            kernel.kill()
            kernel.wait()
    show(f"A process with the app open on {SMOLLM2}, attention asked for", rows)


def opened_app() -> subprocess.Popen[str]:
    kernel = subprocess.Popen(
        [sys.executable, "-c", KERNEL, SMOLLM2], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert line_of(kernel.stdout) == "ready\n"
    return kernel


def memory_of(kernel: subprocess.Popen[str]) -> dict[str, float]:
    """Bytes by kind, as the system counts them."""
    assert kernel.stdin is not None
    kernel.stdin.write("\n")
    kernel.stdin.flush()
    return {name: int(kb) * 1024 for name, kb in re.findall(r"(\w+): +(\d+) kB", line_of(kernel.stdout))}


def line_of(stream: IO[str] | None) -> str:
    assert stream is not None
    return stream.readline()


def require(model: str) -> None:
    if sources.on_disk(model) is None:
        pytest.skip(f"{model} is not on this disk")
