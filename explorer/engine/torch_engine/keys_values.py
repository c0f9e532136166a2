"""Keys and values as transformers' models take them, in buffers that grow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from transformers.cache_utils import Cache, DynamicLayer

from explorer.language_model.trace import Floats, Ints


class GrowingLayer(DynamicLayer):
    """Keys and values of one layer in buffers that double.

    transformers' own layer copies everything for every new token. Here `keys` and `values` are views of the buffers,
    (B, n_kv_head, length, head_dim), so that its length, mask and crop work unchanged.
    """

    keys: torch.Tensor
    values: torch.Tensor

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._buffers: list[torch.Tensor] = []
        self._shown = 0  # of the present buffers, up to where somebody may look

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, *_args: object, **_kwargs: object
    ) -> tuple[torch.Tensor, torch.Tensor]:
        if not self.is_initialized:
            self.lazy_initialization(key_states, value_states)
            self.keys, self.values = key_states[..., :0, :], value_states[..., :0, :]
        old = self.get_seq_length()
        new = old + key_states.shape[-2]
        if not self._buffers or new > self._buffers[0].shape[-2] or old < self._shown:
            self._buffers, self._shown = [_grown(self.keys, new), _grown(self.values, new)], 0
        for buffer, states in zip(self._buffers, (key_states, value_states), strict=True):
            buffer[..., old:new, :] = states
        self.keys, self.values = (buffer[..., :new, :] for buffer in self._buffers)
        return self.keys, self.values

    def fork(self, length: int) -> GrowingLayer:
        """A layer of its own with the first ``length`` tokens."""
        copy = GrowingLayer()
        copy.update(self.keys[..., :length, :], self.values[..., :length, :])
        return copy

    def expanded(self, length: int, n_rows: int) -> GrowingLayer:
        """A layer of its own with the first ``length`` tokens, ``n_rows`` times."""
        copy = GrowingLayer()
        copy.update(*(states[..., :length, :].expand(n_rows, -1, -1, -1) for states in (self.keys, self.values)))
        return copy

    def select(self, rows: torch.Tensor) -> None:
        """Keep these rows, in this order."""
        length = self.get_seq_length()
        self._buffers = [buffer[rows] for buffer in self._buffers]
        self.keys, self.values = (buffer[..., :length, :] for buffer in self._buffers)

    def show(self, length: int) -> tuple[torch.Tensor, torch.Tensor]:
        """(n_kv_head, length, head_dim) keys and values of the first row, which are not written again."""
        self._shown = max(self._shown, length)
        return self.keys[0, :, :length], self.values[0, :, :length]

    @property
    def n_bytes(self) -> int:
        return sum(buffer.numel() * buffer.element_size() for buffer in self._buffers)


def _grown(states: torch.Tensor, length: int) -> torch.Tensor:
    """A buffer with room for ``length`` tokens and as many again, that begins with ``states``."""
    *rest, old, width = states.shape
    buffer = states.new_empty((*rest, max(64, 2 * length), width))
    buffer[..., :old, :] = states
    return buffer


class TorchKeysValues:
    """The keys and values of one text in every layer."""

    def __init__(self, layers: Sequence[GrowingLayer]) -> None:
        self.layers = list(layers)

    def __len__(self) -> int:
        return int(self.as_cache().get_seq_length())

    def as_cache(self) -> Cache:
        """As transformers' models take them."""
        return Cache(layers=list(self.layers))

    @property
    def n_bytes(self) -> int:
        return sum(layer.n_bytes for layer in self.layers)

    def crop(self, length: int) -> None:
        self.as_cache().crop(length - len(self))

    def fork(self, length: int) -> TorchKeysValues:
        return TorchKeysValues([layer.fork(length) for layer in self.layers])

    def view(self, length: int) -> TorchView:
        return TorchView([layer.show(length) for layer in self.layers])


@dataclass(frozen=True)
class TorchView:
    """What a `TorchKeysValues` had at a moment; it comes to the CPU when somebody asks."""

    layers: Sequence[tuple[torch.Tensor, torch.Tensor]]

    def keys(self, layer: int) -> Floats:
        return as_numpy(self.layers[layer][0])

    def values(self, layer: int) -> Floats:
        return as_numpy(self.layers[layer][1])


class TorchBatch:
    """The keys and values of B texts of one length.

    Attributes:
        length: tokens of each text.
    """

    def __init__(self, layers: Sequence[GrowingLayer], length: int) -> None:
        self.layers, self.length = list(layers), length

    def as_cache(self) -> Cache:
        """As transformers' models take them."""
        return Cache(layers=list(self.layers))

    def select(self, rows: Ints) -> None:
        places = torch.from_numpy(np.asarray(rows, np.int64)).to(self.layers[0].keys.device)
        with torch.inference_mode():
            for layer in self.layers:
                layer.select(places)


def as_numpy(tensor: torch.Tensor) -> Floats:
    """At least float32, in the CPU's memory; a view where it lies there already."""
    wide = tensor.to(torch.promote_types(tensor.dtype, torch.float32))
    array: Floats = wide.cpu().numpy()
    return array
