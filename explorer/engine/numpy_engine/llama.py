"""Llama (Touvron et al. 2023) and what is shaped like it: Mistral, Qwen2, Qwen3.

x = embedding[token]
x = x + attention(rms_norm(x))            in each layer; queries and keys are turned by their position
x = x + down(silu(gate h) * up h)         where h = rms_norm(x)
hidden = rms_norm(x)
logits = unembedding hidden
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from explorer.engine.attention_buffer import LayerRule
from explorer.engine.numpy_engine.attention import AttentionRecorder, attend, attend_in_batch, switch_off
from explorer.engine.numpy_engine.cache import NumpyBatch, NumpyKeysValues
from explorer.engine.numpy_engine.linear import linear
from explorer.engine.numpy_engine.rotary import frequencies, rotate, turns
from explorer.engine.numpy_engine.shape import ACTIVATIONS, Shape, rms_norm
from explorer.engine.numpy_engine.states import StatesRecorder
from explorer.language_model.trace import Floats, Ints

LAYOUT_VERSION = 1
"""Grows when `layout` lays the weights out otherwise."""

NEEDED: Mapping[str, tuple[str, ...]] = {
    "llama": (),
    "mistral": ("num_key_value_heads",),
    "qwen2": ("num_key_value_heads",),
    "qwen3": ("num_key_value_heads", "head_dim"),
}
"""By kind, what a configuration must say: transformers' default for it does not follow from the other sizes."""

DEFAULT_WINDOW = 4096
"""Transformers' for a configuration of these kinds, but for Llama, that says nothing about its window."""


def shape_of(config: Mapping[str, Any]) -> Shape | None:
    """The shape that ``config.json`` describes; None where it says something that is not done here, or too little."""
    if any(name not in config for name in NEEDED[config["model_type"]]):
        return None
    n_layer, n_head, n_embd = config["num_hidden_layers"], config["num_attention_heads"], config["hidden_size"]
    head_dim = config.get("head_dim") or n_embd // n_head
    n_kv_head = config.get("num_key_value_heads") or n_head
    activation = config.get("hidden_act", "silu")
    windows = _windows(config, n_layer)
    frequency = frequencies(config, head_dim)
    if activation not in ACTIVATIONS or n_head % n_kv_head or frequency is None or windows is None:
        return None
    return Shape(
        kind="llama",
        n_layer=n_layer,
        n_head=n_head,
        n_kv_head=n_kv_head,
        head_dim=head_dim,
        n_embd=n_embd,
        n_positions=config["max_position_embeddings"],
        vocab_size=config["vocab_size"],
        norm_eps=config["rms_norm_eps"],
        activation=activation,
        rules=tuple(LayerRule(head_dim**-0.5, window) for window in windows),
        tied=bool(config.get("tie_word_embeddings", False)),
        frequencies=tuple(frequency.tolist()),
    )


def _windows(config: Mapping[str, Any], n_layer: int) -> list[int | None] | None:
    """How many tokens each layer sees, None for all of them; None instead of a list where that is not known."""
    model_type, kinds = config["model_type"], config.get("layer_types")
    window = config.get("sliding_window", None if model_type == "llama" else DEFAULT_WINDOW)
    if model_type.startswith("qwen") and not config.get("use_sliding_window", False):
        window = None
    if kinds is None:
        if model_type.startswith("qwen"):
            full = config.get("max_window_layers", 28) if window is not None else n_layer
            kinds = ["full_attention" if layer < full else "sliding_attention" for layer in range(n_layer)]
        else:
            kinds = ["sliding_attention" if window is not None else "full_attention"] * n_layer
    if len(kinds) != n_layer or set(kinds) - {"full_attention", "sliding_attention"}:
        return None
    return [window if kind == "sliding_attention" else None for kind in kinds]


def layout(tensors: Mapping[str, Any], shape: Shape) -> Iterator[tuple[str, Floats]]:
    """The weights as `Llama` reads them, from those of the file: matrices that read the same are one."""
    yield "embedding", tensors["embed_tokens.weight"]
    for layer in range(shape.n_layer):
        old, new = f"layers.{layer}.", f"{layer}."
        yield f"{new}norm_1", tensors[f"{old}input_layernorm.weight"]
        yield f"{new}norm_2", tensors[f"{old}post_attention_layernorm.weight"]
        joined = {
            "qkv": [f"self_attn.{name}_proj" for name in "qkv"],
            "o": ["self_attn.o_proj"],
            "gate_up": ["mlp.gate_proj", "mlp.up_proj"],
            "down": ["mlp.down_proj"],
        }
        for name, parts in joined.items():
            for kind in ("weight", "bias"):
                found = [f"{old}{part}.{kind}" for part in parts if f"{old}{part}.{kind}" in tensors]
                if found:
                    yield f"{new}{name}.{kind}", np.concatenate([tensors[each] for each in found])
        for name in ("q_norm", "k_norm"):  # Qwen3
            if f"{old}self_attn.{name}.weight" in tensors:
                yield f"{new}{name}", tensors[f"{old}self_attn.{name}.weight"]
    yield "norm", tensors["norm.weight"]
    if not shape.tied:
        yield "unembedding", tensors["lm_head.weight"]


