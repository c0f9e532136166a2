"""`Distribution`: what a sampler makes of the logits, stage by stage; `Candidate`: what it says of one token."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from explorer.language_model.tokens import Token, Vocabulary
from explorer.language_model.trace import Floats, Ints
from explorer.locales import ExplorerError, numbers

KEPT = -1
"""In `Distribution.removed_by`: no stage removed the token."""


@dataclass(frozen=True)
class Candidate:
    """One token that could come next, or came: the record of a token choice.

    Attributes:
        token: which one.
        raw_probability: before the sampler; probability: after it (both 0..1).
        logit: as the model gave it (natural logarithm's units).
        rank: from 1, before the sampler; equal logits by lower id.
        u: where the draw fell, in [0, 1); None unless it was drawn.
        chosen_by: ``greedy``, ``drawn`` or ``hand``; None while it is only a candidate.
        removed_by: the stage of the sampler that took it away, None where it stayed.
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
        shown = repr(self.text) if self.text is not None else self.token.bytes.hex(" ")
        probability = numbers.probability(self.probability)
        return f"Candidate(text={shown}, id={self.id}, probability={probability}, rank={self.rank})"


@dataclass(frozen=True, eq=False)
class Stage:
    """What one stage of a sampler left.

    Attributes:
        name: the stage, see `explorer.sampling.stages`.
        scores: (..., V) logits after it; -inf for tokens that are gone.
    """

    name: str
    scores: Floats

    @cached_property
    def survives(self) -> NDArray[np.bool_]:
        """(..., V)"""
        return np.isfinite(self.scores)

    @cached_property
    def n_survivors(self) -> Any:
        """(...) how many tokens are left; an int where there is one distribution."""
        return _plain(self.survives.sum(axis=-1))

    @cached_property
    def probabilities(self) -> Floats:
        """(..., V) the softmax of `scores`."""
        return softmax(self.scores)

    @cached_property
    def entropy_bits(self) -> Any:
        """(...) Shannon entropy of `probabilities`, in bits."""
        return entropy(self.probabilities)


@dataclass(frozen=True, eq=False)
class Distribution:
    """Probabilities of every token of the vocabulary to come next.

    Most are of one position, with arrays (V,). `Sampling.apply` also takes many at once, (..., V); `row` takes one out.

    Attributes:
        logits: (..., V) as the model gave them.
        raw_probabilities: (..., V) their softmax, before the sampler.
        probabilities: (..., V) after it. Both sum to 1.
        stages: of the sampler, those in force, in their order; none when it changes nothing.
        vocabulary: gives candidates their text.
    """

    logits: Floats
    raw_probabilities: Floats
    probabilities: Floats
    stages: tuple[Stage, ...] = ()
    vocabulary: Vocabulary | None = None

    def __repr__(self) -> str:
        if self.logits.ndim != 1:
            return f"Distribution({' × '.join(map(str, self.logits.shape[:-1]))} over {self.logits.shape[-1]:,} tokens)"
        top = ", ".join(f"{c.token.label} {numbers.probability(c.probability)}" for c in self.top(3))
        return f"Distribution({top}, … of {len(self.logits):,} tokens; {numbers.bits(self.entropy_bits, 2)} bits)"

    def row(self, *index: int) -> Distribution:
        """One of many: the distribution at ``index`` of the leading dimensions."""
        stages = tuple(Stage(stage.name, stage.scores[index]) for stage in self.stages)
        arrays = (self.logits[index], self.raw_probabilities[index], self.probabilities[index])
        return Distribution(*arrays, stages, self.vocabulary)

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
        """(n,) ids of the tokens with a probability, by descending probability, equal ones by lower id.

        A draw goes through the cumulative distribution in this order.
        """
        ids = np.flatnonzero(self.probabilities)
        return ids[descending(self.probabilities[ids])]

    @cached_property
    def removed_by(self) -> NDArray[np.int8]:
        """(..., V) which of `stages` removed each token, as an index; `KEPT` for those that none removed."""
        removed = np.full(self.logits.shape, KEPT, np.int8)
        before = np.isfinite(self.logits)
        for i, stage in enumerate(self.stages):
            removed[before & ~stage.survives] = i
            before = stage.survives
        return removed

    @cached_property
    def entropy_bits(self) -> Any:
        """(...) Shannon entropy of `probabilities`, in bits (Shannon 1948, section 6); a float for one distribution."""
        return entropy(self.probabilities)

    @property
    def effective_choices(self) -> Any:
        """(...) 2 to the entropy: the number of equally likely tokens with the same entropy (perplexity)."""
        return 2.0**self.entropy_bits

    def raw_mass(self, stage: Stage) -> Any:
        """(...) the raw probability, 0..1, of all the tokens that are left after ``stage``."""
        mass = np.where(stage.survives, self.raw_probabilities, 0).sum(axis=-1, dtype=np.float64)
        return _plain(np.minimum(1.0, mass))  # probabilities rounded to float32 can sum to a little more

    def candidate(self, token_id: int) -> Candidate:
        """What the distribution says of one token.

        Raises:
            ExplorerError: there is no such token.
        """
        if not 0 <= token_id < len(self.probabilities):
            raise ExplorerError("unknown-token-id", id=str(token_id), last=str(len(self.probabilities) - 1))
        i = int(token_id)
        remover = int(self.removed_by[i])
        return Candidate(
            token=self.vocabulary[i] if self.vocabulary is not None else Token(i, b""),
            raw_probability=float(self.raw_probabilities[i]),
            probability=float(self.probabilities[i]),
            logit=float(self.logits[i]),
            rank=int(self.ranks[i]),
            removed_by=self.stages[remover].name if remover != KEPT else None,
        )

    def top(self, n: int) -> list[Candidate]:
        """The n tokens that are likeliest after the sampler, likeliest first; equal ones by raw rank."""
        if not self.stages:
            chosen = self.order[: max(0, n)]
        else:
            chosen = self.order[descending(self.probabilities[self.order])[: max(0, n)]]
        return [self.candidate(int(i)) for i in chosen]

    def foremost(self, n: int) -> list[Candidate]:
        """The n tokens that are likeliest before or after the sampler, by raw rank.

        So tokens keep their places while the sampler's parameters change, and those it removes stay in view.
        """
        if not self.stages:
            return self.top(n)
        either = np.maximum(self.probabilities, self.raw_probabilities)[self.order]
        places = np.sort(descending(either)[: max(0, n)])
        return [self.candidate(int(i)) for i in self.order[places]]

    def rest(self, shown: Iterable[Candidate], *, raw: bool = False) -> float:
        """The probability of all tokens but those ``shown``, after the sampler or before it."""
        others = np.ones(len(self.logits), bool)
        others[[candidate.id for candidate in shown]] = False
        return min(1.0, float((self.raw_probabilities if raw else self.probabilities)[others].sum(dtype=np.float64)))


def descending(values: Floats) -> Ints:
    """(n,) indices of (n,) ``values`` from the largest to the smallest, equal ones by lower index."""
    if values.dtype != np.float32:
        return np.argsort(-values, kind="stable")
    # A stable sort of 50,000 floats takes 4 ms, on every key press and slider tick; one of whole numbers 0.7. The bits
    # of a float are made to order as it does, and its index stands below them.
    bits = (values + np.float32(0)).view(np.uint32)  # -0.0 equals 0.0
    ascending = np.where(bits >> 31, ~bits, bits | np.uint32(1 << 31))
    keys = (~ascending).astype(np.uint64) << np.uint64(32) | np.arange(len(values), dtype=np.uint64)
    keys.sort()
    return (keys & np.uint64(0xFFFFFFFF)).astype(np.int64)


def softmax(logits: Floats) -> Floats:
    """(..., V) probabilities that sum to 1, read-only, in the dtype of ``logits``; summed in float64."""
    wide = logits.astype(np.float64)
    weights = np.exp(wide - wide.max(axis=-1, keepdims=True))
    weights /= weights.sum(axis=-1, keepdims=True)
    result: Floats = weights.astype(logits.dtype)
    result.flags.writeable = False
    return result


def entropy(probabilities: Floats) -> Any:
    """(...) Shannon entropy in bits; a float where there is one distribution."""
    p = probabilities.astype(np.float64)
    terms = p * np.log2(p, where=p > 0, out=np.zeros_like(p))
    return _plain(np.abs(terms.sum(axis=-1)))  # no term is above 0; of certainty it is 0, not -0


def _plain(value: Any) -> Any:
    """A numpy scalar as Python's own number; arrays as they are."""
    return value.item() if np.ndim(value) == 0 else value
