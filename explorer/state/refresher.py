"""`Refresher`: the thread on which pictures are drawn: not that of a model, and not under the lock of the state."""

from __future__ import annotations

import logging
import threading
import weakref
from collections.abc import Callable
from typing import Protocol

from explorer.state.worker import Work, Worker

log = logging.getLogger(__name__)

Paint = Callable[[], object]
"""What is left to do of a refresh once the state has been read."""


class Follower(Protocol):
    """What shows a part of the state."""

    def on_due(self) -> Paint | None:
        """Read the state, whose lock is held, and return what can be done without it: figures take long."""
        ...

    def failed(self, error: BaseException) -> None:
        """A refresh raised ``error``: say so in this place; the others go on."""
        ...


class Refresher:
    """Refreshes followers in the order in which they became due, each once for all that changed meanwhile."""

    def __init__(self, lock: threading.RLock) -> None:
        self._lock = lock
        self._thread = Worker()
        self._closed = False
        weakref.finalize(self, self._thread.close).atexit = False  # a state that is forgotten leaves no thread

    def due(self, follower: Follower) -> None:
        """Have ``follower`` refreshed; may be said on any thread, with the lock of the state or without it."""
        if not self._closed:
            self._thread.ask(follower, lambda _watch: self._refresh(follower), _nothing, follower.failed, _no_progress)

    def later(self, name: str, seconds: float, action: Callable[[], object]) -> None:
        """Call ``action`` once in so many seconds, under the lock, instead of what was to be called by this name."""
        if not self._closed:
            self._thread.begin(name, self._once(action), after=seconds)

    def forget(self, name: str) -> None:
        """Do not call what `later` was told by this name."""
        self._thread.end(name)

    @property
    def idle(self) -> bool:
        """Whether everything that was due is refreshed."""
        return self._thread.idle

    def close(self) -> None:
        """Refresh nobody any more; the thread ends."""
        self._closed = True
        self._thread.close()

    def _refresh(self, follower: Follower) -> None:
        with self._lock:
            if self._closed:
                return
            paint = follower.on_due()
        if paint is not None:
            paint()

    def _once(self, action: Callable[[], object]) -> Work:
        with self._lock:
            if not self._closed:
                action()
        return
        yield  # a generator, as long work is


def _nothing(_answer: object) -> None: ...


def _no_progress(_done: int, _todo: int) -> None: ...
