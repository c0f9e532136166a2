"""BertViz's own views of the attention on show."""

from __future__ import annotations

from typing import Any

from explorer.figures.attention.bertviz_views import TITLES, BertVizView, head_view, model_view, neuron_view
from explorer.language_model.attention import Attention
from explorer.language_model.trace import Trace
from explorer.locales import ExplorerError, Message
from explorer.state.refresher import Paint
from explorer.widgets import controls as w
from explorer.widgets.elements.framed.widget import Framed
from explorer.widgets.elements.status_line.widget import StatusLine
from explorer.widgets.panels.menus import set_options
from explorer.widgets.panels.panel import Panel

HEIGHT = 410
"""Pixels, of the frame and the handle under it; what is longer scrolls within."""

EXPLANATIONS = {
    "head": "bertviz-head-explained",
    "model": "bertviz-model-explained",
    "neuron": "bertviz-neuron-explained",
}

REQUIRED_EXTRAS = {
    "head": frozenset({"attention", "layer"}),
    "model": frozenset({"attention", "layer"}),
    "neuron": frozenset({"attention", "layer", "vectors"}),
}


class BertVizPanel(Panel):
    """BertViz's head view, model view or neuron view, in a frame that reaches neither the page nor a network.

    The head view shows the layer of the open head, with the chosen heads of that layer switched on; the model view all
    layers or that one; the neuron view the open head. BertViz gets exact weights only, and of texts above
    `EXACT_TOKENS` those of the open layer are all there are.
    """

    follows = ("reader.trace", "selection.head", "selection.heads")

    def build(self) -> list[w.Widget]:
        self._name = "head"
        self.required_extras = REQUIRED_EXTRAS[self._name]
        style = {"description_width": "initial"}
        self._menu = w.Dropdown(style=style, layout={"width": "auto"})
        self._menu.observe(self._on_view, "value")
        self._all = w.Checkbox(True, indent=False, layout={"width": "auto"})
        self._all.observe(self._on_all, "value")
        self._explanation = StatusLine(state="plain", layout={"min_height": "40px"})
        self._frame = Framed(layout={"height": f"{HEIGHT}px", "flex": "0 0 auto"})
        self.dimmed = (self._frame,)
        controls = w.HBox([self._menu, self._all], layout={"align_items": "center", "flex_flow": "row wrap"})
        return [controls, self._explanation, self._frame]

    def translate(self) -> None:
        self._menu.description = self.tr("bertviz-view")
        options = [(self.tr(title), name) for name, title in TITLES.items()]
        set_options(self._menu, options, self._name, self._on_view)
        self._all.description = self.tr("bertviz-all-layers")
        self._all.tooltip = self.tr("bertviz-all-layers-explained")

    def refresh(self) -> Paint | None:
        self._all.layout.visibility = None if self._name == "model" else "hidden"  # which keeps its place
        self._explain()
        trace, attention = self.state.reader.trace, self.state.reader.attention
        if (problem := self.state.reader.no_attention) is not None:
            self._say(problem)
        elif trace is not None and attention is not None and self._at_hand(attention):
            return self._page(trace, attention)
        return None

    def _explain(self) -> None:
        self._explanation.text = self.tr(EXPLANATIONS[self._name])
        self._explanation.notes = [self.tr("bertviz-white")] if self.state.display.theme.dark else []

    def _at_hand(self, attention: Attention) -> bool:
        layer, head = self.state.selection.head
        return attention.has(layer) and (self._name != "neuron" or attention.has_vectors(layer, head))

    def _page(self, trace: Trace, attention: Attention) -> Paint:
        (layer, head), heads, name = self.state.selection.head, self.state.selection.heads, self._name
        layers = [other for other in range(attention.n_layer) if attention.has(other)] if self._all.value else [layer]

        def view() -> BertVizView:
            if name == "neuron":
                return neuron_view(trace, [layer], [head])
            if name == "head":
                return head_view(trace, [layer], [head for of, head in heads if of == layer])
            return model_view(trace, layers)

        def paint() -> None:
            try:
                page = view().page
            except ExplorerError as error:
                self._say(error.message)
            else:
                self._frame.show(page, self.tr("bertviz-title", view=self.tr(TITLES[name])))

        return paint

    def _say(self, problem: Message) -> None:
        self._frame.instead = problem.render(self.state.display.theme.language)

    def _on_view(self, change: dict[str, Any]) -> None:
        with self.state.lock:
            self._name = change["new"]
            self.required_extras = REQUIRED_EXTRAS[self._name]
            self._require()
            self.redraw()

    def _on_all(self, _change: object) -> None:
        self.redraw()
