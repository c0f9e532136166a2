"""What the weights are without the first token, on which many heads rest when they look at nothing in particular.

Such weight says little about the text: the token is an attention sink (Xiao et al. 2023, "Efficient Streaming Language
Models with Attention Sinks").
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from explorer.language_model.attention import Floats, n_tokens_of, place_of

FIRST_TOKEN = ("shown", "hidden", "renormalised")
"""What can be done with the weights on the first token."""


def without_first(triangles: Floats, how: str) -> Floats:
    """(..., T(T+1)/2) packed weights, treated; the given ones stay as they are.

    Row 0 has nothing else: it keeps its 1 whatever ``how``.

    Args:
        how: ``shown`` gives back what was given. ``hidden`` makes the weights on token 0 zero, so rows sum to less than
            1. ``renormalised`` also divides what is left of a row by its sum, so rows sum to 1; a row with nothing left
            is all zeros.
    """
    return _treated(triangles, place_of(np.arange(1, n_tokens_of(triangles.shape[-1])), 0), how)


def row_without_first(row: Floats, how: str) -> Floats:
    """(..., n) the rows of one query, treated like those of `without_first`."""
    return _treated(row, np.arange(min(1, row.shape[-1] - 1)), how)


def _treated(weights: Floats, starts: NDArray[Any], how: str) -> Floats:
    """``starts``: where the rows after row 0 begin; they follow each other to the end."""
    if how not in FIRST_TOKEN:
        raise ValueError(f"how is {how!r}, and has to be one of {FIRST_TOKEN}")
    if how == "shown" or not len(starts):
        return weights
    treated = np.array(weights)
    treated[..., starts] = 0
    if how == "renormalised":
        # The sum is 1 less the first weight, and keeps its digits where that is almost 1.
        rest = np.add.reduceat(treated, starts, axis=-1)
        lengths = np.diff([*starts, weights.shape[-1]])
        treated[..., starts[0] :] /= np.repeat(np.where(rest > 0, rest, 1), lengths, axis=-1)
    return treated
