"""Arrays that grow along one axis, and never write where somebody may look."""

from __future__ import annotations

from typing import Any

import numpy as np


class GrowingArray:
    """An array that grows along its last axis.

    Records look at `array` without copying it. So what they see is never written again: after a `crop`, the next
    `append` moves to an array of its own.
    """

    def __init__(self, array: Any = None, *, room: int = 1024) -> None:
        self._room = room
        self._buffer: Any = array
        self.length = 0 if array is None else array.shape[-1]

    @property
    def array(self) -> Any:
        """A view of all that is there."""
        return self._buffer[..., : self.length]

    @property
    def n_bytes(self) -> int:
        return 0 if self._buffer is None else int(self._buffer.nbytes)

    def append(self, more: Any) -> None:
        old, self.length = self.length, self.length + more.shape[-1]
        if self._buffer is None or self.length > self._buffer.shape[-1]:
            grown = np.empty((*more.shape[:-1], self.length + max(self._room, self.length // 8)), more.dtype)
            if old:
                grown[..., :old] = self._buffer[..., :old]
            self._buffer = grown
        self._buffer[..., old : self.length] = more

    def crop(self, length: int) -> None:
        if length < self.length:
            self._buffer, self.length = self._buffer[..., :length], length

    def fork(self) -> GrowingArray:
        """Another that shares the array; each moves to its own before it writes."""
        return GrowingArray(self.array if self._buffer is not None else None, room=self._room)
