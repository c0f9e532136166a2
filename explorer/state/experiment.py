"""`Experiment`: what is changed inside the model while it reads."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import traitlets as t

from explorer.language_model.interventions import Interventions, canonical
from explorer.language_model.model import ModelInfo
from explorer.state.slice import Slice


class Experiment(Slice):
    """
    Args:
        info: of the model in use.

    Attributes:
        interventions: in force inside the model, whatever is asked of it; an `ExplorerError` refuses what it cannot do.
            Another model has other heads: it begins without.
    """

    interventions = t.Tuple()

    def __init__(
        self, lock: threading.RLock, info: Callable[[], ModelInfo | None], interventions: Interventions = ()
    ) -> None:
        self._info = info
        super().__init__(lock, interventions=interventions)

    def on_model(self, *, first: bool) -> None:
        """Another model, or the ``first``, which begins with what was asked for before it was there."""
        if not first:
            self.interventions = ()

    @t.validate("interventions")
    def _valid_interventions(self, proposal: dict[str, Any]) -> Interventions:
        interventions = canonical(proposal["value"])
        if (info := self._info()) is not None:
            info.check(interventions)
        return interventions
