"""How a single weight of the open head comes about."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import traitlets as t

from explorer.figures.attention.attention_weight_rows import ROWS_HEIGHT, weight_rows
from explorer.figures.attention.attention_weight_steps import WeightSteps
from explorer.figures.attention.attention_weight_vectors import VECTORS_HEIGHT, weight_vectors
from explorer.language_model.attention import Attention, Floats
from explorer.language_model.trace import Trace
from explorer.locales import ExplorerError, Message
from explorer.state.refresher import Paint
from explorer.widgets import controls as w
from explorer.widgets.elements.plot.widget import Plot
from explorer.widgets.elements.status_line.widget import StatusLine
from explorer.widgets.panels.attention.grid import GridPanel
from explorer.widgets.panels.menus import set_options
from explorer.widgets.panels.panel import Panel

MAX_LISTED = 200
"""Tokens in a menu."""

LONGEST_NAME = 24

FOLLOWING = -1
"""In the menus: the last token, and the key with the largest weight, whichever these are."""


class WeightPanel(Panel):
    """The vectors of a query and a key, their product, and the softmax that makes a weight of it, in numbers.

    Attributes:
        key: the token that is looked at, by its place in the trace's ids; -1 for the one with the largest weight, which
            also stands in for a token that is not there or comes after the query.
    """

    follows = ("reader.trace", "selection.head", "selection.cursor")
    required_extras = frozenset({"attention", "layer", "vectors"})
    key = t.Int(FOLLOWING)

    def build(self) -> list[w.Widget]:
        self._start = 0  # of the text whose rows are on show
        self._explanation = StatusLine(state="plain")
        style = {"description_width": "initial"}
        self._queries, self._keys = (w.Dropdown(style=style, layout={"width": "auto"}) for _ in range(2))
        self._queries.observe(self._on_query, "value")
        self._keys.observe(self._on_key, "value")
        self._vectors, self._rows = Plot(height=VECTORS_HEIGHT), Plot(self._on_pick, height=ROWS_HEIGHT)
        for plot in (self._vectors, self._rows):
            plot.layout.flex, plot.layout.min_width = "1 1 480px", "0"
        menus = w.HBox([self._queries, self._keys], layout={"flex_flow": "row wrap"})
        pictures = w.HBox([self._vectors, self._rows], layout={"flex_flow": "row wrap"})
        self._shown = w.VBox([menus, pictures])
        self.follow("key", self)
        self.dimmed = (self._vectors, self._rows)
        return [self._explanation, self._shown]

    def translate(self) -> None:
        self._queries.description = self.tr("weight-query")
        self._keys.description = self.tr("weight-key")

    def refresh(self) -> Paint | None:
        reader = self.state.reader
        trace, attention = reader.trace, reader.attention
        if trace is None or attention is None or reader.no_attention is not None:
            self._say(reader.no_attention)
        elif attention.has(self.state.selection.head[0]) and attention.has_vectors(*self.state.selection.head):
            return self._figures(trace, attention)
        return None

    @property
    def is_stale(self) -> bool:
        attention, (layer, head) = self.state.reader.attention, self.state.selection.head
        lacking = attention is not None and not (attention.has(layer) and attention.has_vectors(layer, head))
        return bool(self._rows.packed) and (self.state.reader.late or lacking)

    def _figures(self, trace: Trace, attention: Attention) -> Paint | None:
        (layer, head), query = self.state.selection.head, self.state.reader.row
        row = attention.row(layer, head, query)
        chosen = self.key - trace.start if trace.start <= self.key <= trace.start + query else None
        names = [f"{place} {token.label}" for place, token in enumerate(trace.tokens, start=1)][trace.start :]
        self._list_queries(names, trace.start, query)
        self._list_keys(names, trace.start, row, chosen)
        try:
            key = int(row.argmax()) if chosen is None else chosen
            steps = WeightSteps(attention.vectors(layer, head), row, key)
        except ExplorerError as error:
            self._say(error.message)
            return None
        theme, answer = self.state.display.theme, self.state.reader.answer
        self._say(None)
        self._start = trace.start

        def paint() -> None:
            self._vectors.show(weight_vectors(steps, names, theme), theme, answer=answer)
            self._rows.show(weight_rows(steps, names, theme), theme, answer=answer)

        return paint

    def _say(self, problem: Message | None) -> None:
        """Say why there is no picture, in whose place nothing stands; or explain the one there is."""
        self._explanation.text = (
            problem.render(self.state.display.theme.language) if problem else self.tr("weight-explained")
        )
        self._shown.layout.visibility = "hidden" if problem else None  # which keeps its place

    def _list_queries(self, names: Sequence[str], start: int, query: int) -> None:
        last = len(names) - 1
        places = sorted({*range(max(0, last - MAX_LISTED), last), query} - {last})
        following = self.tr("weight-last", token=_cut(names[last]))
        options = [(_cut(names[place]), start + place) for place in places]
        value = FOLLOWING if query == last else start + query
        set_options(self._queries, [*options, (following, FOLLOWING)], value, self._on_query)

    def _list_keys(self, names: Sequence[str], start: int, row: Floats, chosen: int | None) -> None:
        largest = np.argsort(-row, kind="stable")[:MAX_LISTED].tolist()
        places = sorted({*largest, *([] if chosen is None else [chosen])})
        following = self.tr("weight-largest-key", token=_cut(names[largest[0]]))
        options = [(_cut(names[place]), start + place) for place in places]
        value = FOLLOWING if chosen is None else start + chosen
        set_options(self._keys, [(following, FOLLOWING), *options], value, self._on_key)

    def around(self) -> list[w.Widget]:
        return [*super().around(), GridPanel(self.state)]

    def _on_query(self, change: dict[str, Any]) -> None:
        with self.state.lock:
            self.state.selection.cursor = change["new"]

    def _on_key(self, change: dict[str, Any]) -> None:
        self.key = change["new"]

    def _on_pick(self, place: int, _answer: int) -> None:
        self.key = self._start + place


def _cut(name: str) -> str:
    return name if len(name) <= LONGEST_NAME else name[: LONGEST_NAME - 1] + "…"
