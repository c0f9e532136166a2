"""The thread that asks a model, where the tests of the state do not reach."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def test_a_script_that_ends_while_the_model_answers_ends_well(tiny_gpt2: Path) -> None:
    script = f"""
import explorer
lm = explorer.load({str(tiny_gpt2)!r})
panel = explorer.DistributionPanel(lm, prefix="Once upon a time " * 500)
"""
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")


def test_questions_are_answered_on_one_thread_however_many_ask() -> None:
    worker, threads, done = Worker(), set(), threading.Semaphore(0)
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


def test_a_worker_survives_a_handler_that_fails(caplog: pytest.LogCaptureFixture) -> None:
    worker, answered = Worker(), threading.Event()

    def fail(_answer: object) -> None:
        raise ZeroDivisionError

    with caplog.at_level(logging.CRITICAL):
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
