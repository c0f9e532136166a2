"""95% intervals of means over texts, and where there is none.

Which interval fits depends on the measure: Student's t for means, the same on the logarithms for perplexities (they are
skewed: a few texts have very large ones), Wilson's for what is 0 or 1 in each text. Texts that most have the same
value, such as runs of four tokens that hardly ever repeat, say too little about the rest: there is no interval.
Percentile bootstraps (Efron 1979) are no alternative with so few texts: of 8, they cover the mean 9 times out of 10.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from explorer.language_model.record import Record
from explorer.language_model.trace import Floats

CONFIDENCE = 0.95
FEWEST = 8
"""Texts that an interval needs."""

MAX_ALIKE = 0.5
"""Share of the texts that may have one and the same value; with more there is no t-interval."""

STUDENT, STUDENT_LOG, WILSON = "student", "student-log", "wilson"
"""How an interval was found."""

FEW, ALIKE, DEPENDENT, INFINITE = "few", "alike", "dependent", "infinite"
"""Why there is none: fewer texts than `FEWEST`, more equal ones than `MAX_ALIKE`, texts that are measured by each
other or all together, values that are infinite."""

_NORMAL = NormalDist().inv_cdf((1 + CONFIDENCE) / 2)


@dataclass(frozen=True, eq=False, repr=False)
class Interval(Record):
    """The ends of a 95% interval, and how it was found; NaN and why where there is none."""

    low: float
    high: float
    method: str

    @classmethod
    def none(cls, why: str) -> Interval:
        return cls(math.nan, math.nan, why)


def student(values: Floats, least: float = 0.0, most: float = math.inf) -> Interval:
    """Of the mean of (n,) independent values (Student 1908), cut off where no mean can be.

    Args:
        least, most: the range of the values.
    """
    why = _why_none(values)
    if why:
        return Interval.none(why)
    mean = float(values.mean())
    reach = t_quantile(len(values) - 1) * float(values.std(ddof=1)) / math.sqrt(len(values))
    return Interval(max(least, mean - reach), min(most, mean + reach), STUDENT)


def student_log(values: Floats) -> Interval:
    """Of the geometric mean of (n,) independent values above 0: Student's of the mean of their logarithms."""
    found = student(np.log(values), least=-math.inf)
    return Interval(math.exp(found.low), math.exp(found.high), STUDENT_LOG) if found.method == STUDENT else found


def wilson(values: Floats) -> Interval:
    """Of the share of ones in (n,) independent zeros and ones (Wilson 1927, the score interval)."""
    n = len(values)
    if n < FEWEST:
        return Interval.none(FEW)
    share, square = float(values.mean()), _NORMAL**2
    middle = (share + square / (2 * n)) / (1 + square / n)
    reach = _NORMAL / (1 + square / n) * math.sqrt(share * (1 - share) / n + square / (4 * n**2))
    return Interval(max(0.0, middle - reach), min(1.0, middle + reach), WILSON)


def _why_none(values: Floats) -> str:
    if len(values) < FEWEST:
        return FEW
    if not np.isfinite(values).all():
        return INFINITE
    return ALIKE if max(Counter(values.tolist()).values()) > MAX_ALIKE * len(values) else ""


def t_quantile(degrees: int) -> float:
    """What Student's t stays below with probability 0.975, from 7 degrees of freedom on right to 0.0001.

    Fisher and Cornish's expansion in 1 / degrees (Abramowitz and Stegun 1964, 26.7.5).
    """
    z = _NORMAL
    terms = (
        z,
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160,
    )
    return math.fsum(term / degrees**power for power, term in enumerate(terms))
