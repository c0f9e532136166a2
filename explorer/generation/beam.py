"""Beam search, step by step, with everything it considered.

The algorithm is that of transformers' ``generate(num_beams=..., do_sample=False)``, whose choices the tests hold it to,
with a string to stop at and without: each unfinished text is continued by its likeliest tokens, the best continuations
go on, and a text that ends among the best is scored by its log probability over its length to the power
``length_penalty``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from explorer.generation.generate import Stop
from explorer.generation.strategy import Beam
from explorer.language_model.record import Record
from explorer.language_model.tokens import Vocabulary
from explorer.language_model.trace import Floats

GOES_ON, ENDED, PRUNED = "goes-on", "ended", "pruned"
"""What became of a continuation: it was kept, its text was finished, or better ones took its place."""


@dataclass(frozen=True, eq=False, repr=False)
class Continuation(Record):
    """One text that a step of the search considered.

    Attributes:
        parent: which of the texts that went on from the step before it continues.
        token_id: the token it adds.
        log_probability: of all its new tokens, natural.
        fate: `GOES_ON`, `ENDED` or `PRUNED`.
    """

    parent: int
    token_id: int
    log_probability: float
    fate: str


@dataclass(frozen=True, eq=False, repr=False)
class Finished(Record):
    """A text that came to its end: its new tokens, their log probability (natural), and its score."""

    token_ids: tuple[int, ...]
    log_probability: float
    score: float


class BeamSearch:
    """A search under way.

    Args:
        stop: when a text is complete.
        vocabulary: spells the texts for ``stop``.

    Attributes:
        steps: the continuations each step considered, likeliest first; those that went on are the next step's parents,
            in this order.
        running: (n, t) new tokens of the texts that go on.
        finished: best first, at most as many as there are beams.
        over: whether no further step can change the best text.
    """

    def __init__(self, beam: Beam, stop: Stop, vocabulary: Vocabulary) -> None:
        self.beam, self._stop, self._vocabulary = beam, stop, vocabulary
        self.steps: list[tuple[Continuation, ...]] = []
        self.running: list[tuple[int, ...]] = [()]
        self.finished: list[Finished] = []
        self.over = False
        self._log_p: Floats = np.zeros(1)

    def step(self, log_probabilities: Floats) -> list[int]:
        """Go on by one token.

        Args:
            log_probabilities: (n, V) of the token after each of `running`, natural.

        Returns:
            For each text that goes on, the place in the old `running` of the one it continues.
        """
        n_vocab, length = log_probabilities.shape[-1], len(self.running[0]) + 1
        totals = (self._log_p[:, None] + log_probabilities).ravel()
        # As many as can end, and as many again as must go on.
        n_considered = min(max(2, 1 + len(self._stop.end_ids)) * self.beam.n_beams, len(totals))
        best = np.argpartition(-totals, n_considered - 1)[:n_considered]
        best = best[np.lexsort((best, -totals[best]))]
        parents, tokens = np.divmod(best, n_vocab)
        texts = [(*self.running[row], token) for row, token in zip(parents.tolist(), tokens.tolist(), strict=True)]
        ends = np.array([self.why_complete(text) is not None for text in texts])
        kept = set(np.flatnonzero(~ends)[: self.beam.n_beams].tolist())
        fates = [
            ENDED if ends[i] and i < self.beam.n_beams else GOES_ON if i in kept else PRUNED for i in range(len(best))
        ]
        considered = [
            Continuation(int(parent), int(token), float(totals[place]), fate)
            for parent, token, place, fate in zip(parents, tokens, best, fates, strict=True)
        ]
        self.steps.append(tuple(considered))
        for each, text in zip(considered, texts, strict=True):
            if each.fate == ENDED:
                score = each.log_probability / length**self.beam.length_penalty
                self.finished.append(Finished(text, each.log_probability, score))
        self.finished = sorted(self.finished, key=lambda text: -text.score)[: self.beam.n_beams]
        going_on = [i for i, fate in enumerate(fates) if fate == GOES_ON]
        self.running = [texts[i] for i in going_on]
        self._log_p = np.array([considered[i].log_probability for i in going_on])
        self.over = not going_on or not self._can_improve(length)
        return [considered[i].parent for i in going_on]

    def why_complete(self, text: tuple[int, ...]) -> str | None:
        """Why a text of these new tokens is complete, or None while it is not; see `Stop.reason`."""
        return self._stop.reason(self._vocabulary.tokens(text))

    def _can_improve(self, length: int) -> bool:
        """Whether a text that goes on could still beat the worst finished one, judged at its present length."""
        if len(self.finished) < self.beam.n_beams:
            return True
        best_running = self._log_p[0] / length**self.beam.length_penalty
        return bool(best_running > self.finished[-1].score)

    @property
    def best(self) -> tuple[int, ...]:
        """The new tokens of the best text; while none is finished, of the likeliest that goes on."""
        return self.finished[0].token_ids if self.finished else self.running[0]
