"""`Stepper`: how the text on show grows: step, pick, undo, redo, branch, play. All under the state's lock."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np

from explorer.generation.generate import END, TEXT, Stop
from explorer.language_model.interventions import Interventions
from explorer.language_model.model import Model, ModelInfo, Watch
from explorer.language_model.request import Extras, Request
from explorer.language_model.tokens import as_read
from explorer.language_model.trace import Trace
from explorer.locales import Message
from explorer.sampling.distribution import Candidate
from explorer.sampling.draw import by_hand, choose, drawn, uniform, uniforms
from explorer.sampling.sampling import Sampling
from explorer.sessions.session import ROOT, Session, Tree
from explorer.state.worker import Work, worker_of

if TYPE_CHECKING:
    from explorer.state.state import ExplorerState

MAX_PENDING_STEPS = 100
"""Steps that may be asked for before the model has answered; a key held down asks for more than anybody wants."""

REMEMBERED_ANSWERS = 16
"""A click on a picture means the text of that picture, though a later answer may be on its way to the page."""

MAX_DRAWS = 1000
"""How often `Stepper.branch` throws for a token that was not tried yet."""

MOMENT = 0.01  # seconds until play looks again for an answer it waits for


@dataclass(frozen=True)
class Place:
    """A node of a tree; ``tree`` is None for a prefix whose ids are not known yet."""

    prefix: str
    tree: Tree | None
    number: int

    def read(
        self,
        model: Model,
        notices: tuple[Message, ...],
        interventions: Interventions,
        extras: Extras,
        watch: Watch,
    ) -> Trace:
        """What the model makes of the text that ends here. ``notices``: of its prefix, where its ids are known."""
        if self.tree is None:
            encoding = model.tokenize(self.prefix)
            ids, notices = encoding.ids, encoding.notices
        else:
            ids = self.tree.ids(self.number)
        return replace(model.trace(Request(ids, interventions, extras), watch=watch), notices=notices)


class Stepper:
    """The session of an `ExplorerState` and all that changes it. Methods may be called on any thread.

    Attributes:
        session: of the model in use.
        tree: over the prefix; None until its ids are known.
        shown: the place that the state's trace answers for.
    """

    def __init__(self, state: ExplorerState) -> None:
        self._state = state
        self._sessions: dict[tuple[str | None, ...], Session] = {}
        self._notices: WeakKeyDictionary[Tree, tuple[Message, ...]] = WeakKeyDictionary()
        self._answers: OrderedDict[int, tuple[Place, Trace]] = OrderedDict()
        self._pending_steps = 0
        self._branching = False
        self._began_at = 0
        self.session: Session | None = None
        self.tree: Tree | None = None
        self.shown: Place | None = None

    # --- what the state tells -----------------------------------------------------------------------------------------

    def on_model(self, model: Model) -> None:
        """Another model: its own session goes on, or begins."""
        self._stop_waiting()
        self.session = self._sessions.setdefault(_session_key(model.info), Session.of(model.info))
        self._answers.clear()
        self.tree = None
        self.on_prefix(self._state.prefix)

    def on_prefix(self, prefix: str) -> None:
        """Another prefix: the tree over the old one stays in the session. One that comes back begins at its root."""
        self._stop_waiting()
        read = as_read(prefix)
        if self.tree is not None and self.tree.prefix == read:
            return
        self.tree = self.session.trees.get(read) if self.session is not None else None
        if self.session is not None and self.tree is not None:
            self.session.prefix = read
            self.tree.go(ROOT)
        self._changed()

    def put(self, session: Session) -> None:
        """Go on with ``session``, where it was left; the one before is let go."""
        self._stop_waiting()
        info = self._state.model.info
        session.continue_in(info.dtype)
        self._sessions[_session_key(info)] = self.session = session
        self._answers.clear()
        self.tree = session.trees.get(session.prefix)
        if self.tree is not None:
            self._state.prefix = self.tree.prefix  # asks, if it is another one
        self._moved()

    def on_answer(self, number: int, place: Place, trace: Trace) -> None:
        """The trace of ``place`` is about to be shown."""
        if self.session is None:
            return
        tree = place.tree
        if tree is None:
            tree = self.session.tree(place.prefix, trace.ids.tolist())
            self._notices[tree] = trace.notices
            if self.tree is None and self._state.prefix == place.prefix:
                self.tree = tree
        self.shown = Place(place.prefix, tree, place.number)
        small = replace(trace, recorded_attention=None, recorded_states=None)  # attention and states take much memory
        self._answers[number] = (self.shown, small)
        while len(self._answers) > REMEMBERED_ANSWERS:
            self._answers.popitem(last=False)

    def after_answer(self) -> None:
        """The trace is on show: what was asked for meanwhile is done now."""
        if self._pending_steps and self.ready:
            self._pending_steps -= 1
            self._step_now()

    def on_failure(self) -> None:
        """There is no answer."""
        self._stop_waiting()

    # --- where we are -------------------------------------------------------------------------------------------------

    @property
    def place(self) -> Place:
        """What the model is to be asked for."""
        return Place(self._state.prefix, self.tree, self.tree.current if self.tree is not None else ROOT)

    def notices(self, place: Place) -> tuple[Message, ...]:
        """What a reader must know about how the prefix of ``place`` was read."""
        return self._notices.get(place.tree, ()) if place.tree is not None else ()

    @property
    def ready(self) -> bool:
        """Whether the trace on show is that of the present text, under the interventions in force."""
        trace = self._state.trace
        if self.shown is None or self.tree is None or trace is None:
            return False
        return self.shown == self.place and trace.interventions == self._state.interventions

    @property
    def n_after(self) -> int:
        """Tokens after the prefix in the text that the trace on show is of."""
        shown = self.shown
        return len(shown.tree.path(shown.number)) if shown is not None and shown.tree is not None else 0

    @property
    def u(self) -> float:
        """Where the coming draw falls, in [0, 1)."""
        return uniform(self._state.seed, 0, self.n_after, self._state.redraw)

    @property
    def coming(self) -> Candidate | None:
        """The token that a step would take; None while there is no distribution."""
        distribution = self._state.distribution
        return choose(distribution, self.u) if distribution is not None else None

    # --- what people do -----------------------------------------------------------------------------------------------

    def step(self) -> None:
        """Take the token that the sampler chooses; once the model has answered, if it has not yet."""
        with self._state.lock:
            if self.ready:
                self._step_now()
            elif self._state.stale:
                self._pending_steps = min(MAX_PENDING_STEPS, self._pending_steps + 1)
            elif self._state.model is not None:  # the last question failed
                self._pending_steps = 1
                self._state.ask()

    def pick(self, token_id: int, answer: int | None = None) -> None:
        """Take a token by hand, after the text that the picture with this ``answer`` shows (without it: the latest)."""
        with self._state.lock:
            place, trace = self._answers.get(answer or self._state.answer, (None, None))
            if place is None or trace is None or self.tree is None or place.tree is not self.tree:
                return  # a picture of another text, which is gone by now
            self._stop_waiting()
            choice = by_hand(trace.distribution(self._state.sampling), token_id)
            self.tree.go(place.number)
            self._take(choice, trace, redraw=0)

    def undo(self) -> None:
        """Take back a step: one that is still to come, else the last token."""
        with self._state.lock:
            self.pause()
            if self._pending_steps:
                self._pending_steps -= 1
            elif self.tree is not None and self.tree.undo():
                self._moved()

    def redo(self) -> None:
        """The token that undo took back."""
        with self._state.lock:
            self.pause()
            if self.tree is not None and self.tree.redo():
                self._moved()

    def go(self, number: int) -> None:
        """To any node of the tree; `ROOT` is the prefix alone."""
        with self._state.lock:
            self._stop_waiting()
            if self.tree is not None and number != self.tree.current:
                self.tree.go(number)
                self._moved()

    def follow(
        self,
        place: Place,
        choices: Sequence[Candidate],
        sampling: Sampling,
        *,
        seed: int,
        sample: int,
        interventions: Interventions,
    ) -> None:
        """Take tokens that were chosen elsewhere, one after the other, after the text that ends at ``place``."""
        with self._state.lock:
            self._stop_waiting()
            if place.tree is None or self.session is None or self.session.trees.get(place.prefix) is not place.tree:
                return  # of another model, or of a session that was let go
            self._state.prefix = place.prefix
            self.tree = place.tree
            self.tree.go(place.number)
            for choice in choices:
                self.tree.add(choice, sampling, seed=seed, sample=sample, interventions=interventions)
            self._moved()

    def branch(self) -> None:
        """Draw the last token anew, until a token comes that was not tried there: another branch."""
        with self._state.lock:
            self._stop_waiting()
            tree = self.tree
            if tree is None or tree.current == ROOT:
                return
            if self._state.sampling.greedy:
                self._state.say(Message.of("branch-greedy"))
                return
            tree.undo()
            self._moved()
            self._pending_steps, self._branching = 1, True

    def again(self) -> None:
        """Throw anew for the coming draw, without moving on."""
        with self._state.lock:
            self._state.redraw += 1

    def rename(self, number: int, name: str) -> None:
        """Call the text that ends at a node by a name."""
        with self._state.lock:
            if self.tree is not None:
                self.tree.rename(number, name)
                self._changed()

    # --- play ---------------------------------------------------------------------------------------------------------

    def play(self) -> None:
        """Step after step, until a stop is reached or somebody does something else."""
        with self._state.lock:
            if not self._state.playing and self.tree is not None:
                self._began_at = len(self.tree.path())
                self._state.playing = True
                worker_of(self._state.model).begin(self, self._steps())

    def pause(self) -> None:
        """Stop playing; a step that is under way is finished, and no other begins."""
        with self._state.lock:
            self._state.playing = False

    def _steps(self) -> Work:
        while (seconds := self._play_on()) is not None:
            yield seconds

    def _play_on(self) -> float | None:
        """Step, or wait for the answer to the last one: how many seconds until it is time again; None at the end."""
        with self._state.lock:
            if not self._state.playing or self.tree is None:
                return None
            if not self.ready or self._pending_steps:
                self._state.playing = self._state.stale  # no answer and none on its way: the question failed
                return MOMENT if self._state.stale else None
            tokens = [node.choice.token for node in self.tree.path()[self._began_at :]]
            stop: Stop = self._state.stop
            ends = self._state.model.info.end_ids if self._state.stop_at_end else ()
            reason = Stop(stop.max_new_tokens, ends, stop.text).reason(tokens)
            if reason is None:
                self._step_now()
                return self._state.step_seconds
            self.pause()
            self._state.say(_why_it_stopped(reason, stop))
            return None

    # --- inside -------------------------------------------------------------------------------------------------------

    def _step_now(self) -> None:
        if self._branching:
            self._branching = False
            if not self._draw_something_else():
                return
        choice, trace = self.coming, self._state.trace
        if choice is not None and trace is not None:
            self._take(choice, trace, redraw=self._state.redraw if choice.u is not None else 0)

    def _draw_something_else(self) -> bool:
        """Throw until a token falls that does not follow here yet; False where that does not happen."""
        tree, distribution = self.tree, self._state.distribution
        if tree is None or distribution is None:
            return False
        tried = [tree.node(number).choice.id for number in tree.children[tree.current]]
        ids = drawn(distribution, uniforms(self._state.seed, 0, self.n_after, range(MAX_DRAWS)))
        others = np.flatnonzero(~np.isin(ids, tried))
        if not len(others):
            self._state.say(Message.of("branch-nothing-else", n=MAX_DRAWS))
            return False
        self._state.redraw = int(others[0])
        return True

    def _take(self, choice: Candidate, trace: Trace, *, redraw: int) -> None:
        """A token that was chosen by what ``trace`` says."""
        assert self.tree is not None
        state, interventions = self._state, trace.interventions
        self.tree.add(choice, state.sampling, seed=state.seed, redraw=redraw, interventions=interventions)
        self._moved()

    def _moved(self) -> None:
        self._state.redraw = 0
        self._changed()
        self._state.ask()

    def _changed(self) -> None:
        self._state.tree_version += 1

    def _stop_waiting(self) -> None:
        self._pending_steps, self._branching = 0, False
        self.pause()


def _session_key(info: ModelInfo) -> tuple[str | None, ...]:
    """Models of which it differs have sessions of their own."""
    return info.name, info.revision, info.weights_version, info.dtype


def _why_it_stopped(reason: str, stop: Stop) -> Message:
    if reason == END:
        return Message.of("stopped-at-end")
    if reason == TEXT:
        return Message.of("stopped-at-text", text=stop.text[:40])
    return Message.of("stopped-at-length", n=stop.max_new_tokens)
