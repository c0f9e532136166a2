"""Both ends of every range of pyproject.toml, and other Pythons that are here, run the tests: the long form alone.

Each makes an environment of its own from whichever index pip is configured for, several GB where that has a CUDA torch.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

from tests.test_house import PROJECT, ROOT, requirements

pytestmark = [pytest.mark.soak, pytest.mark.timeout(4 * 3600)]

NOT_HERE = ("tests/browser", "tests/notebooks", "tests/benchmarks")
"""What needs a browser, or measures."""


def lowest(requirement: Requirement) -> str:
    """The lower bound of a range."""
    return str(min(Version(clause.version) for clause in requirement.specifier))


def pythons() -> list[str]:
    """Other interpreters of this machine that `requires-python` admits, one of each version."""
    oldest = int(str(PROJECT["requires-python"]).rpartition(".")[2])
    folders = [None, *Path.home().glob(".pyenv/versions/*/bin")]
    found = {}
    for minor in range(oldest, oldest + 10):
        paths = [shutil.which(f"python3.{minor}", path=str(folder) if folder else None) for folder in folders]
        running = minor == sys.version_info.minor
        if not running and (path := next(filter(None, map(works, paths)), None)):
            found[minor] = path
    return list(found.values())


def works(path: str | None) -> str | None:
    """The interpreter, if it runs and can make environments: pyenv leaves a stub for each version that it knows."""
    if path is None or subprocess.run([path, "-c", "import venv, ensurepip"], capture_output=True).returncode:
        return None
    return path


def run(*command: str | Path, log: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PIP_CONSTRAINT")}
    with log.open("ab") as out:
        status = subprocess.run(list(map(str, command)), cwd=ROOT, env=environment, stdout=out, stderr=out).returncode
    assert status == 0, log.read_text(encoding="utf-8", errors="replace")[-6000:]


def try_out(python: str, folder: Path, constraints: Path | None) -> None:
    """Install the project with its tests in a new environment, and run them there."""
    log, own = folder / "log", folder / "venv" / "bin" / "python"
    run(python, "-m", "venv", folder / "venv", log=log)
    under = ["--constraint", constraints] if constraints is not None else []
    run(own, "-m", "pip", "install", *under, f"{ROOT}[test]", log=log)
    run(own, "-m", "pytest", "-q", "tests", *(f"--ignore={part}" for part in NOT_HERE), log=log)
    print(re.findall(r"\d+ passed.*", log.read_text(encoding="utf-8", errors="replace"))[-1])


def test_the_lowest_versions(tmp_path: Path) -> None:
    constraints = tmp_path / "lowest.txt"
    constraints.write_text("".join(f"{each.name}=={lowest(each)}\n" for each in requirements()), encoding="utf-8")
    try_out(sys.executable, tmp_path, constraints)


def test_the_newest_versions(tmp_path: Path) -> None:
    try_out(sys.executable, tmp_path, None)


def test_other_pythons(tmp_path: Path) -> None:
    found = pythons()
    if not found:
        pytest.skip("no other Python of the range is on this machine")
    for python in found:
        (tmp_path / Path(python).name).mkdir()
        try_out(python, tmp_path / Path(python).name, ROOT / "constraints.txt")
