"""Processes that prepare the same weights at the same time, or are killed while they do."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from explorer.engine.weights.prepared_weights import prepare
from explorer.engine.weights.weights_version import weights_version
from explorer.models import storage
from tests.engine.weights.conftest import JOINED, expected, require_equal

PROCESS = """
import sys
from pathlib import Path
from tests.engine.weights.conftest import JOINED
from explorer.engine.weights.prepared_weights import Layout, prepare

log = Path(sys.argv[2])

def arrange(weights):
    with log.open("a") as file:
        file.write("made\\n")
    print("ready", flush=True)
    for pair in JOINED.arrange(weights):
        sys.stdin.readline()  # one array a line: the other process comes while this one is at work
        yield pair

report = lambda progress: print(progress.message.id, flush=True)
prepared = prepare(Path(sys.argv[1]), "tiny", "float32", Layout("joined", 1, arrange), report)
print(float(sum(array.sum() for array in prepared.arrays.values())), len(prepared.notices), prepared.path, flush=True)
print(sorted({"torch", "transformers"} & set(sys.modules)))
"""


def test_two_processes_at_once_prepare_once(folder: Path, tmp_path: Path) -> None:
    weights_version(folder)  # known already, so that both come to the lock
    log = tmp_path / "log"

    def start() -> subprocess.Popen[str]:
        command = [sys.executable, "-c", PROCESS, str(folder), str(log)]
        pipe = subprocess.PIPE
        return subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, cwd=Path(__file__).parents[3])

    first = start()
    assert first.stdout is not None
    assert first.stdin is not None
    while first.stdout.readline() != "preparing-weights\n":  # it has the lock, or is about to look for arrays in place
        first.stdin.write("\n")
        first.stdin.flush()
    second = start()
    assert second.stdout is not None
    assert second.stdout.readline() == "ready\n"  # of the look for arrays in place, which needs no lock
    assert second.stdin is not None
    second.stdin.write("\n")
    second.stdin.flush()
    assert second.stdout.readline() == "waiting-for-other-process\n"
    first_said, _ = first.communicate("\n" * 9, timeout=60)
    second_said, _ = second.communicate("\n" * 9, timeout=60)
    total = sum(float(array.sum()) for array in expected(folder).values())
    for said in (first_said, second_said):
        *_, numbers, modules = said.splitlines()
        assert float(numbers.split()[0]) == pytest.approx(total, abs=1e-4)
        assert numbers.split()[1] == "0"
        assert numbers.endswith("joined-float32.weights")
        assert modules == "[]", "neither torch nor transformers"
    assert log.read_text().count("made") == 3, "two looks for arrays in place, and one layout for the file"


def test_killed_in_the_middle_leaves_nothing_that_is_used(folder: Path, tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", PROCESS, str(folder), str(tmp_path / "log")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[3],
    )
    assert process.stdout is not None
    assert process.stdin is not None
    while process.stdout.readline() != "preparing-weights\n":
        process.stdin.write("\n")
        process.stdin.flush()
    process.kill()
    process.communicate()
    cache = storage.cache_folder() / "weights"
    assert list(cache.glob("*/.*unfinished*"))
    prepared = prepare(folder, "tiny", "float32", JOINED)
    require_equal(prepared.arrays, expected(folder))
    assert prepared.notices == ()
    assert not list(cache.glob("*/.*"))
