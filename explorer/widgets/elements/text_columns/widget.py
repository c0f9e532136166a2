"""`TextColumns`: the texts of several strategies beside each other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import traitlets as t

from explorer.widgets.base import Element

Place = tuple[int, int, int]
"""A token: its column, the sample in it, its place in the text; all from 0."""

N_SHADES = 16


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
        self.on_msg(self._receive)

    def _receive(self, _widget: object, content: object, _buffers: object) -> None:
        match content:
            case {"kind": "note", "place": [column, sample, token]} if self._has(column, sample, token):
                note = self._on_note((column, sample, token))
                self.send({"kind": "note", "place": [column, sample, token], "text": note})
            case {"kind": "pick", "place": [column, sample, token]} if self._has(column, sample, token):
                self._on_pick((column, sample, token))

    def _has(self, column: object, sample: object, token: object) -> bool:
        # A page may send anything; True is an int to Python.
        if not (type(column) is int and type(sample) is int and type(token) is int) or min(column, sample, token) < 0:
            return False
        samples = self.columns[column]["samples"] if column < len(self.columns) else []
        return sample < len(samples) and token < len(samples[sample]["tokens"])
