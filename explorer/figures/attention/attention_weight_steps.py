"""From two vectors to one attention weight: `WeightSteps`, the numbers of every step, and how they are written."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from explorer.figures.attention.attention_weights import head_name
from explorer.language_model.attention import Floats, HeadVectors
from explorer.locales import ExplorerError, numbers, tr

MAX_OFF = 1e-3
"""Steps that lead further than this from the model's own weights explain something else, and are refused."""


@dataclass(frozen=True, eq=False)
class WeightSteps:
    """How much a query token looks at a key token in one head, step by step, in float64.

    Tokens count from the first that the model reads. The softmax is taken of the scores less the largest of them, which
    changes no weight: no exponential is above 1, so none overflows.

    Attributes:
        vectors: of the head.
        row: (query + 1,) how the query divides its look, as the model has it.
        key: the token whose weight is explained.

    Raises:
        ExplorerError: the query cannot look at the key, which comes later or is out of the layer's window; or the
            steps do not lead to the model's weights, so that it does something else.
    """

    vectors: HeadVectors
    row: Floats
    key: int

    def __post_init__(self) -> None:
        last = min(self.query, len(self.vectors.queries) - 1)
        if not 0 <= self.key <= last:
            raise ExplorerError("unknown-position", position=str(self.key), last=last)
        if self.key < self.first_key:
            raise ExplorerError("weight-outside-window", window=self.vectors.window or 0, layer=self.vectors.layer)
        off = float(np.abs(self.weights - self.row).max())
        if not off <= MAX_OFF:  # NaN is off as well
            name = head_name(self.vectors.layer, self.vectors.head)
            raise ExplorerError("weight-differs", head=name, most=f"{MAX_OFF:g}")

    @property
    def query(self) -> int:
        return len(self.row) - 1

    @property
    def first_key(self) -> int:
        """The first token that the query sees: not 0 where the layer looks back only so far."""
        return self.vectors.first_key(self.query)

    @property
    def q(self) -> Floats:
        """(head_dim,) the vector of the query."""
        return np.asarray(self._exact.queries[self.query])

    @property
    def k(self) -> Floats:
        """(head_dim,) the vector of the key."""
        return np.asarray(self._exact.keys[self.key])

    @cached_property
    def scores(self) -> Floats:
        """(query + 1,) of all tokens up to the query; -inf before `first_key`."""
        return self._exact.scores(self.query)

    @property
    def largest(self) -> float:
        return float(self.scores.max())

    @cached_property
    def exponentials(self) -> Floats:
        """(query + 1,) of the scores less the largest of them, 0..1."""
        with np.errstate(invalid="ignore"):  # infinite scores come to NaN, which is refused
            return np.asarray(np.exp(self.scores - self.largest))

    @cached_property
    def weights(self) -> Floats:
        """(query + 1,) exponentials over their sum."""
        return np.asarray(self.exponentials / self.exponentials.sum())

    @cached_property
    def _exact(self) -> HeadVectors:
        queries, keys = (array.astype(np.float64) for array in (self.vectors.queries, self.vectors.keys))
        return replace(self.vectors, queries=queries, keys=keys)


def weight_arithmetic(steps: WeightSteps, language: str) -> list[tuple[str, str]]:
    """Lines of (numbers, remark), from the dot product to the weight.

    With so many digits that who follows them with a pocket calculator gets the same weight to 3 digits.
    """
    scaling, width = steps.vectors.scaling, len(steps.q)
    usual = math.isclose(scaling, width**-0.5, rel_tol=1e-5)
    factor, score = scaling_text(steps), score_text(float(steps.scores[steps.key]))
    exponential = amount_text(float(steps.exponentials[steps.key]))
    share = float(steps.weights[steps.key])
    weight = numbers.probability(share) if share >= 1e-4 else amount_text(share, 3)
    return [
        (
            f"q·k × {factor} = {score_text(float(steps.q @ steps.k))} × {factor} = {score}",
            tr("weight-scaled" if usual else "weight-scaled-otherwise", language, width=width),
        ),
        (f"exp({score} {less_largest(steps)}) = {exponential}", tr("weight-largest", language)),
        (
            f"{exponential} / {sum_text(steps)} = {weight}",
            tr("weight-divided", language, n=len(steps.row) - steps.first_key),
        ),
    ]


def score_text(score: float, decimals: int = 4) -> str:
    """An error in the fourth decimal of an exponent is one in the fourth digit of its exponential."""
    return f"{round(score, decimals) + 0.0:.{decimals}f}".replace("-", "−")  # never −0.0000


def scaling_text(steps: WeightSteps) -> str:
    return f"{steps.vectors.scaling:.6g}"


def less_largest(steps: WeightSteps) -> str:
    """What is taken off every score: ``− 3.2107``."""
    return f"{'+' if steps.largest < 0 else '−'} {score_text(abs(steps.largest))}"


def amount_text(amount: float, digits: int = 4) -> str:
    """So many significant digits."""
    return f"{amount:.{digits}g}".replace("e-0", "e-")


def sum_text(steps: WeightSteps) -> str:
    """Of the exponentials, which is at least 1; what is above 1 is never rounded away."""
    rest = float(np.sort(steps.exponentials)[:-1].sum())
    return f"(1 + {amount_text(rest)})" if 0 < rest < 5e-5 else f"{1 + rest:.6g}"
