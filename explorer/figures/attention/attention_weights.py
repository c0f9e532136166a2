"""How attention weights look: one colour scale in every picture, and how heads are called."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from explorer.figures.shared.theme import Theme
from explorer.language_model.attention import FROM_BYTE, Floats

LOG_FLOOR = 1e-4
"""On the logarithmic scale, weights up to here have no colour."""


def head_name(layer: int, head: int) -> str:
    """``L3H5``: both count from 0, as in transformers and in the literature (Elhage et al. 2021)."""
    return f"L{layer}H{head}"


def weight_share(weights: Any, *, log: bool) -> Floats:
    """How strong the colour of each weight is, 0..1."""
    weights = np.asarray(weights)
    if not log:
        return np.asarray(np.clip(weights, 0, 1))
    decades = np.log10(np.maximum(weights, LOG_FLOOR)) / np.log10(LOG_FLOOR)
    return np.asarray(np.clip(1 - decades, 0, 1))


def evenly(colours: Sequence[str]) -> list[tuple[float, str]]:
    """A plotly colour scale with ``colours`` at even distances."""
    return [(i / (len(colours) - 1), colour) for i, colour in enumerate(colours)]


def byte_colours(theme: Theme, *, log: bool) -> list[str]:
    """(256,) the colour of each byte of `Attention.packed`, as ``rgb(r, g, b)``."""
    return [theme.weight(float(share)) for share in weight_share(FROM_BYTE, log=log)]
