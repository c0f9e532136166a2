"""`compare`: one prefix, one seed, many strategies, run as one batch."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from explorer.generation.beam import Continuation
from explorer.generation.decoders import Decoder, Sample, decoder_of
from explorer.generation.generate import Stop, prefix_ids
from explorer.generation.measures import Measure, measures
from explorer.generation.presets import compared
from explorer.generation.strategy import Method, Strategy, strategies
from explorer.language_model.arguments import require_model
from explorer.language_model.interventions import Intervention, Interventions, canonical
from explorer.language_model.memory import OutOfMemory, translate_oom
from explorer.language_model.model import BatchDecoder, Model
from explorer.language_model.record import Record, cut, html_table, short
from explorer.language_model.trace import Floats, Ints
from explorer.language_model.window import window_start
from explorer.locales import Message, numbers, tr
from explorer.models.progress import Progress, Report
from explorer.sampling.draw import checked_seed
from explorer.sampling.parameters import MAX_COUNT, number

MAX_SAMPLES = 1000
SHOWN = ("surprisal", "length", "distinct-2", "repetition-4", "first-choices")
"""Measures in the output of a cell: none that takes long."""


@dataclass(frozen=True, eq=False, repr=False)
class StrategyResult(Record):
    """What one strategy wrote. A greedy strategy and a beam search have one sample: all would be the same.

    ``search``: of a beam search, what each step considered, see `BeamSearch.steps`.
    """

    strategy: Strategy
    samples: tuple[Sample, ...]
    search: tuple[tuple[Continuation, ...], ...] = ()

    def __repr__(self) -> str:
        return f"StrategyResult({short(self.name)}, {len(self.samples)} texts)"

    @property
    def name(self) -> str:
        return self.strategy.name


@dataclass(frozen=True, eq=False, repr=False)
class Comparison(Record):
    """What strategies wrote after the same text, so far.

    Attributes:
        ids: (T,) of the prefix; text: the one that is read as them, where there is one.
        strategies: each with its samples. Sample i has the same draws in all of them.
        seed, n_samples, max_new_tokens, stop_text, through_end, first_step: as they were asked for.
        model: the name of the model, and its revision where there is one.
        complete: whether every text has ended.
        notices: what went otherwise than asked.
        interventions: what was changed inside the model while they were written.
    """

    ids: tuple[int, ...]
    text: str
    strategies: tuple[StrategyResult, ...]
    seed: int
    n_samples: int
    max_new_tokens: int
    stop_text: str
    through_end: bool
    first_step: int
    model: tuple[str, str | None]
    complete: bool
    notices: tuple[Message, ...] = ()
    interventions: Interventions = ()

    def __repr__(self) -> str:
        names = short([each.name for each in self.strategies])
        unfinished = "" if self.complete else ", not complete"
        return cut(f"Comparison({short(self.text)}, {names}, n={self.n_samples}, seed={self.seed}{unfinished})")

    def _repr_html_(self) -> str:

        def row(each: StrategyResult) -> list[str]:
            found = self.measures[each.name]
            return [each.name, str(len(each.samples)), *(numbers.measured(found[name].value) for name in SHOWN)]

        rows = map(row, self.strategies)
        return html_table(self.text, [tr("compare-strategy"), "n", *SHOWN], rows, len(self.strategies))

    @cached_property
    def measures(self) -> dict[str, Mapping[str, Measure]]:
        """By the name of the strategy, every measure of `explorer.generation.measures` by its own."""
        return {result.name: measures(result.samples, self.ids) for result in self.strategies}


class ComparisonRun:
    """A comparison under way: `advance` adds a token to every text, `comparison` is what there is so far.

    Args and errors: as `compare`.
    """

    def __init__(
        self,
        model: Model,
        prefix: str | Sequence[int],
        given: Iterable[Strategy | Method] | Strategy | Method,
        *,
        n: int = 1,
        max_new_tokens: int = 40,
        seed: int = 0,
        stop_text: str = "",
        through_end: bool = False,
        first_step: int = 0,
        interventions: Iterable[Intervention] = (),
    ) -> None:
        require_model(model)
        self._model, self._strategies = model, strategies(given)
        self._n = checked_samples(n)
        self._ids = prefix_ids(model, prefix)
        room = _room(len(self._ids), model.info.n_positions)
        self._most = int(number("max_new_tokens", max_new_tokens, 1, room, whole_only=True))
        self._seed = checked_seed(seed)
        self._stop_text, self._through_end = stop_text, through_end
        self._first_step = int(number("first_step", first_step, 0, len(self._ids), whole_only=True))
        stop = Stop(self._most, () if through_end else model.info.end_ids, stop_text)
        self._decoders: list[Decoder] = [
            decoder_of(
                each,
                n_samples=self._n,
                seed=self._seed,
                stop=stop,
                vocabulary=model.vocabulary,
                first_step=self._first_step,
            )
            for each in self._strategies
        ]
        self._interventions = canonical(interventions)
        self._notices: tuple[Message, ...] = ()
        self._given_up = False
        self._batch: BatchDecoder | None = None
        self._rows = [range(1)] * len(self._decoders)  # of each decoder, in the batch
        self._logits: Floats | None = None
        self._texts: Ints = np.array([self._ids], np.int64)
        self.n_steps = 0

    def advance(self) -> bool:
        """Add a token to every text that goes on, in one forward pass. False when all have ended, or when the memory is
        too small even for a few texts at a time: then `comparison` says so.

        Raises:
            ExplorerError: the prefix cannot be read.
        """
        if self._given_up or (self.n_steps and not any(len(rows) for rows in self._rows)):
            return False
        try:
            with translate_oom():
                return self._advance()
        except OutOfMemory:
            if not self.n_steps:
                raise
            self._given_up = True
            self._notices = (*self._notices, Message.of("compare-memory-stopped"))
            return False

    def _advance(self) -> bool:
        logits = self._logits if self._logits is not None else self._first_logits()
        parents, tokens, rows = list[int](), list[int](), list[range]()
        for each, own in zip(self._decoders, self._rows, strict=True):
            place = slice(own.start, own.stop)
            continued, added = each.step(logits[place], self._texts[place]) if own else ([], [])
            rows.append(range(len(parents), len(parents) + len(added)))
            parents += [own[row] for row in continued]
            tokens += added
        self._rows = rows
        self._texts = np.concatenate([self._texts[parents], np.array(tokens, np.int64)[:, None]], axis=1)
        self.n_steps += 1
        if tokens and self.n_steps < self._most:
            self._logits = self._read(parents, tokens)
        return bool(tokens)

    def _read(self, parents: list[int], tokens: list[int]) -> Floats:
        """(B, V) logits after the texts; where the memory is too small for one batch of them, a few at a time."""
        if not self._notices:
            try:
                if self._batch is None:
                    self._batch = self._model.decoder(self._ids, 1, interventions=self._interventions)
                self._batch.select(parents)
                return self._batch.advance(tokens)
            except OutOfMemory:
                self._notices = (Message.of("compare-memory-full"),)
                self._batch = None
        return self._model.next_logits(self._texts.tolist(), interventions=self._interventions)

    def _first_logits(self) -> Floats:
        """(1, V) after the prefix."""
        return self._model.trace(self._ids, interventions=self._interventions).logits[None]

    @property
    def comparison(self) -> Comparison:
        """What the strategies wrote so far."""
        info = self._model.info
        return Comparison(
            ids=self._ids,
            text=self._model.vocabulary.as_typed(self._ids),
            strategies=tuple(
                StrategyResult(strategy, each.samples(), each.considered)
                for strategy, each in zip(self._strategies, self._decoders, strict=True)
            ),
            seed=self._seed,
            n_samples=self._n,
            max_new_tokens=self._most,
            stop_text=self._stop_text,
            through_end=self._through_end,
            first_step=self._first_step,
            model=(info.name, info.revision),
            complete=bool(self.n_steps) and not self._given_up and not any(len(rows) for rows in self._rows),
            notices=self._notices,
            interventions=self._interventions,
        )


def compare(
    model: Model,
    prefix: str | Sequence[int] = "",
    given: Iterable[Strategy | Method] | Strategy | Method | None = None,
    *,
    n: int = 1,
    max_new_tokens: int = 40,
    seed: int = 0,
    stop_text: str = "",
    through_end: bool = False,
    first_step: int = 0,
    interventions: Iterable[Intervention] = (),
    report: Report | None = None,
) -> Comparison:
    """What each strategy writes after ``prefix``; an interrupted comparison gives what there is so far, with a warning.

    Args:
        prefix: a text, or token ids.
        given: strategies, or methods, which are named by what they do; or one. None takes `presets.compared`.
        n: samples of each strategy. Sample i has the same draws in all of them, whichever run beside it.
        max_new_tokens: of each text.
        seed: decides all draws, see `explorer.sampling.draw.uniforms`.
        stop_text: ends a text whose new tokens spell it.
        through_end: go on where the model ends its text.
        first_step: how many tokens of ``prefix`` were drawn already: the next draws are those that would follow them.
        interventions: what is changed inside the model while they are written.

    Raises:
        ExplorerError: no strategy, two of one name, or a number out of range; so is one by which a text would grow
            longer than the model reads at once.
    """
    run = ComparisonRun(
        model,
        prefix,
        compared() if given is None else given,
        n=n,
        max_new_tokens=max_new_tokens,
        seed=seed,
        stop_text=stop_text,
        through_end=through_end,
        first_step=first_step,
        interventions=interventions,
    )
    try:
        while run.advance():
            if report is not None:
                report(Progress(Message.of("comparing"), run.n_steps, max_new_tokens))
    except KeyboardInterrupt:
        warnings.warn(tr("compare-interrupted", "en", n=run.n_steps), stacklevel=2)
    return run.comparison


def checked_samples(n: int) -> int:
    """How many texts each strategy is to write, as it is recorded.

    Raises:
        ExplorerError: no whole number from 1 to `MAX_SAMPLES`.
    """
    return int(number("n", n, 1, MAX_SAMPLES, whole_only=True))


def _room(n_tokens: int, n_positions: int) -> int:
    """How many tokens a text of ``n_tokens`` can grow by before the window that the model reads moves on."""
    return n_positions - (n_tokens - window_start(n_tokens, n_positions)) + 1


def checked_length(max_new_tokens: int) -> int:
    """The most tokens that a text may get, as far as it can be judged without a model.

    Raises:
        ExplorerError: no whole number from 1.
    """
    return int(number("max_new_tokens", max_new_tokens, 1, MAX_COUNT, whole_only=True))
