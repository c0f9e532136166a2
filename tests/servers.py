"""`explorer lab` and `explorer app`, really started, each on a free port of this machine."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from explorer.models.catalog import BUNDLED
from tests.processes import PATIENCE, ends_whole

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Server:
    """A server that runs.

    Attributes:
        url: what it says is to be opened, with its token.
        log: what it has written so far, both streams together.
    """

    process: subprocess.Popen[bytes]
    url: str
    log: Path

    @property
    def port(self) -> int:
        return urlsplit(self.url).port or 0

    @property
    def token(self) -> str:
        return parse_qs(urlsplit(self.url).query)["token"][0]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serve(
    command: str, folder: Path, *options: str, cwd: Path | None = None, environment: Mapping[str, str] | None = None
) -> Iterator[Server]:
    """``explorer lab`` or ``app`` with the bundled model, until the block ends; nothing of its tree may be left then.

    Args:
        folder: for its log, and what it keeps of its user.
        cwd: the folder it is started in; ``folder`` if none is given.
        environment: variables on top of ours.
    """
    log = folder / f"{command}.log"
    port = free_port()
    variables = user(folder) | {"EXPLORER_MODEL": BUNDLED} | dict(environment or {})
    silent = [] if "BROWSER" in variables else ["--no-browser"]
    words = [sys.executable, "-P", "-m", "explorer", command, "--", *silent, f"--port={port}", *options]
    with log.open("wb") as file:
        process = subprocess.Popen(words, env=os.environ | variables, cwd=cwd or folder, stdout=file, stderr=file)
        with ends_whole(process):
            yield Server(process, wait_for_url(log, process), log)


def serve_app(folder: Path, environment: Mapping[str, str]) -> AbstractContextManager[Server]:
    """``explorer app`` with the model that ``environment`` leads to."""
    return serve("app", folder, environment={"EXPLORER_MODEL": ""} | dict(environment))


def user(folder: Path) -> dict[str, str]:
    """The variables of somebody whose home is below ``folder``."""
    ours = {"PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))}
    homes = {
        "EXPLORER_CACHE": "cache",
        "XDG_DATA_HOME": "data",
        "IPYTHONDIR": "ipython",
        "JUPYTER_CONFIG_DIR": "jupyter",
    }
    return ours | {name: str(folder / below) for name, below in homes.items()}


def wait_for_url(log: Path, process: subprocess.Popen[bytes]) -> str:
    """The address that a server prints, once it answers there."""
    deadline = time.monotonic() + 2 * PATIENCE
    while time.monotonic() < deadline:
        written = log.read_text(encoding="utf-8")
        if process.poll() is not None:
            raise RuntimeError(f"it ended with status {process.returncode}: {written}")
        if found := re.search(r"http://localhost:(\d+)\S*[?]token=\S+", written):
            with suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", int(found[1]))):
                return found[0].replace("localhost", "127.0.0.1")  # which has one address, not two
        time.sleep(0.1)
    raise TimeoutError(f"no address: {log.read_text(encoding='utf-8')}")
