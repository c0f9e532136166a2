"""The live distribution over the next token, as bars."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import plotly.graph_objects as go

from explorer.figures.distribution.bars import FRAME_PIXELS, ROW_PIXELS, distribution_bars
from explorer.figures.shared.empty import empty_figure
from explorer.state.refresher import Paint
from explorer.widgets import controls as w
from explorer.widgets.elements.plot.widget import Plot
from explorer.widgets.panels.main.axis import AxisPanel
from explorer.widgets.panels.panel import Panel


class DistributionPanel(Panel):
    """Bars of the likeliest tokens, one for all the others, and how undecided the model is. A click takes a token."""

    follows = (
        "reader.trace",
        "sampler.sampling",
        "sampler.seed",
        "sampler.redraw",
        "display.n_bars",
        "display.log_axis",
        "selection.pins",
    )

    def build(self) -> list[w.Widget]:
        self._plot = Plot(self._on_pick, height=ROW_PIXELS * (self.state.display.n_bars + 1) + FRAME_PIXELS)
        self._plot.add_class("nte-bars")
        self.dimmed = (self._plot,)
        return [self._plot]

    def refresh(self) -> Paint | None:
        if self.state.reader.trace is None:
            return None
        figure, theme, answer = self._figure(), self.state.display.theme, self.state.reader.answer
        return lambda: self._plot.show(figure(), theme, answer=answer)

    def figure(self) -> go.Figure:
        """The picture on show, as a plotly figure of its own; empty before the first answer."""
        with self.state.lock:
            figure = self._figure()
        return figure()

    def _figure(self) -> Callable[[], go.Figure]:
        display, distribution, coming = self.state.display, self.state.sampler.distribution, self.state.sampler.coming
        theme = display.theme
        if distribution is None:
            height = ROW_PIXELS * (display.n_bars + 1) + FRAME_PIXELS
            sentence = self.state.status.current.message.render(theme.language)
            return partial(empty_figure, sentence, theme, height=height)
        return partial(
            distribution_bars,
            distribution,
            theme,
            n=display.n_bars,
            log=display.log_axis,
            pins=self.state.selection.pins,
            next_id=coming.id if coming is not None else None,
        )

    def _on_pick(self, token_id: int, answer: int) -> None:
        self.state.status.attempt(self.state.playback.pick, token_id, answer)

    def around(self) -> list[w.Widget]:
        return [*super().around(), AxisPanel(self.state)]
