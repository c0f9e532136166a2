"""The decoders of a comparison, one for each strategy: from the logits of its texts to the texts of the next step."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Protocol

import numpy as np

from explorer.generation.beam import GOES_ON, PRUNED, BeamSearch, Continuation
from explorer.generation.generate import Stop
from explorer.generation.strategy import Beam, Strategy
from explorer.language_model.record import Record, short
from explorer.language_model.tokens import Vocabulary
from explorer.language_model.trace import Floats, Ints
from explorer.sampling.distribution import Candidate
from explorer.sampling.draw import choose, uniform
from explorer.sampling.sampling import Sampling

BEAM = "beam"
"""With ``greedy``, ``drawn`` and ``hand``, the way in which a beam search chooses a token."""


@dataclass(frozen=True, eq=False, repr=False)
class Step(Record):
    """One token of a text: how it was chosen, and the entropies (bits) of the distribution it came from, before the
    sampler and after."""

    choice: Candidate
    raw_entropy_bits: float
    entropy_bits: float


@dataclass(frozen=True, eq=False, repr=False)
class Sample(Record):
    """One text of a strategy: its new tokens, and why it ended (``length``, ``end``, ``text``; None: it goes on)."""

    steps: tuple[Step, ...]
    ended: str | None

    def __repr__(self) -> str:
        return f"Sample({short(self.text)}, {len(self.steps)} tokens, ended={self.ended!r})"

    @cached_property
    def tokens(self) -> tuple[Candidate, ...]:
        """The tokens, each with how it was chosen."""
        return tuple(step.choice for step in self.steps)

    @cached_property
    def text(self) -> str:
        """What the new tokens spell, special ones in their written form; bytes that are no text as �."""
        return b"".join(step.choice.token.bytes for step in self.steps).decode("utf-8", errors="replace")

    @cached_property
    def surprisal(self) -> Floats:
        """(n,) bits each token costs under the model, before any sampler."""
        with np.errstate(divide="ignore"):
            bits = -np.log2([step.choice.raw_probability for step in self.steps])
        bits.flags.writeable = False
        return bits


def first_difference(a: Sample, b: Sample) -> int | None:
    """The place of the first token in which two texts differ; where one is the beginning of the other, its end. None
    where both are the same."""
    for place, (mine, theirs) in enumerate(zip(a.tokens, b.tokens, strict=False)):
        if mine.id != theirs.id:
            return place
    return None if len(a.steps) == len(b.steps) else min(len(a.steps), len(b.steps))


class Decoder(Protocol):
    """Several texts of one strategy, one row of the batch for each that goes on. At first all share one row."""

    def step(self, logits: Floats, ids: Ints) -> tuple[list[int], list[int]]:
        """Choose the next tokens.

        Args:
            logits: (n, V) after each of its rows.
            ids: (n, T) the tokens of its rows.

        Returns:
            For each row of the next step: the row it continues, and the token it adds. None when all has ended.
        """
        ...

    def samples(self) -> tuple[Sample, ...]:
        """The texts so far."""
        ...

    @property
    def considered(self) -> tuple[tuple[Continuation, ...], ...]:
        """What each step of a search considered; nothing where there is no search."""
        ...


@dataclass
class SamplingDecoder:
    """Samples, each with draws of its own: sample i of every strategy has the same u at a step, so that what differs
    between strategies is theirs (common random numbers)."""

    sampling: Sampling
    n_samples: int
    seed: int
    stop: Stop
    vocabulary: Vocabulary
    first_step: int = 0
    _steps: list[list[Step]] = field(init=False)
    _ended: list[str | None] = field(init=False)
    _row_of: dict[int, int] = field(init=False)

    def __post_init__(self) -> None:
        if self.sampling.greedy:
            self.n_samples = 1  # all would be the same
        self._steps = [[] for _ in range(self.n_samples)]
        self._ended = [None] * self.n_samples
        self._row_of = dict.fromkeys(range(self.n_samples), 0)

    def step(self, logits: Floats, ids: Ints) -> tuple[list[int], list[int]]:
        of_all = self.sampling.apply(logits, ids, self.vocabulary)
        raw, after = of_all.raw.entropy_bits, of_all.entropy_bits
        rows = [of_all.row(row) for row in range(len(logits))]
        parents, tokens, row_of = list[int](), list[int](), dict[int, int]()
        for sample, row in self._row_of.items():
            steps = self._steps[sample]
            choice = choose(rows[row], uniform(self.seed, sample, self.first_step + len(steps)))
            steps.append(Step(choice, float(raw[row]), float(after[row])))
            self._ended[sample] = self.stop.reason([step.choice.token for step in steps])
            if self._ended[sample] is None:
                row_of[sample] = len(parents)
                parents.append(row)
                tokens.append(choice.id)
        self._row_of = row_of
        return parents, tokens

    def samples(self) -> tuple[Sample, ...]:
        return tuple(Sample(tuple(steps), ended) for steps, ended in zip(self._steps, self._ended, strict=True))

    @property
    def considered(self) -> tuple[tuple[Continuation, ...], ...]:
        return ()


@dataclass
class BeamDecoder:
    """The best text of a beam search."""

    search: BeamSearch
    vocabulary: Vocabulary
    _running: list[tuple[Step, ...]] = field(default_factory=lambda: [()])
    _finished: dict[tuple[int, ...], tuple[Step, ...]] = field(default_factory=dict)

    def step(self, logits: Floats, ids: Ints) -> tuple[list[int], list[int]]:
        of_all = Sampling().apply(logits, ids, self.vocabulary)
        bits = of_all.entropy_bits
        rows = [of_all.row(row) for row in range(len(logits))]
        self.search.step(of_all.log_probabilities)
        running = []
        for each in self.search.steps[-1]:
            if each.fate == PRUNED:
                continue
            choice = replace(rows[each.parent].candidate(each.token_id), chosen_by=BEAM)
            step = Step(choice, float(bits[each.parent]), float(bits[each.parent]))
            steps = (*self._running[each.parent], step)
            if each.fate == GOES_ON:
                running.append((each.parent, steps))
            else:
                self._finished[ids_of(steps)] = steps
        self._running = [steps for _, steps in running]
        if self.search.over:
            return [], []
        return [parent for parent, _ in running], [steps[-1].choice.id for _, steps in running]

    def samples(self) -> tuple[Sample, ...]:
        best = self.search.best
        steps = self._finished.get(best) or next((s for s in self._running if ids_of(s) == best), ())
        if not self.search.over:
            return (Sample(steps, None),)
        return (Sample(steps, self.search.why_complete(best)),)

    @property
    def considered(self) -> tuple[tuple[Continuation, ...], ...]:
        return tuple(self.search.steps)


def ids_of(steps: tuple[Step, ...]) -> tuple[int, ...]:
    return tuple(step.choice.id for step in steps)


def decoder_of(
    strategy: Strategy, *, n_samples: int, seed: int, stop: Stop, vocabulary: Vocabulary, first_step: int = 0
) -> Decoder:
    """The decoder of ``strategy``; its draws are those from ``first_step`` on."""
    if isinstance(strategy.method, Beam):
        return BeamDecoder(BeamSearch(strategy.method, stop, vocabulary), vocabulary)
    return SamplingDecoder(strategy.method, n_samples, seed, stop, vocabulary, first_step)
