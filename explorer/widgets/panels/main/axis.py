"""How the bars are drawn: how many, and on which axis."""

from __future__ import annotations

from typing import Any

from explorer.widgets import controls as w
from explorer.widgets.panels.panel import Panel

FEWEST, MAX = 5, 100


class AxisPanel(Panel):
    """The number of bars and the choice of a logarithmic axis."""

    follows = ("display.n_bars", "display.log_axis")

    def build(self) -> list[w.Widget]:
        style = {"description_width": "initial"}
        self._n_bars = w.BoundedIntText(
            self.state.display.n_bars, min=FEWEST, max=MAX, layout={"width": "130px"}, style=style
        )
        self._log_axis = w.Checkbox(self.state.display.log_axis, indent=False, layout={"width": "auto"})
        self._n_bars.observe(self._on_n_bars, "value")
        self._log_axis.observe(self._on_log_axis, "value")
        return [w.HBox([self._n_bars, self._log_axis], layout={"align_items": "center"})]

    def translate(self) -> None:
        self._n_bars.description = self.tr("n-bars")
        self._n_bars.tooltip = self.tr("n-bars-explained", fewest=FEWEST, most=MAX)
        self._log_axis.description = self._log_axis.tooltip = self.tr("log-axis")

    def refresh(self) -> None:
        self._n_bars.value, self._log_axis.value = self.state.display.n_bars, self.state.display.log_axis

    def _on_n_bars(self, change: dict[str, Any]) -> None:
        self.state.display.n_bars = change["new"]

    def _on_log_axis(self, change: dict[str, Any]) -> None:
        self.state.display.log_axis = change["new"]
