"""`Plot`: the one class through which panels show a plotly figure."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from functools import cache
from typing import Annotated, Any, Literal

import numpy as np
import plotly.graph_objects as go
import traitlets as t
from plotly.offline import get_plotlyjs
from pydantic import AfterValidator, Field

from explorer.figures.shared.theme import Theme
from explorer.locales import tr
from explorer.widgets.base import Element
from explorer.widgets.page_message import Index, Integer, PageMessage

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


def _in_order(cells: Cells) -> Cells:
    if cells[0] > cells[1]:
        raise ValueError(cells)
    return cells


Range = Annotated[tuple[Integer, Integer], Field(strict=False), AfterValidator(_in_order)]
"""`Cells` as a page says them: JSON has lists alone."""


class WantLibrary(PageMessage):
    """The page has no plotly.js yet."""

    kind: Literal["library"]


class Pick(PageMessage):
    """A row of bars was picked in the picture that answers a question."""

    kind: Literal["pick"]
    id: Index
    answer: Index


class PickCell(PageMessage):
    """A cell of a heatmap was picked."""

    kind: Literal["cell"]
    column: Index
    row: Index


class Zoom(PageMessage):
    """Some cells are to be seen larger; None and None: all."""

    kind: Literal["zoom"]
    columns: Range | None
    rows: Range | None


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

    def receive(self, message: WantLibrary | Pick | PickCell | Zoom) -> None:
        n_rows, n_columns = self._shape
        match message:
            case WantLibrary():
                self.send({"kind": "library"}, buffers=[_packed_library()])
            case Pick(id=token_id, answer=answer) if self._on_pick is not None:
                self._on_pick(token_id, answer)
            case PickCell(column=column, row=row) if self._on_cell is not None and column < n_columns and row < n_rows:
                self._on_cell(column, row)
            case Zoom(columns=None, rows=None):
                self._zoom(None)
            case Zoom(columns=(left, right), rows=(top, bottom)):
                self._zoom(((left, right), (top, bottom)))
            case _:
                self.ignore()

    def _zoom(self, cells: tuple[Cells, Cells] | None) -> None:
        before = self.packed
        if self._on_zoom is not None:
            self._on_zoom(cells)
        if self.packed == before:
            self.send({"kind": "again"})  # the page shows already what plotly made of it
