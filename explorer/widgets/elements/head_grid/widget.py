"""`HeadGrid`: a small picture of every head of every layer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import traitlets as t

from explorer.widgets.base import Element
from explorer.widgets.page_message import Index, PageMessage


class HeadMessage(PageMessage):
    """What is asked for a head: to look at it alone, to add it to the chosen ones or take it away, or its line."""

    kind: Literal["open", "add", "note"]
    head: Index


class HeadGrid(Element):
    """Pictures in columns by layer and rows by head, or in an order; a line about the one pointed at below.

    A head is a number here: layer * n_head + head.

    Args:
        on_open, on_add: called with the layer and the head of what was clicked, or clicked with Ctrl, Cmd or Shift.
        on_note: the line about a head, asked for one at a time: those of all heads would be half as many bytes as
            their pictures.

    Attributes:
        shape: (n_layer, n_head); names: of the heads.
        cells: `Thumbnails.cells`, and ``side`` the cells along a side; kept by the page while only the rest changes.
        palette: 256 colours, see `palette`; scale: ``least`` and ``most`` as text and the ``colours`` between them.
        order: the heads, best first; empty for columns and rows.
        opened: the open head; chosen: those that are looked at together.
        line: about the open head, while no other is pointed at; cells_mean: what a cell of a picture is.
        sentence: why there are no pictures, in their place; "" where there are.
        words: ``title``, ``about``, ``layers``, ``heads``, ``help``, ``keys`` and ``no_canvas``.
        answer: number of the question whose answer is on show; with it the lines change.
        stale: newer pictures are being computed.
    """

    shape = t.Tuple(t.Int(), t.Int(), default_value=(0, 0)).tag(sync=True)
    names: t.List[str] = t.List().tag(sync=True)
    cells = t.Bytes(b"").tag(sync=True)
    side = t.Int(0).tag(sync=True)
    palette = t.Bytes(b"").tag(sync=True)
    scale = t.Dict().tag(sync=True)
    order: t.List[int] = t.List().tag(sync=True)
    opened = t.Int(0).tag(sync=True)
    chosen: t.List[int] = t.List().tag(sync=True)
    line = t.Unicode("").tag(sync=True)
    cells_mean = t.Unicode("").tag(sync=True)
    sentence = t.Unicode("").tag(sync=True)
    words = t.Dict().tag(sync=True)
    answer = t.Int(0).tag(sync=True)
    stale = t.Bool(False).tag(sync=True)

    def __init__(
        self,
        on_open: Callable[[int, int], None],
        on_add: Callable[[int, int], None],
        on_note: Callable[[int, int], str],
        **traits: Any,
    ) -> None:
        super().__init__(**traits)
        self._on_open, self._on_add, self._on_note = on_open, on_add, on_note

    def receive(self, message: HeadMessage) -> None:
        n_layer, n_head = self.shape
        if message.head >= n_layer * n_head:
            self.ignore()
            return
        layer, head = divmod(message.head, n_head)
        match message.kind:
            case "open":
                self._on_open(layer, head)
            case "add":
                self._on_add(layer, head)
            case "note":
                self.send({"kind": "note", "head": message.head, "text": self._on_note(layer, head)})
