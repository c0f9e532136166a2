"""What the sampler does, stage by stage."""

from __future__ import annotations

from explorer.figures.distribution.funnel import sampler_funnel
from explorer.widgets import controls as w
from explorer.widgets.elements.plot.widget import Plot
from explorer.widgets.panels.main.sampling import SamplingPanel
from explorer.widgets.panels.panel import Panel


class FunnelPanel(Panel):
    """The distribution before the sampler, after each of its stages, and what was removed where."""

    follows = ("trace", "sampling", "n_bars")

    def build(self) -> list[w.Widget]:
        self._plot = Plot(height=330)
        return [self._plot]

    def refresh(self) -> None:
        if self.state.distribution is not None:
            figure = sampler_funnel(self.state.distribution, self.state.sampling, self.state.theme, n=self.state.n_bars)
            self._plot.show(figure, self.state.theme, answer=self.state.answer)

    def around(self) -> list[w.Widget]:
        return [*super().around(), SamplingPanel(self.state)]
