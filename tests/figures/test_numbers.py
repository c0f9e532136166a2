"""Numbers as people read them."""

from __future__ import annotations

import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from explorer.figures import numbers


@pytest.mark.parametrize(
    ("p", "shown"),
    [
        (0, "0"), (1, "1"), (0.773, "0.773"), (0.5, "0.5"), (0.0007, "0.0007"), (3.14e-9, "3.1e-9"), (2e-15, "2.0e-15"),
        (0.9994, "0.999"), (0.99998, "1 − 2e-5"),
    ],
)  # fmt: skip
def test_probabilities_have_three_digits(p: float, shown: str) -> None:
    assert numbers.probability(p) == shown


@given(st.floats(0, 1, exclude_min=True, exclude_max=True))
@example(5e-324)
@example(math.nextafter(1, 0))
@example(0.9995)
@example(math.nextafter(0.9995, 0))
def test_a_probability_is_never_rounded_to_0_or_to_1(p: float) -> None:
    shown = numbers.probability(p)
    assert shown not in ("0", "1")
    complement, _, small = shown.partition(" − ")
    if small:
        assert complement == "1"
        assert float(small) == pytest.approx(1 - p, rel=0.5)
    else:
        assert float(shown) == pytest.approx(p, rel=0.06)
        assert 0 < float(shown) < 1


@given(st.floats(0, 1), st.floats(0, 1))
def test_likelier_tokens_never_show_smaller_numbers(one: float, other: float) -> None:
    def value(shown: str) -> float:
        return 1 - float(shown.split(" − ")[1]) if "−" in shown else float(shown)

    low, high = sorted((one, other))
    assert value(numbers.probability(low)) <= value(numbers.probability(high))


@pytest.mark.parametrize(
    ("amount", "shown"),
    [(0, "0.00"), (-0.0, "0.00"), (0.125, "0.12"), (21.42, "21.4"), (math.nan, "–"), (math.inf, "inf")],
)
def test_bits_have_one_decimal_and_two_below_1(amount: float, shown: str) -> None:
    assert numbers.bits(amount) == shown


@pytest.mark.parametrize(("amount", "shown"), [(1, "1.0"), (3.74, "3.7"), (1234.4, "1,234"), (math.nan, "–")])
def test_counts_need_not_be_whole(amount: float, shown: str) -> None:
    assert numbers.count(amount) == shown
