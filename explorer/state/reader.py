"""`Reader`: the one asker. Whatever is asked of a model is asked here, with the interventions in force."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace

import traitlets as t

from explorer.language_model.attention import Attention
from explorer.language_model.model import Model
from explorer.language_model.request import Extras
from explorer.language_model.tokens import Encoding
from explorer.language_model.trace import NOT_ASKED, Trace
from explorer.locales import ExplorerError, Message, numbers
from explorer.state.document import Document, NodeRef
from explorer.state.experiment import Experiment
from explorer.state.question import Question, Setting
from explorer.state.readings import has_extras, read_node, read_random, read_request, read_text, tokenize
from explorer.state.refresher import Refresher
from explorer.state.selection import Selection
from explorer.state.slice import Slice
from explorer.state.status import StatusReport
from explorer.state.worker import Work, worker_of

LATE_SECONDS = 0.2

REMEMBERED_ANSWERS = 16
"""A click on a picture means the text of that picture, though a later answer may be on its way to the page."""

N_RANDOM = 50
"""Random tokens on which heads are tried, twice in a row."""

KEPT_ROLES = 16


class Reader(Slice):
    """Reads the text of a `Document`, and answers the questions below; each on the model's own thread.

    Attributes:
        model: None before one is loaded.
        trace: of the latest text that was answered; answers never go backwards.
        answer: number of the question that `trace` answers.
        shown: the text that `trace` is of.
        waiting: a question about the text is being answered.
        stale: `trace` is not that of the present text, model and interventions.
        late: it is not, and has not been for `LATE_SECONDS`, or will not be: pictures dim. Most answers come sooner.
        problem: why the present text has no answer.
        second: the trace of `Document.second`; at: of a `Request`, read as it stands there.
        roles: the `Roles` of the heads on random tokens.
        pieces: the ids of a text's tokens.
    """

    model = t.Any(None, allow_none=True)
    trace = t.Instance(Trace, allow_none=True)
    waiting = t.Bool(False)
    stale = t.Bool(False)
    late = t.Bool(False)
    problem = t.Instance(Message, allow_none=True)

    def __init__(
        self,
        lock: threading.RLock,
        refresher: Refresher,
        status: StatusReport,
        document: Document,
        experiment: Experiment,
        selection: Selection,
    ) -> None:
        self._refresher, self._status = refresher, status
        self._document, self._experiment, self._selection = document, experiment, selection
        self._asked = 0
        self._required: dict[object, frozenset[str]] = {}
        self._remembered: OrderedDict[int, tuple[NodeRef, Trace]] = OrderedDict()
        self.answer = 0
        self.shown: NodeRef | None = None
        super().__init__(lock)
        self.second = Question(lock, status, self._setting, read_text)
        self.at = Question(lock, status, self._setting, read_request)
        self.roles = Question(lock, status, self._setting, read_random, keep=KEPT_ROLES)
        self.pieces = Question(lock, status, self._setting, tokenize)
        document.observe(lambda _: self.ask(), "text_version")
        experiment.observe(lambda _: self.ask(), "interventions")
        selection.observe(lambda _: self._complete(), "head")
        self.observe(self._on_stale, "stale")

    def on_model(self, before: Model | None) -> None:
        """Another model, or none: nothing is asked any more of the one ``before``, and what was known of it is let go;
        but the trace on show stays."""
        if before is not None:
            worker_of(before).drop(self)
        self._remembered.clear()
        for question in (self.second, self.at, self.roles, self.pieces):
            question.forget()
        self.ask()

    def close(self) -> None:
        """Ask nothing any more, and let go of the model and of what it said."""
        with self.lock:
            if self.model is not None:
                for asker in (self, self.second, self.at, self.roles, self.pieces):
                    worker_of(self.model).leave(asker)
            self._required.clear()
            self.shown = None
            with self.hold_trait_notifications():
                self.waiting = False
                self.trace = None
                self.model = None

    # --- what is asked ------------------------------------------------------------------------------------------------

    def ask(self) -> None:
        """Have the present text read; `trace` follows."""
        with self.lock:
            model = self.model
            if model is None:
                return
            self._asked += 1
            number, node = self._asked, self._document.node
            notices = self._document.notices(node)
            interventions, extras = self._experiment.interventions, self._extras
            self.problem = None
            self.waiting = self.stale = True
            worker_of(model).ask(  # under the lock: who asks last is answered last
                self,
                lambda watch: read_node(model, node, notices, interventions, extras, watch),
                lambda trace: self._answered(number, model, node, trace),
                lambda error: self._failed(number, error),
                lambda done, todo: self._reading(number, done, todo),
            )

    def require(self, who: object, extras: frozenset[str]) -> None:
        """Say which extras of a trace ``who`` shows from now on: ``attention``, ``layer`` (the exact weights of the
        open head's layer), ``vectors`` (its queries and keys); what the trace on show lacks is asked for."""
        with self.lock:
            if extras:
                self._required[who] = extras
            else:
                self._required.pop(who, None)
            self._complete()

    def begin(self, name: str, work: Callable[[Model], Work], *, after: float = 0.0) -> None:
        """Long work on the model's thread, between people's questions, in the place of what goes by this name."""
        with self.lock:
            if self.model is not None:
                worker_of(self.model).begin((self, name), work(self.model), after=after)

    def busy(self, name: str) -> bool:
        """Whether there is long work of this name."""
        return self.model is not None and worker_of(self.model).busy((self, name))

    def tokenize(self, text: str) -> Encoding:
        """The tokens of ``text``, at once: no pass.

        Raises:
            ExplorerError: there is no model.
        """
        if self.model is None:
            raise ExplorerError("status-no-model")
        encoding: Encoding = self.model.tokenize(text)
        return encoding

    # --- what is known ------------------------------------------------------------------------------------------------

    @property
    def ready(self) -> bool:
        """Whether the trace on show is that of the present text, under the interventions in force."""
        shown, trace = self.shown, self.trace
        if shown is None or shown.tree is None or trace is None:
            return False
        return shown == self._document.node and trace.interventions == self._experiment.interventions

    @property
    def n_after(self) -> int:
        """Tokens after the prefix in the text that the trace on show is of."""
        return self.shown.n_after if self.shown is not None else 0

    def remembered(self, answer: int | None) -> tuple[NodeRef, Trace] | None:
        """The text and the trace, without what takes much memory, of an answer by its number; None: the latest."""
        return self._remembered.get(answer or self.answer)

    @property
    def attention(self) -> Attention | None:
        """That of the trace on show, where somebody requires it and there is any."""
        return self.trace.recorded_attention if self.trace is not None else None

    @property
    def no_attention(self) -> Message | None:
        """Why there is no attention that could be drawn; None where there is, and while it is on its way."""
        trace = self.trace
        if trace is None:
            return None
        if trace.recorded_attention is not None:
            return trace.recorded_attention.problem
        return trace.attention_unavailable if trace.attention_unavailable != NOT_ASKED else None

    @property
    def row(self) -> int:
        """The place of the cursor in the attention of the trace on show."""
        assert self.trace is not None
        n_tokens, start, cursor = len(self.trace.ids), self.trace.start, self._selection.cursor
        return (cursor if start <= cursor < n_tokens else n_tokens - 1) - start

    def say_ready(self) -> None:
        """Say that the text on show was read, and how long it took."""
        if self.trace is not None:
            self._status.say(_ready(self.trace))

    # --- inside -------------------------------------------------------------------------------------------------------

    def _setting(self) -> Setting | None:
        return (self.model, self._experiment.interventions) if self.model is not None else None

    @property
    def _extras(self) -> Extras:
        required = frozenset[str]().union(*self._required.values())
        head = self._selection.head
        return Extras(
            attention=bool(required),
            layer=head[0] if "layer" in required else None,
            vectors=head if "vectors" in required else None,
        )

    def _complete(self) -> None:
        if self.trace is not None and not self.waiting and not self.stale and not has_extras(self.trace, self._extras):
            self.ask()

    def _answered(self, number: int, model: Model, node: NodeRef, trace: Trace) -> None:
        with self.lock:
            outdated = number < self.answer or trace.interventions != self._experiment.interventions
            if outdated or model is not self.model:
                return
            self.answer = number
            self.shown = self._document.learn(node, trace.ids.tolist(), trace.notices)
            self._remember(number, self.shown, trace)
            latest = number == self._asked
            if latest:
                self._status.say(_ready(trace))  # first: who follows the trace may have more to say
            with self.hold_trait_notifications():
                self.trace = trace
                if latest:
                    self.waiting = self.stale = self.late = False
            if latest:
                self._complete()
            else:
                self._wait_anew()

    def _remember(self, number: int, node: NodeRef, trace: Trace) -> None:
        # Attention and states take much memory.
        self._remembered[number] = node, replace(trace, recorded_attention=None, recorded_states=None)
        while len(self._remembered) > REMEMBERED_ANSWERS:
            self._remembered.popitem(last=False)

    def _failed(self, number: int, error: BaseException) -> None:
        with self.lock:
            if number == self._asked:
                self.waiting = False
                self.late = True  # there will be no better picture
                self.problem = self._status.fail(error)

    def _reading(self, number: int, done: int, todo: int) -> None:
        with self.lock:
            if number == self._asked:
                self._status.busy(Message.of("status-reading", done=done, todo=todo), done / todo)

    def _on_stale(self, _change: object) -> None:
        if self.stale:
            self._wait_anew()
        else:
            self.late = False
            self._refresher.forget("late")

    def _wait_anew(self) -> None:
        """Be `late` when nothing is answered for a while from now on."""
        self.late = False
        self._refresher.later("late", LATE_SECONDS, self._grow_late)

    def _grow_late(self) -> None:
        self.late = self.stale


def _ready(trace: Trace) -> Message:
    return Message.of("status-ready", milliseconds=numbers.milliseconds(trace.milliseconds), computed=trace.computed)
