"""Standard streams that are closed, full, or read by somebody who left: a sentence and a status, never a traceback."""

from __future__ import annotations

import io
import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.command_line import Run, runner

pytestmark = [
    pytest.mark.usefixtures("english"),
    pytest.mark.skipif(os.name != "posix", reason="these are a POSIX shell's words"),
]

BROKEN_PIPE = 141  # what a shell says of a program that SIGPIPE ended

COMMANDS = (
    "--help",
    "--version",
    "predict Hi",
    "predict Hi --json",
    "generate Hi --max-new-tokens 3",
    "generate Hi --max-new-tokens 3 --json",
    "compare Hi --max-new-tokens 2 --n 1",
    "compare Hi --max-new-tokens 2 --n 1 --json",
    "models",
    "models list --json",
    "doctor",
    "doctor --json",
)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    return runner(capsys)


def shell(command: str, model: Path, redirections: str = "", **pipes: int) -> subprocess.CompletedProcess[str]:
    """``explorer command`` with redirections, in a shell."""
    words = f"exec {shlex.quote(sys.executable)} -m explorer {command} {redirections}"
    environment = os.environ | {"EXPLORER_MODEL": str(model), "EXPLORER_LANG": "en"}
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | pipes
    return subprocess.run(["sh", "-c", words], env=environment, text=True, encoding="utf-8", check=False, **streams)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_closed_stdout_is_said(command: str, tiny_gpt2: Path) -> None:
    ran = shell(command, tiny_gpt2, ">&-")
    assert ran.returncode == 1
    assert ran.stderr.splitlines()[-1] == "The output cannot be written: Bad file descriptor."
    assert "Traceback" not in ran.stderr
    assert "Exception" not in ran.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
@pytest.mark.parametrize("command", ["--version", "predict Hi", "predict Hi --json", "generate Hi", "models"])
def test_a_full_disk_is_said(command: str, tiny_gpt2: Path) -> None:
    ran = shell(command, tiny_gpt2, "> /dev/full")
    assert ran.returncode == 1
    assert ran.stderr.splitlines()[-1] == "The output cannot be written: No space left on device."
    assert "Traceback" not in ran.stderr
    assert "Exception" not in ran.stderr


@pytest.mark.parametrize("command", COMMANDS)
def test_a_reader_that_has_left_is_no_error_of_ours(command: str, tiny_gpt2: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    ran = shell(command, tiny_gpt2, stdout=writing)
    os.close(writing)
    assert (ran.returncode, ran.stderr) == (BROKEN_PIPE, "")


@pytest.mark.parametrize("command", ["predict Hi --json", "predict Hi --model gtp2", "predict", "generate Hi --json"])
def test_a_closed_stderr_changes_nothing_else(command: str, tiny_gpt2: Path) -> None:
    command += " --seed 1" * command.startswith("generate")
    ran, silent = shell(command, tiny_gpt2), shell(command, tiny_gpt2, "2>&-")
    assert silent.returncode == ran.returncode
    assert without_time(silent.stdout) == without_time(ran.stdout), "sentences went where the results belong"


def without_time(shown: str) -> object:
    return {k: v for k, v in json.loads(shown).items() if k != "milliseconds"} if shown else shown


def test_sentences_that_nobody_reads_cost_no_results(tiny_gpt2: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    ran = shell("predict Hi --json --temperature 0", tiny_gpt2, stderr=writing)
    os.close(writing)
    assert ran.returncode == 0
    assert json.loads(ran.stdout)["text"] == "Hi"


@pytest.mark.parametrize("redirection", ["<&-", "0> /dev/null"])
@pytest.mark.parametrize("command", ["predict -", "generate -", "compare -"])
def test_a_stdin_that_cannot_be_read_is_said(command: str, redirection: str, tiny_gpt2: Path) -> None:
    ran = shell(command, tiny_gpt2, redirection)
    assert (ran.returncode, ran.stdout, ran.stderr.count("\n")) == (1, "", 1)
    assert ran.stderr.startswith("Standard input cannot be read")


def test_a_closed_stdin_that_nobody_reads_changes_nothing(tiny_gpt2: Path) -> None:
    ran = shell("predict Hi --json", tiny_gpt2, "<&-")
    assert ran.returncode == 0
    assert json.loads(ran.stdout)["text"] == "Hi"


def test_all_closed_ends_too(tiny_gpt2: Path) -> None:
    assert shell("predict Hi", tiny_gpt2, "<&- >&- 2>&-").returncode == 1


# --- what is read ----------------------------------------------------------------------------------------------------


def give(monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content), encoding="utf-8"))


def test_a_byte_order_mark_is_no_token(run: Run, tiny_gpt2: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    give(monkeypatch, b"\xef\xbb\xbfthe cat\n")
    assert json.loads(run("predict", "-", "--json", "--model", str(tiny_gpt2)).out)["text"] == "the cat"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_utf_16_is_one_sentence(run: Run, tiny_gpt2: Path, monkeypatch: pytest.MonkeyPatch, encoding: str) -> None:
    give(monkeypatch, "the cat\n".encode(encoding))
    ran = run("predict", "-", "--model", str(tiny_gpt2))
    assert (ran.status, ran.out, ran.err.count("\n")) == (1, "", 1)
    assert "UTF-16" in ran.err
