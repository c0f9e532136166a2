"""`Attention`: a frozen record of what every head of every layer looked at in one pass."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from explorer.language_model.arguments import check_head, is_place
from explorer.language_model.products import dot_products
from explorer.language_model.record import brief
from explorer.locales import ExplorerError, Message, shown

Floats = NDArray[np.floating[Any]]
Bytes = NDArray[np.uint8]
Places = NDArray[np.int64]

EXACT_TOKENS = 256
"""Up to this many tokens every weight is kept as the model computed it; of longer texts as a byte each."""

MAX_BYTES = 144 * 10**6
"""Of the weights of one text, a byte each."""

DENSE_BYTES = 256 * 10**6
"""`Attention.dense` makes nothing larger."""


def n_weights(n_tokens: int) -> int:
    """Weights of one head: of each token on itself and on those before it."""
    return n_tokens * (n_tokens + 1) // 2


def n_tokens_of(size: int) -> int:
    """How many tokens a triangle of ``size`` weights is of: the inverse of `n_weights`."""
    return (math.isqrt(8 * size + 1) - 1) // 2


def place_of(query: Any, key: Any) -> Any:
    """Where the weight of a query on a key stands in a triangle: rows follow each other, row i has i + 1 weights."""
    return n_weights(query) + key


def most_tokens(n_layer: int, n_head: int) -> int:
    """The longest text of which the attention of so many heads is kept."""
    return math.isqrt(2 * MAX_BYTES // (n_layer * n_head))


def to_bytes(weights: Floats) -> Bytes:
    """Weights in 0..1 as bytes: 255 times their square root, rounded. A weight below 4e-6 becomes 0."""
    return np.asarray(np.rint(np.sqrt(weights) * 255), np.uint8)


FROM_BYTE: Floats = (np.arange(256) / 255) ** 2
"""(256,) the weight that each byte stands for; at most 0.004 from what it was made of."""


def square(triangle: NDArray[Any]) -> NDArray[Any]:
    """(..., T(T+1)/2) -> (..., T, T), 0 above the diagonal."""
    n_tokens = n_tokens_of(triangle.shape[-1])
    full = np.zeros((*triangle.shape[:-1], n_tokens, n_tokens), triangle.dtype)
    full[..., *np.tril_indices(n_tokens)] = triangle
    return full


def attention_weights(
    queries: Floats, keys: Floats, scaling: float, first: int, window: int | None = None
) -> NDArray[np.floating[Any]]:
    """Attention weights of the tokens from ``first`` on: softmax(q·k * scaling) over what each may see (Vaswani et al.
    2017, section 3.2.1).

    Args:
        queries: (n_head, n, head_dim) of n tokens in a row.
        keys: (n_kv_head, first + n, head_dim) of all up to the last. Heads that share their keys are neighbours
            (Ainslie et al. 2023).
        window: how many tokens each sees, itself included (Beltagy et al. 2020, section 3.1); None for all.

    Returns:
        (n_head, n, first + n), 0 where a key may not be seen.
    """
    n_head, n, width = queries.shape
    shared = (queries * scaling).reshape(len(keys), -1, width)  # (n_kv_head, heads that share * n, head_dim)
    scores: NDArray[np.floating[Any]] = dot_products(shared, keys).reshape(n_head, n, -1)
    if n > 1:
        scores[:, ~np.tri(n, first + n, first, dtype=bool)] = -np.inf
    if window is not None and first + n > window:
        scores[:, np.tri(n, first + n, first - window, dtype=bool)] = -np.inf
    scores -= np.maximum.reduce(scores, axis=-1, keepdims=True)
    np.exp(scores, out=scores)
    scores /= np.add.reduce(scores, axis=-1, keepdims=True)
    return scores


@dataclass(frozen=True, eq=False, repr=False)
class HeadVectors:
    """What the weights of one head are made of, for a text of T tokens.

    Attributes:
        layer, head: which head, from 0.
        queries, keys, values: (T, head_dim), as they enter the product: with their positions rotated into them where
            the model does so (Su et al. 2021, RoPE). Heads that share keys and values have the same.
        scaling: what the products are multiplied with, 1 / sqrt(head_dim) in most models.
        window: how many tokens a token sees, itself included; None for all up to itself.
    """

    layer: int
    head: int
    queries: Floats
    keys: Floats
    values: Floats
    scaling: float
    window: int | None = None

    def __repr__(self) -> str:
        return brief(self)

    def first_key(self, query: int) -> int:
        """The first token that a query sees."""
        return 0 if self.window is None else max(0, query + 1 - self.window)

    def scores(self, query: int) -> Floats:
        """(query + 1,) scaled dot products of a query with the keys up to it (Vaswani et al. 2017, section 3.2.1).

        -inf where it does not see the key, because the layer has a window. Their softmax is the row of weights.

        Raises:
            ExplorerError: there is no such token.
        """
        if not is_place(query, len(self.queries)):
            raise ExplorerError("unknown-position", position=shown(query), last=len(self.queries) - 1)
        scores = np.asarray(self.keys[: query + 1] @ self.queries[query] * self.scaling)
        scores[: self.first_key(query)] = -np.inf
        return scores


class Source(Protocol):
    """Where an `Attention` gets what it does not hold: what the cache of a model in this process has of the text."""

    def triangles(self, layer: int) -> Floats:
        """(n_head, T(T+1)/2) weights of one layer."""
        ...

    def vectors(self, layer: int, head: int) -> HeadVectors:
        """Queries, keys and values of one head."""
        ...


@dataclass(frozen=True, eq=False)
class Attention:
    """The attention weights of a text of T tokens: row i says how token i divides its look over tokens 0..i.

    Layers, heads and tokens count from 0; tokens from the first that the model reads (``Trace.start``). Rows sum to 1.
    Weights are kept as triangles: row after row, row i with i + 1 weights (`place_of`).

    Attributes:
        exact: (n_layer, n_head, T(T+1)/2) as the model computed them, where T <= `EXACT_TOKENS`; else None.
        coarse: the same as bytes (`to_bytes`), where T is larger; else None.
        entropy: (n_layer, n_head, T) bits, of each row.
        source: computes the exact weights of a layer, and the vectors they come from.
        opened: a layer of a long text and its exact weights, as `triangles` gives them, where they were fetched before.
        explained: the vectors of a head, where they were fetched before.
    """

    exact: Floats | None
    coarse: Bytes | None
    entropy: Floats
    source: Source
    opened: tuple[int, Floats] | None = None
    explained: HeadVectors | None = None
    _last: dict[int, Floats] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        kept = self.exact if self.exact is not None else self.coarse
        if kept is None or kept.shape != (self.n_layer, self.n_head, n_weights(self.n_tokens)):
            raise ValueError(f"attention of {self.entropy.shape} rows cannot have {kept and kept.shape} weights")
        for array in (self.exact, self.coarse, self.entropy):
            if array is not None:
                array.flags.writeable = False

    def __repr__(self) -> str:
        return f"Attention({self.n_layer} layers, {self.n_head} heads, {self.n_tokens} tokens)"

    @property
    def n_layer(self) -> int:
        return int(self.entropy.shape[0])

    @property
    def n_head(self) -> int:
        return int(self.entropy.shape[1])

    @property
    def n_tokens(self) -> int:
        return int(self.entropy.shape[2])

    @cached_property
    def problem(self) -> Message | None:
        """What is wrong with the numbers; None where nothing is."""
        rows = np.isnan(self.entropy)
        if not rows.any():
            return None
        layer, head, _ = np.argwhere(rows)[0].tolist()
        return Message.of("attention-not-numbers", n=int(rows.sum()), layer=layer, head=head)

    def check(self, layer: int, head: int = 0) -> None:
        """Raise an `ExplorerError` unless the model has this head of this layer."""
        check_head(layer, head, self.n_layer, self.n_head)

    def has(self, layer: int) -> bool:
        """Whether the exact weights of ``layer`` are at hand, without asking the model."""
        return self.exact is not None or (self.opened is not None and self.opened[0] == layer)

    def has_vectors(self, layer: int, head: int) -> bool:
        """Whether the vectors of a head are at hand, without asking the model."""
        return self.explained is not None and (self.explained.layer, self.explained.head) == (layer, head)

    def fetched(self, layer: int, head: int | None = None) -> Attention:
        """The same with the exact weights of ``layer`` at hand; with ``head``, its vectors as well.

        Raises:
            ExplorerError: no such layer or head.
        """
        self.check(layer, head or 0)
        found = self if self.has(layer) else replace(self, opened=(layer, self.triangles(layer)))
        if head is None or found.has_vectors(layer, head):
            return found
        return replace(found, explained=found.vectors(layer, head))

    def triangles(self, layer: int) -> Floats:
        """(n_head, T(T+1)/2) weights of one layer, exact.

        Raises:
            ExplorerError: no such layer.
        """
        self.check(layer)
        if self.exact is not None:
            return np.asarray(self.exact[layer])
        if self.opened is not None and self.opened[0] == layer:
            return self.opened[1]
        found = self._last.get(layer)  # head after head is asked for, layer by layer
        if found is None:
            found = self.source.triangles(layer)
            found.flags.writeable = False
            self._last.clear()
            self._last[layer] = found
        return found

    def head(self, layer: int, head: int) -> Floats:
        """(T, T) weights of one head, query by key, exact; 0 above the diagonal, rows sum to 1.

        Raises:
            ExplorerError: no such layer or head.
        """
        self.check(layer, head)
        return square(self.triangles(layer)[head])

    def row(self, layer: int, head: int, query: int) -> Floats:
        """(query + 1,) how token ``query`` divides its look, exact.

        Raises:
            ExplorerError: no such layer, head or token.
        """
        self.check(layer, head)
        return self.triangles(layer)[head, self._row(query)]

    def rows(self, query: int) -> Floats:
        """(n_layer, n_head, query + 1) how token ``query`` divides its look in every head; see `at` on precision."""
        row = self._row(query)
        return self.exact[:, :, row] if self.exact is not None else FROM_BYTE[self._bytes[:, :, row]]

    def at(self, queries: Places, keys: Places) -> Floats:
        """(n_layer, n_head, n) the weights of n pairs of tokens in every head, each key at or before its query.

        Exact up to `EXACT_TOKENS` tokens; of longer texts at most 0.004 off.
        """
        places = place_of(np.asarray(queries), np.asarray(keys))
        return self.exact[:, :, places] if self.exact is not None else FROM_BYTE[self._bytes[:, :, places]]

    def packed(self) -> Bytes:
        """(n_layer, n_head, T(T+1)/2) all weights as bytes, see `to_bytes`."""
        return self._bytes

    def dense(self) -> Floats:
        """(n_layer, n_head, T, T) all weights, exact.

        Raises:
            ExplorerError: that would be more than 256 MB; `head` gives them one by one.
        """
        n_bytes = self.n_layer * self.n_head * self.n_tokens**2 * self.entropy.itemsize
        if n_bytes > DENSE_BYTES:
            most = math.isqrt(DENSE_BYTES // (self.n_layer * self.n_head * self.entropy.itemsize))
            raise ExplorerError("attention-too-large", n=self.n_tokens, megabytes=round(n_bytes / 1e6), most=most)
        return np.stack([square(self.triangles(layer)) for layer in range(self.n_layer)])

    def vectors(self, layer: int, head: int) -> HeadVectors:
        """Queries, keys and values of one head.

        Raises:
            ExplorerError: no such layer or head.
        """
        self.check(layer, head)
        if self.explained is not None and self.has_vectors(layer, head):
            return self.explained
        return self.source.vectors(layer, head)

    @cached_property
    def _bytes(self) -> Bytes:
        return self.coarse if self.coarse is not None else to_bytes(np.asarray(self.exact))

    def _row(self, query: int) -> slice:
        if not is_place(query, self.n_tokens):
            raise ExplorerError("unknown-position", position=shown(query), last=self.n_tokens - 1)
        return slice(n_weights(query), n_weights(query + 1))
