"""GPT-2 (Radford et al. 2019), read token by token or many at once.

x = wte[token] + wpe[position]
x = x + attention(layer_norm(x))          in each layer
x = x + mlp(layer_norm(x))
hidden = layer_norm(x)
logits = wte hidden
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from explorer.engine.attention_buffer import LayerRule
from explorer.engine.numpy_engine.attention import AttentionRecorder, attend, attend_in_batch, switch_off
from explorer.engine.numpy_engine.cache import NumpyBatch, NumpyKeysValues
from explorer.engine.numpy_engine.linear import linear
from explorer.engine.numpy_engine.shape import ACTIVATIONS, Shape, layer_norm
from explorer.engine.numpy_engine.states import StatesRecorder
from explorer.language_model.trace import Floats, Ints

LAYOUT_VERSION = 1
"""Grows when `layout` lays the weights out otherwise."""

_KNOWN: Mapping[str, Any] = {
    "scale_attn_weights": True,
    "scale_attn_by_inverse_layer_idx": False,
    "reorder_and_upcast_attn": False,
    "add_cross_attention": False,
}
"""What a configuration may say that `GPT2` takes for granted."""


def shape_of(config: Mapping[str, Any]) -> Shape | None:
    """The shape that ``config.json`` describes; None where it says something that is not done here."""
    n_layer, n_head, n_embd = config["n_layer"], config["n_head"], config["n_embd"]
    activation = config.get("activation_function", "gelu_new")
    if any(config.get(name, value) != value for name, value in _KNOWN.items()) or activation not in ACTIVATIONS:
        return None
    if n_embd % n_head or not config.get("tie_word_embeddings", True):
        return None
    head_dim = n_embd // n_head
    return Shape(
        kind="gpt2",
        n_layer=n_layer,
        n_head=n_head,
        n_kv_head=n_head,
        head_dim=head_dim,
        n_embd=n_embd,
        n_positions=config["n_positions"],
        vocab_size=config["vocab_size"],
        norm_eps=config.get("layer_norm_epsilon", 1e-5),
        activation=activation,
        rules=(LayerRule(head_dim**-0.5),) * n_layer,
    )


def layout(tensors: Mapping[str, Any], shape: Shape) -> Iterator[tuple[str, Floats]]:
    """The weights as `GPT2` reads them, from those of the file. Matrices become (n_out, n_in): GPT-2's own are stored
    the other way round."""
    yield "wte", tensors["wte.weight"]
    yield "wpe", tensors["wpe.weight"]
    for layer in range(shape.n_layer):
        old, new = f"h.{layer}.", f"{layer}."
        for norm in ("ln_1", "ln_2"):
            yield f"{new}{norm}.weight", tensors[f"{old}{norm}.weight"]
            yield f"{new}{norm}.bias", tensors[f"{old}{norm}.bias"]
        for name in ("attn.c_attn", "attn.c_proj", "mlp.c_fc", "mlp.c_proj"):
            yield f"{new}{name}.weight", tensors[f"{old}{name}.weight"].T
            yield f"{new}{name}.bias", tensors[f"{old}{name}.bias"]
    yield "ln_f.weight", tensors["ln_f.weight"]
    yield "ln_f.bias", tensors["ln_f.bias"]


class _Layer:
    """The weights of one layer."""

    def __init__(self, weights: Mapping[str, Floats], layer: int) -> None:
        def pair(name: str) -> tuple[Floats, Floats]:
            return weights[f"{layer}.{name}.weight"], weights[f"{layer}.{name}.bias"]

        self.ln_1, self.ln_2 = pair("ln_1"), pair("ln_2")
        self.c_attn, self.attn_c_proj = pair("attn.c_attn"), pair("attn.c_proj")
        self.c_fc, self.mlp_c_proj = pair("mlp.c_fc"), pair("mlp.c_proj")


class GPT2:
    """The forward pass. ``heads_off`` are of each layer the heads whose output is 0.

    Args:
        weights: as `layout` names them.
    """

    def __init__(self, shape: Shape, weights: Mapping[str, Floats]) -> None:
        self.shape = shape
        self.unembedding = self._wte = weights["wte"]  # (V, n_embd)
        self._wpe = weights["wpe"]
        self._ln_f = weights["ln_f.weight"], weights["ln_f.bias"]
        self._layers = [_Layer(weights, layer) for layer in range(shape.n_layer)]
        self._activation = ACTIVATIONS[shape.activation]

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
        x = self._wte[ids] + self._wpe[first : first + n]  # (n, n_embd)
        if states is not None:
            states.add(embedding=x)
        for layer, w in enumerate(self._layers):
            q, k, v = self._queries_keys_values(x, w)  # (n_head, n, head_dim) each
            keys, values = cache.put(layer, k, v)
            outputs, weights = attend(q, keys, values, first, self.shape.rules[layer])
            if rows is not None:
                rows.add(q, weights)
            switch_off(outputs, heads_off.get(layer, ()))
            attention_out = linear(outputs.reshape(n, -1), *w.attn_c_proj)  # (n, n_embd)
            x += attention_out
            mlp_out = self._mlp(x, w)  # (n, n_embd)
            x += mlp_out
            if states is not None:
                states.add(heads=outputs, attention_out=attention_out, mlp_out=mlp_out, block=x)
        cache.advance(n)
        return layer_norm(x, *self._ln_f, self.shape.norm_eps)  # type: ignore[no-any-return]

    def read_column(self, tokens: Ints, batch: NumpyBatch, heads_off: Mapping[int, Any]) -> Floats:
        """(B, n_embd) hidden states of one more token of each text in ``batch``, which grows by it."""
        batch.make_room()
        x = self._wte[tokens] + self._wpe[len(batch)]  # (B, n_embd)
        for layer, w in enumerate(self._layers):
            q, k, v = (each.swapaxes(0, 1) for each in self._queries_keys_values(x, w))  # (B, n_head, head_dim)
            own = batch.put(layer, k, v)
            outputs = attend_in_batch(q, batch.shared[layer], own, self.shape.rules[layer])
            switch_off(outputs, heads_off.get(layer, ()))
            x += linear(outputs.reshape(len(tokens), -1), *w.attn_c_proj)
            x += self._mlp(x, w)
        batch.advance()
        return layer_norm(x, *self._ln_f, self.shape.norm_eps)  # type: ignore[no-any-return]

    def _queries_keys_values(self, x: Floats, w: _Layer) -> Any:
        """(3, n_head, n, head_dim)"""
        qkv = linear(layer_norm(x, *w.ln_1, self.shape.norm_eps), *w.c_attn)  # (n, 3 * n_embd)
        return qkv.reshape(len(x), 3, self.shape.n_head, -1).transpose(1, 2, 0, 3)

    def _mlp(self, x: Floats, w: _Layer) -> Any:
        """(n, n_embd)"""
        inner = linear(layer_norm(x, *w.ln_2, self.shape.norm_eps), *w.c_fc)  # (n, 4 * n_embd)
        return linear(self._activation(inner), *w.mlp_c_proj)
