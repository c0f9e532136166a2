"""`ExplorerState`: what all panels share. Panels never talk to each other, only to this."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from typing import Any

import traitlets as t

from explorer.figures.look import Look
from explorer.language_model.model import Model, Watch
from explorer.language_model.trace import Trace
from explorer.locales import ExplorerError, Message, language
from explorer.models.progress import Progress
from explorer.sampling.distribution import Distribution
from explorer.sampling.sampling import Sampling
from explorer.widgets.worker import worker_of

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Status:
    """What the status line says. ``share`` is 0..1 of the work done, -1 for unknown, None where there is no bar."""

    state: str
    message: Message
    share: float | None = None


class ExplorerState(t.HasTraits):
    """A model, a prefix, how it is sampled, and the latest trace of it.

    Setting `prefix` or `model` asks the model, off this thread; `trace` follows. Setting `sampling` costs no forward
    pass. Traits may change on any thread, each under `lock`.

    Attributes:
        prefix: the text, as typed.
        trace: of the latest prefix that was answered; answers never go backwards.
        answer: number of the question that `trace` answers.
        stale: `trace` does not answer the latest question yet.
        error: why the latest question has no answer; the trace of an earlier one stays.
        log_axis, n_bars: how the distribution is drawn.
        colour_by: ``surprisal``, ``rank`` or ``probability``.
        pins: ids of the tokens whose probability is always shown.
    """

    model = t.Any(None, allow_none=True)
    prefix = t.Unicode("")
    sampling = t.Instance(Sampling, args=())
    trace = t.Instance(Trace, allow_none=True)
    stale = t.Bool(False)
    status = t.Instance(Status)
    look = t.Instance(Look)
    n_bars = t.Int(10)
    log_axis = t.Bool(False)
    colour_by = t.Enum(["surprisal", "rank", "probability"], default_value="surprisal")
    pins = t.Tuple()

    def __init__(self, model: Model | None = None, prefix: str = "", **traits: Any) -> None:
        self.lock = threading.RLock()
        self.answer = 0
        self._asked = 0
        self._latest: tuple[Trace, Sampling, Distribution] | None = None
        traits.setdefault("look", Look(language=language()))
        super().__init__(prefix=prefix, status=Status("busy", Message.of("status-no-model")), **traits)
        self.observe(self._ask, ["model", "prefix"])
        if model is not None:
            self.model = model

    @property
    def distribution(self) -> Distribution | None:
        """The latest trace's distribution under `sampling`; no forward pass."""
        trace, sampling = self.trace, self.sampling
        if trace is None:
            return None
        # Several panels ask; sorting the vocabulary for one of them serves them all.
        if self._latest is None or self._latest[0] is not trace or self._latest[1] != sampling:
            self._latest = (trace, sampling, trace.distribution(sampling))
        return self._latest[2]

    def progress(self, progress: Progress) -> None:
        """Show how far a download or a conversion is; fits as a `Report`."""
        share = progress.done / progress.total if progress.total else -1.0
        with self.lock:
            self.status = Status("busy", progress.message, share)

    def fail(self, error: Exception) -> None:
        """Say what went wrong, as a sentence; what is no message of ours goes to the log as well."""
        if isinstance(error, ExplorerError):
            message = error.message
        else:
            log.exception("unexpected error", exc_info=error)
            message = Message.of("unexpected-error", kind=type(error).__name__)
        with self.lock:
            self.status = Status("error", message)

    def _ask(self, change: dict[str, Any]) -> None:
        if self.model is None:
            return
        with self.lock:
            self._asked += 1
            number, model, prefix = self._asked, self.model, self.prefix
            if change["name"] == "model":
                self.pins = ()  # ids of another vocabulary
            self.stale = True

        def run(watch: Watch) -> Trace:
            return model.trace(prefix, watch=watch)  # type: ignore[no-any-return]

        worker_of(model).ask(
            self,
            run,
            lambda trace: self._answered(number, model, trace),
            lambda error: self._failed(number, error),
            lambda done, todo: self._reading(number, done, todo),
        )

    def _answered(self, number: int, model: Model, trace: Trace) -> None:
        with self.lock:
            if number < self.answer or model is not self.model:
                return
            self.answer = number
            self.trace = trace
            if number == self._asked:
                self.stale = False
                milliseconds = round(trace.milliseconds)
                self.status = Status(
                    "ready", Message.of("status-ready", milliseconds=milliseconds, computed=trace.computed)
                )

    def _failed(self, number: int, error: Exception) -> None:
        with self.lock:
            if number == self._asked:
                self.stale = False
                self.fail(error)

    def _reading(self, number: int, done: int, todo: int) -> None:
        with self.lock:
            if number == self._asked:
                self.status = Status("busy", Message.of("status-reading", done=done, todo=todo), done / todo)
