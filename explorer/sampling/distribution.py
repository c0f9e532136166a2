"""`Distribution`: what a sampler makes of the logits, stage by stage; `Candidate`: what it says of one token."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from explorer.language_model.arguments import is_place, whole
from explorer.language_model.record import Record, cut, html_table
from explorer.language_model.tokens import Token, Vocabulary
from explorer.language_model.trace import Floats, Ints
from explorer.locales import ExplorerError, numbers, shown, tr
from explorer.sampling.parameters import counted
from explorer.sampling.ranking import descending, largest, rank_of
from explorer.sampling.softmax import Softmax, plain

N_SHOWN = 10
"""Tokens of a distribution in the output of a cell."""

KEPT = -1
"""In `Distribution.removed_by`: no stage removed the token."""


@dataclass(frozen=True, eq=False, repr=False)
class Candidate(Record):
    """One token that could come next, or came: the record of a token choice.

    Attributes:
        token: which one.
        raw_probability: before the sampler; probability: after it (both 0..1, and 0 only for what cannot come).
        logit: as the model gave it (natural logarithm's units).
        rank: from 1, before the sampler; equal logits by lower id.
        u: where the draw fell, in [0, 1); None unless it was drawn.
        chosen_by: ``greedy``, ``drawn`` or ``hand``; None while it is only a candidate.
        removed_by: the stage of the sampler that removed it, None where it stayed.
    """

    token: Token
    raw_probability: float
    probability: float
    logit: float
    rank: int
    u: float | None = None
    chosen_by: str | None = None
    removed_by: str | None = None

    @property
    def id(self) -> int:
        return self.token.id

    @property
    def text(self) -> str | None:
        return self.token.text

    def record(self) -> dict[str, Any]:
        """For JSON; ``bytes`` in hexadecimal, ``text`` null for a fragment that is not valid UTF-8 alone."""
        return {
            "id": self.token.id,
            "text": self.token.text,
            "bytes": self.token.bytes.hex(),
            "raw_probability": self.raw_probability,
            "probability": self.probability,
            "logit": self.logit,
            "rank": self.rank,
            "u": self.u,
            "chosen_by": self.chosen_by,
        }

    def __repr__(self) -> str:
        text = repr(self.text) if self.text is not None else self.token.bytes.hex(" ")
        probability = numbers.probability(self.probability)
        return f"Candidate(text={cut(text, 60)}, id={self.id}, probability={probability}, rank={self.rank})"


@dataclass(frozen=True, eq=False, repr=False)
class Stage(Softmax):
    """What one stage of a sampler left.

    Attributes:
        scores: (..., V) logits after it; -inf for tokens that are gone.
        name: the stage, see `explorer.sampling.stages`.
    """

    name: str


@dataclass(frozen=True, eq=False)
class Distribution:
    """Probabilities of every token of the vocabulary to come next.

    Most are of one position, with arrays (V,). `Sampling.apply` also takes many at once, (..., V); `row` takes one out.

    Attributes:
        raw: before the sampler: the logits as the model gave them, and their softmax.
        stages: of the sampler, those in force, in their order; none when it changes nothing.
        vocabulary: gives candidates their text.
    """

    raw: Softmax
    stages: tuple[Stage, ...] = ()
    vocabulary: Vocabulary | None = None

    @property
    def final(self) -> Softmax:
        """After the sampler."""
        return self.stages[-1] if self.stages else self.raw

    @property
    def logits(self) -> Floats:
        """(..., V) as the model gave them."""
        return self.raw.scores

    @property
    def raw_probabilities(self) -> Floats:
        """(..., V) float64, before the sampler; they sum to 1."""
        return self.raw.probabilities

    @property
    def probabilities(self) -> Floats:
        """(..., V) float64, after the sampler; they sum to 1, and are 0 for what cannot come alone, see `Softmax`."""
        return self.final.probabilities

    @property
    def log_probabilities(self) -> Floats:
        """(..., V) float64, natural logarithms of the probabilities after the sampler; -inf for what cannot come."""
        return self.final.log_probabilities

    @property
    def survives(self) -> NDArray[np.bool_]:
        """(..., V) which tokens can come: those that no stage removed."""
        return self.final.survives

    @property
    def n_survivors(self) -> Any:
        """(...) how many they are; an int for one distribution."""
        return self.final.n_survivors

    def __repr__(self) -> str:
        if self.logits.ndim != 1:
            return f"Distribution({' × '.join(map(str, self.logits.shape[:-1]))} over {self.logits.shape[-1]:,} tokens)"
        top = ", ".join(f"{c.token.label} {numbers.probability(c.probability)}" for c in self.top(3))
        return f"Distribution({top}, … of {len(self.logits):,} tokens; {numbers.bits(self.entropy_bits, 2)} bits)"

    def _repr_html_(self) -> str | None:
        if self.logits.ndim != 1:
            return None
        header = [tr(f) for f in ("cli-column-token", "cli-column-probability", "cli-column-raw", "cli-column-rank")]
        rows = (
            (
                c.token.label,
                numbers.probability(c.probability),
                numbers.probability(c.raw_probability),
                str(c.rank),
            )
            for c in self.top(N_SHOWN)
        )
        return html_table(f"{numbers.bits(self.entropy_bits, 2)} bits", header, rows, len(self.logits))

    def row(self, *index: int) -> Distribution:
        """One of many: the distribution at ``index`` of the leading dimensions."""
        return Distribution(self.raw.row(*index), tuple(stage.row(*index) for stage in self.stages), self.vocabulary)

    @cached_property
    def order(self) -> Ints:
        """(V,) token ids by descending logit, equal logits by lower id: the order of the raw distribution."""
        return descending(self.logits)

    @cached_property
    def ranks(self) -> Ints:
        """(V,) rank of each token id in `order`, from 1."""
        ranks = np.empty(len(self.order), np.int64)
        ranks[self.order] = np.arange(1, len(self.order) + 1)
        return ranks

    @cached_property
    def survivors(self) -> Ints:
        """(n,) ids of the tokens that can come, by descending probability, equal ones by lower id.

        A draw goes through the cumulative distribution in this order.
        """
        if self.n_survivors == len(self.logits):
            return descending(self.final.scores)
        ids = np.flatnonzero(self.survives)
        return ids[descending(self.final.scores[ids])]

    @cached_property
    def removed_by(self) -> NDArray[np.int8]:
        """(..., V) which of `stages` removed each token, as an index; `KEPT` for those that none removed."""
        removed = np.full(self.logits.shape, KEPT, np.int8)
        before = self.raw.survives
        for i, stage in enumerate(self.stages):
            removed[before & ~stage.survives] = i
            before = stage.survives
        return removed

    @property
    def entropy_bits(self) -> Any:
        """(...) Shannon entropy of `probabilities`, in bits; a float for one distribution."""
        return self.final.entropy_bits

    @property
    def effective_choices(self) -> Any:
        """(...) 2 to the entropy: the number of equally likely tokens with the same entropy (perplexity)."""
        return 2.0**self.entropy_bits

    def raw_mass(self, stage: Stage) -> Any:
        """(...) the raw probability, 0..1, of all the tokens that are left after ``stage``; 1 only where it is all."""
        mass = np.multiply(self.raw_probabilities, stage.survives).sum(axis=-1)
        complete = stage.n_survivors == self.raw.n_survivors
        return plain(np.where(complete, 1.0, np.minimum(mass, _BELOW_1)))

    def candidate(self, token_id: int) -> Candidate:
        """What the distribution says of one token.

        Raises:
            ExplorerError: there is no such token.
        """
        if not is_place(token_id, len(self.logits)):
            raise ExplorerError("unknown-token-id", id=shown(token_id), last=str(len(self.logits) - 1))
        i = int(token_id)
        return Candidate(
            token=self.vocabulary[i] if self.vocabulary is not None else Token(i, b""),
            raw_probability=self.raw.probability(i),
            probability=self.final.probability(i),
            logit=float(self.logits[i]),
            rank=rank_of(self.logits, i),
            removed_by=self._remover(i),
        )

    def _remover(self, i: int) -> str | None:
        """The name of the stage that removed token i, as `removed_by` has it for all of them."""
        if not np.isfinite(self.logits[i]):
            return None
        return next((stage.name for stage in self.stages if not np.isfinite(stage.scores[i])), None)

    def top(self, n: int) -> list[Candidate]:
        """The n tokens that are likeliest after the sampler, likeliest first; equal ones by raw rank.

        Raises:
            ExplorerError: n is no whole number.
        """
        return [self.candidate(int(i)) for i in largest(self.final.scores, _up_to(n), ties=self.logits)]

    def top_before_or_after(self, n: int) -> list[Candidate]:
        """The n tokens that are likeliest before or after the sampler, by raw rank.

        So tokens keep their places while the sampler's parameters change, and those it removes stay in view.
        """
        if not self.stages:
            return self.top(n)
        either = np.maximum(self.probabilities, self.raw_probabilities)
        ids = np.sort(largest(either, _up_to(n), ties=self.logits))
        return [self.candidate(int(i)) for i in ids[descending(self.logits[ids])]]

    def rest(self, shown: Iterable[Candidate], *, raw: bool = False) -> float:
        """The probability of all tokens but those ``shown``, after the sampler or before it.

        0 only where none of them can come, and 1 only where none of those shown can.
        """
        side = self.raw if raw else self.final
        ids = np.unique([candidate.id for candidate in shown]).astype(np.int64)
        others = side.probabilities.copy()
        others[ids] = 0
        return min(float(others.sum()), _BELOW_1) if side.survives[ids].any() else 1.0


def _up_to(n: int) -> int:
    """How many are asked for: none where it is less."""
    return counted(n if whole(n) is None else max(n, 0))


_BELOW_1 = float(np.nextafter(1, 0))
"""Where something is missing from all, however little, rounding may not say that it is all."""
