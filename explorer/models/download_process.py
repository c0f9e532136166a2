"""A download in a process of its own, so that it can be watched and stopped at any moment.

pip and huggingface_hub retry for minutes inside one call, and a thread that waits for the network cannot be stopped.
A process can. This file is both ends: `run_watched` in our process, `_main` in the other one.
"""

from __future__ import annotations

import os
import runpy
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

_LOOK_AGAIN_SECONDS = 0.1
_FAREWELL_SECONDS = 3.0


class DownloadProcessError(RuntimeError):
    """The child failed or stood still. ``str()`` is the last line it wrote to stderr, or empty."""

    def __init__(self, stderr: str, *, stalled: bool = False) -> None:
        lines = [line.strip() for line in stderr.splitlines() if line.strip()]
        super().__init__(lines[-1] if lines else "")
        self.disk_is_full = "[Errno 28]" in stderr or "No space left on device" in stderr
        self.stalled = stalled


def run_watched(
    program: str,
    arguments: Sequence[str],
    *,
    environment: Mapping[str, str],
    bytes_so_far: Callable[[], int],
    advance: Callable[[int], None],
    stall_seconds: float,
) -> None:
    """Run ``program`` (a module's name, or a ``.py`` file) and wait for it.

    Several times a second ``advance`` is told what ``bytes_so_far`` counts. When it raises, or Ctrl-C is pressed, the
    child is asked to stop, cleans up behind itself, and is gone before the exception goes on.

    Args:
        environment: variables on top of our own.
        stall_seconds: without a new byte for so long, the child is stopped.

    Raises:
        ChildError: the child ended with an error, or stood still.
    """
    # -P: this file's folder must not become a place to import from; its names would hide others.
    command = [sys.executable, "-P", __file__, program, *arguments]
    with tempfile.TemporaryFile() as stderr:
        child = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=stderr,
            env={**os.environ, **environment},
            start_new_session=True,  # Ctrl-C comes to us alone, and we pass it on once
        )
        stalled = False
        try:
            done, moved = bytes_so_far(), time.monotonic()
            while child.poll() is None and not stalled:
                advance(done)
                time.sleep(_LOOK_AGAIN_SECONDS)
                now = bytes_so_far()
                if now != done:
                    done, moved = now, time.monotonic()
                stalled = time.monotonic() - moved > stall_seconds
        finally:
            _stop(child)
        if child.returncode != 0:
            stderr.seek(0)
            raise DownloadProcessError(stderr.read().decode(errors="replace"), stalled=stalled)
        advance(bytes_so_far())


def _stop(child: subprocess.Popen[bytes]) -> None:
    """End the child, if it has not ended by itself: it stops when its stdin closes."""
    assert child.stdin is not None
    child.stdin.close()
    try:
        child.wait(_FAREWELL_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def _stop_when_stdin_closes() -> None:
    """In the child: stdin closes when the parent asks us to stop, and also when the parent was killed."""
    os.read(0, 1)  # not sys.stdin: a buffer that a thread holds at exit is a fatal error
    os.kill(os.getpid(), signal.SIGINT)  # as Ctrl-C would: `finally` blocks remove what is half done
    time.sleep(_FAREWELL_SECONDS * 0.8)
    os._exit(130)


def _main() -> None:
    program, *arguments = sys.argv[1:]
    threading.Thread(target=_stop_when_stdin_closes, daemon=True).start()
    sys.argv = [program, *arguments]
    if Path(program).suffix == ".py":
        runpy.run_path(program, run_name="__main__")
    else:
        runpy.run_module(program, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    _main()
