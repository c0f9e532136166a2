"""95% intervals hold the mean 95 times out of 100: on real texts, against published values, against the definition."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from functools import partial

import numpy as np
import pytest

from explorer.engine.loading import load
from explorer.engine.local_model import LocalModel
from explorer.generation.intervals import (
    ALIKE,
    FEW,
    FEWEST,
    INFINITE,
    STUDENT,
    Interval,
    student,
    student_log,
    t_quantile,
    wilson,
)
from explorer.language_model.trace import Floats
from explorer.models.catalog import BUNDLED
from tests.golden import text_measures

GOLDEN = json.loads(text_measures.FILE.read_text(encoding="utf-8"))
OF_MEASURE = {
    "surprisal": student,
    "perplexity": student_log,
    "entropy": student,
    "length": student,
    "repetition-4": partial(student, most=1.0),
    "repeated-tokens": partial(student, most=1.0),
    "copied": partial(student, most=1.0),
    "first-choices": partial(student, most=1.0),
    "first-choices of one token": wilson,
}
N_DRAWS = 4000
MIN_COVERAGE = 0.92
OFTEN = 0.1
"""An interval that fewer draws show is shown for what is rare about them."""

ROWS = [(strategy, measure) for strategy, found in GOLDEN.items() for measure in found]


def golden(strategy: str, measure: str) -> Floats:
    """The values of 2,000 texts of gpt2-mini, less those too short to have one."""
    return np.array([value for value in GOLDEN[strategy][measure] if value is not None])


def true_mean(values: Floats, measure: str) -> float:
    return float(np.exp(np.log(values).mean())) if measure == "perplexity" else float(values.mean())


def coverage(values: Floats, measure: str, n: int, interval: Callable[[Floats], Interval]) -> tuple[float, float]:
    """How often the interval of ``n`` drawn values holds the mean of all, where there is one; how often there is."""
    draws = np.random.default_rng(0).choice(values, (N_DRAWS, n))
    found = np.array([(each.low, each.high) for each in map(interval, draws)])
    shown = ~np.isnan(found[:, 0])
    mean = true_mean(values, measure)
    held = (found[:, 0] <= mean) & (mean <= found[:, 1])
    return float(held[shown].mean()) if shown.any() else math.nan, float(shown.mean())


@pytest.mark.parametrize("n", [8, 16, 64])
@pytest.mark.parametrize(("strategy", "measure"), ROWS)
def test_of_texts_of_gpt2_mini_intervals_hold_the_mean(strategy: str, measure: str, n: int) -> None:
    held, shown = coverage(golden(strategy, measure), measure, n, OF_MEASURE[measure])
    if shown >= OFTEN:
        assert held >= MIN_COVERAGE
    else:
        assert measure in ("length", "repetition-4", "copied"), "most texts have the same value of these only"


def bootstrap(values: Floats) -> Interval:
    """The percentile bootstrap (Efron 1979), which this module takes the place of."""
    means = np.random.default_rng(0).choice(values, (1000, len(values))).mean(axis=1)
    low, high = np.quantile(means, [0.025, 0.975])
    return Interval(float(low), float(high), STUDENT)


def without_the_rule(values: Floats) -> Interval:
    """Student's interval, however many values are the same."""
    reach = t_quantile(len(values) - 1) * float(values.std(ddof=1)) / math.sqrt(len(values))
    return Interval(float(values.mean()) - reach, float(values.mean()) + reach, STUDENT)


@pytest.mark.parametrize(
    ("strategy", "measure", "interval"),
    [
        ("plain", "surprisal", bootstrap),
        ("hot", "first-choices of one token", bootstrap),
        ("hot", "first-choices of one token", without_the_rule),
        ("cool", "repetition-4", without_the_rule),
        ("plain", "length", without_the_rule),
    ],
)
def test_other_intervals_do_not(strategy: str, measure: str, interval: Callable[[Floats], Interval]) -> None:
    held, _ = coverage(golden(strategy, measure), measure, FEWEST, interval)
    assert held < MIN_COVERAGE


