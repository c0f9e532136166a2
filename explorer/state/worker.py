"""`Worker`: the one thread that asks a model."""

from __future__ import annotations

import atexit
import logging
import threading
import weakref
from collections.abc import Callable, Generator
from dataclasses import dataclass
from functools import partial
from time import monotonic
from typing import Any

from explorer.language_model.model import Model, Superseded, Watch

log = logging.getLogger(__name__)

Work = Generator[float, None, None]
"""Long work: after each piece it yields how many seconds after the beginning of this one the next is due."""

IDLE_SECONDS = 30
"""A worker without questions ends after this, so that a forgotten model can be freed."""

EXIT_SECONDS = 10
"""A pass that is under way when the interpreter ends gets this long to finish."""


@dataclass(frozen=True)
class _Question:
    run: Callable[[Watch], Any]
    on_answer: Callable[[Any], None]
    on_error: Callable[[BaseException], None]
    on_progress: Callable[[int, int], None]


@dataclass
class _Job:
    work: Work
    due: float  # by the monotonic clock


class Worker:
    """A thread with a place for one waiting question per asker, and for long work.

    Between two pieces of long work the questions of people are answered. A newer question takes the place of a waiting
    one of the same asker. A question that is being answered goes on: its answer is worth showing, so that pictures move
    while one types. Only in a pass of several chunks is it dropped for a newer one.
    """

    def __init__(self) -> None:
        self._wake = threading.Condition()
        self._waiting: dict[object, _Question] = {}
        self._jobs: dict[object, _Job] = {}
        self._at_work = False
        self._answering: object = None  # whose question is being answered
        self._dropped = False  # that one is not wanted any more
        self._closed = False
        self._thread: threading.Thread | None = None
        with _lock:
            _workers.add(self)

    def ask(
        self,
        asker: object,
        run: Callable[[Watch], Any],
        on_answer: Callable[[Any], None],
        on_error: Callable[[BaseException], None],
        on_progress: Callable[[int, int], None],
    ) -> None:
        """Have ``run`` called on the thread; one of ``on_answer`` and ``on_error`` follows, there as well."""
        with self._wake:
            if self._closed:
                return
            self._waiting.pop(asker, None)  # a newer question waits behind the others' older ones
            self._waiting[asker] = _Question(run, on_answer, on_error, on_progress)
            self._start()

    def begin(self, asker: object, work: Work, *, after: float = 0.0) -> None:
        """Have ``work`` done on the thread, from ``after`` seconds on, in the place of what this asker began before.

        It ends when it returns, when the asker begins another, or with `end`; what it raises goes to the log.
        """
        with self._wake:
            if self._closed:
                return
            self._jobs[asker] = _Job(work, monotonic() + after)
            self._start()

    def end(self, asker: object) -> None:
        """Drop the long work of ``asker``; a piece that is under way is finished."""
        with self._wake:
            self._jobs.pop(asker, None)

    def drop(self, asker: object) -> None:
        """Drop the question of ``asker``. One that is being answered has no answer any more; a pass of several chunks
        breaks off after the one that is under way."""
        with self._wake:
            self._waiting.pop(asker, None)
            self._dropped |= self._answering is asker

    def leave(self, asker: object) -> None:
        """Drop the question and all long work of ``asker``."""
        with self._wake:
            self.drop(asker)
            for name in [name for name in self._jobs if name is asker or (isinstance(name, tuple) and asker in name)]:
                del self._jobs[name]

    def close(self) -> None:
        """Drop everything, and end the thread; whatever is asked from now on is not answered."""
        with self._wake:
            self._closed = self._dropped = True
            self._waiting.clear()
            self._jobs.clear()
            self._wake.notify()

    @property
    def idle(self) -> bool:
        """Whether no question waits or is being answered; long work that is not due does not count."""
        with self._wake:
            return not (self._waiting or self._at_work)

    def busy(self, asker: object) -> bool:
        """Whether there is long work of ``asker``."""
        return asker in self._jobs

    def _start(self) -> None:
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
                self._at_work, self._answering, self._dropped = False, None, False
                todo = self._next()
                if todo is None:
                    self._thread = None  # the next question starts another
                    return
                self._at_work = True
            try:
                todo()
            except BaseException:  # a handler failed: the thread must live on for the others
                log.exception("a handler of an answer failed")
            del todo  # it holds whoever asked, and what it waits for next may be long in coming

    def _next(self) -> Callable[[], None] | None:
        """What is to be done next, questions first; None when nothing came for a while, or all is to end."""
        while not (self._closed or _ending.is_set()):
            if self._waiting:
                asker = self._answering = next(iter(self._waiting))
                return partial(self._answer, asker, self._waiting.pop(asker))
            if not self._jobs:
                if not self._wake.wait(IDLE_SECONDS) and not (self._waiting or self._jobs):
                    return None
                continue
            asker, job = min(self._jobs.items(), key=lambda item: item[1].due)
            if (seconds := job.due - monotonic()) <= 0:
                return partial(self._go_on, asker, job)
            self._wake.wait(seconds)
        return None

    def _go_on(self, asker: object, job: _Job) -> None:
        began = monotonic()
        try:
            job.due = began + next(job.work)
        except BaseException as end:
            with self._wake:
                if self._jobs.get(asker) is job:  # its last piece may have begun another
                    del self._jobs[asker]
            if not isinstance(end, StopIteration):
                raise

    def _answer(self, asker: object, question: _Question) -> None:
        def watch(done: int, todo: int) -> None:
            if self._dropped or asker in self._waiting:
                raise Superseded
            question.on_progress(done, todo)

        try:
            answer = question.run(watch)
        except Superseded:
            return
        except BaseException as error:  # what panics in Rust, say, is no Exception
            if not self._dropped:
                question.on_error(error)
        else:
            if not self._dropped:
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
    for worker in list(_workers):
        worker.wake()
    for thread in list(_threads):
        thread.join(EXIT_SECONDS)


_ending = threading.Event()
_threads: weakref.WeakSet[threading.Thread] = weakref.WeakSet()
_workers: weakref.WeakSet[Worker] = weakref.WeakSet()
_workers_of: weakref.WeakKeyDictionary[Model, Worker] = weakref.WeakKeyDictionary()
_lock = threading.RLock()  # the collector may come by, and close a worker, while it is held


def worker_of(model: Model) -> Worker:
    """The worker of ``model``, the same for every panel on it. Its thread ends when the model is freed."""
    with _lock:
        worker = _workers_of.get(model)
        if worker is None:
            worker = _workers_of[model] = Worker()
            weakref.finalize(model, worker.close).atexit = False
        return worker
