"""Numbers as people read them, the same everywhere: on the screen, in pictures, in the terminal.

What is not 0, not 1 and not all never reads as 0, as 1 or as 100%: such numbers get more digits than others. Order is
kept: of two numbers the larger one never reads as the smaller one. Thousands have commas, NaN is a dash.
"""

from __future__ import annotations

import math

MISSING = "–"
"""In the place of a number that does not exist."""


def probability(p: float) -> str:
    """Three significant digits of a number from 0 to 1: ``0.773``, ``0.0007``, ``3.1e-9``, ``1 − 2e-5``."""
    if math.isnan(p):
        return MISSING
    if p <= 0 or p >= 1:  # a sum that is 1 may come out as 1.0000001
        return "0" if p <= 0 else "1"
    if p >= 0.9995:
        return f"1 − {_short_exponent(f'{1 - p:.0e}')}"
    return f"{p:.3g}" if p >= 1e-4 else _small(p)


def fraction(amount: float, places: int) -> str:
    """A number from 0 to 1 with ``places`` decimals: ``0.77``; ``0.0031`` and ``0.997``, which would read 0 and 1."""
    if 0 < 1 - amount < 1e-6:
        return probability(amount)
    return _decimals(min(amount, 1.0), places, ends=(0, 1))  # a sum that is 1 may come out as 1.0000001


def percent(share: float) -> str:
    """Whole percents of a number from 0 to 1: ``77%``; ``0.1%`` and ``99.6%``, which would read as none and as all."""
    if math.isnan(share):
        return MISSING
    if 0 < 1 - share < 1e-6:
        return f"100% − {_short_exponent(f'{100 * (1 - share):.0e}')}%"
    return f"{_decimals(min(100 * share, 100.0), 0, ends=(0, 100))}%"


def draw(u: float) -> str:
    """The u of a draw, four decimals; more where it would read 0 or 1."""
    return fraction(u, 4)


def bits(amount: float, places: int | None = None) -> str:
    """Bits with ``places`` decimals, or one, two below 1: ``21.4``, ``0.12``; ``0.00029``, which would read 0."""
    return _decimals(amount, (2 if abs(amount) < 1 else 1) if places is None else places, ends=(0,))


def logit(amount: float) -> str:
    """Two decimals: ``−3.21``; ``0.0031``, which would read 0."""
    return _decimals(amount, 2, ends=(0,))


def count(amount: float) -> str:
    """A number of things, whole or not: ``3.7``, ``1,234``; ``0.003`` and ``1.0004``, which would read 0 and 1."""
    if 0 < amount - 1 < 1e-6:
        return f"1 + {_short_exponent(f'{amount - 1:.0e}')}"
    return fraction(amount, 1) if amount < 1 else _decimals(amount, 1 if amount < 100 else 0, ends=(1,))


def measured(amount: float) -> str:
    """A measure of texts, three significant digits: ``0.968``, ``5.15``, ``1,234``.

    ``1.0004`` and ``99.97`` keep more: a perplexity of 1 and a BLEU of 100 say that all is certain, and all the same.
    """
    if amount < 1:
        return probability(amount)
    if not math.isfinite(amount) or amount >= 999.5:
        return _decimals(amount, 0, ends=())
    text = _decimals(amount, 2 - math.floor(math.log10(amount)), ends=(1, 100))
    return text.rstrip("0").rstrip(".") if "." in text else text


def milliseconds(duration: float) -> str:
    """A duration, whole from 1 ms on: ``42``, ``1,234``; ``0.3``, which would read 0."""
    return _decimals(duration, 0, ends=(0,))


def parameter(value: float) -> str:
    """A setting as it was typed, with all its digits: ``0.7``, ``2``, ``0.9999999``."""
    return f"{value:.15g}"


def _decimals(amount: float, places: int, ends: tuple[float, ...]) -> str:
    """``amount`` with ``places`` decimals; with more where it would read as one of ``ends`` and is another number."""
    if math.isnan(amount):
        return MISSING
    sign, amount = "−" if amount < 0 else "", abs(amount)  # what is certain costs −0.0 bits: without the sign
    if math.isinf(amount):
        return f"{sign}∞"
    read = float(f"{amount:.{places}f}")
    if read == 0 and amount and 0 in ends:
        return sign + _small(amount)
    while read in ends and read != amount:
        places += 1
        read = float(f"{amount:.{places}f}")
    return f"{sign}{amount:,.{places}f}"


def _small(amount: float) -> str:
    """Two significant digits: ``0.0031``, ``3.1e-9``."""
    return f"{amount:.2g}" if amount >= 1e-4 else _short_exponent(f"{amount:.1e}")


def _short_exponent(text: str) -> str:
    return text.replace("e-0", "e-")