@pytest.fixture(scope="module")
def gpt2_mini() -> LocalModel:
    return load(BUNDLED, device="cpu")


def test_the_golden_values_are_those_of_gpt2_mini(gpt2_mini: LocalModel) -> None:
    samples = text_measures.texts(gpt2_mini, n=4, seed=0)
    prefix = gpt2_mini.tokenize(text_measures.PREFIX).ids
    for name, written in samples.items():
        for measure, values in text_measures.values(name, written, prefix).items():
            assert values == pytest.approx(GOLDEN[name][measure][: len(values)], rel=1e-3, abs=1e-3, nan_ok=True)


@pytest.mark.parametrize(
    ("degrees", "published"),
    [(7, 2.365), (8, 2.306), (10, 2.228), (15, 2.131), (20, 2.086), (30, 2.042), (60, 2.000), (120, 1.980)],
)  # fmt: skip
def test_t_is_as_published(degrees: int, published: float) -> None:
    """Fisher and Yates 1938, table III."""
    assert t_quantile(degrees) == pytest.approx(published, abs=6e-4)


@pytest.mark.parametrize("degrees", [7, 11, 63, 999])
def test_t_is_the_quantile_of_its_density(degrees: int) -> None:
    x, step = np.linspace(0, t_quantile(degrees), 200_001, retstep=True)
    scale = math.exp(math.lgamma((degrees + 1) / 2) - math.lgamma(degrees / 2)) / math.sqrt(degrees * math.pi)
    density = scale * (1 + x**2 / degrees) ** (-(degrees + 1) / 2)
    below = 0.5 + float(step * (density.sum() - (density[0] + density[-1]) / 2))
    assert below == pytest.approx(0.975, abs=2e-6)


def test_wilson_by_hand() -> None:
    """Newcombe 1998, table I, method 3: 81 of 263, 15 of 148, 0 of 20, 1 of 29."""
    published = {
        (81, 263): (0.2553, 0.3662),
        (15, 148): (0.0624, 0.1605),
        (0, 20): (0, 0.1611),
        (1, 29): (0.0061, 0.1718),
    }
    for (yes, n), ends in published.items():
        found = wilson(np.repeat([1.0, 0.0], [yes, n - yes]))
        assert (found.low, found.high) == pytest.approx(ends, abs=5e-5)


def test_student_by_hand() -> None:
    found = student(np.arange(1.0, 10.0))  # mean 5, deviation 2.7386, t of 8 degrees 2.306
    assert (found.low, found.high) == pytest.approx((5 - 2.1051, 5 + 2.1051), abs=1e-4)


def test_of_logarithms_it_is_the_exponential_of_the_interval() -> None:
    logs = np.random.default_rng(0).normal(3, 1, 20)
    plain, found = student(logs), student_log(np.exp(logs))
    assert (found.low, found.high) == pytest.approx((math.exp(plain.low), math.exp(plain.high)))


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ([1.0] * 3 + [2.0] * 4, FEW),
        ([0.0] * 5 + [0.1, 0.2, 0.3], ALIKE),
        ([40.0] * 20, ALIKE),
        ([math.inf, *range(1, 9)], INFINITE),
    ],
)
def test_there_is_no_interval(values: list[float], why: str) -> None:
    for interval in (student, student_log) if min(values) > 0 else (student,):
        found = interval(np.array(values))
        assert found.method == why
        assert math.isnan(found.low)
        assert math.isnan(found.high)
    assert wilson(np.zeros(FEWEST - 1)).method == FEW


def test_no_interval_leaves_the_range_of_the_values() -> None:
    values = np.array([0.0, 0.0, 0.0, 0.01, 0.02, 0.03, 0.5, 0.9])
    assert student(values, most=1.0).low == 0
    assert student(1 - values, most=1.0).high == 1
