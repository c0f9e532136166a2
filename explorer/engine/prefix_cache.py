"""The prefix cache: a bounded pool of what the model has already read.

Keys and values of a token depend only on the tokens before it, so whatever two texts share at their beginning is
computed once. An entry also keeps the last hidden states (a few KB a token): from them the logits after *any* of its
tokens are one product with the unembedding away, and a backspace needs no forward pass.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from transformers.cache_utils import Cache, DynamicLayer

from explorer.engine.torch_engine.attention_recorder import Rows
from explorer.language_model.trace import Floats, Ints

SHORT_TAIL = 4
"""Up to this many tokens are cheaper to compute again than their prefix is to copy."""


class GrowingLayer(DynamicLayer):
    """Keys and values of one layer in buffers that double.

    transformers' own layer copies everything for every new token. Here `keys` and `values` are views of the buffers,
    (1, n_kv_head, length, head_dim), so that its length, mask and crop work unchanged.
    """

    keys: torch.Tensor
    values: torch.Tensor

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._buffers: list[torch.Tensor] = []

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, *_args: object, **_kwargs: object
    ) -> tuple[torch.Tensor, torch.Tensor]:
        if not self.is_initialized:
            self.lazy_initialization(key_states, value_states)
            self.keys, self.values = key_states[..., :0, :], value_states[..., :0, :]
        old = self.get_seq_length()
        new = old + key_states.shape[-2]
        if not self._buffers or new > self._buffers[0].shape[-2]:
            self._buffers = [_grown(self.keys, new), _grown(self.values, new)]
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

    @property
    def n_bytes(self) -> int:
        return sum(buffer.numel() * buffer.element_size() for buffer in self._buffers)


def _grown(states: torch.Tensor, length: int) -> torch.Tensor:
    """A buffer with room for ``length`` tokens and as many again, that begins with ``states``."""
    *rest, old, width = states.shape
    buffer = states.new_empty((*rest, max(64, 2 * length), width))
    buffer[..., :old, :] = states
    return buffer


@dataclass(eq=False)
class Entry:
    """What is known of one text of T tokens.

    Attributes:
        ids: (T,) the tokens read, from position 0.
        layers: the keys and values of each layer, T tokens long.
        hidden: (T, n_embd) after the final norm, ready for the unembedding.
        regime: which rotary frequencies the keys have; see `length_regimes`.
        surprisal, entropy, rank: (T,) as in `Trace`.
        attention: the rows of all heads, where somebody asked for them while the text was read.
    """

    ids: Ints
    layers: list[GrowingLayer]
    hidden: torch.Tensor
    surprisal: Floats
    entropy: Floats
    rank: Ints
    regime: int = 0
    attention: Rows | None = None

    @classmethod
    def empty(cls, n_layer: int, n_embd: int, like: torch.Tensor, *, regime: int = 0, attention: bool = False) -> Entry:
        none: Floats = np.empty(0, np.float64 if like.dtype == torch.float64 else np.float32)
        no_ids = np.empty(0, np.int64)
        layers = [GrowingLayer() for _ in range(n_layer)]
        rows = Rows() if attention else None
        hidden = like.new_empty(0, n_embd)
        return cls(no_ids, layers, hidden, surprisal=none, entropy=none, rank=no_ids, regime=regime, attention=rows)

    @property
    def keys_values(self) -> Cache:
        """The layers, as transformers' models take them."""
        return Cache(layers=list(self.layers))

    @property
    def keys(self) -> list[torch.Tensor]:
        """(n_kv_head, T, head_dim) of each layer."""
        return [layer.keys[0] for layer in self.layers]

    def __len__(self) -> int:
        return len(self.ids)

    def crop(self, length: int) -> None:
        """Forget all but the first ``length`` tokens."""
        if self.attention is not None:
            self.attention.crop(length, self.keys)
        self.keys_values.crop(length - len(self))
        self.ids, self.hidden = self.ids[:length], self.hidden[:length]
        self.surprisal, self.entropy, self.rank = self.surprisal[:length], self.entropy[:length], self.rank[:length]

    def fork(self, length: int, *, attention: bool = False) -> Entry:
        """An entry of its own with the first ``length`` tokens."""
        rows = self.attention.fork(length, self.keys) if attention and self.attention is not None else None
        return Entry(
            self.ids[:length].copy(),
            [layer.fork(length) for layer in self.layers],
            self.hidden[:length].clone(),
            self.surprisal[:length].copy(),
            self.entropy[:length].copy(),
            self.rank[:length].copy(),
            self.regime,
            rows,
        )

    def append(self, ids: Ints, hidden: torch.Tensor, surprisal: Floats, entropy: Floats, rank: Ints) -> None:
        """Add tokens whose keys and values the forward pass has put into `layers` already."""
        self.ids = np.concatenate([self.ids, ids])
        self.hidden = torch.cat([self.hidden, hidden])
        self.surprisal = np.concatenate([self.surprisal, surprisal])
        self.entropy = np.concatenate([self.entropy, entropy])
        self.rank = np.concatenate([self.rank, rank])

    @property
    def n_bytes(self) -> int:
        layers = sum(layer.n_bytes for layer in self.layers)
        layers += 0 if self.attention is None else self.attention.n_bytes
        return layers + self.hidden.numel() * self.hidden.element_size() + 32 * len(self)


@dataclass
class Pool:
    """Entries, most recently used last, at most ``max_bytes`` of them (one is always kept).

    Two panels, two prefixes and a comparison share it without driving each other out.
    """

    max_bytes: int
    entries: list[Entry] = field(default_factory=list)

    def closest(self, ids: Ints, *, regime: int = 0, attention: bool = False) -> tuple[Entry | None, int]:
        """The entry that shares the longest beginning with ``ids``, and how many tokens that is; of those alone that
        are of this ``regime``, and have their ``attention``, where it is asked for."""
        best, length = None, 0
        for entry in reversed(self.entries):
            if entry.regime != regime or (attention and entry.attention is None):
                continue
            if (shared := common_prefix(entry.ids, ids)) > length:
                best, length = entry, shared
        return best, length

    def keep(self, entry: Entry) -> None:
        """Put ``entry`` last, and drop the first ones while all together are too large."""
        self.discard(entry)
        self.entries.append(entry)
        total = sum(each.n_bytes for each in self.entries)
        while total > self.max_bytes and len(self.entries) > 1:
            total -= self.entries.pop(0).n_bytes

    def discard(self, entry: Entry) -> None:
        self.entries = [each for each in self.entries if each is not entry]

    def clear(self) -> None:
        self.entries.clear()


def common_prefix(a: Ints | Sequence[int], b: Ints | Sequence[int]) -> int:
    """How many tokens ``a`` and ``b`` share from the start."""
    n = min(len(a), len(b))
    different = np.nonzero(np.asarray(a[:n]) != np.asarray(b[:n]))[0]
    return int(different[0]) if len(different) else n
