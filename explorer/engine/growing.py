"""Arrays that grow along one axis, and never write where somebody may look."""

from __future__ import annotations

from typing import Any

import numpy as np


class GrowingArray:
    """An array that grows along its last axis, or along its first.

    Records look at `array` without copying it. So what they see is never written again: after a `crop`, the next
    `append` moves to an array of its own.

    Args:
        room: how much more than needed there is at least, whenever it moves.
        axis: -1 or 0. Along its first axis what is added lies in one place in the memory.
    """

    def __init__(self, array: Any = None, *, room: int = 1024, axis: int = -1) -> None:
        self._room, self._axis = room, axis
        self._buffer: Any = array
        self.length = 0 if array is None else array.shape[axis]

    @property
    def array(self) -> Any:
        """A view of all that is there."""
        return self._part(0, self.length)

    @property
    def n_bytes(self) -> int:
        return 0 if self._buffer is None else int(self._buffer.nbytes)

    def append(self, more: Any) -> None:
        old, self.length = self.length, self.length + more.shape[self._axis]
        if self._buffer is None or self.length > self._buffer.shape[self._axis]:
            before = self._part(0, old) if old else None
            shape = list(more.shape)
            shape[self._axis] = self.length + max(self._room, self.length // 8)
            self._buffer = np.empty(shape, more.dtype)
            if before is not None:
                self._part(0, old)[...] = before
        self._part(old, self.length)[...] = more

    def crop(self, length: int) -> None:
        if length < self.length:
            self._buffer, self.length = self._part(0, length), length

    def fork(self) -> GrowingArray:
        """Another that shares the array; each moves to its own before it writes."""
        return GrowingArray(self.array if self._buffer is not None else None, room=self._room, axis=self._axis)

    def _part(self, start: int, end: int) -> Any:
        return self._buffer[start:end] if self._axis == 0 else self._buffer[..., start:end]
