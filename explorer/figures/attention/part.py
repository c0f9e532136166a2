"""`Part`: the tokens of a text whose weights are drawn, one or several in each cell."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from explorer.language_model.attention import Floats, square
from explorer.probes.first_token import without_first

MAX_CELLS = 128
"""In a row or a column; of more tokens, a cell stands for several."""


@dataclass(frozen=True)
class Part:
    """The tokens whose weights are drawn, counted from the first that the model reads."""

    queries: range
    keys: range

    @classmethod
    def whole(cls, n_tokens: int) -> Part:
        return cls(range(n_tokens), range(n_tokens))

    @property
    def n(self) -> int:
        """A cell stands for n x n weights."""
        return max(1, math.ceil(max(len(self.queries), len(self.keys)) / MAX_CELLS))

    def of_cells(self, columns: tuple[int, int], rows: tuple[int, int], n_tokens: int) -> Part | None:
        """What the cells from the first to the last in a row and in a column stand for; they may lie beside this part.

        None where no token of a text of ``n_tokens`` looks at any.
        """
        keys = _tokens(self.keys.start, columns, self.n, n_tokens)
        queries = _tokens(self.queries.start, rows, self.n, n_tokens)
        return Part(queries, keys) if queries and keys and keys.start < queries.stop else None


def _tokens(start: int, cells: tuple[int, int], n: int, n_tokens: int) -> range:
    first, last = cells
    return range(max(0, start + n * first), min(n_tokens, start + n * (last + 1)))


def part_weights(triangle: Floats, part: Part, first: str = "shown") -> Floats:
    """(queries, keys) of ``part``; NaN where a query sees nothing, and where weights on the first token are left out.

    Args:
        triangle: (T(T+1)/2,) the weights of one head, as in `Attention.triangles`.
        part: which tokens.
        first: what to do with the weights on the first token, see `without_first`.
    """
    weights = square(without_first(triangle, first))
    if first != "shown":
        weights[1:, 0] = np.nan
    seen = np.asarray(part.queries)[:, None] >= np.asarray(part.keys)
    return np.where(seen, weights[part.queries.start : part.queries.stop, part.keys.start : part.keys.stop], np.nan)


def largest(weights: Floats, n: int) -> Floats:
    """The largest of each n x n of ``weights``; those at the edges may be fewer. NaN only where all are."""
    if n == 1:
        return weights
    padded = np.pad(weights, [(0, -length % n) for length in weights.shape], constant_values=np.nan)
    blocks = padded.reshape(len(padded) // n, n, -1, n)
    return np.asarray(np.fmax.reduce(np.fmax.reduce(blocks, axis=3), axis=1))


def query_of_cell(triangle: Floats, part: Part, column: int, row: int, first: str = "shown") -> int | None:
    """The token whose weight a cell of `head_map` shows; None where it shows nothing."""
    n = part.n
    weights = part_weights(triangle, part, first)[row * n : (row + 1) * n, column * n : (column + 1) * n]
    if np.isnan(weights).all():
        return None
    return part.queries[row * n + int(np.unravel_index(np.nanargmax(weights), weights.shape)[0])]
