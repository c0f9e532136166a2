"""Views of a comparison: the place that was clicked, each measure, the ranks."""

from __future__ import annotations

from typing import Any

import ipywidgets as w
import traitlets as t

from explorer.figures.beside import distributions_beside
from explorer.figures.empty import empty_figure
from explorer.figures.measure_names import MEASURES, measure_name
from explorer.figures.strategies import fingerprints, measure_strips
from explorer.language_model.trace import Trace
from explorer.locales import ExplorerError
from explorer.sampling.compare import Comparison
from explorer.sampling.distribution import Distribution
from explorer.sampling.measures import fingerprint, measures
from explorer.sampling.sampling import Sampling
from explorer.widgets.panels.panel import Panel, set_options
from explorer.widgets.panels.tabs import TabsPanel
from explorer.widgets.plot import Plot
from explorer.widgets.worker import worker_of

HEIGHT = 330


class CompareAtPanel(Panel):
    """The distribution under each strategy at the token that was clicked, and a way to go on from there."""

    def build(self) -> list[w.Widget]:
        self._plot = Plot(height=HEIGHT)
        self._go = w.Button(layout={"width": "auto"}, disabled=True)
        self._go.on_click(self._on_go)
        self.state.comparer.observe(self._on_state, ["chosen", "comparison"])
        self._answered: tuple[tuple[int, ...], Trace] | None = None
        return [self._plot, self._go]

    def translate(self) -> None:
        self._go.description = self.tr("compare-go-on")

    def refresh(self) -> None:
        comparer, model = self.state.comparer, self.state.model
        made, chosen = comparer.comparison, comparer.chosen
        self._go.disabled = made is None or not chosen
        if made is None or not chosen or model is None:
            self._plot.show(
                empty_figure(self.tr("compare-at-nothing"), self.state.look, height=HEIGHT), self.state.look
            )
            return
        ids = self._ids(made, chosen)
        if self._answered is not None and self._answered[0] == ids:
            self._draw(made, chosen, self._answered[1])
            return
        self._plot.stale = True
        worker_of(model).ask(
            self,
            lambda _watch: model.trace(ids),
            lambda trace: self._on_answer(ids, trace),
            self.state.fail,
            lambda _done, _todo: None,
        )

    def _ids(self, made: Comparison, chosen: tuple[int, int, int]) -> tuple[int, ...]:
        """The text before the chosen token."""
        column, sample, token = chosen
        return (*made.ids, *(each.id for each in made.strategies[column].samples[sample].tokens[:token]))

    def _on_answer(self, ids: tuple[int, ...], trace: Trace) -> None:
        with self.state.lock:
            comparer = self.state.comparer
            made, chosen = comparer.comparison, comparer.chosen
            if made is not None and chosen and self._ids(made, chosen) == ids:
                self._answered = ids, trace
                self._draw(made, chosen, trace)

    def _draw(self, made: Comparison, chosen: tuple[int, int, int], trace: Trace) -> None:
        distributions: dict[str, Distribution] = {}
        for written in made.strategies:
            method = written.strategy.method if isinstance(written.strategy.method, Sampling) else Sampling()
            try:
                distributions[written.name] = trace.distribution(method)
            except ExplorerError:  # its stages leave no token here
                continue
        column, sample, token = chosen
        choice = made.strategies[column].samples[sample].tokens[token]
        title = self.tr("compare-at-title", number=token + 1, strategy=made.strategies[column].name)
        figure = distributions_beside(distributions, self.state.look, title=title, marked=choice.id)
        self._plot.show(figure, self.state.look)
        self._plot.stale = False

    def _on_go(self, _button: object) -> None:
        if self.state.comparer.chosen:
            self.state.attempt(self.state.comparer.go_on, *self.state.comparer.chosen)


class MeasuresPanel(Panel):
    """One measure of every strategy, chosen from a menu."""

    what = t.Enum(MEASURES, default_value="surprisal")

    def build(self) -> list[w.Widget]:
        self._menu = w.Dropdown(layout={"width": "auto"}, style={"description_width": "initial"})
        self._plot = Plot(height=HEIGHT)
        self._menu.observe(self._on_menu, "value")
        self.observe(self._on_state, "what")
        self.state.comparer.observe(self._on_state, "comparison")
        return [self._menu, self._plot]

    def translate(self) -> None:
        self._menu.description = self.tr("compare-measure")
        options = [(measure_name(name, self.state.look.language), name) for name in MEASURES]
        set_options(self._menu, options, self.what, self._on_menu)

    def refresh(self) -> None:
        made, look = self.state.comparer.comparison, self.state.look
        if made is None:
            self._plot.show(empty_figure(self.tr("compare-nothing"), look, height=HEIGHT), look)
            return
        found = {each.name: measures(each.samples, made.ids)[self.what] for each in made.strategies}
        self._plot.show(measure_strips(found, look, name=measure_name(self.what, look.language)), look)

    def _on_menu(self, change: dict[str, Any]) -> None:
        with self.state.lock:
            self.what = change["new"]


class RanksPanel(Panel):
    """The fingerprint of every strategy."""

    def build(self) -> list[w.Widget]:
        self._plot = Plot(height=HEIGHT)
        self.state.comparer.observe(self._on_state, "comparison")
        return [self._plot]

    def refresh(self) -> None:
        made, look = self.state.comparer.comparison, self.state.look
        if made is None:
            self._plot.show(empty_figure(self.tr("compare-nothing"), look, height=HEIGHT), look)
            return
        self._plot.show(fingerprints({each.name: fingerprint(each.samples) for each in made.strategies}, look), look)


class CompareViewsPanel(TabsPanel):
    """Views of the comparison, one at a time."""

    follows = ("compare_view",)
    chosen = "compare_view"
    tabs = {  # noqa: RUF012
        "at": ("compare-tab-at", CompareAtPanel),
        "measures": ("compare-tab-measures", MeasuresPanel),
        "ranks": ("compare-tab-ranks", RanksPanel),
    }
