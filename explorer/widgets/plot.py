"""`Plot`: the one class through which panels show a plotly figure."""

from __future__ import annotations

import gzip
from functools import cache
from typing import Any

import anywidget
import plotly.graph_objects as go
import traitlets as t
from plotly.offline import get_plotlyjs

from explorer.figures.look import Look
from explorer.locales import tr
from explorer.widgets.elements import static


@cache
def _packed_library() -> bytes:
    return gzip.compress(get_plotlyjs().encode("utf-8"), compresslevel=6)


class Plot(anywidget.AnyWidget):
    """Shows a ``go.Figure``; one message a refresh.

    plotly's own FigureWidget carries 5 MB of script each and several messages a change. This one fetches plotly.js,
    packed to 1.5 MB, from the kernel once a page.

    Attributes:
        figure: plotly's JSON of the figure on show.
        answer: number of the question that the figure answers (for those who measure).
        stale: a newer figure is being computed.
        height: pixels kept free before the figure is there.
    """

    _esm = static("plot.js")
    _css = static("plot.css")
    figure = t.Unicode("").tag(sync=True)
    answer = t.Int(0).tag(sync=True)
    stale = t.Bool(False).tag(sync=True)
    height = t.Int(300).tag(sync=True)
    description = t.Unicode("").tag(sync=True)
    words = t.Dict().tag(sync=True)

    def __init__(self, **traits: Any) -> None:
        super().__init__(**traits)
        self.on_msg(self._receive)

    def show(self, figure: go.Figure, look: Look, *, answer: int = 0) -> None:
        """Put ``figure`` in the place of the one on show; ``layout.meta.description`` is what a screen reader says."""
        with self.hold_sync():
            self.answer = answer
            self.height = int(figure.layout.height or self.height)
            self.description = figure.layout.meta["description"]
            self.words = {"png": tr("save-png", look.language), "svg": tr("save-svg", look.language)}
            self.figure = figure.to_json(validate=False)

    def _receive(self, _widget: object, content: dict[str, Any], _buffers: object) -> None:
        if content.get("kind") == "library":
            self.send({"kind": "library"}, buffers=[_packed_library()])
