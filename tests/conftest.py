"""What all tests share: no network, models made on the spot, and no silent skips."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest

if TYPE_CHECKING:
    from explorer.engine.local_model import LocalModel

# The first model of a process imports transformers, which takes longer than any deadline worth having.
hypothesis.settings.register_profile("explorer", deadline=None)
hypothesis.settings.load_profile("explorer")

# A closed port of this machine: whoever asks the hub, in a child process too, is refused at once.
os.environ["HF_ENDPOINT"] = "http://127.0.0.1:9"
for variable in ("EXPLORER_MODEL", "EXPLORER_DEVICE", "EXPLORER_DTYPE", "EXPLORER_LANG", "HF_HUB_OFFLINE"):
    os.environ.pop(variable, None)

MAY_BE_SKIPPED_IN_CI = ("gpt2 is not on this disk", "no CUDA device")
"""How the reasons begin that ``.ci/run`` accepts (it sets EXPLORER_STRICT_SKIPS); any other skip fails the run."""


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only this machine can be reached."""
    connect = socket.socket.connect

    def connect_here_only(self: socket.socket, address: object) -> None:
        if isinstance(address, tuple) and address[0] not in ("127.0.0.1", "::1", "localhost"):
            raise OSError(f"the tests have no network, and asked for {address}")
        connect(self, address)  # type: ignore[arg-type]

    monkeypatch.setattr(socket.socket, "connect", connect_here_only)


@pytest.fixture(scope="session")
def tiny_gpt2(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a GPT-2 with random weights and a byte-level BPE tokenizer trained on the spot."""
    from tests.model_repositories import make_gpt2

    return make_gpt2(tmp_path_factory.mktemp("models") / "tiny-gpt2")


@pytest.fixture(scope="session")
def tiny_llama(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a Llama-shaped model with random weights and its own tokenizer."""
    from tests.model_repositories import make_llama

    return make_llama(tmp_path_factory.mktemp("models") / "tiny-llama")


@pytest.fixture(scope="session")
def peaked_gpt2(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a tiny GPT-2 that knows its training text."""
    from tests.model_repositories import make_gpt2

    return make_gpt2(tmp_path_factory.mktemp("models") / "peaked-gpt2", train_steps=200)


@pytest.fixture(scope="session")
def peaked(peaked_gpt2: Path) -> LocalModel:
    """It in float32, which has read whatever tests before it read."""
    from explorer.engine.loading import load

    return load(str(peaked_gpt2), device="cpu")


@pytest.fixture(scope="session")
def peaked64(peaked_gpt2: Path) -> LocalModel:
    """The same in float64, in which rounding decides nothing."""
    from explorer.engine.loading import load

    return load(str(peaked_gpt2), device="cpu", dtype="float64")


@pytest.fixture
def english() -> Iterator[None]:
    """English in this process, whatever a test before chose."""
    from explorer.locales import messages

    before, messages._chosen = messages._chosen, None
    yield
    messages._chosen = before


def _skips(config: pytest.Config) -> list[tuple[str, str]]:
    """(test, reason) of everything that was skipped so far."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    reports = reporter.stats.get("skipped", []) if reporter is not None else []
    return [
        (report.nodeid, report.longrepr[2].removeprefix("Skipped: "))
        for report in reports
        if isinstance(report.longrepr, tuple)
    ]


def _not_allowed(config: pytest.Config) -> list[tuple[str, str]]:
    if not os.environ.get("EXPLORER_STRICT_SKIPS"):
        return []
    return [(test, reason) for test, reason in _skips(config) if not reason.startswith(MAY_BE_SKIPPED_IN_CI)]


def pytest_sessionfinish(session: pytest.Session) -> None:
    if _not_allowed(session.config):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    for test, reason in _not_allowed(config):
        terminalreporter.write_line(f"This run may not skip {test} ({reason})", red=True)
    if any("Chromium" in reason for _, reason in _skips(config)):
        terminalreporter.write_line(
            "The browser tests were skipped: no Chromium was found. Install it (on Debian and Ubuntu: "
            "apt install chromium) to run them.",
            yellow=True,
        )
