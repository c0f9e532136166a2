"""A memory that is really full: the process may take no more of it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.model_repositories import make_gpt2

resource = pytest.importorskip("resource", reason="no limits of memory on this system")

PROGRAM = """
import json, resource, sys
from pathlib import Path
import torch
from explorer import Beam, Sampling, compare, load

torch.set_num_threads(1)
lm = load(sys.argv[1], device="cpu", dtype="float64")

def texts(n, most):
    made = compare(lm, "The capital of France", [Sampling(), Beam(3)], n=n, max_new_tokens=most, seed=2)
    return {
        "ids": [[t.id for t in sample.tokens] for written in made.strategies for sample in written.samples],
        "notices": [notice.id for notice in made.notices],
        "complete": made.complete,
    }

def limited(megabytes, act):
    status = Path("/proc/self/status").read_text().split()
    taken = 1024 * int(status[status.index("VmSize:") + 1])
    resource.setrlimit(resource.RLIMIT_AS, (taken + (megabytes << 20), resource.RLIM_INFINITY))
    try:
        return act()
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))

texts(1, 2)  # what is made once is there
found = {"full": limited(24, lambda: texts(32, 30)), "free": texts(32, 30)}
print(json.dumps(found))
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="no /proc on this system")
def test_a_full_memory_costs_time_but_no_text(tmp_path: Path) -> None:
    folder = make_gpt2(tmp_path / "wide", n_layer=6, n_embd=256)  # 32 texts have buffers of 50 MB
    ran = subprocess.run([sys.executable, "-c", PROGRAM, str(folder)], capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr[-2000:]
    found = json.loads(ran.stdout)
    assert found["full"]["notices"] == ["compare-memory-full"]
    assert found["full"]["complete"]
    assert found["free"]["notices"] == []
    assert found["full"]["ids"] == found["free"]["ids"]
