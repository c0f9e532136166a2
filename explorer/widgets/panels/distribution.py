"""The live distribution over the next token, as bars."""

from __future__ import annotations

from typing import Any

import ipywidgets as w
import plotly.graph_objects as go

from explorer.figures import numbers
from explorer.figures.bars import FRAME_PIXELS, ROW_PIXELS, distribution_bars
from explorer.widgets.elements import StatusLine
from explorer.widgets.panels.panel import Panel
from explorer.widgets.plot import Plot

FEWEST, MOST = 5, 100


class DistributionPanel(Panel):
    """Bars of the likeliest tokens, one for all the others, and how undecided the model is."""

    follows = ("trace", "sampling", "stale", "n_bars", "log_axis", "pins")

    def build(self) -> list[w.Widget]:
        self._plot = Plot(height=ROW_PIXELS * (self.state.n_bars + 1) + FRAME_PIXELS)
        self._entropy = StatusLine(state="plain")
        self._n_bars = w.BoundedIntText(
            value=self.state.n_bars, min=FEWEST, max=MOST, layout={"width": "130px"}, style={"description_width": "initial"}
        )  # fmt: skip
        self._log_axis = w.Checkbox(indent=False, layout={"width": "auto"})
        self._n_bars.observe(self._on_n_bars, "value")
        self._log_axis.observe(self._on_log_axis, "value")
        controls = w.HBox([self._n_bars, self._log_axis], layout={"align_items": "center"})
        return [self._plot, self._entropy, controls]

    def translate(self) -> None:
        self._n_bars.description = self.tr("n-bars")
        self._log_axis.description = self.tr("log-axis")

    def refresh(self) -> None:
        self._plot.stale = self.state.stale and self.state.trace is not None
        self._n_bars.value, self._log_axis.value = self.state.n_bars, self.state.log_axis
        distribution = self.state.distribution
        if distribution is None:
            return
        figure = self.figure()
        self._plot.show(figure, self.state.look, answer=self.state.answer)
        self._entropy.text = self.tr(
            "entropy",
            bits=numbers.bits(distribution.entropy_bits),
            choices=numbers.count(distribution.effective_choices),
        )

    def figure(self) -> go.Figure:
        """The picture on show, as a plotly figure of its own."""
        distribution = self.state.distribution
        if distribution is None:
            return go.Figure()
        state = self.state
        return distribution_bars(distribution, state.look, n=state.n_bars, log=state.log_axis, pins=state.pins)

    def _on_n_bars(self, change: dict[str, Any]) -> None:
        self.state.n_bars = change["new"]

    def _on_log_axis(self, change: dict[str, Any]) -> None:
        self.state.log_axis = change["new"]
