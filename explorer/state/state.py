"""`ExplorerState`: what all panels share. Panels never talk to each other, only to this."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import traitlets as t

from explorer.figures.shared.theme import Theme
from explorer.generation.generate import Stop
from explorer.language_model.attention import Attention
from explorer.language_model.interventions import Interventions, canonical
from explorer.language_model.model import Model
from explorer.language_model.request import Extras
from explorer.language_model.trace import NOT_ASKED, Trace
from explorer.locales import ExplorerError, Message, language, numbers
from explorer.models.progress import Progress
from explorer.probes.first_token import FIRST_TOKEN
from explorer.sampling.distribution import Distribution
from explorer.sampling.sampling import Sampling
from explorer.state.comparison import Comparer
from explorer.state.persistence import SessionKeeper
from explorer.state.stepper import Place, Stepper
from explorer.state.worker import worker_of

log = logging.getLogger(__name__)

LATE_SECONDS = 0.2


@dataclass(frozen=True)
class Status:
    """What the status line says. ``share`` is 0..1 of the work done, -1 for unknown, None where there is no bar."""

    state: str
    message: Message
    share: float | None = None


class ExplorerState(t.HasTraits):
    """A model, a prefix, what was chosen after it, how it is sampled, and the latest trace of it all.

    Setting `prefix`, `interventions` or `model` asks the model, off this thread, and so does every step of the
    `stepper`; `trace` follows. Setting `sampling` costs no forward pass. Traits may change on any thread, each under
    `lock`.

    Attributes:
        prefix: the text, as typed.
        interventions: in force inside the model, whatever is asked of it; an `ExplorerError` refuses what it cannot do.
            Another model has other heads: it begins without. While `trace` is that of others, the state is `stale`.
        stepper: steps through the tokens after it; keeper: keeps what was tried on the disk; comparer: compares
            strategies after it.
        moves: grows with every change of the stepper's trees.
        trace: of the latest text that was answered; answers never go backwards.
        distribution: of `trace` under `sampling`; None before the first answer, and where the sampler leaves no token.
        browser: who looks at this, as 16 hexadecimal digits that the page keeps; "" before it says so.
        seed, throw: with the number of tokens after the prefix they give the coming draw.
        playing: steps follow each other by themselves, one every `pace` seconds, until `stop` or `stop_at_end`.
        answer: number of the question that `trace` answers.
        stale: `trace` does not answer the latest question yet.
        late: it has not, and no answer came for `LATE_SECONDS`: pictures dim. Most come sooner.
        error: why the latest question has no answer; the trace of an earlier one stays.
        section: which of the sections below the bars is open, by its name.
        log_axis, n_bars: how the distribution is drawn.
        colour_by: ``surprisal``, ``rank`` or ``probability``.
        pins: ids of the tokens whose probability is always shown.
        head: the layer and the head, from 0, that is looked at closely.
        heads: the heads that are looked at together; the open one is among them.
        blend: how they are put together: ``head`` (only the open one), ``mean`` or ``max``.
        cursor: the token that is looked at, by its place in the trace's ids; -1 for the last, whichever that is.
        direction: whether pictures show what it looks ``to`` or what looks at it (``from``).
        first_token: whether weights on the first token are ``shown``, ``hidden``, or ``renormalised`` away.
        log_weights: whether weights have a logarithmic colour scale.
        head_order: how heads are sorted: by ``layer``, or by the name of a score.
        view: which view of the attention is open, by its name.
        compare_view: which view of the comparison is open, by its name.
    """

    model = t.Any(None, allow_none=True)
    prefix = t.Unicode("")
    interventions = t.Tuple()
    sampling = t.Instance(Sampling, args=())
    trace = t.Instance(Trace, allow_none=True)
    stale = t.Bool(False)
    late = t.Bool(False)
    status = t.Instance(Status)
    theme = t.Instance(Theme)
    tree_version = t.Int(0)
    browser = t.Unicode("")
    seed = t.Int(1)
    redraw = t.Int(0)
    playing = t.Bool(False)
    step_seconds = t.Float(0.5)
    stop = t.Instance(Stop)
    stop_at_end = t.Bool(True)
    section = t.Unicode("")
    n_bars = t.Int(10)
    log_axis = t.Bool(False)
    colour_by = t.Enum(["surprisal", "rank", "probability"], default_value="surprisal")
    pins = t.Tuple()
    head = t.Tuple(t.Int(), t.Int(), default_value=(0, 0))
    heads = t.Tuple(default_value=((0, 0),))
    blend = t.Enum(["head", "mean", "max"], default_value="head")
    cursor = t.Int(-1)
    direction = t.Enum(["to", "from"], default_value="to")
    first_token = t.Enum(FIRST_TOKEN, default_value="shown")
    log_weights = t.Bool(False)
    head_order = t.Unicode("layer")
    view = t.Unicode("")
    compare_view = t.Unicode("")

    def __init__(self, model: Model | None = None, prefix: str = "", **traits: Any) -> None:
        self.lock = threading.RLock()
        self.answer = 0
        self.distribution: Distribution | None = None
        self.stepper = Stepper(self)
        self._asked = 0
        self._timer: threading.Timer | None = None
        self._wanted: dict[object, frozenset[str]] = {}
        traits.setdefault("theme", Theme(language=language()))
        traits.setdefault("stop", Stop(max_new_tokens=40))
        super().__init__(prefix=prefix, status=Status("busy", Message.of("status-no-model")), **traits)
        self.observe(self._on_model, "model")
        self.observe(self._on_prefix, "prefix")
        self.observe(lambda _: self.ask(), "interventions")
        self.observe(self._read_again, ["trace", "sampling"])  # before the panels, which look at the distribution
        self.persistence = SessionKeeper(self)
        self.comparer = Comparer(self)
        self.observe(self._on_seed, "seed")
        self.observe(self._wait_anew, "stale")
        self.observe(self._complete, "head")
        if model is not None:
            self.model = model

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

    def busy(self, message: Message, share: float) -> None:
        """Show how far long work is, ``share`` 0..1."""
        with self.lock:
            self.status = Status("busy", message, share)

    def say(self, message: Message) -> None:
        """A sentence in the status line that is no error."""
        with self.lock:
            self.status = Status("ready", message)

    def mended(self, error: ExplorerError) -> None:
        """What ``error`` was about is right now: if the status line still says it, it says that all is well."""
        with self.lock:
            if self.status.message == error.message and self.trace is not None:
                self._say_ready(self.trace)

    def _say_ready(self, trace: Trace) -> None:
        self.say(
            Message.of("status-ready", milliseconds=numbers.milliseconds(trace.milliseconds), computed=trace.computed)
        )

    def attempt(self, action: Callable[..., object], *arguments: object) -> None:
        """Do what a reader asked for; what cannot be done is a sentence in the status line."""
        try:
            action(*arguments)
        except Exception as error:
            self.fail(error)

    @property
    def attention(self) -> Attention | None:
        """That of the trace on show, where somebody wants it and there is any."""
        return self.trace.recorded_attention if self.trace is not None else None

    @property
    def no_attention(self) -> Message | None:
        """Why there is no attention that could be drawn; None where there is, and while it is on its way."""
        if self.trace is None or (
            self.trace.attention_unavailable == NOT_ASKED and self.trace.recorded_attention is None
        ):
            return None
        return (
            self.trace.recorded_attention.problem
            if self.trace.recorded_attention is not None
            else self.trace.attention_unavailable
        )

    @property
    def row(self) -> int:
        """The place of `cursor` in the attention of the trace on show."""
        assert self.trace is not None
        n_tokens, start = len(self.trace.ids), self.trace.start
        return (self.cursor if start <= self.cursor < n_tokens else n_tokens - 1) - start

    def want(self, who: object, extras: frozenset[str]) -> None:
        """Say which extras of a trace ``who`` shows from now on: ``attention``, ``layer`` (the exact weights of the
        open head's layer), ``vectors`` (its queries and keys); what the trace on show lacks is asked for."""
        with self.lock:
            self._wanted[who] = extras
            self._complete()

    def _complete(self, _change: object = None) -> None:
        if self.trace is not None and not _has(self.trace, self._extras) and not self.stale:
            self.ask()

    @property
    def _extras(self) -> Extras:
        wanted = frozenset[str]().union(*self._wanted.values())
        return Extras(
            attention=bool(wanted),
            layer=self.head[0] if "layer" in wanted else None,
            vectors=self.head if "vectors" in wanted else None,
        )

    def has_head(self, layer: int, head: int) -> bool:
        """Whether the present model has it: pictures of the one before it stay until it answers."""
        info = self.model.info if self.model is not None else None
        return info is not None and 0 <= layer < info.n_layer and 0 <= head < info.n_head

    def open_head(self, layer: int, head: int) -> None:
        """Look at one head closely, and at no other."""
        with self.lock, self.hold_trait_notifications():
            self.head, self.heads, self.blend = (layer, head), ((layer, head),), "head"

    def choose_heads(self, heads: Sequence[tuple[int, int]], blend: str) -> None:
        """Look at several heads together; the first becomes the open one unless the open one is among them."""
        with self.lock, self.hold_trait_notifications():
            self.heads = tuple(heads)
            self.head = self.head if self.head in self.heads else self.heads[0]
            self.blend = blend

    def ask(self) -> None:
        """Have the present text read; `trace` follows."""
        if self.model is None:
            return
        with self.lock:
            self._asked += 1
            number, model, place = self._asked, self.model, self.stepper.place
            notices, interventions, extras = self.stepper.notices(place), self.interventions, self._extras
            self.stale = True
        worker_of(model).ask(
            self,
            lambda watch: place.read(model, notices, interventions, extras, watch),
            lambda trace: self._answered(number, model, place, trace),
            lambda error: self._failed(number, error),
            lambda done, todo: self._reading(number, done, todo),
        )

    @t.validate("interventions")
    def _valid_interventions(self, proposal: dict[str, Any]) -> Interventions:
        interventions = canonical(proposal["value"])
        if self.model is not None:
            self.model.info.check(interventions)
        return interventions

    def _on_model(self, change: dict[str, Any]) -> None:
        with self.lock:
            # These name tokens by their ids, which mean others in another vocabulary.
            self.pins = ()
            self.sampling = replace(self.sampling, banned=(), bias=())
            self.open_head(0, 0)
            if self.model is not None:
                self.stepper.on_model(self.model)
            if change["old"] is not None:
                self.interventions = ()
        self.ask()

    def _on_prefix(self, change: dict[str, Any]) -> None:
        with self.lock:
            self.stepper.on_prefix(change["new"])
        self.ask()

    def _on_seed(self, _change: object) -> None:
        self.redraw = 0

    def _wait_anew(self, _change: object = None) -> None:
        """Be `late` when nothing is answered for a while from now on."""
        self.late = False
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self.stale:
            self._timer = threading.Timer(LATE_SECONDS, self._grow_late)
            self._timer.daemon = True
            self._timer.start()

    def _grow_late(self) -> None:
        with self.lock:
            self.late = self.stale

    def _read_again(self, _change: object) -> None:
        with self.lock:
            trace = self.trace
            if trace is None:
                return
            try:
                self.distribution = trace.distribution(self.sampling)
            except ExplorerError as error:
                self.distribution = None
                self.fail(error)
                return
            if self.status.message.id == "no-token-left":
                self._say_ready(trace)

    def _answered(self, number: int, model: Model, place: Place, trace: Trace) -> None:
        with self.lock:
            if number < self.answer or model is not self.model or trace.interventions != self.interventions:
                return
            self.answer = number
            self.stepper.on_answer(number, place, trace)
            latest = number == self._asked
            if latest:
                self._say_ready(trace)
            self.trace = trace
            if latest:
                self.stale = False
                self._complete()
                self.stepper.after_answer()
            else:
                self._wait_anew()

    def _failed(self, number: int, error: Exception) -> None:
        with self.lock:
            if number == self._asked:
                self.stale = False
                self.stepper.on_failure()
                self.fail(error)

    def _reading(self, number: int, done: int, todo: int) -> None:
        with self.lock:
            if number == self._asked:
                self.status = Status("busy", Message.of("status-reading", done=done, todo=todo), done / todo)


def _has(trace: Trace, extras: Extras) -> bool:
    """Whether ``trace`` has all ``extras`` that there can be."""
    attention = trace.recorded_attention
    if not extras.attention or attention is None:
        return not extras.attention or trace.attention_unavailable != NOT_ASKED
    return (extras.layer is None or attention.has(extras.layer)) and (
        extras.vectors is None or attention.has_vectors(*extras.vectors)
    )
