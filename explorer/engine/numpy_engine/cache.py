"""The keys and values of one text, or of a batch of texts, in arrays that grow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from explorer.language_model.trace import Floats, Ints

FIRST_ROOM = 64  # tokens


@dataclass(frozen=True, eq=False)
class NumpyView:
    """What a `NumpyKeysValues` had at a moment; ``arrays``: (2, n_layer, n_kv_head, T, head_dim)."""

    arrays: Floats

    def keys(self, layer: int) -> Floats:
        return self.arrays[0, layer]  # type: ignore[no-any-return]

    def values(self, layer: int) -> Floats:
        return self.arrays[1, layer]  # type: ignore[no-any-return]


class NumpyKeysValues:
    """The keys and values of one text in every layer.

    Records keep what `view` gives. So it is never written again: after a `crop`, what is read next moves to arrays of
    its own.
    """

    def __init__(self, n_layer: int, n_kv_head: int, head_dim: int, dtype: Any) -> None:
        self._length = 0
        self._shown = 0  # of the present arrays, up to where somebody may look
        self._arrays = np.empty((2, n_layer, n_kv_head, FIRST_ROOM, head_dim), dtype)

    def __len__(self) -> int:
        return self._length

    @property
    def n_bytes(self) -> int:
        return self._arrays.nbytes

    def make_room(self, n: int) -> None:
        """See to it that ``n`` more tokens can be `put`."""
        room = self._arrays.shape[3]
        if self._length + n > room or self._length < self._shown:
            self._move(max(FIRST_ROOM, room if self._length + n <= room else 2 * (self._length + n)))

    def put(self, layer: int, keys: Floats, values: Floats) -> tuple[Floats, Floats]:
        """Write the (n_kv_head, n, head_dim) keys and values of the next n tokens in one layer; all there are then,
        each (n_kv_head, T + n, head_dim). They count once `advance` says so."""
        end = self._length + keys.shape[1]
        both = self._arrays[:, layer]
        both[0, :, self._length : end], both[1, :, self._length : end] = keys, values
        return both[0, :, :end], both[1, :, :end]

    def advance(self, n: int) -> None:
        """The next ``n`` tokens are there in all layers."""
        self._length += n

    def crop(self, length: int) -> None:
        self._length = min(self._length, length)

    def fork(self, length: int) -> NumpyKeysValues:
        copy = object.__new__(NumpyKeysValues)
        copy._arrays, copy._length, copy._shown = self._arrays, length, length
        copy._move(max(FIRST_ROOM, length + length // 8))
        return copy

    def view(self, length: int) -> NumpyView:
        self._shown = max(self._shown, length)
        return NumpyView(self._arrays[..., :length, :])

    def _move(self, room: int) -> None:
        old, shape = self._arrays, list(self._arrays.shape)
        shape[3] = room
        self._arrays, self._shown = np.empty(shape, old.dtype), 0
        self._arrays[..., : self._length, :] = old[..., : self._length, :]


class NumpyBatch:
    """The keys and values of B texts that begin alike: what they share is kept once.

    Attributes:
        shared: of each layer, the (n_kv_head, S, head_dim) keys and values of the S tokens that all begin with.
    """

    def __init__(self, shared: list[tuple[Floats, Floats]], n_rows: int) -> None:
        self.shared = shared
        n_kv_head, _, head_dim = shared[0][0].shape
        self._arrays = np.empty((2, len(shared), n_rows, n_kv_head, FIRST_ROOM, head_dim), shared[0][0].dtype)
        self._length = 0

    def __len__(self) -> int:
        """Tokens of each text."""
        return self.n_shared + self._length

    @property
    def n_shared(self) -> int:
        return int(self.shared[0][0].shape[1])

    def select(self, rows: Ints) -> None:
        self._move(rows, self._arrays.shape[4])

    def make_room(self) -> None:
        """See to it that one more token of each text can be `put`."""
        room = self._arrays.shape[4]
        if self._length == room:
            self._move(np.arange(self._arrays.shape[2]), 2 * room)

    def put(self, layer: int, keys: Floats, values: Floats) -> tuple[Floats, Floats]:
        """Write the (B, n_kv_head, head_dim) keys and values of the next token of each text; those that are not shared,
        each (B, n_kv_head, T - S + 1, head_dim)."""
        both = self._arrays[:, layer]
        both[0, :, :, self._length], both[1, :, :, self._length] = keys, values
        return both[0, :, :, : self._length + 1], both[1, :, :, : self._length + 1]

    def advance(self) -> None:
        """The next token of each text is there in all layers."""
        self._length += 1

    def _move(self, rows: Ints, room: int) -> None:
        old, shape = self._arrays, list(self._arrays.shape)
        shape[2], shape[4] = len(rows), room
        self._arrays = np.empty(shape, old.dtype)
        self._arrays[:, :, :, :, : self._length] = old[:, :, rows, :, : self._length]
