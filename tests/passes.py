"""Counting what goes through a model, at the seam where every engine counts."""

from __future__ import annotations

from types import TracebackType

from explorer.engine.local_model import LocalModel


class Passes:
    """Within its ``with``, ``tokens`` grows by one number a forward pass: how many tokens went through.

    >>> with Passes(lm) as passes:
    ...     lm.trace("The cat sat")
    >>> passes.tokens
    [3]
    """

    def __init__(self, lm: LocalModel) -> None:
        self._lm = lm
        self.tokens: list[int] = []

    def __enter__(self) -> Passes:
        self._count = self.tokens.append
        self._lm.engine.observers.append(self._count)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self._lm.engine.observers.remove(self._count)
