"""A model that fails now and then, with every kind of exception."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import cycle
from random import Random
from typing import Any

from explorer.language_model.interventions import Intervention
from explorer.language_model.memory import OutOfMemory
from explorer.language_model.model import Watch
from explorer.language_model.request import Asked
from explorer.language_model.trace import Floats, Ints, Trace
from explorer.locales import ExplorerError
from tests.widgets.fake_model import FakeDecoder, FakeModel


class Panic(BaseException):
    """As a library in Rust raises it: no `Exception`."""


ERRORS: list[Callable[[], BaseException]] = [
    lambda: ExplorerError("no-start-token"),
    lambda: RuntimeError("secret"),
    lambda: Panic("secret"),
    OutOfMemory,
    lambda: OSError(5, "secret"),
    lambda: KeyError("secret"),
    MemoryError,
    lambda: SystemExit(1),
]


class FailingModel(FakeModel):
    """Of the passes that it is asked for, a ``share`` raises, in turn, one of `ERRORS`; until it is `mended`.

    Attributes:
        raised: the errors, the newest last.
    """

    def __init__(self, share: float = 0.4, **info: Any) -> None:
        super().__init__(**info)
        self._share, self._choice = share, Random(1)
        self._errors: Iterator[Callable[[], BaseException]] = cycle(ERRORS)
        self.raised: list[BaseException] = []
        self.mended = False

    def trace(
        self,
        asked: Asked,
        *,
        attention: bool = False,
        interventions: Iterable[Intervention] = (),
        watch: Watch | None = None,
    ) -> Trace:
        self._fail()
        return super().trace(asked, attention=attention, interventions=interventions, watch=watch)

    def decoder(
        self, ids: Sequence[int] | Ints, n_rows: int, *, interventions: Iterable[Intervention] = ()
    ) -> FakeDecoder:
        self._fail()
        return super().decoder(ids, n_rows, interventions=interventions)

    def next_logits(self, rows: Sequence[Sequence[int]], *, interventions: Iterable[Intervention] = ()) -> Floats:
        self._fail()
        return super().next_logits(rows, interventions=interventions)

    def _fail(self) -> None:
        if not self.mended and self._choice.random() < self._share:
            self.raised.append(next(self._errors)())
            raise self.raised[-1]
