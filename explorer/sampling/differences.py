"""How far two distributions over the same vocabulary are apart, and where."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from explorer.language_model.arguments import require
from explorer.language_model.record import brief, html_table
from explorer.language_model.trace import Floats, Ints
from explorer.locales import ExplorerError, numbers, tr
from explorer.sampling.distribution import Distribution
from explorer.sampling.parameters import counted
from explorer.sampling.ranking import largest

N_SHOWN = 10
"""Tokens of a difference in the output of a cell."""


@dataclass(frozen=True, eq=False, repr=False)
class Difference:
    """Two distributions over the next token: of two prefixes, or of two samplers.

    Raises:
        ExplorerError: one is no distribution, or their vocabularies have different sizes, on construction.
    """

    first: Distribution
    second: Distribution

    def __post_init__(self) -> None:
        for name in ("first", "second"):
            require(name, getattr(self, name), "distribution", Distribution)
        sizes = [len(each.probabilities) for each in (self.first, self.second)]
        if sizes[0] != sizes[1]:
            raise ExplorerError("difference-of-vocabularies", first=sizes[0], second=sizes[1])

    def __repr__(self) -> str:
        if self.change.ndim != 1:
            return brief(self)
        return f"Difference(Jensen-Shannon {numbers.bits(self.js_bits, 3)} bits; moved {self._moved(3)})"

    def _moved(self, n: int) -> str:
        return ", ".join(f"{self._label(i)} {_signed(float(self.change[i]))}" for i in self.movers(n))

    def _label(self, i: int) -> str:
        return self.first.candidate(i).token.label

    def _repr_html_(self) -> str | None:
        if self.change.ndim != 1:
            return None
        header = [tr("cli-column-token"), "1", "2", "2 − 1"]
        rows = (
            (
                self._label(i),
                numbers.probability(float(self.first.probabilities[i])),
                numbers.probability(float(self.second.probabilities[i])),
                _signed(float(self.change[i])),
            )
            for i in map(int, self.movers(N_SHOWN))
        )
        return html_table(f"Jensen-Shannon {numbers.bits(self.js_bits, 3)} bits", header, rows, len(self.change))

    @cached_property
    def change(self) -> Floats:
        """(V,) float64: each token's probability in the second less that in the first."""
        return np.asarray(self.second.probabilities - self.first.probabilities)

    @cached_property
    def kl_bits(self) -> float:
        """Bits lost by taking the second for the first: sum p log2(p/q) (Kullback and Leibler 1951, 2.4). Infinite
        where a token that can come in the first cannot in the second; not where it is only very unlikely there."""
        return _kl(self.first, self.second)

    @cached_property
    def kl_back_bits(self) -> float:
        """The same the other way round."""
        return _kl(self.second, self.first)

    @cached_property
    def js_bits(self) -> float:
        """Jensen-Shannon divergence, 0..1 bit (Lin 1991, 3.6 with equal weights): the mean divergence of both from
        their mean."""
        return (_divergence_from_mean(self.first, self.second) + _divergence_from_mean(self.second, self.first)) / 2

    @property
    def total_variation(self) -> float:
        """0..1: the probability that has to be moved to make one of the other."""
        return float(np.abs(self.change).sum() / 2)

    def movers(self, n: int) -> Ints:
        """(n,) ids of the tokens whose probability changes most, by how much; equal ones by lower id."""
        return largest(np.abs(self.change), counted(n))


def _signed(change: float) -> str:
    return f"{'+' if change >= 0 else '−'}{numbers.probability(abs(change))}"


def _kl(p: Distribution, q: Distribution) -> float:
    """Of a token that q lacks the logarithm is infinite; no other's is, however unlikely it is."""
    return _mean_bits(p, lambda there: p.log_probabilities[there] - q.log_probabilities[there])


def _divergence_from_mean(p: Distribution, q: Distribution) -> float:
    """Bits lost by taking (p + q) / 2 for p: the mean of log2(2p / (p + q)) = 1 - log2(1 + q/p)."""
    return _mean_bits(
        p, lambda there: np.log(2) - np.logaddexp(0, q.log_probabilities[there] - p.log_probabilities[there])
    )


def _mean_bits(p: Distribution, nats: Callable[[NDArray[np.bool_]], Floats]) -> float:
    """The mean under p of ``nats``, which is asked for the tokens that have a probability: the others add nothing."""
    there = p.probabilities > 0
    return max(0.0, float((p.probabilities[there] * nats(there)).sum() / np.log(2)))
