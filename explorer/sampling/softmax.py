"""`Softmax`: scores, and the probabilities that they stand for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from explorer.language_model.record import brief
from explorer.language_model.trace import Floats

SMALLEST = 5e-324
"""The smallest number above 0 that float64 holds."""

_SHARED_BY_ROWS = ("largest", "weights", "total")


@dataclass(frozen=True, eq=False, repr=False)
class Softmax:
    """Scores (logits), of one distribution (V,) or of many (..., V), and their softmax.

    Whatever the dtype of the scores, the probabilities are float64: float32 holds none below 1e-45, and tokens that
    nothing removed would seem to be gone. A token has the probability 0 only where its score is -inf: what is too
    unlikely for float64 as well has `SMALLEST`, and its `log_probabilities` are right. Each array is computed when it
    is first asked for, and is read-only.

    Attributes:
        scores: (..., V) float32 or float64, natural logarithm's units; -inf for tokens that cannot come.
    """

    scores: Floats

    def __repr__(self) -> str:
        return brief(self)

    @cached_property
    def largest(self) -> Floats:
        """(..., 1) the largest score."""
        return np.asarray(self.scores.max(axis=-1, keepdims=True))

    @cached_property
    def weights(self) -> Floats:
        """(..., V) each probability over the largest: exp(score - largest)."""
        weights = self.scores.astype(np.float64)
        weights -= self.largest
        return frozen(np.exp(weights, out=weights))

    @cached_property
    def total(self) -> Floats:
        """(..., 1) the sum of the weights."""
        return np.asarray(self.weights.sum(axis=-1, keepdims=True))

    @cached_property
    def probabilities(self) -> Floats:
        """(..., V) weights over their sum; they sum to 1, and are above 0 for exactly the tokens that survive."""
        shares = self.weights / self.total
        np.maximum(shares, SMALLEST, out=shares, where=self.survives)
        return frozen(shares)

    @cached_property
    def log_probabilities(self) -> Floats:
        """(..., V) natural logarithms of the probabilities, also of those that no float64 holds."""
        return frozen(self.scores.astype(np.float64) - (self.largest + np.log(self.total)))

    @cached_property
    def survives(self) -> NDArray[np.bool_]:
        """(..., V) which tokens can come: whatever their probability, nothing removed them."""
        return np.isfinite(self.scores)

    @cached_property
    def n_survivors(self) -> Any:
        """(...) how many tokens can come; an int where there is one distribution."""
        return plain(np.count_nonzero(self.survives, axis=-1))

    @cached_property
    def entropy_bits(self) -> Any:
        """(...) Shannon entropy, in bits (Shannon 1948, section 6); a float where there is one distribution.

        H = log Z - sum of p * (score - largest), with Z the sum of the weights: a ninth of the time of a logarithm for
        each probability.
        """
        relative = self.scores.astype(np.float64)
        relative -= self.largest
        np.maximum(relative, -1000, out=relative)  # exp(-1000) is 0, as is its share, and 0 * -inf would be no number
        relative *= self.weights  # no dot product: BLAS would wake its threads for it
        mean = relative.sum(axis=-1) / self.total[..., 0]
        return plain(np.maximum(0.0, np.log2(self.total[..., 0]) - mean / np.log(2)))

    def probability(self, i: int) -> float:
        """Of one token of one distribution; the same number as in `probabilities`, which need not be there."""
        share = float(self.weights[i] / self.total[0])
        return max(share, SMALLEST) if np.isfinite(self.scores[i]) else share

    def row(self, *index: int) -> Self:
        """One of many: that at ``index`` of the leading dimensions, with what was computed for all of them."""
        one = replace(self, scores=self.scores[index])
        vars(one).update({name: vars(self)[name][index] for name in _SHARED_BY_ROWS if name in vars(self)})
        return one


def plain(value: Any) -> Any:
    """A numpy scalar as Python's own number; arrays as they are."""
    return np.asarray(value).item() if np.ndim(value) == 0 else value


def frozen(array: Floats) -> Floats:
    """The array itself, which can no longer be written to."""
    array.flags.writeable = False
    return array
