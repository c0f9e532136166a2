"""A second text beside the first: the same model, two distributions, and how far they are apart."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go
import traitlets as t

from explorer.figures.distribution.difference import difference_bars
from explorer.figures.shared.empty import empty_figure
from explorer.figures.shared.theme import Theme
from explorer.language_model.trace import Trace
from explorer.locales import ExplorerError
from explorer.sampling.differences import Difference
from explorer.sampling.distribution import Distribution
from explorer.sampling.sampling import Sampling
from explorer.state.refresher import Paint
from explorer.widgets import controls as w
from explorer.widgets.elements.plot.widget import Plot
from explorer.widgets.elements.prefix_box.widget import PrefixBox
from explorer.widgets.elements.status_line.widget import StatusLine
from explorer.widgets.panels.main.prefix import PrefixPanel
from explorer.widgets.panels.panel import Panel

HEIGHT = 420
LONGEST_NAME = 40


class TwoPrefixesPanel(Panel):
    """The distribution after the text on show and after another one, under the same sampler.

    Attributes:
        by_change: whether the rows are the tokens that change most, instead of the likeliest.
    """

    follows = ("document.second", "reader.trace", "sampler.sampling", "reader.model", "experiment.interventions")
    by_change = t.Bool(False)
    companions = (PrefixPanel,)

    def build(self) -> list[w.Widget]:
        self._box = PrefixBox(whole=False)
        self._explanation = StatusLine(state="plain")
        self._order = w.Checkbox(indent=False, layout={"width": "auto"})
        self._plot = Plot(height=HEIGHT)
        self.dimmed = (self._plot,)
        self._box.observe(self._on_box, "value")
        self._order.observe(self._on_order, "value")
        self.follow("by_change", self)
        for trait in ("answer", "stale"):
            self.follow(trait, self.state.reader.second)
        return [self._box, self._explanation, self._order, self._plot]

    def translate(self) -> None:
        self._box.label, self._box.waiting = self.tr("second-text"), self.tr("prefix-waiting")
        self._order.description = self.tr("second-by-change")
        self._explanation.text = self.tr("second-explained")

    def refresh(self) -> Paint | None:
        reader, theme, second = self.state.reader, self.state.display.theme, self.state.reader.second
        text = self.state.document.second
        self._box.value = text or ""
        if text is not None:
            second.ask(text)
            if not second.stale:
                self._box.answered = self._box.edit
        first, other, distribution = reader.trace, second.answer, self.state.sampler.distribution
        if first is None or distribution is None or other is None:
            return lambda: self._plot.show(empty_figure(self.tr("second-nothing"), theme, height=HEIGHT), theme)
        if other.interventions != first.interventions:
            return None  # one of the two answers is on its way
        sampling, by_change = self.state.sampler.sampling, self.by_change
        return lambda: self._plot.show(_figure(first, distribution, other, sampling, theme, by_change), theme)

    @property
    def is_stale(self) -> bool:
        first, second = self.state.reader.trace, self.state.reader.second
        answers_differ = (
            first is not None and second.answer is not None and first.interventions != second.answer.interventions
        )
        return second.stale or answers_differ or super().is_stale

    def _on_box(self, change: dict[str, Any]) -> None:
        self.state.document.second = change["new"]

    def _on_order(self, change: dict[str, Any]) -> None:
        self.by_change = change["new"]


def _figure(
    first: Trace, distribution: Distribution, second: Trace, sampling: Sampling, theme: Theme, by_change: bool
) -> go.Figure:
    try:
        difference = Difference(distribution, second.distribution(sampling))
    except ExplorerError as error:  # of another model, whose answer is on its way; or no token is left
        return empty_figure(error.message.render(theme.language), theme, height=HEIGHT)
    return difference_bars(difference, theme, names=(_name(first), _name(second)), by_change=by_change)


def _name(trace: Trace) -> str:
    text = trace.text.replace("\n", "⏎")
    return text if len(text) <= LONGEST_NAME else "…" + text[1 - LONGEST_NAME :]
