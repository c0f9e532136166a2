"""What a person types for a number."""

from __future__ import annotations

import unicodedata
from typing import Any

_MINUS = str.maketrans("−", "-")
_EXACT = 1e15
"""Beyond some more than that a float has not every whole number; there 1e+20 is said as it was typed."""


def normalized(text: str) -> str:
    """``text`` as ASCII has it where it can: full-width digits of an input method and a typographic minus count."""
    return unicodedata.normalize("NFKC", text).translate(_MINUS).strip()


def typed_number(text: str, *, whole: bool = False) -> Any:
    """The number that ``text`` means, an int where it is whole and small, or is to be ``whole``; the text itself where
    it means none, so that it can be complained of."""
    try:
        number = float(normalized(text))
    except ValueError:
        return text
    return int(number) if number.is_integer() and (whole or abs(number) < _EXACT) else number
