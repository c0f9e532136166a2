"""How far two distributions over the same vocabulary are apart, and where."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from explorer.language_model.trace import Floats, Ints
from explorer.locales import ExplorerError
from explorer.sampling.distribution import Distribution, descending


@dataclass(frozen=True, eq=False)
class Difference:
    """Two distributions over the next token: of two prefixes, or of two samplers.

    Raises:
        ExplorerError: their vocabularies have different sizes, on construction.
    """

    first: Distribution
    second: Distribution

    def __post_init__(self) -> None:
        sizes = [len(each.probabilities) for each in (self.first, self.second)]
        if sizes[0] != sizes[1]:
            raise ExplorerError("difference-of-vocabularies", first=sizes[0], second=sizes[1])

    @cached_property
    def change(self) -> Floats:
        """(V,) float64: each token's probability in the second less that in the first."""
        return self.second.probabilities.astype(np.float64) - self.first.probabilities

    @cached_property
    def kl_bits(self) -> float:
        """Bits lost by taking the second for the first: sum p log2(p/q) (Kullback and Leibler 1951, 2.4). Infinite
        where the first has a token that the second removed."""
        return _kl(self.first.probabilities, self.second.probabilities)

    @cached_property
    def kl_back_bits(self) -> float:
        """The same the other way round."""
        return _kl(self.second.probabilities, self.first.probabilities)

    @cached_property
    def js_bits(self) -> float:
        """Jensen-Shannon divergence, 0..1 bit (Lin 1991, 3.6 with equal weights): the mean divergence of both from
        their mean."""
        p, q = (each.probabilities.astype(np.float64) for each in (self.first, self.second))
        middle = (p + q) / 2
        return (_kl(p, middle) + _kl(q, middle)) / 2

    @property
    def total_variation(self) -> float:
        """0..1: the probability that has to be moved to make one of the other."""
        return float(np.abs(self.change).sum() / 2)

    def movers(self, n: int) -> Ints:
        """(n,) ids of the tokens whose probability changes most, by how much; equal ones by lower id."""
        return descending(np.abs(self.change))[: max(0, n)]


def _kl(p: Floats, q: Floats) -> float:
    p, q = p.astype(np.float64), q.astype(np.float64)
    there = p > 0
    with np.errstate(divide="ignore"):
        return max(0.0, float((p[there] * (np.log2(p[there]) - np.log2(q[there]))).sum()))
