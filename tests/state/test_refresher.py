"""`Refresher`, alone: who follows the state is refreshed, once for all that changed, and in its turn."""

from __future__ import annotations

import gc
import logging
import threading
from collections.abc import Iterator

import pytest

from explorer.state.refresher import Paint, Refresher
from tests.state.waiting import PATIENCE, wait_until


class Follower:
    """Counts its refreshes. ``gate``: without it a picture takes no time; ``error``: what a refresh raises."""

    def __init__(self, refresher: Refresher, lock: threading.RLock, log: list[str], name: str = "") -> None:
        self._refresher, self._lock, self._log, self.name = refresher, lock, log, name
        self.gate: threading.Semaphore | None = None
        self.error: Exception | None = None
        self.painting = threading.Event()
        self.errors: list[Exception] = []
        self.under_lock: list[bool] = []

    def due(self) -> None:
        self._refresher.due(self)

    def on_due(self) -> Paint | None:
        self.under_lock.append(self._lock._is_owned())  # type: ignore[attr-defined]
        if self.error is not None:
            raise self.error
        self._log.append(self.name)
        return self.paint

    def paint(self) -> None:
        self.under_lock.append(self._lock._is_owned())  # type: ignore[attr-defined]
        self.painting.set()
        if self.gate is not None:
            assert self.gate.acquire(timeout=PATIENCE)

    def failed(self, error: Exception) -> None:
        self.errors.append(error)


@pytest.fixture
def lock() -> threading.RLock:
    return threading.RLock()


@pytest.fixture
def log() -> list[str]:
    return []


@pytest.fixture
def refresher(lock: threading.RLock) -> Iterator[Refresher]:
    refresher = Refresher(lock)
    yield refresher
    refresher.close()


@pytest.fixture
def followers(refresher: Refresher, lock: threading.RLock, log: list[str]) -> list[Follower]:
    return [Follower(refresher, lock, log, name) for name in "abc"]


def rest(refresher: Refresher) -> None:
    wait_until(lambda: refresher.idle, "everything is refreshed")


def test_the_state_is_read_under_its_lock_and_painted_without_it(
    refresher: Refresher, followers: list[Follower], lock: threading.RLock
) -> None:
    followers[0].gate = threading.Semaphore(0)
    followers[0].due()
    assert followers[0].painting.wait(PATIENCE)
    with lock:  # is free while it paints
        followers[0].gate.release()
    rest(refresher)
    assert followers[0].under_lock == [True, False]


def test_each_is_refreshed_once_for_all_that_changed_in_the_order_in_which_it_became_due(
    refresher: Refresher, followers: list[Follower], log: list[str]
) -> None:
    a, b, c = followers
    a.gate = threading.Semaphore(0)
    a.due()
    assert a.painting.wait(PATIENCE)
    for follower in (b, c, c, b, c):
        follower.due()
    assert not refresher.idle
    a.gate.release()
    rest(refresher)
    assert log == ["a", "b", "c"]


def test_one_that_is_due_while_it_paints_is_refreshed_again(
    refresher: Refresher, followers: list[Follower], log: list[str]
) -> None:
    a = followers[0]
    a.gate = threading.Semaphore(0)
    a.due()
    assert a.painting.wait(PATIENCE)
    a.due()
    a.gate.release()
    a.gate.release()
    rest(refresher)
    assert log == ["a", "a"]


def test_one_that_fails_is_told_and_the_others_go_on(
    refresher: Refresher, followers: list[Follower], log: list[str]
) -> None:
    a, b, _ = followers
    a.error = ZeroDivisionError()
    for follower in (a, b):
        follower.due()
    rest(refresher)
    assert (a.errors, b.errors, log) == ([a.error], [], ["b"])
    a.error = None
    a.due()
    rest(refresher)
    assert log == ["b", "a"]


def test_one_whose_own_words_fail_stops_nobody(
    refresher: Refresher, followers: list[Follower], log: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    a, b, _ = followers

    def fail(_error: Exception) -> None:
        raise ZeroDivisionError

    a.error, a.failed = ZeroDivisionError(), fail  # type: ignore[method-assign]
    with caplog.at_level(logging.CRITICAL):
        a.due()
        b.due()
        rest(refresher)
    assert log == ["b"]


def test_later_happens_once_under_the_lock_and_can_be_forgotten(refresher: Refresher, lock: threading.RLock) -> None:
    happened: list[object] = []
    done = threading.Event()
    refresher.later("a", 3600, lambda: happened.append("forgotten"))
    refresher.later("b", 3600, lambda: happened.append("replaced"))
    refresher.forget("a")
    refresher.later("b", 0, lambda: (happened.append(lock._is_owned()), done.set()))  # type: ignore[attr-defined]
    assert done.wait(PATIENCE)
    rest(refresher)
    assert happened == [True]


def test_whoever_holds_the_lock_decides_whether_the_refresh_is_still_wanted(
    refresher: Refresher, followers: list[Follower], lock: threading.RLock, log: list[str]
) -> None:
    with lock:
        followers[0].due()
        refresher.close()
    rest(refresher)
    assert log == []


def test_closing_while_one_paints_ends_the_thread_after_it(
    refresher: Refresher, followers: list[Follower], log: list[str]
) -> None:
    a, b, _ = followers
    a.gate = threading.Semaphore(0)
    a.due()
    assert a.painting.wait(PATIENCE)
    b.due()
    refresher.later("c", 0, lambda: log.append("late"))
    thread = refresher._thread._thread
    assert thread is not None
    refresher.close()
    refresher.close()
    b.due()
    refresher.later("c", 0, lambda: log.append("late"))
    a.gate.release()
    thread.join(PATIENCE)
    assert not thread.is_alive()
    assert log == ["a"]


def test_the_thread_that_waits_ends_when_it_is_closed(refresher: Refresher, followers: list[Follower]) -> None:
    followers[0].due()
    refresher.later("much", 3600, print)
    rest(refresher)
    thread = refresher._thread._thread
    assert thread is not None
    refresher.close()
    thread.join(PATIENCE)
    assert not thread.is_alive()


def test_the_thread_of_a_state_that_is_forgotten_ends(lock: threading.RLock) -> None:
    refresher = Refresher(lock)
    done = threading.Event()
    refresher.later("now", 0, done.set)
    assert done.wait(PATIENCE)
    thread = refresher._thread._thread
    assert thread is not None
    del refresher
    gc.collect()
    thread.join(PATIENCE)
    assert not thread.is_alive()
