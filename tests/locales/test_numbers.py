"""Numbers as people read them: never 0, 1 or all where they are not, in order, and as exact as they look."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from functools import partial

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from explorer.locales import numbers

FRACTIONS: dict[str, Callable[[float], str]] = {
    "probability": numbers.probability,
    "fraction, 2": partial(numbers.fraction, places=2),
    "fraction, 3": partial(numbers.fraction, places=3),
    "fraction, 4": partial(numbers.fraction, places=4),
    "draw": numbers.draw,
    "percent": numbers.percent,
    "measured": numbers.measured,
}
"""What writes a number from 0 to 1."""

AMOUNTS: dict[str, Callable[[float], str]] = {
    "bits": numbers.bits,
    "bits, 2": partial(numbers.bits, places=2),
    "logit": numbers.logit,
    "count": numbers.count,
    "measured": numbers.measured,
    "milliseconds": numbers.milliseconds,
}
"""What writes a number from 0 on."""

WITH_HOLES = st.one_of(
    st.floats(0, 1, exclude_min=True, exclude_max=True),
    st.floats(1e-16, 1e-2).map(lambda gap: 1 - gap),
    st.floats(1e-300, 1e-2),
)
"""Numbers between 0 and 1, many of them close to an end."""

LARGE = st.one_of(
    st.floats(0, 2000), st.floats(1, 1 + 1e-3), st.floats(99, 101), st.floats(990, 1010), st.floats(0, 1e9)
)


def read(shown: str) -> float:
    """The number that somebody reads."""
    whole = shown.replace(",", "").replace("%", "").replace("∞", "inf")
    if " " not in whole:
        return float(whole.replace("−", "-"))
    first, sign, rest = whole.split(" ")
    return float(first) - float(rest) if sign == "−" else float(first) + float(rest)


def precision(shown: str) -> float:
    """Half a unit of the last digit that is shown."""
    digits = re.sub(r"[,%]|.* [−+] ", "", shown)
    mantissa, _, exponent = digits.partition("e")
    places = len(mantissa.partition(".")[2])
    return 0.5 * 10.0 ** (int(exponent or 0) - places)


@pytest.mark.parametrize(
    ("p", "shown"),
    [
        (0, "0"), (1, "1"), (0.773, "0.773"), (0.5, "0.5"), (0.0007, "0.0007"), (3.14e-9, "3.1e-9"), (2e-15, "2.0e-15"),
        (0.9994, "0.999"), (0.99998, "1 − 2e-5"), (1.0000001, "1"), (math.nan, "–"),
    ],
)  # fmt: skip
def test_probabilities_have_three_digits(p: float, shown: str) -> None:
    assert numbers.probability(p) == shown


@pytest.mark.parametrize(
    ("share", "shown"),
    [
        (0, "0%"), (1, "100%"), (0.5, "50%"), (0.996, "99.6%"), (0.001, "0.1%"), (0.0049, "0.49%"),
        (0.99996, "99.996%"), (2e-7, "2.0e-5%"), (1 - 1e-9, "100% − 1e-7%"), (math.nan, "–"),
    ],
)  # fmt: skip
def test_percents_are_whole_but_at_the_ends(share: float, shown: str) -> None:
    assert numbers.percent(share) == shown


@pytest.mark.parametrize(
    ("p", "shown"),
    [
        (0, "0.0000"),
        (1, "1.0000"),
        (0.12345, "0.1235"),
        (0.00003, "3.0e-5"),
        (0.99996, "0.99996"),
        (1 - 3e-9, "1 − 3e-9"),
    ],
)
def test_fractions_have_so_many_decimals_but_at_the_ends(p: float, shown: str) -> None:
    assert numbers.fraction(p, 4) == shown


@pytest.mark.parametrize(
    ("amount", "shown"),
    [
        (0, "0.00"), (-0.0, "0.00"), (0.125, "0.12"), (21.42, "21.4"), (1234.56, "1,234.6"), (0.00029, "0.00029"),
        (0.996, "1.00"), (math.nan, "–"), (math.inf, "∞"),
    ],
)  # fmt: skip
def test_bits_have_one_decimal_and_two_below_1(amount: float, shown: str) -> None:
    assert numbers.bits(amount) == shown


@pytest.mark.parametrize(
    ("amount", "shown"),
    [
        (1, "1.0"), (3.74, "3.7"), (1234.4, "1,234"), (0.003, "0.003"), (1.0004, "1.0004"), (1 + 1e-9, "1 + 1e-9"),
        (math.nan, "–"),
    ],
)  # fmt: skip
def test_counts_need_not_be_whole(amount: float, shown: str) -> None:
    assert numbers.count(amount) == shown


@pytest.mark.parametrize(
    ("amount", "shown"),
    [
        (0, "0"), (1, "1"), (5.154, "5.15"), (21, "21"), (999.7, "1,000"), (1234.4, "1,234"), (12345678, "12,345,678"),
        (0.9996, "1 − 4e-4"), (1.0004, "1.0004"), (99.97, "99.97"), (100, "100"), (math.nan, "–"), (math.inf, "∞"),
    ],
)  # fmt: skip
def test_measures_have_three_digits_and_no_powers_of_ten(amount: float, shown: str) -> None:
    assert numbers.measured(amount) == shown


def test_other_numbers() -> None:
    assert [numbers.logit(x) for x in (-3.214, 0.0, -0.0031)] == ["−3.21", "0.00", "−0.0031"]
    assert [numbers.milliseconds(x) for x in (0.31, 42.4, 1234.4)] == ["0.31", "42", "1,234"]
    assert [numbers.parameter(x) for x in (0.7, 2.0, 0.1 + 0.2, 0.9999999)] == ["0.7", "2", "0.3", "0.9999999"]


@pytest.mark.parametrize("name", FRACTIONS)
@given(p=WITH_HOLES)
@example(p=5e-324)
@example(p=math.nextafter(1, 0))
@example(p=0.9995)
@example(p=math.nextafter(0.9995, 0))
@example(p=0.99995)
@example(p=0.995)
@example(p=0.005)
def test_what_lies_between_0_and_1_never_reads_as_either(name: str, p: float) -> None:
    shown = FRACTIONS[name](p)
    assert shown not in ("0", "1", "0%", "100%")
    if " " not in shown:
        assert 0 < read(shown) < (100 if "%" in shown else 1)
    else:
        assert re.fullmatch(r"1(00%)? − [1-9]e-\d+%?", shown)


@pytest.mark.parametrize("name", AMOUNTS)
@given(amount=LARGE)
@example(amount=5e-324)
@example(amount=0.04999)
def test_what_is_not_0_never_reads_as_0(name: str, amount: float) -> None:
    assert (read(AMOUNTS[name](amount)) == 0) == (amount == 0)


@given(LARGE)
@example(math.nextafter(1, 2))
def test_what_is_not_1_is_counted_and_measured_as_more(amount: float) -> None:
    for write in (numbers.count, numbers.measured):
        assert (write(amount) in ("1", "1.0")) == (amount == 1)


@pytest.mark.parametrize("name", FRACTIONS)
@given(one=WITH_HOLES, other=WITH_HOLES)
def test_likelier_tokens_never_show_smaller_numbers(name: str, one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert read(FRACTIONS[name](low)) <= read(FRACTIONS[name](high))


@pytest.mark.parametrize("name", AMOUNTS)
@given(one=LARGE, other=LARGE)
def test_larger_amounts_never_show_smaller_numbers(name: str, one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert read(AMOUNTS[name](low)) <= read(AMOUNTS[name](high))


@pytest.mark.parametrize("name", FRACTIONS)
@given(p=WITH_HOLES)
def test_a_fraction_is_as_exact_as_it_looks(name: str, p: float) -> None:
    shown = FRACTIONS[name](p)
    exact = 100 * p if "%" in shown else p
    if " " in shown:  # what is missing to 1 is
        whole = float(shown.replace("%", "").split(" ")[0])
        assert (
            abs(float(shown.replace("%", "").split(" ")[2]) - (whole - exact)) <= precision(shown) * (1 + 1e-6) + 1e-14
        )
    else:
        assert abs(read(shown) - exact) <= precision(shown) * (1 + 1e-6)


@pytest.mark.parametrize("name", AMOUNTS)
@given(amount=LARGE)
def test_an_amount_is_as_exact_as_it_looks(name: str, amount: float) -> None:
    shown = AMOUNTS[name](amount)
    digits = {"measured": 3}.get(name)
    slack = 1 if digits is None else 10 ** max(0, digits - 1)  # zeros at the end are left out: 5.00 is written 5
    assert abs(read(shown) - amount) <= precision(shown) * slack * (1 + 1e-6)
