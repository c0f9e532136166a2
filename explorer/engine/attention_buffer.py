"""The attention of one text, kept row by row beside its keys and values.

A row never changes when tokens are appended, so the rows of new tokens are all that a pass has to add.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from explorer.engine.growing import GrowingArray
from explorer.language_model.attention import (
    EXACT_TOKENS,
    Attention,
    Bytes,
    Floats,
    HeadVectors,
    Source,
    attention_weights,
    n_weights,
    to_bytes,
)

ROWS_AT_ONCE = 256
"""The square of a long text is much larger than what is kept of it."""


class KeysValuesView(Protocol):
    """The keys and values of T tokens in every layer, which nobody writes again."""

    def keys(self, layer: int) -> Floats:
        """(n_kv_head, T, head_dim), at least float32."""
        ...

    def values(self, layer: int) -> Floats:
        """As `keys`."""
        ...


@dataclass(frozen=True, eq=False)
class AttentionRows:
    """What one pass over n tokens adds.

    Attributes:
        queries: (n_layer, n_head, n, head_dim), as they enter the product.
        weights: (n_layer, n_head, weights of the n rows) as they were computed, or as bytes.
        entropy: (n_layer, n_head, n) bits.
    """

    queries: Floats
    weights: Floats | Bytes
    entropy: Floats


@dataclass(frozen=True)
class LayerRule:
    """What a layer makes of its queries and keys: softmax(q·k * scaling) over what each token may see.

    Attributes:
        scaling: 1 / sqrt(head_dim) in most models.
        window: how many tokens a token sees, itself included; None for all up to itself.
    """

    scaling: float
    window: int | None = None


class AttentionBuffer:
    """The weights of every head of every layer, of a text that grows; and the queries they came from.

    Up to `EXACT_TOKENS` tokens all weights are kept as they were computed; of longer texts bytes, and a layer's exact
    ones are computed again from queries and keys.

    Args:
        rules: of each layer.
    """

    def __init__(self, rules: tuple[LayerRule, ...]) -> None:
        self._rules = rules
        self._exact = True
        self._weights = GrowingArray()  # (n_layer, n_head, T(T+1)/2)
        self._entropy = GrowingArray()  # (n_layer, n_head, T)
        self._queries = GrowingArray(room=32)  # (n_layer, n_head, head_dim, T)

    def __len__(self) -> int:
        return self._entropy.length

    @property
    def n_bytes(self) -> int:
        return self._weights.n_bytes + self._entropy.n_bytes + self._queries.n_bytes

    def will_be_exact(self, n_tokens: int) -> bool:
        """Whether, grown to ``n_tokens``, it has weights as they were computed, or bytes."""
        return self._exact and n_tokens <= EXACT_TOKENS

    def append(self, rows: AttentionRows) -> None:
        """Add the rows of the tokens that follow; bytes where `will_be_exact` says so."""
        exact = rows.weights.dtype != np.uint8
        if self._exact and not exact:
            self._weights = GrowingArray(to_bytes(self._weights.array)) if len(self) else GrowingArray()
        self._exact = exact
        self._queries.append(rows.queries.swapaxes(2, 3))
        self._weights.append(rows.weights)
        self._entropy.append(rows.entropy)

    def crop(self, length: int, view: KeysValuesView) -> None:
        """Forget all but the first ``length`` tokens; ``view`` is of these."""
        self._entropy.crop(length)
        self._queries.crop(length)
        if not self._exact and length <= EXACT_TOKENS:
            self._weights, self._exact = GrowingArray(self._all_triangles(length, view)), True
        else:
            self._weights.crop(n_weights(length))

    def fork(self, length: int, view: KeysValuesView) -> AttentionBuffer:
        """Another with the first ``length`` tokens; ``view`` is of these."""
        copy = AttentionBuffer(self._rules)
        copy._exact = self._exact
        copy._weights, copy._entropy, copy._queries = self._weights.fork(), self._entropy.fork(), self._queries.fork()
        copy.crop(length, view)
        return copy

    def record(self, n_tokens: int, view: KeysValuesView) -> Attention:
        """The attention of the first ``n_tokens``. It looks at what is here, and at ``view``, which is of these."""
        size = n_weights(n_tokens)
        if self._exact:
            exact, coarse = self._weights.array[:, :, :size], None
        elif n_tokens <= EXACT_TOKENS:
            exact, coarse = self._all_triangles(n_tokens, view), None
        else:
            exact, coarse = None, self._weights.array[:, :, :size]
        source = CachedVectors(self._queries.array[..., :n_tokens], view, self._rules)
        return Attention(exact, coarse, self._entropy.array[:, :, :n_tokens], source)

    def _all_triangles(self, n_tokens: int, view: KeysValuesView) -> Floats:
        source = CachedVectors(self._queries.array[..., :n_tokens], view, self._rules)
        return np.stack([source.triangles(layer) for layer in range(len(self._rules))])


@dataclass(frozen=True, eq=False)
class CachedVectors(Source):
    """What the weights of a text are made of, as the cache has it: `Attention` gets from here what it does not hold.

    Attributes:
        queries: (n_layer, n_head, head_dim, T).
        view: the keys and values.
        rules: of each layer.
    """

    queries: Any
    view: KeysValuesView
    rules: tuple[LayerRule, ...]

    def triangles(self, layer: int) -> Floats:
        return _triangles(self.queries[layer], self.view.keys(layer), self.rules[layer])

    def vectors(self, layer: int, head: int) -> HeadVectors:
        keys, values = self.view.keys(layer), self.view.values(layer)
        shared = head * len(keys) // self.queries.shape[1]  # heads that share their keys are neighbours
        queries, rule = self.queries[layer, head].T, self.rules[layer]
        arrays = queries.copy(), keys[shared].copy(), values[shared].copy()
        return HeadVectors(layer, head, *arrays, rule.scaling, rule.window)


def _triangles(queries: Floats, keys: Floats, rule: LayerRule) -> Floats:
    """(n_head, T(T+1)/2) weights of one layer from its queries (n_head, head_dim, T) and keys (n_kv_head, T or more,
    head_dim)."""
    n_tokens = queries.shape[-1]
    parts = []
    for first in range(0, n_tokens, ROWS_AT_ONCE):
        last = min(n_tokens, first + ROWS_AT_ONCE)
        rows = queries[..., first:last].swapaxes(1, 2)  # (n_head, n, head_dim)
        weights = attention_weights(rows, keys[:, :last], rule.scaling, first, rule.window)
        parts.append(weights[:, visible(last - first, first)])
    return np.concatenate(parts, axis=1)


def visible(n: int, first: int) -> Any:
    """(n, first + n) True where the key of a triangle's row is at or before its query."""
    return np.tri(n, first + n, first, dtype=bool)
