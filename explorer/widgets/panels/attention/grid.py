"""All heads at a glance: which there are, what each looks at, and which of them are looked at closely."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from explorer.figures.attention.attention_weights import LOG_FLOOR, head_name
from explorer.figures.attention.thumbnails import palette, thumbnails
from explorer.figures.shared.theme import Theme
from explorer.language_model.attention import EXACT_TOKENS, Attention
from explorer.language_model.trace import Trace
from explorer.locales import numbers
from explorer.probes.roles import KINDS, roles_of
from explorer.state.refresher import Paint
from explorer.widgets import controls as w
from explorer.widgets.elements.head_grid.widget import HeadGrid
from explorer.widgets.panels.menus import set_options
from explorer.widgets.panels.panel import Panel

LAYER, ENTROPY = "layer", "entropy"

ORDERS = {
    LAYER: "head-order-layer",
    "previous": "head-order-previous",
    "first": "head-order-first",
    "same": "head-order-same",
    "induction": "head-order-induction",
    ENTROPY: "head-order-entropy",
}
"""How heads can be sorted, and how the menu calls it."""

FIRST_TOKEN_WORDS = {
    "shown": "first-token-shown",
    "hidden": "first-token-hidden",
    "renormalised": "first-token-renormalised",
}

WORDS = {
    "title": "grid-title",
    "about": "grid-about",
    "layers": "grid-layers",
    "heads": "grid-heads",
    "help": "grid-help",
    "keys": "grid-keys",
    "no_canvas": "grid-no-canvas",
}
"""What the page says, as message ids."""


class GridPanel(Panel):
    """A small picture of every head. A click opens one, a click with Ctrl, Cmd or Shift adds it to the chosen ones."""

    follows = (
        "reader.model",
        "reader.trace",
        "selection.head",
        "selection.heads",
        "display.log_weights",
        "display.first_token",
        "display.head_order",
    )
    required_extras = frozenset({"attention"})

    def build(self) -> list[w.Widget]:
        self._grid = HeadGrid(self._on_open, self._on_add, self._note)
        self._drawn: tuple[Attention, str] | None = None
        style = {"description_width": "initial"}
        self._order = w.Dropdown(layout={"width": "auto", "flex": "0 1 auto"}, style=style)
        self._first = w.Dropdown(layout={"width": "auto", "flex": "0 1 auto"}, style=style)
        self._log = w.Checkbox(self.state.display.log_weights, indent=False, layout={"width": "auto"})
        for menu, on_value in ((self._order, self._on_order), (self._first, self._on_first), (self._log, self._on_log)):
            menu.observe(on_value, "value")
        self.dimmed = (self._grid,)
        controls = w.HBox(
            [self._order, self._first, self._log], layout={"align_items": "center", "flex_flow": "row wrap"}
        )
        return [controls, self._grid]

    def translate(self) -> None:
        self._order.description, self._order.tooltip = self.tr("head-order"), self.tr("head-order-explained")
        self._first.description, self._first.tooltip = self.tr("first-token"), self.tr("first-token-explained")
        self._log.description = self._log.tooltip = self.tr("log-weights")
        orders = [(self.tr(message), order) for order, message in ORDERS.items()]
        set_options(self._order, orders, self._by, self._on_order)
        ways = [(self.tr(message), way) for way, message in FIRST_TOKEN_WORDS.items()]
        set_options(self._first, ways, self.state.display.first_token, self._on_first)
        self._grid.words = {word: self.tr(message) for word, message in WORDS.items()}

    def refresh(self) -> Paint | None:
        reader, display, selection = self.state.reader, self.state.display, self.state.selection
        trace, problem, grid = reader.trace, reader.no_attention, self._grid
        self._order.value, self._first.value, self._log.value = self._by, display.first_token, display.log_weights
        n_head = reader.model.info.n_head if reader.model is not None else grid.shape[1]
        if problem is None and trace is not None and trace.recorded_attention is not None:
            n_head = trace.recorded_attention.n_head
            return partial(
                self._show,
                trace,
                trace.recorded_attention,
                display.theme,
                by=self._by,
                first=display.first_token,
                log=display.log_weights,
                opened=selection.head,
                chosen=_numbers(selection.heads, n_head),
                answer=reader.answer,
            )
        with grid.hold_sync():
            if problem is not None:
                grid.sentence = problem.render(display.theme.language)
            elif reader.model is not None:  # what has its place from the start does not push the rest away later
                self._say_shape(reader.model.info.n_layer, n_head)
            (grid.opened,), grid.chosen = _numbers([selection.head], n_head), _numbers(selection.heads, n_head)
        return None

    def _show(
        self,
        trace: Trace,
        attention: Attention,
        theme: Theme,
        *,
        by: str,
        first: str,
        log: bool,
        opened: tuple[int, int],
        chosen: list[int],
        answer: int,
    ) -> None:
        grid, order = self._grid, _best_first(trace, attention, by)
        with grid.hold_sync():
            if self._drawn is None or self._drawn[0] is not attention or self._drawn[1] != first:
                self._drawn = attention, first
                small = thumbnails(attention, first)
                grid.cells, grid.side, self._step = small.cells.tobytes(), small.side, small.step
            self._say_shape(attention.n_layer, attention.n_head)
            grid.order = order if order is not None else []
            grid.palette = palette(theme, log=log)
            least = self.tr("grid-least", weight=f"{LOG_FLOOR:g}") if log else "0"
            grid.scale = {"least": least, "most": "1", "colours": list(theme.weights)}
            kept = "exact" if attention.exact is not None else "bytes"
            grid.cells_mean = self.tr("grid-cells", step=self._step, kept=kept, exact=EXACT_TOKENS)
            grid.line = self._line(trace, attention, *opened) if order is not None else self.tr("grid-no-score")
            grid.sentence = ""
            grid.answer = answer
            (grid.opened,), grid.chosen = _numbers([opened], attention.n_head), chosen

    def _say_shape(self, n_layer: int, n_head: int) -> None:
        self._grid.shape = n_layer, n_head
        self._grid.names = [head_name(layer, head) for layer in range(n_layer) for head in range(n_head)]

    @property
    def _by(self) -> str:
        """By what heads are sorted."""
        return self.state.display.head_order if self.state.display.head_order in ORDERS else LAYER

    def _note(self, layer: int, head: int) -> str:
        """One line about a head, whatever the page may have asked for."""
        trace = self.state.reader.trace
        attention = trace.recorded_attention if trace is not None else None
        if trace is None or attention is None or layer >= attention.n_layer or head >= attention.n_head:
            return head_name(layer, head)
        return self._line(trace, attention, layer, head)

    def _line(self, trace: Trace, attention: Attention, layer: int, head: int) -> str:
        """The scores of a head on the text on show."""
        scores = {kind: roles_of(trace).of(kind)[layer, head] for kind in KINDS}
        return self.tr(
            "grid-note",
            head=head_name(layer, head),
            entropy=numbers.bits(float(attention.entropy[layer, head].mean())),
            **{kind: numbers.fraction(score, 2) for kind, score in scores.items()},
        )

    def _on_open(self, layer: int, head: int) -> None:
        with self.state.lock:
            if self.state.selection.has_head(layer, head):
                self.state.selection.open_head(layer, head)

    def _on_add(self, layer: int, head: int) -> None:
        """Add a head to the chosen ones, or take it away; the last one stays."""
        state, one = self.state, (layer, head)
        with state.lock:
            heads = [other for other in state.selection.heads if other != one]
            if len(heads) == len(state.selection.heads):
                heads.append(one)
            if heads and self.state.selection.has_head(layer, head):
                blend = "mean" if len(state.selection.heads) == 1 else state.selection.blend
                state.selection.choose_heads(heads, blend if len(heads) > 1 else "head")

    def _on_order(self, change: dict[str, Any]) -> None:
        self.state.display.head_order = change["new"]

    def _on_first(self, change: dict[str, Any]) -> None:
        self.state.display.first_token = change["new"]

    def _on_log(self, change: dict[str, Any]) -> None:
        self.state.display.log_weights = change["new"]


def _numbers(heads: Sequence[tuple[int, int]], n_head: int) -> list[int]:
    return [layer * n_head + head for layer, head in heads]


def _best_first(trace: Trace, attention: Attention, by: str) -> list[int] | None:
    """All heads in the order asked for, empty for that of the layers; None where no head has a score."""
    if by == LAYER:
        return []
    worst = attention.entropy.mean(-1) if by == ENTROPY else -roles_of(trace).of(by)
    if np.isnan(worst).all():
        return None
    return [int(number) for number in np.argsort(worst, axis=None, kind="stable")]
