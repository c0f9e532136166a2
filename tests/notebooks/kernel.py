"""A real kernel, which is sent cells as JupyterLab sends them, and asked what is alive in it."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jupyter_client import BlockingKernelClient
from jupyter_client.manager import start_new_kernel

PATIENCE = 120
"""Seconds for a cell; the first one imports everything."""

PREPARED = Path(__file__).with_name("inside_kernel.py")


@dataclass(frozen=True)
class Alive:
    """What is alive in a kernel, after its garbage was collected.

    Attributes:
        models, states, apps, panels: how many; of states and panels only those that are not closed.
        widgets: how many ipywidgets knows; threads: of ours, by name.
        megabytes: the resident memory, after what is free was given back.
    """

    models: int
    states: int
    apps: int
    panels: int
    widgets: int
    threads: int
    megabytes: float


@dataclass
class Ran:
    """What a cell gave.

    Attributes:
        text: what it printed; shown: the data that it displayed, by their kinds.
    """

    text: str = ""
    shown: list[dict[str, Any]] = field(default_factory=list)


class Kernel:
    """Runs cells, one after the other."""

    def __init__(self, client: BlockingKernelClient) -> None:
        self._client = client
        self.run(PREPARED.read_text(encoding="utf-8"))

    def run(self, code: str, cell: str | None = None) -> Ran:
        """Run a cell, with the id that a front end gives it, or without one.

        Raises:
            AssertionError: it raised.
        """
        content = {
            "code": code,
            "silent": False,
            "store_history": True,
            "user_expressions": {},
            "allow_stdin": False,
            "stop_on_error": False,
        }
        message = self._client.session.msg("execute_request", content)
        if cell is not None:
            message["metadata"] |= {"cellId": cell, "deletedCells": [], "recordTiming": False}
        self._client.shell_channel.send(message)
        ran, errors = self._read(message["header"]["msg_id"])
        self._client.get_shell_msg(timeout=PATIENCE)
        assert not errors, errors
        return ran

    def settle(self) -> None:
        """Wait until every model that is to come is there, everything is answered, and every picture is drawn."""
        self.run(f"settle({PATIENCE})")

    def alive(self) -> Alive:
        """What is alive, once the threads that end are at their end."""
        return Alive(**json.loads(self.run("print(alive())").text))

    def wait_until_alive(self, **expected: int) -> Alive:
        """Wait until there are so many."""
        deadline = time.monotonic() + PATIENCE / 4
        while any(getattr(found := self.alive(), name) != number for name, number in expected.items()):
            assert time.monotonic() < deadline, f"{found} instead of {expected}"
        return found

    def _read(self, request: str) -> tuple[Ran, str]:
        """All that it says until the cell is done, and its traceback; what others say meanwhile is let go."""
        ran, errors = Ran(), ""
        while True:
            message = self._client.get_iopub_msg(timeout=PATIENCE)
            if message["parent_header"].get("msg_id") != request:
                continue
            content = message["content"]
            match message["msg_type"]:
                case "stream" if content["name"] == "stdout":
                    ran.text += content["text"]
                case "display_data" | "execute_result":
                    ran.shown.append(content["data"])
                case "error":
                    errors = "\n".join(content["traceback"])
                case "status" if content["execution_state"] == "idle":
                    return ran, errors


@contextmanager
def kernel(folder: Path) -> Iterator[Kernel]:
    """One that works in ``folder``, and ends afterwards."""
    manager, client = start_new_kernel(kernel_name="python3", cwd=str(folder), startup_timeout=PATIENCE)
    try:
        yield Kernel(client)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
