"""Views of a comparison: the place that was clicked, each measure, the ranks."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

import traitlets as t

from explorer.figures.comparison.beam_tree import MAX_STEPS, beam_tree
from explorer.figures.comparison.comparison import comparison_page, ranks_figure
from explorer.figures.comparison.measure_names import MEASURES, measure_explained, measure_name
from explorer.figures.comparison.overlay import distributions_overlay
from explorer.figures.comparison.strategies import measure_strips
from explorer.figures.shared.empty import empty_figure
from explorer.figures.shared.theme import Theme
from explorer.generation.compare import Comparison
from explorer.generation.export import to_code, to_csv, to_record
from explorer.language_model.request import Request
from explorer.language_model.trace import Trace
from explorer.locales import ExplorerError
from explorer.sampling.distribution import Distribution
from explorer.sampling.sampling import Sampling
from explorer.state.refresher import Paint
from explorer.widgets import controls as w
from explorer.widgets.elements.downloads.widget import Downloads
from explorer.widgets.elements.plot.widget import Plot
from explorer.widgets.panels.menus import set_options
from explorer.widgets.panels.panel import Panel
from explorer.widgets.panels.tabs import TabsPanel

HEIGHT = 300


class CompareAtPanel(Panel):
    """The distribution under each strategy at the token that was clicked, and a way to go on from there."""

    follows = ("comparison.chosen", "comparison.comparison", "reader.model")

    def build(self) -> list[w.Widget]:
        self._plot = Plot(height=HEIGHT)
        self.dimmed = (self._plot,)
        self._go = w.Button(layout={"width": "auto"}, disabled=True)
        self._go.on_click(self._on_go)
        for trait in ("answer", "stale"):
            self.follow(trait, self.state.reader.at)
        return [self._plot, self._go]

    def translate(self) -> None:
        self._go.description = self.tr("compare-go-on")

    def refresh(self) -> Paint | None:
        comparison, question, theme = self.state.comparison, self.state.reader.at, self.state.display.theme
        made, chosen = comparison.comparison, comparison.chosen
        self._go.disabled = made is None or not chosen
        if made is None or not chosen or self.state.reader.model is None:
            return lambda: self._plot.show(empty_figure(self.tr("compare-at-nothing"), theme, height=HEIGHT), theme)
        question.ask(_request_at(made, chosen))
        if question.stale or question.answer is None:
            return None
        return partial(self._draw, made, chosen, question.answer, theme)

    @property
    def is_stale(self) -> bool:
        return bool(self._plot.packed) and self.state.reader.at.stale

    def _draw(self, made: Comparison, chosen: tuple[int, int, int], trace: Trace, theme: Theme) -> None:
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
        figure = distributions_overlay(distributions, theme, title=title, marked=choice.id)
        self._plot.show(figure, theme)

    def _on_go(self, _button: object) -> None:
        if self.state.comparison.chosen:
            self.state.status.attempt(self.state.comparison.go_on, *self.state.comparison.chosen)


def _request_at(made: Comparison, chosen: tuple[int, int, int]) -> Request:
    """The text before the chosen token, read as it was in the comparison."""
    column, sample, token = chosen
    ids = (*made.ids, *(each.id for each in made.strategies[column].samples[sample].tokens[:token]))
    return Request(ids, made.interventions)


class MeasuresPanel(Panel):
    """One measure of every strategy, chosen from a menu."""

    follows = ("comparison.comparison",)
    what = t.Enum(MEASURES, default_value="surprisal")

    def build(self) -> list[w.Widget]:
        self._menu = w.Dropdown(layout={"width": "auto"}, style={"description_width": "initial"})
        self._explained = w.Label()
        self._plot = Plot(height=HEIGHT)
        self._menu.observe(self._on_menu, "value")
        self.follow("what", self)
        row = w.HBox([self._menu, self._explained], layout={"flex_flow": "row wrap", "align_items": "center"})
        return [row, self._plot]

    def translate(self) -> None:
        self._menu.description = self.tr("compare-measure")
        options = [(measure_name(name, self.state.display.theme.language), name) for name in MEASURES]
        set_options(self._menu, options, self.what, self._on_menu)

    def refresh(self) -> Paint:
        made, theme, what = self.state.comparison.comparison, self.state.display.theme, self.what
        self._explained.value = measure_explained(what, theme.language)

        def paint() -> None:
            if made is None:
                self._plot.show(empty_figure(self.tr("compare-nothing"), theme, height=HEIGHT), theme)
                return
            found = {name: measured[what] for name, measured in made.measures.items()}
            self._plot.show(measure_strips(found, theme, name=measure_name(what, theme.language)), theme)

        return paint

    def _on_menu(self, change: dict[str, Any]) -> None:
        with self.state.lock:
            self.what = change["new"]


class RanksPanel(Panel):
    """The fingerprint of every strategy."""

    follows = ("comparison.comparison",)

    def build(self) -> list[w.Widget]:
        self._plot = Plot(height=HEIGHT)
        return [self._plot]

    def refresh(self) -> Paint:
        made, theme = self.state.comparison.comparison, self.state.display.theme
        nothing = self.tr("compare-nothing")
        return lambda: self._plot.show(
            empty_figure(nothing, theme, height=HEIGHT) if made is None else ranks_figure(made, theme), theme
        )


class BeamsPanel(Panel):
    """The search of a strategy that has one, step by step."""

    follows = ("comparison.comparison",)
    first = t.Int(0)

    def build(self) -> list[w.Widget]:
        self._plot = Plot(height=HEIGHT)
        self._first = w.BoundedIntText(min=1, layout={"width": "190px"}, style={"description_width": "initial"})
        self._first.observe(lambda change: setattr(self, "first", change["new"] - 1), "value")
        self.follow("first", self)
        return [self._first, self._plot]

    def translate(self) -> None:
        self._first.description = self.tr("beam-first")

    def refresh(self) -> Paint:
        made, theme = self.state.comparison.comparison, self.state.display.theme
        vocabulary = self.state.comparison.vocabulary
        searches = [each for each in made.strategies if each.search] if made is not None else []
        self._first.layout.display = None if searches else "none"
        if not searches or vocabulary is None:
            return lambda: self._plot.show(empty_figure(self.tr("beam-nothing"), theme, height=HEIGHT), theme)
        written = searches[0]
        self._first.max = max(1, len(written.search) - MAX_STEPS + 1)
        first = min(self.first, self._first.max - 1)
        best = [token.id for token in written.samples[0].tokens]
        return lambda: self._plot.show(
            beam_tree(written.search, vocabulary, theme, title=written.name, best=best, first=first), theme
        )


class SavePanel(Panel):
    """The comparison as files, and as the code that makes it again."""

    follows = ("comparison.comparison",)

    def build(self) -> list[w.Widget]:
        self._files = Downloads({"csv": self._csv, "json": self._json, "html": self._html})
        self._code = w.Textarea(layout={"width": "calc(100% - 4px)", "height": "300px"}, disabled=True)
        return [self._files, self._code]

    def translate(self) -> None:
        self._files.words = {
            "csv": self.tr("compare-save-csv"),
            "json": self.tr("compare-save-json"),
            "html": self.tr("compare-save-html"),
        }

    def refresh(self) -> None:
        made, model = self.state.comparison.comparison, self.state.reader.model
        self._files.disabled = made is None
        if made is None or model is None:
            self._code.value = self.tr("compare-nothing")
            return
        again = tuple(self.state.reader.tokenize(made.text).ids) == made.ids
        self._code.value = to_code(made, retokenized=again)

    def _csv(self) -> tuple[str, bytes]:
        return "comparison.csv", to_csv(self._made).encode("utf-8-sig")

    def _json(self) -> tuple[str, bytes]:
        return "comparison.json", json.dumps(to_record(self._made), ensure_ascii=False).encode()

    def _html(self) -> tuple[str, bytes]:
        model, language = self.state.reader.model, self.state.display.theme.language
        if model is None:
            raise ExplorerError("compare-nothing")
        return "comparison.html", comparison_page(self._made, model.vocabulary, language).encode()

    @property
    def _made(self) -> Comparison:
        made = self.state.comparison.comparison
        if made is None:
            raise ExplorerError("compare-nothing")
        return made


class CompareViewsPanel(TabsPanel):
    """Views of the comparison, one at a time."""

    follows = ("display.compare_view",)
    chosen = "display.compare_view"
    tabs = {  # noqa: RUF012
        "at": ("compare-tab-at", CompareAtPanel),
        "measures": ("compare-tab-measures", MeasuresPanel),
        "ranks": ("compare-tab-ranks", RanksPanel),
        "beams": ("compare-tab-beams", BeamsPanel),
        "save": ("compare-tab-save", SavePanel),
    }
