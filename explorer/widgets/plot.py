"""`Plot`: the one class through which panels show a plotly figure."""

from __future__ import annotations

import gzip
from collections.abc import Callable
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

    Args:
        on_pick: called with a token id and the number of the answer on show when someone picks a row of bars. The ids
            are the bars' ``customdata``; a row whose id is below 0 cannot be picked.
    """

    _esm = static("plot.js")
    _css = static("plot.css")
    figure = t.Unicode("").tag(sync=True)
    answer = t.Int(0).tag(sync=True)
    stale = t.Bool(False).tag(sync=True)
    height = t.Int(300).tag(sync=True)
    description = t.Unicode("").tag(sync=True)
    words = t.Dict().tag(sync=True)
    picks = t.Bool(False).tag(sync=True)

    def __init__(self, on_pick: Callable[[int, int], None] | None = None, **traits: Any) -> None:
        super().__init__(picks=on_pick is not None, **traits)
        self._on_pick = on_pick
        self.on_msg(self._receive)

    def show(self, figure: go.Figure, look: Look, *, answer: int = 0) -> None:
        """Put ``figure`` in the place of the one on show; ``layout.meta.description`` is what a screen reader says."""
        with self.hold_sync():
            self.answer = answer
            self.height = int(figure.layout.height or self.height)
            self.description = figure.layout.meta["description"]
            self.words = {
                "png": tr("save-png", look.language),
                "svg": tr("save-svg", look.language),
                "missing": tr("plot-missing", look.language),
            }
            self.figure = figure.to_json(validate=False)

    def _receive(self, _widget: object, content: object, _buffers: object) -> None:
        match content:
            case {"kind": "library"}:
                self.send({"kind": "library"}, buffers=[_packed_library()])
            case {"kind": "pick", "id": token_id, "answer": answer} if type(token_id) is type(answer) is int:
                if self._on_pick is not None and token_id >= 0:
                    self._on_pick(token_id, answer)
