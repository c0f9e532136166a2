"""What people give for a parameter, checked, and as the sentence that refuses it quotes it."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from numbers import Real
from operator import index
from typing import Any

from explorer.locales import ExplorerError
from explorer.locales.numbers import parameter

MAX_LISTED = 1_000_000
"""More entries than any vocabulary has: a list that goes on beyond them may have no end."""

_MAX_SHOWN = 60


def number(name: str, value: Any, low: float, high: float, *, whole_only: bool = False) -> float | int:
    """A parameter's value as it is recorded.

    Raises:
        ExplorerError: it is no (whole) number, or does not lie between ``low`` and ``high``.
    """
    found = whole(value) if whole_only else real(value)
    if found is None or not low <= found <= high:  # NaN lies nowhere
        message = "sampling-no-whole-number" if whole_only else "sampling-no-number"
        raise ExplorerError(message, name=name, value=shown(value), low=parameter(low), high=parameter(high))
    return found


def whole(value: Any) -> int | None:
    """A whole number as Python's own; None for what is none, and for True and False, which Python takes for 1 and 0."""
    try:
        return None if isinstance(value, bool) else index(value)
    except Exception:  # whatever a stranger's object raises, it is no whole number
        return None


def real(value: Any) -> float | None:
    """A number as a float; None for what is none, and for True and False."""
    try:
        return float(value) if isinstance(value, Real) and not isinstance(value, bool) else None
    except Exception:  # above all of whole numbers that no float holds
        return None


def listed(values: Any) -> list[Any] | None:
    """The entries of a list, a set, an array, ...; None for a text, and for what cannot be gone through to its end:
    an array without dimensions, a generator that raises or never ends."""
    if isinstance(values, str | bytes | bytearray) or not isinstance(values, Iterable):
        return None
    try:
        entries = list(islice(values, MAX_LISTED + 1))
    except ExplorerError:  # a sentence already
        raise
    except Exception:
        return None
    return entries if len(entries) <= MAX_LISTED else None


def shown(value: Any) -> str:
    """A value as the sentence that refuses it quotes it: all digits (1.0000001 is not 1), texts in quotes, not long."""
    try:
        text = repr(value) if isinstance(value, str) else str(value)
    except Exception:  # Python writes out no whole number of more than 4,300 digits, nor very deeply nested lists
        text = "…"
    return text if len(text) <= _MAX_SHOWN else text[: _MAX_SHOWN - 1] + "…"
