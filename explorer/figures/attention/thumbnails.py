"""All heads as small pictures: the bytes a page draws them from, and their colours."""

from __future__ import annotations

from functools import cache, reduce
from typing import Any, NamedTuple

import numpy as np
from plotly.colors import unlabel_rgb

from explorer.figures.attention.attention_weights import byte_colours
from explorer.figures.shared.theme import Theme
from explorer.language_model.attention import FROM_BYTE, Attention, Bytes, n_tokens_of, n_weights, to_bytes
from explorer.probes.first_token import without_first

MAX_CELLS = 64
"""Along each side of a thumbnail: 144 heads then take at most 0.3 MB, whatever the length of the text."""


class Thumbnails(NamedTuple):
    """The triangles of all heads, small.

    Attributes:
        cells: (n_layer, n_head, S(S+1)/2) as in `Attention.packed`: row after row, row i with i + 1 cells.
        step: each cell is the largest of ``step`` x ``step`` weights, fewer at the diagonal and at the end.
    """

    cells: Bytes
    step: int

    @property
    def side(self) -> int:
        """S, the cells along a side."""
        return n_tokens_of(self.cells.shape[-1])


def thumbnails(attention: Attention, first_token: str = "shown", most: int = MAX_CELLS) -> Thumbnails:
    """The weights of all heads, in no more than ``most`` x ``most`` cells each.

    The largest weight of a block stands for it, because what a head looks at is mostly one token: a mean would lose it.

    Args:
        first_token: what is done with the weights on it before, see `without_first`; in texts beyond `EXACT_TOKENS`
            with bytes.
    """
    step = -(-attention.n_tokens // most)
    if first_token != "renormalised":
        packed: Any = attention.packed()
        cells: Any = without_first(packed, first_token)  # 0 is 0 in bytes, too
        return Thumbnails(_largest(cells, step), step)
    exact, weights = attention.exact, FROM_BYTE.astype(np.float32)
    layers = exact if exact is not None else (weights[layer] for layer in attention.packed())  # one layer at a time
    return Thumbnails(np.stack([_largest(to_bytes(without_first(layer, first_token)), step) for layer in layers]), step)


@cache
def palette(theme: Theme, *, log: bool) -> bytes:
    """(256 * 3) red, green and blue of each byte of a thumbnail."""
    return bytes(round(channel) for colour in byte_colours(theme, log=log) for channel in unlabel_rgb(colour))


def _largest(triangle: Bytes, step: int) -> Bytes:
    """(..., T(T+1)/2) -> (..., S(S+1)/2), the largest of each block; row by row, as numpy is quickest."""
    if step == 1:
        return triangle
    n_tokens, heads, blocks = n_tokens_of(triangle.shape[-1]), triangle.shape[:-1], []
    for start in range(0, n_tokens, step):
        end = min(start + step, n_tokens)
        columns = np.zeros((*heads, -(-end // step) * step), triangle.dtype)
        for row in range(start, end):
            seen = columns[..., : row + 1]
            np.maximum(seen, triangle[..., n_weights(row) : n_weights(row + 1)], out=seen)
        blocks.append(reduce(np.maximum, (columns[..., i::step] for i in range(step))))
    return np.concatenate(blocks, axis=-1)
