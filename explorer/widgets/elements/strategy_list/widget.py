"""`StrategyList`: the strategies a reader compares, with what can be done to each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import traitlets as t

from explorer.widgets.base import Element


class StrategyList(Element):
    """A row for each strategy: a name to change, what it does, the numbers of a beam search to change, and buttons.

    Args:
        actions: by the name of a button (``take``, ``show``, ``duplicate``, ``up``, ``down``, ``remove``), what is
            called with the place of the row.
        on_rename: called with a place and what was typed.
        on_beam: called with a place and what was typed as the number of beams and as the length penalty.

    Attributes:
        strategies: dicts of ``name``, ``method``, and, of a search, ``beam``: texts for ``n_beams`` and
            ``length_penalty``.
        words: what each button does, said when it is pointed at or read aloud; what the numbers are called.
        labels: what stands on the buttons that have no sign.
    """

    strategies: t.List[dict[str, Any]] = t.List().tag(sync=True)
    words = t.Dict().tag(sync=True)
    labels = t.Dict().tag(sync=True)

    def __init__(
        self,
        actions: Mapping[str, Callable[[int], None]],
        on_rename: Callable[[int, str], None],
        on_beam: Callable[[int, str, str], None],
        **traits: Any,
    ) -> None:
        super().__init__(**traits)
        self._actions, self._on_rename, self._on_beam = actions, on_rename, on_beam
        self.on_msg(self._receive)

    def _receive(self, _widget: object, content: object, _buffers: object) -> None:
        match content:
            case {"kind": "rename", "place": place, "name": str(name)} if self._has(place):
                self._on_rename(place, name)
            case {"kind": "beam", "place": place, "n_beams": str(n), "length_penalty": str(power)} if self._has(place):
                self._on_beam(place, n, power)
            case {"kind": str(kind), "place": place} if kind in self._actions and self._has(place):
                self._actions[kind](place)

    def _has(self, place: object) -> bool:
        return type(place) is int and 0 <= place < len(self.strategies)  # True is an int to Python
