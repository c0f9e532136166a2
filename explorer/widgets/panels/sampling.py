"""How the next token would be drawn: the parameters of the sampler."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import ipywidgets as w

from explorer.sampling.sampling import Sampling
from explorer.widgets.elements import StatusLine
from explorer.widgets.panels.panel import Panel

STEP, MOST = 0.05, 3.0


class SamplingPanel(Panel):
    """The temperature. Its slider reads the same logits anew; the model is not asked."""

    follows = ("sampling",)

    def build(self) -> list[w.Widget]:
        self._temperature = w.FloatSlider(
            value=self.state.sampling.temperature, min=0, max=MOST, step=STEP, readout_format=".2f",
            layout={"width": "auto"}, style={"description_width": "initial"},
        )  # fmt: skip
        self._temperature.observe(self._on_temperature, "value")
        self._explanation = StatusLine(state="plain")
        return [self._temperature, self._explanation]

    def translate(self) -> None:
        self._temperature.description = self.tr("temperature")
        self._temperature.tooltip = self.tr("temperature-explained")

    def refresh(self) -> None:
        sampling = self.state.sampling
        self._temperature.value = 0 if sampling.greedy else sampling.temperature
        message = "greedy-explained" if sampling.greedy else "temperature-explained"
        self._explanation.text = self.tr(message)

    def _on_temperature(self, change: dict[str, Any]) -> None:
        # A slider has a left end; a temperature of 0 has no formula. The limit is greedy, and the panel says so.
        value = change["new"]
        new = Sampling(greedy=True) if value <= 0 else replace(self.state.sampling, temperature=value, greedy=False)
        if new != self.state.sampling:
            self.state.sampling = new
