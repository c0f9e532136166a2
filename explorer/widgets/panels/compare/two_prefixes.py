"""A second text beside the first: the same model, two distributions, and how far they are apart."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go
import traitlets as t

from explorer.figures.distribution.difference import difference_bars
from explorer.figures.shared.empty import empty_figure
from explorer.language_model.trace import Trace
from explorer.locales import ExplorerError
from explorer.sampling.differences import Difference
from explorer.sampling.distribution import Distribution
from explorer.state.worker import worker_of
from explorer.widgets import controls as w
from explorer.widgets.elements.plot.widget import Plot
from explorer.widgets.elements.prefix_box.widget import PrefixBox
from explorer.widgets.panels.main.prefix import PrefixPanel
from explorer.widgets.panels.panel import Panel

HEIGHT = 420
LONGEST_NAME = 40


class TwoPrefixesPanel(Panel):
    """The distribution after the text on show and after another one, under the same sampler.

    Attributes:
        other: the second text.
        by_change: whether the rows are the tokens that change most, instead of the likeliest.
    """

    follows = ("trace", "sampling", "model")
    other = t.Unicode("")
    by_change = t.Bool(False)
    companions = (PrefixPanel,)

    def build(self) -> list[w.Widget]:
        self._box = PrefixBox()
        self._order = w.Checkbox(indent=False, layout={"width": "auto"})
        self._plot = Plot(height=HEIGHT)
        self._asked = self._answered = 0
        self._second: Trace | None = None
        self._box.observe(self._on_box, "value")
        self._order.observe(self._on_order, "value")
        self.observe(self._ask, "other")
        self.observe(self._on_state, "by_change")
        self.state.observe(self._ask, ["model", "interventions"])
        return [self._box, self._order, self._plot]

    def translate(self) -> None:
        self._box.label = self.tr("second-text")
        self._order.description = self.tr("second-by-change")

    def refresh(self) -> None:
        state, second = self.state, self._second
        if state.trace is None or state.distribution is None or second is None:
            nothing = empty_figure(self.tr("second-nothing"), state.theme, height=HEIGHT)
            self._plot.show(nothing, state.theme)
            return
        if second.interventions != state.trace.interventions:  # one of the two answers is on its way
            self._plot.stale = True
            return
        self._plot.show(self._figure(state.trace, state.distribution, second), state.theme)
        self._plot.stale = self._answered != self._asked

    def _figure(self, first: Trace, distribution: Distribution, second: Trace) -> go.Figure:
        theme = self.state.theme
        try:
            difference = Difference(distribution, second.distribution(self.state.sampling))
        except ExplorerError as error:  # of another model, whose answer is on its way; or no token is left
            return empty_figure(error.message.render(theme.language), theme, height=HEIGHT)
        return difference_bars(
            difference, theme, names=(self._name(first), self._name(second)), by_change=self.by_change
        )

    def _name(self, trace: Trace) -> str:
        text = trace.text.replace("\n", "⏎")
        return text if len(text) <= LONGEST_NAME else "…" + text[1 - LONGEST_NAME :]

    def _ask(self, _change: object) -> None:
        with self.state.lock:
            self._asked += 1
            model, interventions = self.state.model, self.state.interventions
            number, text = self._asked, self.other
            self._plot.stale = True
        if model is not None:
            worker_of(model).ask(
                self,
                lambda watch: model.trace(text, interventions=interventions, watch=watch),
                lambda trace: self._on_answer(number, trace),
                self.state.fail,
                lambda _done, _todo: None,
            )

    def _on_answer(self, number: int, trace: Trace) -> None:
        with self.state.lock:
            self._second, self._answered = trace, number
            if self.visible:
                self.refresh()
            else:
                self._plot.stale = number != self._asked

    def _on_box(self, change: dict[str, Any]) -> None:
        with self.state.lock:
            self.other = change["new"]

    def _on_order(self, change: dict[str, Any]) -> None:
        with self.state.lock:
            self.by_change = change["new"]
