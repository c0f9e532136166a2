"""`StrategyComparison`: the strategies that a reader compares, and their comparison, as it grows."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Set
from dataclasses import replace
from time import monotonic

import traitlets as t

from explorer.figures.comparison.method_names import method_name
from explorer.generation.compare import Comparison, ComparisonRun
from explorer.generation.presets import COMPARED
from explorer.generation.strategy import Beam, Method, Strategy
from explorer.language_model.tokens import Vocabulary
from explorer.locales import Message
from explorer.sampling.draw import HAND
from explorer.sampling.sampling import Sampling
from explorer.state.display import Display
from explorer.state.document import Document, NodeRef
from explorer.state.experiment import Experiment
from explorer.state.playback import Playback
from explorer.state.reader import Reader
from explorer.state.sampler import Sampler
from explorer.state.slice import Slice
from explorer.state.status import StatusReport
from explorer.state.worker import Work

SECONDS_BETWEEN_PICTURES = 0.3
FIRST = ("preset-greedy", "preset-cool", "preset-model", "preset-nucleus")
"""What a reader finds there at first."""


class StrategyComparison(Slice):
    """
    Attributes:
        strategies: in the order of their columns.
        n_samples, n_tokens: texts of each strategy, and the most tokens each gets.
        comparison: the latest, as far as it has come.
        running: whether it goes on.
        colour_by: what the colours of tokens tell, ``surprisal`` or ``choice`` (whether it was the first choice).
        chosen: the token looked at, as (strategy, sample, token), or ().
        node: the text after which those of `comparison` begin.
        model_title: of the model that wrote them; vocabulary: its tokens.
    """

    strategies = t.Tuple()
    n_samples = t.Int(3)
    n_tokens = t.Int(30)
    comparison = t.Instance(Comparison, allow_none=True)
    running = t.Bool(False)
    colour_by = t.Enum(["surprisal", "choice"], default_value="surprisal")
    chosen = t.Tuple()

    def __init__(
        self,
        lock: threading.RLock,
        status: StatusReport,
        display: Display,
        experiment: Experiment,
        document: Document,
        reader: Reader,
        sampler: Sampler,
        playback: Playback,
    ) -> None:
        self._status, self._display, self._experiment, self._document = status, display, experiment, document
        self._reader, self._sampler, self._playback = reader, sampler, playback
        self._stopped = False
        self._run: ComparisonRun | None = None  # the one that was begun last
        self._typed = set[str]()  # the names that are the reader's; all others say what the method is
        self.node: NodeRef | None = None
        self.model_title = ""
        self.vocabulary: Vocabulary | None = None
        super().__init__(lock)
        self.strategies = self._called(Strategy("", COMPARED[name]) for name in FIRST)
        display.observe(lambda _: self._set(*self.strategies), "theme")  # it has the language

    # --- the list of strategies ---------------------------------------------------------------------------------------

    def add(self, method: Method) -> None:
        """Put a strategy last."""
        with self.lock:
            self._set(*self.strategies, Strategy("", method))

    def put(self, index: int, method: Method) -> None:
        """Give the strategy at ``index`` another method."""
        with self.lock:
            self._replace(index, Strategy(self.strategies[index].name, method))

    def rename(self, index: int, name: str) -> None:
        """Call the strategy at ``index`` by another name, with a number where that is taken; an empty one says what it
        does."""
        with self.lock:
            old = self.strategies[index]
            if name.strip() == old.name:
                return
            taken = {each.name for each in self.strategies} - {old.name}
            self._typed.discard(old.name)
            new = Strategy(_free(name.strip(), taken), old.method)
            if name.strip():
                self._typed.add(new.name)
            self._replace(index, new)

    def duplicate(self, index: int) -> None:
        """A copy right after it, with a number to its name."""
        with self.lock:
            old = self.strategies[index]
            copy = Strategy(_free(old.name, {each.name for each in self.strategies}), old.method)
            if old.name in self._typed:
                self._typed.add(copy.name)
            self._set(*self.strategies[: index + 1], copy, *self.strategies[index + 1 :])

    def _replace(self, index: int, new: Strategy) -> None:
        self._set(*self.strategies[:index], new, *self.strategies[index + 1 :])

    def _set(self, *strategies: Strategy) -> None:
        with self.lock:
            self.strategies = self._called(strategies)

    def _called(self, strategies: Iterable[Strategy]) -> tuple[Strategy, ...]:
        """``strategies``, those whose names are not the reader's called by what they do, and no two alike."""
        strategies = tuple(strategies)
        taken = {each.name for each in strategies} & self._typed
        named = list[Strategy]()
        for each in strategies:
            if each.name not in self._typed:
                each = Strategy(_free(method_name(each.method, self._display.theme.language), taken), each.method)
                taken.add(each.name)
            named.append(each)
        return tuple(named)

    def remove(self, index: int) -> None:
        """Take it out."""
        with self.lock:
            self.strategies = (*self.strategies[:index], *self.strategies[index + 1 :])

    def move(self, index: int, by: int) -> None:
        """Exchange it with the one before (-1) or after (1)."""
        with self.lock:
            listed = list(self.strategies)
            if 0 <= index + by < len(listed):
                listed[index], listed[index + by] = listed[index + by], listed[index]
                self.strategies = tuple(listed)

    # --- the comparison -----------------------------------------------------------------------------------------------

    def run(self) -> None:
        """Compare after the text on show, in the place of a comparison under way; texts end where playing would.

        Raises:
            ExplorerError: as `ComparisonRun`.
        """
        with self.lock:
            model, node = self._reader.model, self._reader.shown
            if model is None or node is None or node.tree is None:
                return
            run = ComparisonRun(
                model,
                node.tree.ids(node.number),
                self.strategies,
                n=self.n_samples,
                max_new_tokens=self.n_tokens,
                seed=self._sampler.seed,
                stop_text=self._playback.stop.text,
                through_end=not self._playback.stop_at_end,
                first_step=node.n_after,
                interventions=self._experiment.interventions,
            )
            self.node, self.chosen, self._run, self._stopped = node, (), run, False
            self.model_title, self.vocabulary = model.info.title, model.vocabulary
            self.running = True
            self._reader.begin("comparison", lambda _model: self._work(run))

    def cancel(self) -> None:
        """End after the step that is under way; what there is stays."""
        with self.lock:
            self._stopped = True

    def go_on(self, strategy: int, sample: int, token: int) -> None:
        """Take the tokens of a text, up to and with ``token``, as steps: the session goes on from there."""
        made, node = self.comparison, self.node
        if made is None or node is None:
            return
        written = made.strategies[strategy]
        method, choices = written.strategy.method, list(written.samples[sample].tokens[: token + 1])
        if isinstance(method, Beam):  # a session knows no beams: as if somebody had picked each token
            method, choices = Sampling(), [replace(choice, chosen_by=HAND) for choice in choices]
        self._playback.halt()
        how = {"seed": made.seed, "sample": sample}
        self._document.follow(node, choices, method, **how, interventions=made.interventions)

    def on_model(self) -> None:
        """Another model, or none: the comparison under way ends; what there is stays."""
        self._stopped = True

    def close(self) -> None:
        """No comparison goes on, and none that is under way is shown."""
        self._run, self.running = None, False

    def _work(self, run: ComparisonRun) -> Work:
        shown = 0.0
        try:
            while run is self._run and not self._stopped and run.advance():
                if monotonic() - shown > SECONDS_BETWEEN_PICTURES:
                    self._show(run)
                    shown = monotonic()
                yield 0.0
        except GeneratorExit:  # nobody wants it any more
            raise
        except BaseException as error:
            self._end(run, error)
        else:
            self._end(run)

    def _show(self, run: ComparisonRun) -> None:
        with self.lock:
            if run is self._run:  # else another one was begun meanwhile, perhaps of another model
                self.comparison = run.comparison
                self._status.busy(Message.of("comparing"), run.n_steps / self.comparison.max_new_tokens)

    def _end(self, run: ComparisonRun, error: BaseException | None = None) -> None:
        with self.lock:
            if run is not self._run:
                return
            self._show(run)
            if error is None:
                self._say(run)
            else:
                self._status.fail(error)
            self.running = False

    def _say(self, run: ComparisonRun) -> None:
        made = run.comparison
        n_texts = sum(len(written.samples) for written in made.strategies)
        message = "compared" if made.complete else "comparison-stopped"
        self._status.say(Message.of(message, n=n_texts, tokens=run.n_steps))


def _free(name: str, taken: Set[str]) -> str:
    """``name``, with a number where it is ``taken``."""
    free, number = name, 2
    while free in taken:
        free, number = f"{name} ({number})", number + 1
    return free
