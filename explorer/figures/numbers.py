"""Numbers as people read them: small ones stay honest."""

from __future__ import annotations

import math


def probability(p: float) -> str:
    """Three significant digits, never rounded to 0 or to 1: ``0.773``, ``0.0007``, ``3.1e-9``, ``1 − 2e-5``."""
    if p in (0, 1):
        return f"{p:.0f}"
    if p >= 0.9995:
        return f"1 − {1 - p:.0e}".replace("e-0", "e-")
    return f"{p:.3g}" if p >= 1e-4 else f"{p:.1e}".replace("e-0", "e-")


def draw(u: float) -> str:
    """The u of a draw, four decimals; never rounded to 1, which it is below."""
    return f"{min(u, 0.9999):.4f}"


def bits(amount: float) -> str:
    """Bits with one decimal; two below 1."""
    amount += 0.0  # what is certain costs -0.0 bits: without the sign
    return "–" if math.isnan(amount) else f"{amount:.2f}" if abs(amount) < 1 else f"{amount:.1f}"


def count(amount: float) -> str:
    """A number of things that need not be whole: ``1.0``, ``3.7``, ``1,234``."""
    return "–" if math.isnan(amount) else f"{amount:.1f}" if amount < 100 else f"{amount:,.0f}"


def measured(amount: float) -> str:
    """A measure of texts, three significant digits: ``0.968``, ``5.15``, ``1,234``."""
    return "–" if math.isnan(amount) else f"{amount:.3g}" if abs(amount) < 1000 else f"{amount:,.0f}"
