"""What people give for a parameter, checked, and as the sentence that refuses it quotes it."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from numbers import Real
from typing import Any

from explorer.language_model.arguments import whole
from explorer.locales import ExplorerError, shown
from explorer.locales.numbers import parameter

MAX_COUNT = 10**9
MAX_LISTED = 1_000_000
"""More entries than any vocabulary has: a list that goes on beyond them may have no end."""


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


def counted(n: Any, name: str = "n") -> int:
    """How many are asked for.

    Raises:
        ExplorerError: no whole number from 0.
    """
    return int(number(name, n, 0, MAX_COUNT, whole_only=True))


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
