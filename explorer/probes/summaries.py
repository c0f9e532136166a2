"""Many heads in one picture: mean and maximum, one number a head, and rollout through the layers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from explorer.language_model.arguments import require, whole
from explorer.language_model.attention import FROM_BYTE, Attention, Floats, Places, n_weights, place_of
from explorer.locales import ExplorerError
from explorer.probes.first_token import row_without_first, without_first

HOWS = ("mean", "max")
"""How the weights of several heads become one."""

Heads = Sequence[tuple[int, int]]
"""(layer, head) of each, from 0; at least one."""

MAX_ROLLED = 512
"""Tokens of which `rollout` is computed; of twice as many it would take a second."""

_FROM_BYTE = FROM_BYTE.astype(np.float32)  # more digits than a byte has


def blend(attention: Attention, heads: Heads, how: str, *, first: str = "shown") -> Floats:
    """(T(T+1)/2,) packed weights of several heads as one: their ``mean`` or, pair by pair, their ``max``.

    Rows of a mean sum to 1, those of a maximum to 1 or more. ``first`` treats the result, see `without_first`. Exact
    where the exact weights are at hand, which they are up to `EXACT_TOKENS` tokens; of longer texts at most 0.004 off.

    Raises:
        ExplorerError: no such layer or head.
    """
    return without_first(_blend(attention, heads, how, slice(None)), first)


def blend_row(attention: Attention, heads: Heads, how: str, query: int, *, first: str = "shown") -> Floats:
    """(query + 1,) how token ``query`` divides its look, in several heads as one; see `blend`."""
    row = slice(n_weights(query), n_weights(query + 1))
    return row_without_first(_blend(attention, heads, how, row), first)


def blend_column(attention: Attention, heads: Heads, how: str, key: int, *, first: str = "shown") -> Floats:
    """(T - key,) how much each token from ``key`` on looks at it, in several heads as one; see `blend`."""
    places = place_of(np.arange(key, attention.n_tokens), key)
    if first == "shown":
        return _blend(attention, heads, how, places)
    return np.asarray(blend(attention, heads, how, first=first)[places])


def _blend(attention: Attention, heads: Heads, how: str, places: Places | slice) -> Floats:
    if how not in HOWS:
        raise ValueError(f"how is {how!r}, and has to be one of {HOWS}")
    blended = np.array(_weights(attention, *heads[0], places))
    for layer, head in heads[1:]:
        weights = _weights(attention, layer, head, places)
        if how == "max":
            np.maximum(blended, weights, out=blended)
        else:
            blended += weights
    return blended / len(heads) if how == "mean" else blended


def _weights(attention: Attention, layer: int, head: int, places: Places | slice) -> Floats:
    """Of one head, as exact as can be had without asking the model."""
    attention.check(layer, head)
    if attention.has(layer):
        return attention.triangles(layer)[head, places]
    return np.take(_FROM_BYTE, attention.packed()[layer, head, places])


def mean_entropy(attention: Attention) -> Floats:
    """(n_layer, n_head) bits: how widely each head spreads its look, a mean over the tokens after the first.

    The first can only look at itself, 0 bits; that is the answer where there is no other.
    """
    return np.asarray(attention.entropy[:, :, _later(attention)].mean(-1, dtype=np.float64))


def uniform_entropy(n_tokens: int) -> float:
    """Bits: the `mean_entropy` of a head that looks at all it may see alike, which is the most there can be."""
    return float(np.log2(np.arange(min(2, n_tokens), n_tokens + 1)).mean())


def first_share(attention: Attention) -> Floats:
    """(n_layer, n_head) the weight on the first token, a mean over the tokens after it; 1 where there are none."""
    queries = np.arange(attention.n_tokens)[_later(attention)]
    return np.asarray(attention.at(queries, np.zeros_like(queries)).mean(-1, dtype=np.float64))


def largest_weight(attention: Attention) -> Floats:
    """(n_layer, n_head) the weight on whatever a token looks at most, a mean over the tokens after the first."""
    rows = place_of(np.arange(attention.n_tokens), 0)
    if attention.exact is not None:
        largest = np.maximum.reduceat(attention.exact, rows, axis=-1)
    else:
        largest = FROM_BYTE[np.maximum.reduceat(attention.packed(), rows, axis=-1)]
    return np.asarray(largest[:, :, _later(attention)].mean(-1, dtype=np.float64))


def _later(attention: Attention) -> slice:
    """The tokens after the first, of which alone there is nothing to say, where there are any."""
    return slice(1 if attention.n_tokens > 1 else 0, None)


def rollout(attention: Attention, n_layer: int | None = None) -> Floats:
    """(T, T) how much of each token reaches each token through the layers; rows sum to 1, 0 above the diagonal.

    Attention rollout (Abnar and Zuidema 2020, "Quantifying Attention Flow in Transformers", section 3): a layer passes
    on 0.5 W + 0.5 I, W being the mean of its heads and I what the residual stream carries past them; the layers
    multiply. Exact where `blend` is.

    Args:
        n_layer: only through so many layers, from the first on; None for all.

    Raises:
        ExplorerError: that is no attention, it has fewer layers, or the text has more than `MAX_ROLLED` tokens.
    """
    require("attention", attention, "attention", Attention)
    if n_layer is not None and n_layer != 0:
        attention.check(n_layer - 1 if whole(n_layer) is not None else n_layer)
    n_tokens = attention.n_tokens
    if n_tokens > MAX_ROLLED:
        raise ExplorerError("rollout-too-long", n=n_tokens, most=MAX_ROLLED)
    seen = np.tri(n_tokens, dtype=bool)
    mean = np.zeros((n_tokens, n_tokens), attention.entropy.dtype)
    flow = np.eye(n_tokens, dtype=mean.dtype)
    for layer in range(attention.n_layer if n_layer is None else n_layer):
        mean[seen] = blend(attention, [(layer, head) for head in range(attention.n_head)], "mean")
        flow = 0.5 * (mean @ flow) + 0.5 * flow
    return flow
