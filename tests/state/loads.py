"""Models that are loaded as slowly as a test likes."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable

from explorer.locales import Message
from explorer.models.progress import Progress, Report
from tests.state.waiting import PATIENCE, wait_until
from tests.widgets.fake_model import FakeModel

STEPS = 10


class Loads:
    """Takes the place of `explorer.load` or `shared_model`. Each load reports a step after every `go_on` of its name.

    Attributes:
        began: the names, in order; ended: those that were loaded, or broke off with what `ended_with` says.
        errors: by name, what a load raises in the end.
    """

    def __init__(self, make: Callable[[str], FakeModel] = lambda name: FakeModel(name=name, title=name)) -> None:
        self._make = make
        self._gates: defaultdict[str, threading.Semaphore] = defaultdict(lambda: threading.Semaphore(0))
        self._flows = threading.Event()
        self.began: list[str] = []
        self.ended: list[str] = []
        self.ended_with: dict[str, BaseException] = {}
        self.errors: dict[str, BaseException] = {}

    def __call__(self, name: str | None, report: Report) -> FakeModel:
        name = name or "best"
        self.began.append(name)
        try:
            for step in range(STEPS):
                self._wait(name)
                report(Progress(Message.of("status-loading"), step, STEPS))
            self._wait(name)
            if name in self.errors:
                raise self.errors[name]
            return self._make(name)
        except BaseException as error:
            self.ended_with[name] = error
            raise
        finally:
            self.ended.append(name)

    def go_on(self, name: str, steps: int = 1) -> None:
        for _ in range(steps):
            self._gates[name].release()

    def finish(self, name: str) -> None:
        """Let a load end, and wait until it has."""
        self.go_on(name, STEPS + 1)
        self.wait_until_ended(name)

    def let_flow(self) -> None:
        self._flows.set()
        for name in list(self._gates):
            self.go_on(name, STEPS + 1)

    def wait_until_began(self, *names: str) -> None:
        wait_until(lambda: set(names) <= set(self.began), f"{names} are being loaded")

    def wait_until_ended(self, name: str) -> None:
        wait_until(lambda: name in self.ended, f"the load of {name!r} is over")

    def _wait(self, name: str) -> None:
        assert self._flows.is_set() or self._gates[name].acquire(timeout=PATIENCE), f"nobody let {name!r} go on"
