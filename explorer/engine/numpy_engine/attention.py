"""Attention: what each token takes over from itself and those before it (Vaswani et al. 2017, section 3.2)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from explorer.engine.attention_buffer import AttentionRows, LayerRule, visible
from explorer.language_model.attention import Bytes, attention_weights, to_bytes
from explorer.language_model.products import weighted_sums
from explorer.language_model.trace import Floats


def attend(queries: Floats, keys: Floats, values: Floats, first: int, rule: LayerRule) -> tuple[Floats, Floats]:
    """The outputs of all heads for n tokens from ``first`` on, and their weights.

    Args:
        queries: (n_head, n, head_dim).
        keys, values: (n_kv_head, first + n, head_dim).

    Returns:
        (n, n_head, head_dim) weighted sums of values, (n_head, n, first + n) weights.
    """
    n_head, n, width = queries.shape
    weights = attention_weights(queries, keys, rule.scaling, first, rule.window)
    shared = weights.reshape(len(keys), -1, first + n)  # (n_kv_head, heads that share * n, first + n)
    outputs = weighted_sums(shared, values)
    return outputs.reshape(n_head, n, width).swapaxes(0, 1), weights


def attend_in_batch(queries: Floats, shared: tuple[Floats, Floats], own: tuple[Floats, Floats], rule: LayerRule) -> Any:
    """The outputs of all heads for the last token of each of B texts that begin alike.

    Args:
        queries: (B, n_head, head_dim).
        shared: (n_kv_head, S, head_dim) keys and values of the S tokens that all begin with.
        own: (B, n_kv_head, t, head_dim) those of the t tokens of each text after them, the last included.

    Returns:
        (B, n_head, head_dim) weighted sums of values.
    """
    n_rows, n_head, width = queries.shape
    n_kv_head, n_shared = shared[0].shape[:2]
    grouped = (queries * queries.dtype.type(rule.scaling)).reshape(n_rows, n_kv_head, -1, width)
    by_head = grouped.swapaxes(0, 1).reshape(n_kv_head, -1, width)  # (n_kv_head, B * heads that share, head_dim)
    to_shared = (by_head @ shared[0].swapaxes(1, 2)).reshape(n_kv_head, n_rows, -1, n_shared).swapaxes(0, 1)
    to_own = grouped @ own[0].swapaxes(2, 3)
    scores = np.concatenate([to_shared, to_own], axis=-1)  # (B, n_kv_head, heads that share, S + t)
    if rule.window is not None:
        scores[..., : -rule.window] = -np.inf
    scores -= scores.max(axis=-1, keepdims=True)
    np.exp(scores, out=scores)
    scores /= scores.sum(axis=-1, keepdims=True)
    weights = scores[..., :n_shared].swapaxes(0, 1).reshape(n_kv_head, -1, n_shared)
    from_shared = (weights @ shared[1]).reshape(n_kv_head, n_rows, -1, width).swapaxes(0, 1)
    outputs = from_shared + scores[..., n_shared:] @ own[1]
    return outputs.reshape(n_rows, n_head, width)


class AttentionRecorder:
    """Takes what each layer of one pass attends to, for an `AttentionBuffer`.

    Args:
        first: how many tokens come before those of the pass.
        exact: whether weights are kept as they are, or as bytes.
    """

    def __init__(self, first: int, *, exact: bool) -> None:
        self._first, self._exact = first, exact
        self._queries: list[Floats] = []
        self._weights: list[Floats | Bytes] = []
        self._entropy: list[Floats] = []

    def add(self, queries: Floats, weights: Floats) -> None:
        """Those of the next layer: (n_head, n, head_dim) and (n_head, n, first + n)."""
        self._queries.append(queries)
        if weights.shape[1] == 1:
            self._weights.append(weights[:, 0])  # entropies of all layers at once, in `rows`
            return
        self._entropy.append(entropy_bits(weights))
        triangle = weights[:, visible(weights.shape[1], self._first)]
        self._weights.append(triangle if self._exact else to_bytes(triangle))

    def rows(self) -> AttentionRows:
        """Of all layers."""
        weights: Any = np.stack(self._weights)
        if self._entropy:
            return AttentionRows(np.stack(self._queries), weights, np.stack(self._entropy))
        entropy = entropy_bits(weights)[..., None]
        return AttentionRows(np.stack(self._queries), weights if self._exact else to_bytes(weights), entropy)


def entropy_bits(weights: Floats) -> Any:
    """(..., T) weights -> (...) Shannon entropy in bits."""
    smallest = np.finfo(weights.dtype).tiny  # 0 log 0 is 0
    return np.abs(np.vecdot(weights, np.log2(np.maximum(weights, smallest))))


def switch_off(outputs: Any, heads: Sequence[int]) -> None:
    """Set the outputs (n, n_head, head_dim) of these heads to 0."""
    if heads:
        outputs[:, list(heads)] = 0
