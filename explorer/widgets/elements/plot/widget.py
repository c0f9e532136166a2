"""`Plot`: the one class through which panels show a plotly figure."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import plotly.graph_objects as go
import traitlets as t
from plotly.offline import get_plotlyjs

from explorer.figures.shared.theme import Theme
from explorer.locales import tr
from explorer.widgets.base import Element

Cells = tuple[int, int]
"""The first and the last of some cells in a row, from 0."""


MIN_COMPRESSED = 20_000
"""Bytes from which on a figure is compressed: unpacking a shorter one would take a page longer than receiving it."""

_GZIP = b"\x1f\x8b"


def _compressed(data: bytes) -> bytes:
    return gzip.compress(data, compresslevel=6, mtime=0)  # the same data: the same bytes


def _pack(text: str) -> bytes:
    data = text.encode("utf-8")
    return data if len(data) < MIN_COMPRESSED else _compressed(data)


@cache
def _packed_library() -> bytes:
    return _compressed(get_plotlyjs().encode("utf-8"))


class Plot(Element):
    """Shows a ``go.Figure``; one message a refresh.

    plotly's own FigureWidget carries 5 MB of script each and several messages a change. This one fetches plotly.js,
    packed to 1.5 MB, from the kernel once a page.

    Attributes:
        packed: plotly's JSON of the figure on show, a long one compressed with gzip (`MIN_COMPRESSED`); see `figure`.
        answer: number of the question that the figure answers (for those who measure).
        stale: a newer figure is being computed.
        height: pixels kept free before the figure is there.

    Args:
        on_pick: called with a token id and the number of the answer on show when someone picks a row of bars. The ids
            are the bars' ``customdata``; a row whose id is below 0 cannot be picked.
        on_cell: called with column and row when someone picks a cell of a heatmap.
        on_zoom: called with the columns and the rows of a heatmap that someone wants to see larger, None for all there
            is. Who drags may leave the picture: cells may lie outside of it.
    """

    packed = t.Bytes(b"").tag(sync=True)
    answer = t.Int(0).tag(sync=True)
    stale = t.Bool(False).tag(sync=True)
    height = t.Int(300).tag(sync=True)
    description = t.Unicode("").tag(sync=True)
    words = t.Dict().tag(sync=True)
    picks = t.Bool(False).tag(sync=True)
    cells = t.Bool(False).tag(sync=True)
    zooms = t.Bool(False).tag(sync=True)

    def __init__(
        self,
        on_pick: Callable[[int, int], None] | None = None,
        *,
        on_cell: Callable[[int, int], None] | None = None,
        on_zoom: Callable[[tuple[Cells, Cells] | None], None] | None = None,
        **traits: Any,
    ) -> None:
        super().__init__(picks=on_pick is not None, cells=on_cell is not None, zooms=on_zoom is not None, **traits)
        self._on_pick, self._on_cell, self._on_zoom = on_pick, on_cell, on_zoom
        self._shape = (0, 0)
        self.on_msg(self._receive)

    @property
    def figure(self) -> str:
        """plotly's JSON of the figure on show, "" before there is one."""
        data = gzip.decompress(self.packed) if self.packed.startswith(_GZIP) else self.packed
        return data.decode("utf-8")

    def show(self, figure: go.Figure, theme: Theme, *, answer: int = 0) -> None:
        """Put ``figure`` in the place of the one on show; ``layout.meta.description`` is what a screen reader says."""
        with self.hold_sync():
            self.answer = answer
            self.height = int(figure.layout.height or self.height)
            self.description = figure.layout.meta["description"]
            self.words = {
                "png": tr("save-png", theme.language),
                "svg": tr("save-svg", theme.language),
                "missing": tr("plot-missing", theme.language),
            }
            self._shape = next((np.shape(trace.z) for trace in figure.data if trace.type == "heatmap"), (0, 0))
            self.packed = _pack(figure.to_json(validate=False))

    def _receive(self, _widget: object, content: object, _buffers: object) -> None:
        # A page may send anything. What is True is an int to Python.
        match content:
            case {"kind": "library"}:
                self.send({"kind": "library"}, buffers=[_packed_library()])
            case {"kind": "pick", "id": token_id, "answer": answer} if _are_ints(token_id, answer):
                if self._on_pick is not None and token_id >= 0:
                    self._on_pick(token_id, answer)
            case {"kind": "cell", "column": column, "row": row} if _are_ints(column, row):
                n_rows, n_columns = self._shape
                if self._on_cell is not None and 0 <= column < n_columns and 0 <= row < n_rows:
                    self._on_cell(column, row)
            case {"kind": "zoom", "columns": None}:
                self._zoom(None)
            case {"kind": "zoom", "columns": [left, right], "rows": [top, bottom]}:
                if _are_ints(left, right, top, bottom) and left <= right and top <= bottom:
                    self._zoom(((left, right), (top, bottom)))

    def _zoom(self, cells: tuple[Cells, Cells] | None) -> None:
        before = self.packed
        if self._on_zoom is not None:
            self._on_zoom(cells)
        if self.packed == before:
            self.send({"kind": "again"})  # the page shows already what plotly made of it


def _are_ints(*values: object) -> bool:
    return all(type(value) is int for value in values)