class _Layer:
    """The weights of one layer; a bias is None where there is none."""

    def __init__(self, weights: Mapping[str, Floats], layer: int) -> None:
        def pair(name: str) -> tuple[Floats, Floats | None]:
            return weights[f"{layer}.{name}.weight"], weights.get(f"{layer}.{name}.bias")

        self.norm_1, self.norm_2 = weights[f"{layer}.norm_1"], weights[f"{layer}.norm_2"]
        self.q_norm, self.k_norm = weights.get(f"{layer}.q_norm"), weights.get(f"{layer}.k_norm")
        self.qkv, self.o, self.gate_up, self.down = pair("qkv"), pair("o"), pair("gate_up"), pair("down")


class Llama:
    """The forward pass. ``heads_off`` are of each layer the heads whose output is 0.

    Args:
        weights: as `layout` names them.
    """

    def __init__(self, shape: Shape, weights: Mapping[str, Floats]) -> None:
        self.shape = shape
        self._embedding = weights["embedding"]
        self.unembedding = self._embedding if shape.tied else weights["unembedding"]  # (V, n_embd)
        self._norm = weights["norm"]
        self._layers = [_Layer(weights, layer) for layer in range(shape.n_layer)]
        self._activation = ACTIVATIONS[shape.activation]
        self._frequencies = np.array(shape.frequencies, np.float32)

    def read(
        self,
        ids: Ints,
        cache: NumpyKeysValues,
        heads_off: Mapping[int, Any],
        rows: AttentionRecorder | None = None,
        states: StatesRecorder | None = None,
    ) -> Floats:
        """(n, n_embd) hidden states of n tokens that follow those in ``cache``, which grows by them.

        ``rows`` takes what the tokens attend to, ``states`` what stands at the sites.
        """
        first, n = len(cache), len(ids)
        cache.make_room(n)
        x = self._embedding[ids]  # (n, n_embd), a copy
        turned = turns(self._frequencies, first, n, x.dtype)
        if states is not None:
            states.add(embedding=x)
        for layer, w in enumerate(self._layers):
            qk, v = self._queries_keys_values(x, w, turned)
            qk, v = qk.swapaxes(0, 1), v.swapaxes(0, 1)
            q, k = qk[: self.shape.n_head], qk[self.shape.n_head :]  # (n_head or n_kv_head, n, head_dim)
            keys, values = cache.put(layer, k, v)
            outputs, weights = attend(q, keys, values, first, self.shape.rules[layer])
            if rows is not None:
                rows.add(q, weights)
            switch_off(outputs, heads_off.get(layer, ()))
            attention_out = linear(outputs.reshape(n, -1), *w.o)  # (n, n_embd)
            x += attention_out
            mlp_out = self._mlp(x, w)  # (n, n_embd)
            x += mlp_out
            if states is not None:
                states.add(heads=outputs, attention_out=attention_out, mlp_out=mlp_out, block=x)
        cache.advance(n)
        return rms_norm(x, self._norm, self.shape.norm_eps)  # type: ignore[no-any-return]

    def read_column(self, tokens: Ints, batch: NumpyBatch, heads_off: Mapping[int, Any]) -> Floats:
        """(B, n_embd) hidden states of one more token of each text in ``batch``, which grows by it."""
        batch.make_room()
        x = self._embedding[tokens]  # (B, n_embd), a copy
        turned = turns(self._frequencies, len(batch), 1, x.dtype)
        for layer, w in enumerate(self._layers):
            qk, v = self._queries_keys_values(x, w, turned)
            q, k = qk[:, : self.shape.n_head], qk[:, self.shape.n_head :]  # (B, n_head or n_kv_head, head_dim)
            own = batch.put(layer, k, v)
            outputs = attend_in_batch(q, batch.shared[layer], own, self.shape.rules[layer])
            switch_off(outputs, heads_off.get(layer, ()))
            x += linear(outputs.reshape(len(tokens), -1), *w.o)
            x += self._mlp(x, w)
        batch.advance()
        return rms_norm(x, self._norm, self.shape.norm_eps)  # type: ignore[no-any-return]

    def _queries_keys_values(self, x: Floats, w: _Layer, turned: tuple[Floats, Floats]) -> tuple[Floats, Floats]:
        """(n, n_head + n_kv_head, head_dim) queries and keys, turned; (n, n_kv_head, head_dim) values."""
        n_turned = self.shape.n_head + self.shape.n_kv_head
        qkv = linear(rms_norm(x, w.norm_1, self.shape.norm_eps), *w.qkv).reshape(len(x), -1, self.shape.head_dim)
        qk, v = qkv[:, :n_turned], qkv[:, n_turned:]
        if w.q_norm is not None and w.k_norm is not None:
            norms = np.repeat([w.q_norm, w.k_norm], [self.shape.n_head, self.shape.n_kv_head], axis=0)
            qk = rms_norm(qk, norms, self.shape.norm_eps)
        return rotate(qk, *turned), v

    def _mlp(self, x: Floats, w: _Layer) -> Any:
        """(n, n_embd)"""
        inner = linear(rms_norm(x, w.norm_2, self.shape.norm_eps), *w.gate_up)
        width = inner.shape[-1] // 2
        gate, up = inner[:, :width], inner[:, width:]  # (n, intermediate) each
        return linear(self._activation(gate) * up, *w.down)
