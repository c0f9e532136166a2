"""`Question`: what is asked of the model besides the text on show, and the latest answer."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from typing import Any

import traitlets as t

from explorer.language_model.interventions import Interventions
from explorer.language_model.model import Model, Watch
from explorer.locales import Message
from explorer.state.slice import Slice
from explorer.state.status import StatusReport
from explorer.state.worker import worker_of

Compute = Callable[[Model, Any, Interventions, Watch], Any]
"""Answers a question: what is asked, of which model, under which interventions."""

Setting = tuple[Model, Interventions]
"""Under which a question is asked."""


class Question(Slice):
    """Asked under a name of its own: a newer question takes the place of its older one, and of nobody else's.

    Args:
        setting: the model and the interventions in force; None while there is no model.
        compute: gives the answer, on the model's thread.
        keep: how many answers are kept, the newest.

    Attributes:
        answer: the latest; None before there is one, and after another model was taken.
        stale: it does not answer what was asked last, under the interventions that are in force.
        problem: why what was asked last has no answer.
    """

    answer = t.Any(None, allow_none=True)
    stale = t.Bool(False)
    problem = t.Instance(Message, allow_none=True)

    def __init__(
        self,
        lock: threading.RLock,
        status: StatusReport,
        setting: Callable[[], Setting | None],
        compute: Compute,
        *,
        keep: int = 1,
    ) -> None:
        self._status, self._setting, self._compute, self._keep = status, setting, compute, keep
        self._asked: Any = None  # what was asked last, and under what
        self._number = 0  # of what was asked last
        self._answers = 0  # number of what `answer` answers
        self._kept: dict[Hashable, Any] = {}
        super().__init__(lock)

    def ask(self, what: Hashable) -> None:
        """Have ``what`` answered; `answer` follows. What is answered already, or on its way, costs nothing."""
        with self.lock:
            setting = self._setting()
            asked = (what, setting)
            if setting is None or asked == self._asked:
                return
            self._asked, self.problem = asked, None
            self._number += 1
            number = self._number
            if asked in self._kept:
                worker_of(setting[0]).drop(self)
                self._answers = number
                self.stale, self.answer = False, self._kept[asked]
                return
            self.stale = True
            model, interventions = setting
            worker_of(model).ask(  # under the lock: who asks last is answered last
                self,
                lambda watch: self._compute(model, what, interventions, watch),
                lambda answer: self._answered(number, asked, answer),
                lambda error: self._failed(asked, error),
                lambda _done, _todo: None,
            )

    def again(self) -> None:
        """Ask once more what has failed."""
        with self.lock:
            if self.problem is not None:
                self._asked, self.problem = None, None

    def forget(self) -> None:
        """Another model, or none: nothing is asked, and nothing is known."""
        with self.lock:
            if self._asked is not None:
                _what, (model, _interventions) = self._asked
                worker_of(model).drop(self)
            self._asked, self.answer, self.stale, self.problem = None, None, False, None
            self._kept.clear()

    def _answered(self, number: int, asked: Any, answer: Any) -> None:
        with self.lock:
            outdated = self._asked is None or number < self._answers
            if outdated or not self._is_of_present_model(asked):
                return
            self._answers = number
            self._kept[asked] = answer
            while len(self._kept) > self._keep:
                del self._kept[next(iter(self._kept))]
            self.answer = answer
            if asked == self._asked:
                self.stale = False

    def _is_of_present_model(self, asked: Any) -> bool:
        setting = self._setting()
        return setting is not None and asked[1][0] is setting[0]

    def _failed(self, asked: Hashable, error: BaseException) -> None:
        with self.lock:
            if asked == self._asked:
                self.problem = self._status.fail(error)
