"""`Comparer`: the strategies that a reader compares, and their comparison, as it grows. All under the state's lock."""

from __future__ import annotations

from collections.abc import Iterable, Set
from dataclasses import replace
from time import monotonic
from typing import TYPE_CHECKING

import traitlets as t

from explorer.figures.comparison.method_names import method_name
from explorer.generation.compare import Comparison, ComparisonRun
from explorer.generation.presets import COMPARED
from explorer.generation.strategy import Beam, Method, Strategy
from explorer.locales import Message
from explorer.sampling.draw import HAND
from explorer.sampling.sampling import Sampling
from explorer.state.stepper import Place
from explorer.state.worker import Work, worker_of

if TYPE_CHECKING:
    from explorer.state.state import ExplorerState

SECONDS_BETWEEN_PICTURES = 0.3
FIRST = ("preset-greedy", "preset-cool", "preset-model", "preset-nucleus")
"""What a reader finds there at first."""


class Comparer(t.HasTraits):
    """Methods may be called on any thread.

    Attributes:
        strategies: in the order of their columns.
        n_samples, n_tokens: texts of each strategy, and the most tokens each gets.
        comparison: the latest, as far as it has come.
        running: whether it goes on.
        colour_by: what the colours of tokens tell, ``surprisal`` or ``choice`` (whether it was the first choice).
        chosen: the token looked at, as (strategy, sample, token), or ().
        place: where in the session the texts of `comparison` begin.
    """

    strategies = t.Tuple()
    n_samples = t.Int(3)
    n_tokens = t.Int(30)
    comparison = t.Instance(Comparison, allow_none=True)
    running = t.Bool(False)
    colour_by = t.Enum(["surprisal", "choice"], default_value="surprisal")
    chosen = t.Tuple()

    def __init__(self, state: ExplorerState) -> None:
        self._state = state
        self._stopped = False
        self._typed = set[str]()  # the names that are the reader's; all others say what the method is
        self.place: Place | None = None
        super().__init__()
        self.strategies = self._called(Strategy("", COMPARED[name]) for name in FIRST)
        state.observe(lambda _: self._set(*self.strategies), "theme")  # it has the language

    # --- the list of strategies ---------------------------------------------------------------------------------------

    def add(self, method: Method) -> None:
        """Put a strategy last."""
        with self._state.lock:
            self._set(*self.strategies, Strategy("", method))

    def put(self, place: int, method: Method) -> None:
        """Give the strategy at ``place`` another method."""
        with self._state.lock:
            self._replace(place, Strategy(self.strategies[place].name, method))

    def rename(self, place: int, name: str) -> None:
        """Call the strategy at ``place`` by another name, with a number where that is taken; an empty one says what it
        does."""
        with self._state.lock:
            old = self.strategies[place]
            if name.strip() == old.name:
                return
            taken = {each.name for each in self.strategies} - {old.name}
            self._typed.discard(old.name)
            new = Strategy(_free(name.strip(), taken), old.method)
            if name.strip():
                self._typed.add(new.name)
            self._replace(place, new)

    def duplicate(self, place: int) -> None:
        """A copy right after it, with a number to its name."""
        with self._state.lock:
            old = self.strategies[place]
            copy = Strategy(_free(old.name, {each.name for each in self.strategies}), old.method)
            if old.name in self._typed:
                self._typed.add(copy.name)
            self._set(*self.strategies[: place + 1], copy, *self.strategies[place + 1 :])

    def _replace(self, place: int, new: Strategy) -> None:
        self._set(*self.strategies[:place], new, *self.strategies[place + 1 :])

    def _set(self, *strategies: Strategy) -> None:
        with self._state.lock:
            self.strategies = self._called(strategies)

    def _called(self, strategies: Iterable[Strategy]) -> tuple[Strategy, ...]:
        """``strategies``, those whose names are not the reader's called by what they do, and no two alike."""
        strategies = tuple(strategies)
        taken = {each.name for each in strategies} & self._typed
        named = list[Strategy]()
        for each in strategies:
            if each.name not in self._typed:
                each = Strategy(_free(method_name(each.method, self._state.theme.language), taken), each.method)
                taken.add(each.name)
            named.append(each)
        return tuple(named)

    def remove(self, place: int) -> None:
        """Take it out."""
        with self._state.lock:
            self.strategies = (*self.strategies[:place], *self.strategies[place + 1 :])

    def move(self, place: int, by: int) -> None:
        """Exchange it with the one before (-1) or after (1)."""
        with self._state.lock:
            listed = list(self.strategies)
            if 0 <= place + by < len(listed):
                listed[place], listed[place + by] = listed[place + by], listed[place]
                self.strategies = tuple(listed)

    # --- the comparison -----------------------------------------------------------------------------------------------

    def run(self) -> None:
        """Compare after the text on show, in the place of a comparison under way; texts end where playing would.

        Raises:
            ExplorerError: as `ComparisonRun`.
        """
        with self._state.lock:
            stepper, model = self._state.stepper, self._state.model
            place = stepper.shown
            tree = place.tree if place is not None else None
            if model is None or place is None or tree is None:
                return
            comparing = ComparisonRun(
                model,
                tree.ids(place.number),
                self.strategies,
                n=self.n_samples,
                max_new_tokens=self.n_tokens,
                seed=self._state.seed,
                stop_text=self._state.stop.text,
                through_end=not self._state.stop_at_end,
                first_step=len(tree.path(place.number)),
                interventions=self._state.interventions,
            )
            self.place, self.chosen, self._stopped = place, (), False
            self.running = True
            worker_of(model).begin(self, self._work(comparing))

    def cancel(self) -> None:
        """End after the step that is under way; what there is stays."""
        with self._state.lock:
            self._stopped = True

    def _work(self, comparing: ComparisonRun) -> Work:
        shown = 0.0
        try:
            while not self._stopped and comparing.advance():
                if monotonic() - shown > SECONDS_BETWEEN_PICTURES:
                    self._show(comparing)
                    shown = monotonic()
                yield 0.0
            self._show(comparing)
            self._say(comparing)
        except Exception as error:
            self._show(comparing)
            self._state.fail(error)
        with self._state.lock:
            self.running = False

    def _show(self, comparing: ComparisonRun) -> None:
        with self._state.lock:
            self.comparison = comparing.comparison
            self._state.busy(Message.of("comparing"), comparing.n_steps / self.comparison.max_new_tokens)

    def _say(self, comparing: ComparisonRun) -> None:
        made = comparing.comparison
        n_texts = sum(len(written.samples) for written in made.strategies)
        message = "compared" if made.complete else "comparison-stopped"
        self._state.say(Message.of(message, n=n_texts, tokens=comparing.n_steps))

    def go_on(self, strategy: int, sample: int, token: int) -> None:
        """Take the tokens of a text, up to and with ``token``, as steps: the stepper goes on from there."""
        made, place = self.comparison, self.place
        if made is None or place is None:
            return
        written = made.strategies[strategy]
        method, choices = written.strategy.method, list(written.samples[sample].tokens[: token + 1])
        if isinstance(method, Beam):  # a session knows no beams: as if somebody had picked each token
            method, choices = Sampling(), [replace(choice, chosen_by=HAND) for choice in choices]
        how = {"seed": made.seed, "sample": sample}
        self._state.stepper.follow(place, choices, method, **how, interventions=made.interventions)


def _free(name: str, taken: Set[str]) -> str:
    """``name``, with a number where it is ``taken``."""
    free, number = name, 2
    while free in taken:
        free, number = f"{name} ({number})", number + 1
    return free
