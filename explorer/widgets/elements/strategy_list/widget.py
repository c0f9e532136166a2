"""`StrategyList`: the strategies a reader compares, with what can be done to each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal

import traitlets as t

from explorer.widgets.base import Element
from explorer.widgets.page_message import Index, PageMessage, Text


class Rename(PageMessage):
    """A name was typed."""

    kind: Literal["rename"]
    place: Index
    name: Text


class SetBeam(PageMessage):
    """The numbers of a beam search were typed."""

    kind: Literal["beam"]
    place: Index
    n_beams: Text
    length_penalty: Text


class Act(PageMessage):
    """A button was pressed."""

    kind: Literal["take", "show", "duplicate", "up", "down", "remove"]
    place: Index


class StrategyList(Element):
    """A row for each strategy: a name to change, what it does, the numbers of a beam search to change, and buttons.

    Args:
        actions: by the name of a button, a kind of `Act`, what is called with the place of the row.
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

    def receive(self, message: Rename | SetBeam | Act) -> None:
        match message:
            case _ if message.place >= len(self.strategies):
                self.ignore()
            case Rename(place=place, name=name):
                self._on_rename(place, name)
            case SetBeam(place=place, n_beams=n_beams, length_penalty=length_penalty):
                self._on_beam(place, n_beams, length_penalty)
            case Act(kind=kind, place=place) if kind in self._actions:
                self._actions[kind](place)
            case _:
                self.ignore()
