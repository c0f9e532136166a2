"""`TextColumns`: the texts of several strategies beside each other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal

import traitlets as t
from pydantic import Field

from explorer.widgets.base import Element
from explorer.widgets.page_message import Index, PageMessage

Place = tuple[int, int, int]
"""A token: its column, the sample in it, its place in the text; all from 0."""

N_SHADES = 16


class TokenMessage(PageMessage):
    """What is asked for a token: its line, or to pick it."""

    kind: Literal["note", "pick"]
    place: Annotated[tuple[Index, Index, Index], Field(strict=False)]


class TextColumns(Element):
    """Texts in columns, and a line about the token pointed at.

    Args:
        on_note: the line about a token, asked for one at a time.
        on_pick: called with the token that is clicked or entered.

    Attributes:
        columns: dicts of ``name``, ``method`` and ``samples``, which are dicts of ``tokens`` (texts), ``shades``
            (places in the palette, -1 for none), ``parts`` (the first token that differs from the first column's, or
            -1) and ``ended`` (a sign).
        palette: dicts of ``back`` and ``ink``.
        heading: the line above them.
        chosen: the token that was picked last, or empty.
        legend: what colours and signs mean: dicts of ``text`` and one of ``colours``, a ``sign``, or
            ``parts``, true for the bar.
        summary: the line while no token is pointed at.
    """

    columns: t.List[dict[str, Any]] = t.List().tag(sync=True)
    palette: t.List[dict[str, str]] = t.List().tag(sync=True)
    chosen = t.List(t.Int()).tag(sync=True)
    heading = t.Unicode("").tag(sync=True)
    legend: t.List[dict[str, Any]] = t.List().tag(sync=True)
    summary = t.Unicode("").tag(sync=True)
    description = t.Unicode("").tag(sync=True)

    def __init__(self, on_note: Callable[[Place], str], on_pick: Callable[[Place], None], **traits: Any) -> None:
        super().__init__(**traits)
        self._on_note, self._on_pick = on_note, on_pick

    def receive(self, message: TokenMessage) -> None:
        place = message.place
        if not self._has(*place):
            self.ignore()
        elif message.kind == "note":
            self.send({"kind": "note", "place": list(place), "text": self._on_note(place)})
        else:
            self._on_pick(place)

    def _has(self, column: int, sample: int, token: int) -> bool:
        samples = self.columns[column]["samples"] if column < len(self.columns) else []
        return sample < len(samples) and token < len(samples[sample]["tokens"])
