"""One head closely: every weight, exact."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from explorer.figures.attention.head_map import HEIGHT_PIXELS, WIDEST_PIXELS, head_map
from explorer.figures.attention.part import Part, query_of_cell
from explorer.figures.attention.role_names import role_name
from explorer.language_model.attention import Attention
from explorer.language_model.trace import Ints, Trace
from explorer.locales import ExplorerError, Message
from explorer.probes.roles import roles_of
from explorer.state.refresher import Paint
from explorer.widgets import controls as w
from explorer.widgets.elements.plot.widget import Cells, Plot
from explorer.widgets.elements.status_line.widget import StatusLine
from explorer.widgets.panels.panel import Panel


@dataclass(frozen=True, eq=False)
class _Zoom:
    """A part of a text; ``ids`` are all the tokens up to its end, of which the model reads those from ``start`` on."""

    part: Part
    ids: Ints
    start: int

    def fits(self, trace: Trace) -> bool:
        """Whether ``trace`` still has these tokens there."""
        return self.start == trace.start and np.array_equal(self.ids, trace.ids[: len(self.ids)])


class HeadPanel(Panel):
    """The open head as a heatmap. A click looks from a cell's token; a box that is dragged is shown larger.

    What is shown larger stays so while heads are compared and the text grows, until its own tokens change.
    """

    follows = (
        "reader.model",
        "reader.trace",
        "selection.head",
        "display.log_weights",
        "display.first_token",
        "selection.cursor",
    )
    required_extras = frozenset({"attention", "layer"})

    def build(self) -> list[w.Widget]:
        self._zoom: _Zoom | None = None
        style = {"description_width": "initial"}
        self._layer, self._head = (w.IntText(layout={"width": "112px"}, style=style) for _ in range(2))
        self._before, self._after = (w.Button(description=sign, layout={"width": "40px"}) for sign in "‹›")
        self._whole = w.Button(layout={"width": "auto"})
        self._layer.observe(self._on_layer, "value")
        self._head.observe(self._on_head, "value")
        self._before.on_click(lambda _button: self._step(-1))
        self._after.on_click(lambda _button: self._step(1))
        self._whole.on_click(lambda _button: self._on_zoom(None))
        self._line = StatusLine(state="plain")
        self._plot = Plot(on_cell=self._on_cell, on_zoom=self._on_zoom, height=HEIGHT_PIXELS)
        self._plot.layout.max_width = f"{WIDEST_PIXELS}px"
        self.dimmed = (self._plot,)
        chooser = [self._layer, self._head, self._before, self._after, self._whole]
        return [w.HBox(chooser, layout={"align_items": "center", "flex_flow": "row wrap"}), self._line, self._plot]

    def translate(self) -> None:
        self._layer.description, self._head.description = self.tr("head-layer"), self.tr("head-number")
        self._before.tooltip, self._after.tooltip = self.tr("head-before"), self.tr("head-after")
        self._whole.description, self._whole.tooltip = self.tr("head-whole"), self.tr("head-whole-explained")

    def refresh(self) -> Paint | None:
        self._show_choice()
        trace, problem = self.state.reader.trace, self.state.reader.no_attention
        if problem is not None:
            self._say(problem)
        elif trace is not None and trace.recorded_attention is not None:
            try:
                return self._figure(trace, trace.recorded_attention)
            except ExplorerError as error:
                self._say(error.message)
        return None

    @property
    def is_stale(self) -> bool:
        attention = self.state.reader.attention
        lacking = attention is not None and not attention.has(self.state.selection.head[0])
        return bool(self._plot.packed) and (self.state.reader.late or lacking)

    def _show_choice(self) -> None:
        self._layer.disabled = self._head.disabled = self.state.reader.model is None
        if self.state.reader.model is not None:
            info, (layer, head) = self.state.reader.model.info, self.state.selection.head
            self._layer.value, self._head.value = layer, head
            self._layer.tooltip = self.tr("head-layer-explained", last=info.n_layer - 1)
            self._head.tooltip = self.tr("head-number-explained", last=info.n_head - 1)

    def _figure(self, trace: Trace, attention: Attention) -> Paint | None:
        """Raises an `ExplorerError` where there is nothing to show. Until the layer is there, the old picture stays."""
        (layer, head), display, answer = self.state.selection.head, self.state.display, self.state.reader.answer
        theme, log, first, part = display.theme, display.log_weights, display.first_token, self._part(trace)
        cursor = self.state.reader.row
        attention.check(layer, head)
        if attention.n_tokens == 1:
            raise ExplorerError("head-map-one-token")
        if not attention.has(layer):
            return None
        self._say(None)

        def paint() -> None:
            figure = head_map(
                attention.triangles(layer)[head],
                [token.label for token in trace.tokens[trace.start :]],
                theme,
                head=(layer, head),
                part=part,
                log=log,
                first=first,
                cursor=cursor,
                start=trace.start,
                roles=[role_name(kind, theme.language) for kind in roles_of(trace).labels(layer, head)],
            )
            self._plot.show(figure, theme, answer=answer)

        return paint

    def _say(self, problem: Message | None) -> None:
        """Say why there is no picture, in whose place nothing stands; or how to use the one there is."""
        self._line.text = (
            problem.render(self.state.display.theme.language) if problem is not None else self.tr("head-keys")
        )
        self._plot.layout.visibility = "hidden" if problem is not None else None  # which keeps its place
        self._whole.layout.visibility = None if problem is None and self._zoom is not None else "hidden"

    def _part(self, trace: Trace) -> Part:
        if self._zoom is not None and not self._zoom.fits(trace):
            self._zoom = None
        return self._zoom.part if self._zoom is not None else Part.whole(len(trace.ids) - trace.start)

    def _on_zoom(self, cells: tuple[Cells, Cells] | None) -> None:
        with self.state.lock:
            trace = self.state.reader.trace
            if trace is None:
                return
            n_tokens = len(trace.ids) - trace.start
            part = self._part(trace).of_cells(*cells, n_tokens) if cells is not None else Part.whole(n_tokens)
            if part is not None:
                end = trace.start + max(part.queries.stop, part.keys.stop)
                self._zoom = _Zoom(part, trace.ids[:end], trace.start) if part != Part.whole(n_tokens) else None
                self.redraw()

    def _on_cell(self, column: int, row: int) -> None:
        with self.state.lock:
            trace, attention, (layer, head) = (
                self.state.reader.trace,
                self.state.reader.attention,
                self.state.selection.head,
            )
            if trace is None or attention is None or not attention.has(layer):
                return
            triangle = attention.triangles(layer)[head]
            query = query_of_cell(triangle, self._part(trace), column, row, self.state.display.first_token)
            if query is not None:
                self.state.selection.cursor = trace.start + query

    def _on_layer(self, change: dict[str, Any]) -> None:
        if change["new"] != self.state.selection.head[0]:
            self._open(change["new"], self.state.selection.head[1])

    def _on_head(self, change: dict[str, Any]) -> None:
        if change["new"] != self.state.selection.head[1]:
            self._open(self.state.selection.head[0], change["new"])

    def _step(self, step: int) -> None:
        if self.state.reader.model is not None:
            info, (layer, head) = self.state.reader.model.info, self.state.selection.head
            self._open(*divmod((layer * info.n_head + head + step) % (info.n_layer * info.n_head), info.n_head))

    def _open(self, layer: int, head: int) -> None:
        """Open a head; one that the model lacks gets a sentence, and the fields say again which is open."""
        if self.state.reader.model is None:
            return
        info = self.state.reader.model.info
        if not 0 <= layer < info.n_layer:
            self._refuse(Message.of("unknown-layer", layer=str(layer), last=info.n_layer - 1))
        elif not 0 <= head < info.n_head:
            self._refuse(Message.of("unknown-head", head=str(head), last=info.n_head - 1))
        else:
            self.state.selection.open_head(layer, head)

    def _refuse(self, problem: Message) -> None:
        with self.state.lock:
            self._show_choice()
            self._line.text = problem.render(self.state.display.theme.language)
