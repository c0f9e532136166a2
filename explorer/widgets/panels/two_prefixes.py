"""A second text beside the first: the same model, two distributions, and how far they are apart."""

from __future__ import annotations

from typing import Any

import ipywidgets as w
import traitlets as t

from explorer.figures.difference import difference_bars
from explorer.figures.empty import empty_figure
from explorer.language_model.trace import Trace
from explorer.locales import ExplorerError
from explorer.sampling.differences import Difference
from explorer.widgets.elements import PrefixBox
from explorer.widgets.panels.panel import Panel
from explorer.widgets.panels.prefix import PrefixPanel
from explorer.widgets.plot import Plot
from explorer.widgets.worker import worker_of

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
        self._asked = 0
        self._second: Trace | None = None
        self._box.observe(self._on_box, "value")
        self._order.observe(self._on_order, "value")
        self.observe(self._ask, "other")
        self.observe(self._on_state, "by_change")
        self.state.observe(self._ask, "model")
        return [self._box, self._order, self._plot]

    def translate(self) -> None:
        self._box.label = self.tr("second-text")
        self._order.description = self.tr("second-by-change")

    def refresh(self) -> None:
        state = self.state
        if state.trace is None or state.distribution is None or self._second is None:
            nothing = empty_figure(self.tr("second-nothing"), state.look, height=HEIGHT)
            self._plot.show(nothing, state.look)
            return
        try:
            difference = Difference(state.distribution, self._second.distribution(state.sampling))
        except ExplorerError as error:  # of another model, whose answer is on its way; or no token is left
            sentence = error.message.render(state.look.language)
            self._plot.show(empty_figure(sentence, state.look, height=HEIGHT), state.look)
            return
        names = (self._name(state.trace), self._name(self._second))
        self._plot.show(difference_bars(difference, state.look, names=names, by_change=self.by_change), state.look)

    def _name(self, trace: Trace) -> str:
        text = trace.text.replace("\n", "⏎")
        return text if len(text) <= LONGEST_NAME else "…" + text[1 - LONGEST_NAME :]

    def _ask(self, _change: object) -> None:
        model = self.state.model
        with self.state.lock:
            self._asked += 1
            number, text = self._asked, self.other
            self._plot.stale = True
        if model is not None:
            worker_of(model).ask(
                self,
                lambda watch: model.trace(text, watch=watch),
                lambda trace: self._on_answer(number, trace),
                self.state.fail,
                lambda _done, _todo: None,
            )

    def _on_answer(self, number: int, trace: Trace) -> None:
        with self.state.lock:
            self._second = trace
            self._plot.stale = number != self._asked
            if self.seen:
                self.refresh()

    def _on_box(self, change: dict[str, Any]) -> None:
        with self.state.lock:
            self.other = change["new"]

    def _on_order(self, change: dict[str, Any]) -> None:
        with self.state.lock:
            self.by_change = change["new"]
