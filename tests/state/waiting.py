"""Waiting for what happens on other threads: until it is there, not for a time."""

from __future__ import annotations

import time
from collections.abc import Callable

from explorer.state.state import ExplorerState

PATIENCE = 20
"""Seconds after which a test gives up waiting for something that takes milliseconds."""


def wait_until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"waited {PATIENCE} s in vain until {what}"
        time.sleep(0.002)


def settle(state: ExplorerState) -> None:
    """Wait until everything that was asked is answered, and all that follows from it is shown."""

    def settled() -> bool:
        with state.lock:  # all that follows from an answer is due before the lock is let go
            reader = state.reader
            asked = (reader.second, reader.at, reader.roles, reader.pieces)
            waits = reader.waiting or any(question.stale and question.problem is None for question in asked)
            return not waits and state.refresher.idle

    wait_until(settled, "the questions are answered and the panels are refreshed")


def drawn(state: ExplorerState) -> None:
    """Wait until the panels are refreshed, whatever the model may still have to say."""
    wait_until(lambda: state.refresher.idle, "the panels are refreshed")
