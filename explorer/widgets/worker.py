"""`Worker`: the one thread that asks a model."""

from __future__ import annotations

import atexit
import logging
import threading
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from explorer.language_model.model import Model, Superseded, Watch

log = logging.getLogger(__name__)

IDLE_SECONDS = 30
"""A worker without questions ends after this, so that a forgotten model can be freed."""

EXIT_SECONDS = 10
"""A pass that is under way when the interpreter ends gets this long to finish."""


@dataclass(frozen=True)
class _Question:
    run: Callable[[Watch], Any]
    on_answer: Callable[[Any], None]
    on_error: Callable[[Exception], None]
    on_progress: Callable[[int, int], None]


class Worker:
    """A thread with a place for one waiting question per asker.

    A newer question takes the place of a waiting one of the same asker. A question that is being answered goes on:
    its answer is worth showing, so that pictures move while one types. Only in a pass of several chunks is it dropped
    for a newer one.
    """

    def __init__(self) -> None:
        self._wake = threading.Condition()
        self._waiting: dict[object, _Question] = {}
        self._thread: threading.Thread | None = None

    def ask(
        self,
        asker: object,
        run: Callable[[Watch], Any],
        on_answer: Callable[[Any], None],
        on_error: Callable[[Exception], None],
        on_progress: Callable[[int, int], None],
    ) -> None:
        """Have ``run`` called on the thread; one of ``on_answer`` and ``on_error`` follows, there as well."""
        with self._wake:
            self._waiting.pop(asker, None)  # a newer question waits behind the others' older ones
            self._waiting[asker] = _Question(run, on_answer, on_error, on_progress)
            if self._thread is None:
                self._thread = in_background(self._work)
            self._wake.notify()

    def wake(self) -> None:
        """Have the thread look at what it waits for."""
        with self._wake:
            self._wake.notify()

    def _work(self) -> None:
        while True:
            with self._wake:
                self._wake.wait_for(lambda: self._waiting or _ending.is_set(), timeout=IDLE_SECONDS)
                if not self._waiting or _ending.is_set():
                    self._thread = None  # the next question starts another
                    return
                asker = next(iter(self._waiting))
                question = self._waiting.pop(asker)
            try:
                self._answer(asker, question)
            except Exception:  # a handler failed: the thread must live on for the others
                log.exception("a handler of an answer failed")

    def _answer(self, asker: object, question: _Question) -> None:
        def watch(done: int, todo: int) -> None:
            if asker in self._waiting:
                raise Superseded
            question.on_progress(done, todo)

        try:
            answer = question.run(watch)
        except Superseded:
            return
        except Exception as error:
            question.on_error(error)
        else:
            question.on_answer(answer)


def in_background(work: Callable[[], None]) -> threading.Thread:
    """A started daemon thread that the interpreter waits for, a moment, when it ends.

    A thread that is inside torch while the interpreter goes away takes the process down with it.
    """
    thread = threading.Thread(target=work, name="explorer", daemon=True)
    with _lock:
        _threads.add(thread)
    thread.start()
    return thread


@atexit.register
def _wait() -> None:
    _ending.set()
    for worker in list(_workers.values()):
        worker.wake()
    for thread in list(_threads):
        thread.join(EXIT_SECONDS)


_ending = threading.Event()
_threads: weakref.WeakSet[threading.Thread] = weakref.WeakSet()
_workers: weakref.WeakKeyDictionary[Model, Worker] = weakref.WeakKeyDictionary()
_lock = threading.Lock()


def worker_of(model: Model) -> Worker:
    """The worker of ``model``, the same for every panel on it."""
    with _lock:
        return _workers.setdefault(model, Worker())
