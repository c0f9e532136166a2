"""`Question`, alone: what is asked besides the text on show."""

from __future__ import annotations

import logging
import threading
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import pytest

from explorer.language_model.interventions import Ablate, Interventions
from explorer.language_model.model import Watch
from explorer.locales import ExplorerError
from explorer.state.question import Question
from explorer.state.status import StatusReport
from explorer.state.worker import worker_of
from tests.state.waiting import PATIENCE, wait_until
from tests.widgets.fake_model import FakeModel

OFF: Interventions = (Ablate(((0, 0),)),)


class Asked:
    """A question whose every answer, (model's name, what was asked, interventions), waits for `release`."""

    def __init__(self, keep: int = 1) -> None:
        self.model: FakeModel | None = FakeModel(name="first")
        self.interventions: Interventions = ()
        self.computed: list[str] = []
        self.shown: list[str] = []
        self._gates: defaultdict[str, threading.Semaphore] = defaultdict(lambda: threading.Semaphore(0))
        lock = threading.RLock()
        self.status = StatusReport(lock)
        self.question = Question(lock, self.status, self._setting, self._compute, keep=keep)
        self.question.observe(lambda change: self.shown.append(change["new"] and change["new"][1]), "answer")

    def _setting(self) -> Any:
        return (self.model, self.interventions) if self.model is not None else None

    def _compute(self, model: FakeModel, what: str, interventions: Interventions, watch: Watch) -> Any:
        self.computed.append(what)
        assert self._gates[what].acquire(timeout=PATIENCE)
        watch(1, 2)
        if what.startswith("wrong"):
            raise ExplorerError("no-start-token") if what == "wrong" else ZeroDivisionError
        return model.info.name, what, interventions

    def ask(self, *asked: str, release: bool = True) -> None:
        for what in asked:
            self.question.ask(what)
            if release:
                self.release(what)
                self.rest()

    def begin(self, what: str) -> None:
        self.question.ask(what)
        wait_until(lambda: self.computed[-1:] == [what], f"{what!r} is being answered")

    def release(self, what: str) -> None:
        self._gates[what].release()

    def rest(self) -> None:
        model = self.model
        assert model is not None
        wait_until(lambda: worker_of(model).idle, "everything is answered")


@pytest.fixture
def asked() -> Iterator[Asked]:
    asked = Asked()
    yield asked
    for what in ("a", "b", "c"):
        asked.release(what)


def test_an_answer_follows_and_the_same_question_costs_nothing(asked: Asked) -> None:
    asked.ask("a")
    assert (asked.question.answer, asked.question.stale) == (("first", "a", ()), False)
    asked.ask("a")
    assert asked.computed == ["a"]


def test_while_it_is_on_its_way_the_old_answer_stays_and_is_stale(asked: Asked) -> None:
    asked.ask("a")
    asked.begin("b")
    assert (asked.question.answer[1], asked.question.stale) == ("a", True)
    asked.release("b")
    asked.rest()
    assert (asked.question.answer[1], asked.question.stale) == ("b", False)


def test_answers_never_go_backwards(asked: Asked) -> None:
    """Who goes back to what is known sees it, and not the answer to what was asked in between."""
    asked.ask("a")
    asked.begin("b")
    asked.question.ask("a")
    assert (asked.question.answer[1], asked.question.stale) == ("a", False)
    asked.release("b")
    asked.rest()
    assert (asked.question.answer[1], asked.question.stale, asked.shown) == ("a", False, ["a"])
    asked.ask("b")
    assert asked.question.answer[1] == "b"


def test_of_what_is_asked_meanwhile_only_the_last_is_answered(asked: Asked) -> None:
    asked.begin("a")
    asked.ask("b", "c", release=False)
    asked.release("a")
    asked.release("c")
    asked.rest()
    assert (asked.computed, asked.question.answer[1]) == (["a", "c"], "c")


def test_other_interventions_are_another_question(asked: Asked) -> None:
    asked.ask("a")
    asked.interventions = OFF
    asked.ask("a")
    assert asked.question.answer == ("first", "a", OFF)
    assert asked.computed == ["a", "a"]


def test_as_many_answers_are_kept_as_said() -> None:
    asked = Asked(keep=2)
    asked.ask("a", "b", "a", "b")
    assert asked.computed == ["a", "b"]
    asked.ask("c", "b", "a")
    assert asked.computed == ["a", "b", "c", "a"], "the oldest is let go"


def test_another_model_knows_nothing_of_it(asked: Asked) -> None:
    asked.begin("a")
    before = asked.model
    asked.model = FakeModel(name="second")
    asked.question.forget()
    asked.release("a")
    assert before is not None
    wait_until(lambda: worker_of(before).idle, "the model before is through with it")
    assert (asked.question.answer, asked.question.stale) == (None, False)
    asked.ask("a")
    assert asked.question.answer == ("second", "a", ())


def test_without_a_model_nothing_is_asked(asked: Asked) -> None:
    asked.model = None
    asked.question.ask("a")
    assert (asked.question.stale, asked.computed) == (False, [])


@pytest.mark.parametrize(("what", "message"), [("wrong", "no-start-token"), ("wrong otherwise", "unexpected-error")])
def test_a_failure_is_a_sentence_and_asking_again_tries_again(
    asked: Asked, what: str, message: str, caplog: pytest.LogCaptureFixture
) -> None:
    asked.ask("a")
    with caplog.at_level(logging.CRITICAL):
        asked.ask(what)
        assert asked.question.problem is not None
        assert (asked.question.problem.id, asked.status.current.message.id) == (message, message)
        assert asked.question.answer[1] == "a"
        asked.ask(what)
        assert asked.computed == ["a", what], "what failed is not asked again by itself"
        asked.question.again()
        assert asked.question.problem is None
        asked.ask(what)
    assert asked.computed == ["a", what, what]
