"""The live distribution over the next token, as bars."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go

from explorer.figures.distribution.bars import FRAME_PIXELS, ROW_PIXELS, distribution_bars
from explorer.figures.shared.empty import empty_figure
from explorer.widgets import controls as w
from explorer.widgets.elements.plot.widget import Plot
from explorer.widgets.panels.main.axis import AxisPanel
from explorer.widgets.panels.panel import Panel


class DistributionPanel(Panel):
    """Bars of the likeliest tokens, one for all the others, and how undecided the model is. A click takes a token."""

    follows = ("trace", "sampling", "seed", "redraw", "n_bars", "log_axis", "pins")

    def build(self) -> list[w.Widget]:
        self._plot = Plot(self._on_pick, height=ROW_PIXELS * (self.state.n_bars + 1) + FRAME_PIXELS)
        self._plot.add_class("nte-bars")
        self.state.observe(self._on_late, "late")
        return [self._plot]

    def refresh(self) -> None:
        if self.state.trace is not None:
            self._plot.show(self.figure(), self.state.theme, answer=self.state.answer)

    def figure(self) -> go.Figure:
        """The picture on show, as a plotly figure of its own; empty before the first answer."""
        state, distribution, coming = self.state, self.state.distribution, self.state.stepper.coming
        if distribution is None:
            height = ROW_PIXELS * (state.n_bars + 1) + FRAME_PIXELS
            return empty_figure(state.status.message.render(state.theme.language), state.theme, height=height)
        return distribution_bars(
            distribution,
            state.theme,
            n=state.n_bars,
            log=state.log_axis,
            pins=state.pins,
            next_id=coming.id if coming is not None else None,
        )

    def _on_pick(self, token_id: int, answer: int) -> None:
        self.state.attempt(self.state.stepper.pick, token_id, answer)

    def _on_late(self, change: dict[str, Any]) -> None:
        self._plot.stale = change["new"] and self.state.trace is not None

    def around(self) -> list[w.Widget]:
        return [*super().around(), AxisPanel(self.state)]
