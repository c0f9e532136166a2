"""Rotary positions (Su et al. 2021): pairs of features of each query and key are turned by an angle that grows with the
position, so that their product depends on the distance alone."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from explorer.language_model.trace import Floats


def frequencies(config: Mapping[str, Any], head_dim: int) -> Floats | None:
    """(head_dim / 2,) float32 angle a token of each pair of features; None for a scaling that is not done here.

    Scalings: ``linear`` (Chen et al. 2023), ``llama3`` (Grattafiori et al. 2024, section 3.4.2). Those that depend on
    the length of the text are not among them.
    """
    given = config.get("rope_parameters") or config.get("rope_scaling") or {}
    kind = given.get("rope_type", given.get("type", "default"))
    base = given.get("rope_theta", config.get("rope_theta", 10_000.0))
    if given.get("partial_rotary_factor", config.get("partial_rotary_factor", 1.0)) != 1.0:
        return None
    plain = 1.0 / np.float32(base) ** (np.arange(0, head_dim, 2, dtype=np.float32) / np.float32(head_dim))
    if kind == "default":
        return plain
    if kind == "linear":
        return plain / np.float32(given["factor"])
    if kind == "llama3":
        return _llama3(plain, given)
    return None


def _llama3(plain: Floats, given: Mapping[str, Any]) -> Floats:
    """Long waves are stretched by ``factor``, short ones stay, and those in between are mixed."""
    length = given["original_max_position_embeddings"]
    low, high = given["low_freq_factor"], given["high_freq_factor"]
    waves = 2 * math.pi / plain
    share = (length / waves - low) / (high - low)  # 0 for the longest waves that are mixed, 1 for the shortest
    share = np.clip(share, 0, 1)
    mixed: Floats = ((1 - share) * plain / given["factor"] + share * plain).astype(np.float32)
    return mixed


def turns(frequency: Floats, first: int, n: int, dtype: Any) -> tuple[Floats, Floats]:
    """(n, 1, 1, head_dim / 2) cosines and (n, 1, 2, head_dim / 2) sines of the angles at the positions from ``first``
    on; sines of the first features of the pairs are negative.

    Angles are float32 whatever the weights are, as in transformers: models were trained with them.
    """
    angles = np.arange(first, first + n, dtype=np.float32)[:, None] * frequency
    cosines, sines = np.cos(angles).astype(dtype), np.sin(angles).astype(dtype)
    return cosines[:, None, None], np.stack([-sines, sines], axis=1)[:, None]


def rotate(x: Floats, cosines: Floats, sines: Floats) -> Floats:
    """(n, heads, head_dim) turned; a pair is a feature of the first half and its counterpart in the second."""
    pairs = x.reshape(*x.shape[:-1], 2, -1)
    turned = pairs * cosines
    turned += pairs[..., ::-1, :] * sines
    return turned.reshape(x.shape)
