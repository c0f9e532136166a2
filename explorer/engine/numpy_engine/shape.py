"""The shape of a model, read from its ``config.json``: which of the formulas here are its own, and with what sizes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from explorer.engine.attention_buffer import LayerRule
from explorer.language_model.trace import Floats

Activation = Callable[[Any], Any]


@dataclass(frozen=True)
class Shape:
    """What every model that numpy reads has.

    Attributes:
        kind: ``gpt2`` or ``llama``: which formulas.
        n_kv_head: heads that have keys and values of their own; the others share them in equal groups.
        n_positions: tokens that the model reads at once.
        norm_eps: what the norms add to the variance.
        activation: of the MLP, by the name that transformers gives it.
        rules: of each layer's attention.
        tied: whether the unembedding is the embedding.
        frequencies: of rotary positions, see `rotary`; none where positions are learned.
    """

    kind: str
    n_layer: int
    n_head: int
    n_kv_head: int
    head_dim: int
    n_embd: int
    n_positions: int
    vocab_size: int
    norm_eps: float
    activation: str
    rules: tuple[LayerRule, ...]
    tied: bool = True
    frequencies: tuple[float, ...] = ()


def gelu_tanh(x: Any) -> Any:
    """0.5 x (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))) (Hendrycks and Gimpel 2016, section 2)."""
    inner = x * x
    inner *= 0.044715
    inner += 1
    inner *= x
    inner *= np.sqrt(2 / np.pi).astype(x.dtype)
    np.tanh(inner, out=inner)
    inner += 1
    inner *= x
    inner *= 0.5
    return inner


def silu(x: Any) -> Any:
    """x / (1 + exp(-x)) (Elfwing et al. 2018)."""
    with np.errstate(over="ignore"):
        result = np.exp(-x)
    result += 1
    return np.divide(x, result, out=result)


def relu(x: Any) -> Any:
    """max(x, 0)."""
    return np.maximum(x, 0)


ACTIVATIONS: Mapping[str, Activation] = {
    "gelu_new": gelu_tanh,
    "gelu_pytorch_tanh": gelu_tanh,
    "silu": silu,
    "swish": silu,
    "relu": relu,
}
"""By the name that transformers gives them. The exact GELU needs an error function, which numpy lacks."""


def layer_norm(x: Floats, weight: Floats, bias: Floats, eps: float) -> Any:
    """(x - mean) / sqrt(variance + eps) * weight + bias, of each row (Ba et al. 2016)."""
    y = x - np.add.reduce(x, axis=-1, keepdims=True) / x.shape[-1]
    y /= np.sqrt(np.vecdot(y, y)[..., None] / x.shape[-1] + eps)
    y *= weight
    y += bias
    return y


def rms_norm(x: Floats, weight: Floats, eps: float) -> Any:
    """x / sqrt(mean of squares + eps) * weight, of each row (Zhang and Sennrich 2019)."""
    y = x / np.sqrt(np.vecdot(x, x)[..., None] / x.shape[-1] + eps)
    y *= weight
    return y
