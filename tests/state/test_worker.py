"""The threads: the one that asks a model, and those that load one."""

from __future__ import annotations

import gc
import logging
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from explorer.language_model.model import Superseded, Watch
from explorer.state import worker as worker_module
from explorer.state.worker import Work, Worker, worker_of
from tests.state.waiting import PATIENCE, wait_until
from tests.widgets.fake_model import FakeModel


class Asker:
    """Asks a worker; its questions wait for `release`, once a chunk. ``heard``: its answers and errors, in turn."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker
        self._gate = threading.Semaphore(0)
        self.heard: list[Any] = []
        self.began: list[Any] = []
        self.dropped = threading.Event()

    def ask(self, answer: Any, *, chunks: int = 0) -> None:
        def run(watch: Watch) -> Any:
            self.began.append(answer)
            try:
                for done in range(chunks):
                    self._wait()
                    watch(done, chunks)
            except Superseded:
                self.dropped.set()
                raise
            self._wait()
            if isinstance(answer, BaseException):
                raise answer
            return answer

        self._worker.ask(self, run, self.heard.append, self.heard.append, lambda *_: None)

    def wait_until_began(self, answer: Any) -> None:
        wait_until(lambda: answer in self.began, f"{answer!r} is being answered")

    def release(self) -> None:
        self._gate.release()

    def _wait(self) -> None:
        assert self._gate.acquire(timeout=PATIENCE)


@pytest.fixture
def worker() -> Iterator[Worker]:
    worker = Worker()
    yield worker
    worker.close()


def test_the_worker_of_a_model_is_one() -> None:
    first, second = FakeModel(), FakeModel()
    assert worker_of(first) is worker_of(first)
    assert worker_of(first) is not worker_of(second)


def test_questions_are_answered_on_one_thread_however_many_ask(worker: Worker) -> None:
    threads, done = set(), threading.Semaphore(0)
    for asker in range(20):
        worker.ask(
            asker,
            lambda _: threads.add(threading.get_ident()),
            lambda _: done.release(),
            lambda _: done.release(),
            lambda *_: None,
        )
    for _ in range(20):
        assert done.acquire(timeout=PATIENCE)
    assert len(threads) == 1


class Panic(BaseException):
    """As a library in Rust raises it."""


@pytest.mark.parametrize("error", [ZeroDivisionError(), Panic(), SystemExit(1), KeyboardInterrupt()], ids=repr)
def test_an_error_is_heard_and_the_next_question_is_answered(worker: Worker, error: BaseException) -> None:
    asker = Asker(worker)
    asker.ask(error)
    asker.release()
    wait_until(lambda: asker.heard == [error], "the error is heard")
    asker.ask("fine")
    asker.release()
    wait_until(lambda: asker.heard == [error, "fine"], "the answer is heard")


@pytest.mark.parametrize("error", [ZeroDivisionError(), Panic()], ids=repr)
def test_a_worker_survives_a_handler_and_a_work_that_fail(
    worker: Worker, error: BaseException, caplog: pytest.LogCaptureFixture
) -> None:
    answered = threading.Event()

    def fail(_answer: object) -> None:
        raise error

    def work() -> Work:
        raise error
        yield

    with caplog.at_level(logging.CRITICAL):
        worker.begin("work", work())
        wait_until(lambda: not worker.busy("work"), "the work has failed")
        worker.ask("first", lambda _: 1, fail, lambda _: None, lambda *_: None)
        worker.ask("second", lambda _: 2, lambda _: answered.set(), lambda _: None, lambda *_: None)
        assert answered.wait(PATIENCE)


def test_an_idle_worker_ends_and_begins_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_module, "IDLE_SECONDS", 0.01)
    worker = Worker()
    for _ in range(2):
        answered = threading.Event()
        worker.ask("asker", lambda _: None, lambda _, event=answered: event.set(), lambda _: None, lambda *_: None)
        assert answered.wait(PATIENCE)
        wait_until(lambda: worker._thread is None, "the worker has ended")


def test_idle_is_who_has_no_question_whatever_may_be_due_later(worker: Worker) -> None:
    assert worker.idle
    asker = Asker(worker)
    worker.begin("much later", later(), after=3600)
    asker.ask("first")
    assert not worker.idle
    asker.wait_until_began("first")
    assert not worker.idle, "it is being answered"
    asker.release()
    wait_until(lambda: worker.idle, "it is answered")
    assert worker.busy("much later")


def later() -> Work:
    yield 0.0


def test_long_work_is_interrupted_by_questions_and_can_be_ended(worker: Worker) -> None:
    pieces, asker, go_on = [0], Asker(worker), threading.Event()

    def work() -> Work:
        while True:
            pieces[0] += 1
            yield 0.0
            assert go_on.wait(PATIENCE)

    worker.begin("work", work())
    wait_until(lambda: pieces[0] > 0, "the work is under way")
    asker.ask("between")
    asker.release()
    go_on.set()
    wait_until(lambda: asker.heard == ["between"], "the question is answered")
    assert worker.busy("work")
    worker.end("work")
    assert not worker.busy("work")


@pytest.mark.parametrize("answer", ["late", ZeroDivisionError()])
def test_who_leaves_hears_nothing_any_more(worker: Worker, answer: object) -> None:
    asker, other = Asker(worker), Asker(worker)
    asker.ask(answer)
    asker.wait_until_began(answer)
    asker.ask("waiting")
    worker.begin((asker, "work"), later(), after=3600)
    worker.begin((other, "work"), later(), after=3600)
    other.ask("other")
    worker.leave(asker)
    assert (worker.busy((asker, "work")), worker.busy((other, "work"))) == (False, True)
    asker.release()
    other.release()
    wait_until(lambda: other.heard == ["other"], "the other is answered")
    assert (asker.began, asker.heard) == ([answer], [])


@pytest.mark.parametrize("end", [Worker.leave, Worker.drop, lambda worker, _asker: worker.close()])
def test_a_pass_of_several_chunks_breaks_off_when_nobody_wants_it(
    worker: Worker, end: Callable[[Worker, object], None]
) -> None:
    asker = Asker(worker)
    asker.ask("long", chunks=100)
    asker.wait_until_began("long")
    end(worker, asker)
    asker.release()
    assert asker.dropped.wait(PATIENCE)


def test_who_asks_again_after_leaving_is_answered(worker: Worker) -> None:
    asker = Asker(worker)
    asker.ask("old")
    asker.wait_until_began("old")
    worker.leave(asker)
    asker.ask("new")
    asker.release()
    asker.release()
    wait_until(lambda: asker.heard == ["new"], "the new question is answered, and the old one is not")


def test_a_worker_that_is_closed_ends_its_thread_and_does_nothing_more(worker: Worker) -> None:
    asker = Asker(worker)
    asker.ask("first")
    asker.release()
    wait_until(lambda: worker.idle and asker.heard == ["first"], "it waits for questions")
    thread = worker._thread
    assert thread is not None
    worker.close()
    thread.join(PATIENCE)
    assert not thread.is_alive(), "long before it would end of itself"
    asker.ask("second")
    worker.begin("work", later())
    assert (asker.began, worker.idle, worker.busy("work"), worker._thread) == (["first"], True, False, None)


def test_the_thread_of_a_model_ends_with_it() -> None:
    model = FakeModel()
    worker = worker_of(model)
    answered = threading.Event()
    worker.ask("asker", lambda _: None, lambda _: answered.set(), lambda _: None, lambda *_: None)
    assert answered.wait(PATIENCE)
    thread = worker._thread
    assert thread is not None
    del model
    gc.collect()
    thread.join(PATIENCE)
    assert not thread.is_alive()


# --- the end of the process

SCRIPTS = {
    "while the model answers": "panel = explorer.DistributionPanel(lm, prefix='Once upon a time ' * 500)",
    "when everything is drawn": """
panel = explorer.DistributionPanel(lm, prefix='Once')
while panel.state.reader.trace is None or not panel.state.refresher.idle: pass
""",
    "while a comparison is due in an hour": """
panel = explorer.DistributionPanel(lm, prefix='Once')
panel.state.refresher.later('much', 3600, print)
""",
}


@pytest.mark.parametrize("script", SCRIPTS.values(), ids=SCRIPTS)
def test_a_script_ends_well_and_waits_for_no_thread_that_waits(script: str, tiny_gpt2: Path) -> None:
    began = "import explorer\nlm = explorer.load(" + repr(str(tiny_gpt2)) + ")\n"
    told = "\nfrom explorer.state import worker\nworker.EXIT_SECONDS = 3600\n"  # who waits for a thread waits for good
    ran = subprocess.run(
        [sys.executable, "-c", began + script + told],
        capture_output=True,
        text=True,
        check=False,
        timeout=3 * PATIENCE,
    )
    assert (ran.returncode, ran.stderr) == (0, "")
