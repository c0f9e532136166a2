"""`Sampling`, the parameters of a sampler, and `Distribution`, what they make of the logits."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from explorer.language_model.tokens import Token, Vocabulary
from explorer.language_model.trace import Floats, Ints
from explorer.locales import ExplorerError


@dataclass(frozen=True)
class Candidate:
    """One token that could come next: the record of a token choice.

    Attributes:
        token: which one.
        raw_probability: before the sampler; probability: after it (both 0..1).
        logit: as the model gave it (natural logarithm's units).
        rank: from 1, before the sampler; equal logits by lower id.
        u: where the draw fell, in [0, 1), and chosen_by: how it was chosen; None while it is only a candidate.
    """

    token: Token
    raw_probability: float
    probability: float
    logit: float
    rank: int
    u: float | None = None
    chosen_by: str | None = None

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
        return f"Candidate(text={shown}, id={self.id}, probability={self.probability:.4g}, rank={self.rank})"


@dataclass(frozen=True)
class Sampling:
    """How a token is chosen from logits.

    Attributes:
        temperature: > 0; logits are divided by it before the softmax (Ackley, Hinton and Sejnowski 1985, eq. 5).
            Below 1 sharpens, above 1 flattens.
        greedy: the likeliest token always; the temperature then changes nothing.

    Raises:
        ExplorerError: a value out of its range, on construction.
    """

    temperature: float = 1.0
    greedy: bool = False

    def __post_init__(self) -> None:
        number = isinstance(self.temperature, int | float) and math.isfinite(self.temperature)
        if not (number and self.temperature > 0):
            raise ExplorerError("temperature-out-of-range", value=str(self.temperature))

    def apply(
        self, logits: Floats, history: Sequence[int] | Ints, vocabulary: Vocabulary | None = None
    ) -> Distribution:
        """The distribution over the next token.

        Args:
            logits: (V,) float32 or float64, not changed.
            history: the token ids so far (penalties look at them).
            vocabulary: gives candidates their text.
        """
        raw = softmax(logits)
        if self.greedy:
            final = np.zeros_like(raw)
            final[int(np.argmax(logits))] = 1  # the lowest id among equals
        else:
            final = raw if self.temperature == 1 else softmax(logits, self.temperature)
        return Distribution(logits, raw, final, vocabulary)


@dataclass(frozen=True, eq=False)
class Distribution:
    """Probabilities of every token of the vocabulary to come next.

    Attributes:
        logits: (V,) as the model gave them.
        raw_probabilities: (V,) their softmax, before the sampler; probabilities: (V,) after it. Both sum to 1.
    """

    logits: Floats
    raw_probabilities: Floats
    probabilities: Floats
    vocabulary: Vocabulary | None = None

    @cached_property
    def order(self) -> Ints:
        """(V,) token ids by descending logit, equal logits by lower id. Samplers keep this order."""
        return np.argsort(-self.logits, kind="stable")

    @cached_property
    def ranks(self) -> Ints:
        """(V,) rank of each token id, from 1."""
        ranks = np.empty(len(self.order), np.int64)
        ranks[self.order] = np.arange(1, len(self.order) + 1)
        return ranks

    @cached_property
    def entropy_bits(self) -> float:
        """Shannon entropy of `probabilities`, in bits (Shannon 1948, section 6)."""
        p = self.probabilities[self.probabilities > 0].astype(np.float64)
        return float(max(0.0, -(p * np.log2(p)).sum()))

    @property
    def effective_choices(self) -> float:
        """2 to the entropy: the number of equally likely tokens with the same entropy (perplexity)."""
        return float(2.0**self.entropy_bits)

    def candidate(self, token_id: int) -> Candidate:
        """What the distribution says of one token.

        Raises:
            ExplorerError: there is no such token.
        """
        if not 0 <= token_id < len(self.probabilities):
            raise ExplorerError("unknown-token-id", id=str(token_id), last=str(len(self.probabilities) - 1))
        i = int(token_id)
        return Candidate(
            token=self.vocabulary[i] if self.vocabulary is not None else Token(i, b""),
            raw_probability=float(self.raw_probabilities[i]),
            probability=float(self.probabilities[i]),
            logit=float(self.logits[i]),
            rank=int(self.ranks[i]),
        )

    def top(self, n: int) -> list[Candidate]:
        """The n likeliest tokens, likeliest first."""
        return [self.candidate(int(i)) for i in self.order[: max(0, n)]]

    def rest(self, n: int) -> float:
        """The probability of all tokens but the n likeliest."""
        return float(self.probabilities[self.order[max(0, n) :]].astype(np.float64).sum())


def softmax(logits: Floats, temperature: float = 1.0) -> Floats:
    """(V,) probabilities that sum to 1, in the dtype of ``logits``; summed in float64."""
    wide = logits.astype(np.float64)
    with np.errstate(over="ignore"):  # a temperature of 1e-300 is allowed: all but the likeliest go to exp(-inf)
        weights = np.exp((wide - wide.max()) / temperature)
    result: Floats = (weights / weights.sum()).astype(logits.dtype)
    return result
