"""Processes that tests start: whole trees of them, which must end with their root."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import psutil

PATIENCE = 60  # seconds; a loaded machine may need them, a quick one does not wait


def tree(process: subprocess.Popen[bytes]) -> list[psutil.Process]:
    """The process and all that descend from it."""
    root = psutil.Process(process.pid)
    return [root, *root.children(recursive=True)]


def still_alive(processes: list[psutil.Process]) -> list[psutil.Process]:
    """Those that have not ended within `PATIENCE`."""
    _, alive = psutil.wait_procs(processes, timeout=PATIENCE)
    return alive


@contextmanager
def ends_whole(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """Ask ``process`` to end afterwards, and see that nothing of its tree is left.

    Raises:
        AssertionError: something was, and had to be killed.
    """
    try:
        yield
    finally:
        processes = tree(process) if process.poll() is None else []
        process.terminate()
        process.wait(PATIENCE)
        left = still_alive(processes)
        for one in left:
            one.kill()
    assert not left, f"these outlived their server: {left}"
