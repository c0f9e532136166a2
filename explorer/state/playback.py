"""`Playback`: one token after the other, by hand or by itself."""

from __future__ import annotations

import threading
from time import monotonic

import numpy as np
import traitlets as t

from explorer.generation.generate import END, TEXT, Stop
from explorer.language_model.trace import Trace
from explorer.locales import Message
from explorer.sampling.distribution import Candidate
from explorer.sampling.draw import by_hand, drawn, uniforms
from explorer.sessions.session import ROOT
from explorer.state.document import Document
from explorer.state.reader import Reader
from explorer.state.refresher import Refresher
from explorer.state.sampler import Sampler
from explorer.state.slice import Slice
from explorer.state.status import StatusReport

MAX_PENDING_STEPS = 100
"""Steps that may be asked for before the model has answered; a key held down asks for more than anybody wants."""

MAX_DRAWS = 1000
"""How often `Playback.branch` draws for a token that was not tried yet."""


class Playback(Slice):
    """What people do with the text on show. Steps that come before an answer are done once it is there, in turn.

    Attributes:
        playing: steps follow each other by themselves, one every ``step_seconds``, until ``stop`` or ``stop_at_end``.
    """

    playing = t.Bool(False)
    step_seconds = t.Float(0.5)
    stop = t.Instance(Stop, kw={"max_new_tokens": 40})
    stop_at_end = t.Bool(True)

    def __init__(
        self,
        lock: threading.RLock,
        refresher: Refresher,
        status: StatusReport,
        document: Document,
        reader: Reader,
        sampler: Sampler,
    ) -> None:
        self._refresher, self._status = refresher, status
        self._document, self._reader, self._sampler = document, reader, sampler
        self._pending_steps = 0
        self._branching = False
        self._began_at = 0  # tokens after the prefix when playing began
        self._next_at = 0.0  # when the next step is due, by the monotonic clock
        super().__init__(lock)
        document.observe(self._on_prefix, "prefix")
        document.observe(self._on_text, "text_version")
        reader.observe(self._on_answer, "trace")
        reader.observe(self._on_problem, "problem")

    # --- what people do -----------------------------------------------------------------------------------------------

    def step(self) -> None:
        """Take the token that the sampler chooses; once the model has answered, if it has not yet."""
        with self.lock:
            if self._reader.ready:
                self._step_now()
            elif self._reader.waiting:
                self._pending_steps = min(MAX_PENDING_STEPS, self._pending_steps + 1)
            elif self._reader.model is not None:  # the last question failed
                self._pending_steps = 1
                self._reader.ask()

    def pick(self, token_id: int, answer: int | None = None) -> None:
        """Take a token by hand, after the text that the picture with this ``answer`` shows (without it: the latest)."""
        with self.lock:
            found = self._reader.remembered(answer)
            if found is None or found[0].tree is None or found[0].tree is not self._document.tree:
                return  # a picture of another text, which is gone by now
            node, trace = found
            self.halt()
            choice = by_hand(trace.distribution(self._sampler.sampling), token_id)
            self._document.tree.go(node.number)
            self._take(choice, trace, redraw=0)

    def undo(self) -> None:
        """Take back a step: one that is still to come, else the last token."""
        with self.lock:
            self.pause()
            if self._pending_steps:
                self._pending_steps -= 1
            else:
                self._document.undo()

    def redo(self) -> None:
        """The token that undo took back."""
        with self.lock:
            self.pause()
            self._document.redo()

    def go(self, number: int) -> None:
        """To any node of the tree; `ROOT` is the prefix alone.

        Raises:
            ExplorerError: there is no such node.
        """
        with self.lock:
            self.halt()
            self._document.go(number)

    def branch(self) -> None:
        """Draw the last token anew, until a token comes that was not tried there: another branch."""
        with self.lock:
            self.halt()
            tree = self._document.tree
            if tree is None or tree.current == ROOT:
                return
            if self._sampler.sampling.greedy:
                self._status.say(Message.of("branch-greedy"))
                return
            self._document.undo()
            self._pending_steps, self._branching = 1, True

    def play(self) -> None:
        """Step after step, until a stop is reached or somebody does something else."""
        with self.lock:
            if not self.playing and self._reader.model is not None:
                tree = self._document.tree
                self._began_at = len(tree.path()) if tree is not None else 0
                self._next_at = monotonic()
                self.playing = True
                self._play_on()

    def pause(self) -> None:
        """Stop playing; a step that is under way is finished, and no other begins."""
        self.playing = False
        self._refresher.forget("play")

    def halt(self) -> None:
        """Stop playing, and forget the steps that wait for an answer."""
        with self.lock:
            self._pending_steps, self._branching = 0, False
            self.pause()

    # --- inside -------------------------------------------------------------------------------------------------------

    def _on_prefix(self, _change: object) -> None:
        self.halt()

    def _on_text(self, _change: object) -> None:
        self._sampler.redraw = 0

    def _on_problem(self, _change: object) -> None:
        if self._reader.problem is not None:
            self.halt()

    def _on_answer(self, _change: object) -> None:
        if self._pending_steps and self._reader.ready:
            self._pending_steps -= 1
            self._step_now()
        elif self.playing:
            self._play_on()

    def _play_on(self) -> None:
        """Step, if it is time; if it is not yet, or the answer to the last one is under way, this is called again."""
        tree = self._document.tree
        if not self.playing or tree is None or self._pending_steps or not self._reader.ready:
            return
        wait = self._next_at - monotonic()
        if wait > 0:
            self._refresher.later("play", wait, self._play_on)
            return
        tokens = [node.choice.token for node in tree.path()[self._began_at :]]
        ends = self._reader.model.info.end_ids if self.stop_at_end else ()
        reason = Stop(self.stop.max_new_tokens, ends, self.stop.text).reason(tokens)
        if self._sampler.coming is None:  # no token is left, which the status line says
            self.pause()
        elif reason is None:
            self._next_at = monotonic() + self.step_seconds
            self._step_now()
        else:
            self.pause()
            self._status.say(_why_it_stopped(reason, self.stop))

    def _step_now(self) -> None:
        if self._branching:
            self._branching = False
            if not self._draw_something_else():
                return
        choice, trace = self._sampler.coming, self._reader.trace
        if choice is not None and trace is not None:
            self._take(choice, trace, redraw=self._sampler.redraw if choice.u is not None else 0)

    def _draw_something_else(self) -> bool:
        """Draw until a token falls that does not follow here yet; False where that does not happen."""
        tree, distribution = self._document.tree, self._sampler.distribution
        if tree is None or distribution is None:
            return False
        tried = [tree.node(number).choice.id for number in tree.children[tree.current]]
        ids = drawn(distribution, uniforms(self._sampler.seed, 0, self._reader.n_after, range(MAX_DRAWS)))
        others = np.flatnonzero(~np.isin(ids, tried))
        if not len(others):
            self._status.say(Message.of("branch-nothing-else", n=MAX_DRAWS))
            return False
        self._sampler.redraw = int(others[0])
        return True

    def _take(self, choice: Candidate, trace: Trace, *, redraw: int) -> None:
        """A token that was chosen by what ``trace`` says."""
        sampler = self._sampler
        self._document.add(
            choice, sampler.sampling, seed=sampler.seed, redraw=redraw, interventions=trace.interventions
        )


def _why_it_stopped(reason: str, stop: Stop) -> Message:
    if reason == END:
        return Message.of("stopped-at-end")
    if reason == TEXT:
        return Message.of("stopped-at-text", text=stop.text[:40])
    return Message.of("stopped-at-length", n=stop.max_new_tokens)
