"""Counting what goes through a model."""

from __future__ import annotations

from types import TracebackType
from typing import Any

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
        self._hook = self._lm.module.base_model.register_forward_pre_hook(self._count, with_kwargs=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self._hook.remove()

    def _count(self, _module: object, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        ids = kwargs["input_ids"] if "input_ids" in kwargs else args[0]
        self.tokens.append(ids.numel())
