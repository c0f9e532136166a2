"""Attention made on the spot, without a model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from explorer.language_model.attention import EXACT_TOKENS, Attention, Floats, HeadVectors, to_bytes


def random_weights(n_layer: int, n_head: int, n_tokens: int, *, seed: int = 0, sharpness: float = 3.0) -> Floats:
    """(n_layer, n_head, T, T) float32; rows sum to 1, 0 above the diagonal."""
    scores = sharpness * np.random.default_rng(seed).normal(size=(n_layer, n_head, n_tokens, n_tokens))
    scores[..., ~np.tri(n_tokens, dtype=bool)] = -np.inf
    exp = np.exp(scores - scores.max(-1, keepdims=True))
    return (exp / exp.sum(-1, keepdims=True)).astype(np.float32)


@dataclass
class Given:
    """A source of what is known already; counts how often it is asked."""

    dense: Floats
    heads: dict[tuple[int, int], HeadVectors]
    asked: int = 0

    def triangles(self, layer: int) -> Floats:
        self.asked += 1
        return np.array(self.dense[layer][:, *np.tril_indices(self.dense.shape[-1])])

    def vectors(self, layer: int, head: int) -> HeadVectors:
        self.asked += 1
        return self.heads[layer, head]


def attention_of(dense: Any, vectors: dict[tuple[int, int], HeadVectors] | None = None) -> Attention:
    """The record of (n_layer, n_head, T, T) weights, as a model would give it: bytes where the text is long."""
    dense = np.asarray(dense)
    triangles = dense[:, :, *np.tril_indices(dense.shape[-1])]
    logs = np.log2(np.where(dense > 0, dense, 1))
    logs[np.isnan(dense)] = np.nan
    short = dense.shape[-1] <= EXACT_TOKENS
    return Attention(
        exact=triangles if short else None,
        coarse=None if short else to_bytes(triangles),
        entropy=np.asarray(-(dense * logs).sum(-1)),
        source=Given(dense, vectors or {}),
    )


def head_vectors(n_tokens: int, *, layer: int = 0, head: int = 0, width: int = 8, seed: int = 0) -> HeadVectors:
    """Random queries, keys and values of one head."""
    rng = np.random.default_rng(seed)
    q, k, v = (rng.normal(size=(n_tokens, width)).astype(np.float32) for _ in range(3))
    return HeadVectors(layer, head, q, k, v, scaling=width**-0.5)
