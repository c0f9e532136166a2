"""What the sampler does, stage by stage."""

from __future__ import annotations

from explorer.figures.distribution.funnel import sampler_funnel
from explorer.state.refresher import Paint
from explorer.widgets import controls as w
from explorer.widgets.elements.plot.widget import Plot
from explorer.widgets.panels.main.sampling import SamplingPanel
from explorer.widgets.panels.panel import Panel


class FunnelPanel(Panel):
    """The distribution before the sampler, after each of its stages, and what was removed where."""

    follows = ("reader.trace", "sampler.sampling", "display.n_bars")

    def build(self) -> list[w.Widget]:
        self._plot = Plot(height=330)
        return [self._plot]

    def refresh(self) -> Paint | None:
        distribution, sampling, display = (
            self.state.sampler.distribution,
            self.state.sampler.sampling,
            self.state.display,
        )
        if distribution is None:
            return None
        theme, n, answer = display.theme, display.n_bars, self.state.reader.answer
        return lambda: self._plot.show(sampler_funnel(distribution, sampling, theme, n=n), theme, answer=answer)

    def around(self) -> list[w.Widget]:
        return [*super().around(), SamplingPanel(self.state)]
