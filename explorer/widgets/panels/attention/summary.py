"""All heads at once: a number for each of them, or all their weights as one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import plotly.graph_objects as go
import traitlets as t

from explorer.figures.attention.head_map import HEIGHT_PIXELS, WIDEST_PIXELS
from explorer.figures.attention.part import Part, query_of_cell
from explorer.figures.attention.summary import pair_map, score_map, score_map_size
from explorer.figures.shared.empty import empty_figure
from explorer.language_model.attention import EXACT_TOKENS, Attention, Floats
from explorer.language_model.trace import Trace
from explorer.locales import ExplorerError, Message, numbers
from explorer.probes.summaries import blend, first_share, largest_weight, mean_entropy, rollout, uniform_entropy
from explorer.state.refresher import Paint
from explorer.widgets import controls as w
from explorer.widgets.elements.plot.widget import Plot
from explorer.widgets.elements.status_line.widget import StatusLine
from explorer.widgets.panels.menus import set_options
from explorer.widgets.panels.panel import Panel


@dataclass(frozen=True)
class Summary:
    """A picture to choose; either of a number for each head, or of a weight for each pair of tokens.

    Attributes:
        title, explained: message ids.
        heads: gives (n_layer, n_head).
        pairs: gives (T(T+1)/2,); rollout looks at the number of layers to go through.
    """

    title: str
    explained: str
    heads: Callable[[Attention], Floats] | None = None
    pairs: Callable[[Attention, int], Floats] | None = None


def _blended(how: str) -> Callable[[Attention, int], Floats]:
    def blended(attention: Attention, _n_layer: int) -> Floats:
        return blend(attention, list(np.ndindex(attention.n_layer, attention.n_head)), how)

    return blended


def _rolled(attention: Attention, n_layer: int) -> Floats:
    flow = rollout(attention, n_layer)
    return np.asarray(flow[np.tril_indices(len(flow))])


SUMMARIES = {
    "entropy": Summary("summary-entropy", "summary-entropy-explained", heads=mean_entropy),
    "first": Summary("summary-first", "summary-first-explained", heads=first_share),
    "largest": Summary("summary-largest", "summary-largest-explained", heads=largest_weight),
    "mean": Summary("summary-mean", "summary-mean-explained", pairs=_blended("mean")),
    "max": Summary("summary-max", "summary-max-explained", pairs=_blended("max")),
    "rollout": Summary("summary-rollout", "summary-rollout-explained", pairs=_rolled),
}


class SummaryPanel(Panel):
    """One picture of all heads, chosen from a menu. A click on a head opens it, one on a pair looks from its token.

    Attributes:
        what: which picture, a key of `SUMMARIES`.
        layer: the last that rollout goes through; -1 for the model's last.
    """

    follows = ("reader.trace", "selection.head", "selection.cursor", "display.first_token", "display.log_weights")
    required_extras = frozenset({"attention"})
    what = t.Enum(list(SUMMARIES), default_value="entropy")
    layer = t.Int(-1)

    def build(self) -> list[w.Widget]:
        self._menu = w.Dropdown(layout={"width": "auto"}, style={"description_width": "initial"})
        self._plot = Plot(on_cell=self._on_cell, height=HEIGHT_PIXELS)
        self._explanation = StatusLine(state="plain")
        self._triangle: Floats | None = None  # of the picture on show, if that is one of pairs
        self._layer = w.BoundedIntText(min=0, layout={"width": "150px"}, style={"description_width": "initial"})
        self._menu.observe(self._on_menu, "value")
        self._layer.observe(self._on_layer, "value")
        self.follow("what", self)
        self.follow("layer", self)
        self.dimmed = (self._plot,)
        self._explanation.layout = {"flex": "1 1 300px", "min_width": "0"}
        picture = w.HBox([self._plot, self._explanation], layout={"flex_flow": "row wrap"})
        return [w.HBox([self._menu, self._layer]), picture]

    def translate(self) -> None:
        self._menu.description = self._menu.tooltip = self.tr("summary-what")
        self._layer.description, self._layer.tooltip = self.tr("summary-layer"), self.tr("summary-layer-explained")
        options = [(self.tr(summary.title), name) for name, summary in SUMMARIES.items()]
        set_options(self._menu, options, self.what, self._on_menu)

    def refresh(self) -> Paint | None:
        trace, problem = self.state.reader.trace, self.state.reader.no_attention
        self._menu.value = self.what
        self._layer.layout.display = None if self.what == "rollout" else "none"
        if problem is not None:
            return partial(self._say, problem)
        if trace is None or trace.recorded_attention is None:
            return None
        attention, cursor = trace.recorded_attention, self.state.reader.row
        if self.what == "rollout":
            self._layer.max, self._layer.value = attention.n_layer - 1, self._last_layer(attention)
        return partial(self._draw, trace, attention, cursor)

    def _draw(self, trace: Trace, attention: Attention, cursor: int) -> None:
        summary = SUMMARIES[self.what]
        try:
            if summary.heads is not None:
                triangle, width = None, score_map_size(attention.n_layer, attention.n_head)[0]
                figure = self._score_map(attention, summary.heads(attention))
            else:
                assert summary.pairs is not None
                triangle, width = summary.pairs(attention, self._last_layer(attention) + 1), WIDEST_PIXELS
                figure = self._pair_map(trace, triangle, cursor)
        except ExplorerError as error:
            self._say(error.message)
            return
        self._triangle = triangle
        self._show(figure, width, self._explained(attention), self._notes(attention))

    def _score_map(self, attention: Attention, scores: Floats) -> go.Figure:
        theme, in_bits = self.state.display.theme, self.what == "entropy"

        def text(layer: int, head: int) -> str:
            score = float(scores[layer, head])
            if in_bits:
                return self.tr("summary-hover-bits", bits=numbers.bits(score), choices=numbers.count(2**score))
            return self.tr("summary-hover-weight", weight=numbers.fraction(score, 3))

        return score_map(
            scores,
            text,
            theme,
            title=self.tr(SUMMARIES[self.what].title),
            aside=self.tr("summary-heads-aside"),
            unit=self.tr("summary-bits" if in_bits else "summary-weight"),
            most=max(1.0, uniform_entropy(attention.n_tokens)) if in_bits else 1.0,
            colours=theme.amounts if in_bits else theme.weights,
            opened=self.state.selection.head,
        )

    def _pair_map(self, trace: Trace, triangle: Floats, cursor: int) -> go.Figure:
        state, labels = self.state, [token.label for token in trace.tokens[trace.start :]]
        n = Part.whole(len(labels)).n
        return pair_map(
            triangle,
            labels,
            state.display.theme,
            title=self.tr(SUMMARIES[self.what].title),
            aside=self.tr("summary-pairs-aside") if n == 1 else self.tr("summary-pairs-aside-largest", n=n),
            log=state.display.log_weights,
            first=state.display.first_token,
            cursor=cursor,
            start=trace.start,
        )

    def _explained(self, attention: Attention) -> str:
        return self.tr(
            SUMMARIES[self.what].explained,
            heads=attention.n_layer * attention.n_head,
            layers=self._last_layer(attention) + 1,
        )

    def _last_layer(self, attention: Attention) -> int:
        return self.layer if 0 <= self.layer < attention.n_layer else attention.n_layer - 1

    def _notes(self, attention: Attention) -> list[str]:
        notes = []
        if self._triangle is not None and self.state.display.first_token != "shown":
            notes.append(self.tr("summary-first-token", how=self.state.display.first_token))
        if attention.exact is None and self.what != "entropy":
            notes.append(self.tr("summary-bytes", exact=EXACT_TOKENS))
        return notes

    def _say(self, problem: Message) -> None:
        self._triangle = None
        sentence = problem.render(self.state.display.theme.language)
        self._show(empty_figure(sentence, self.state.display.theme, height=self._plot.height), None, "", [])

    def _show(self, figure: go.Figure, width: int | None, text: str, notes: list[str]) -> None:
        """``width``: pixels that the picture has at most."""
        # Beside a narrow picture there is room for what explains it.
        self._plot.layout.flex = f"1 1 {WIDEST_PIXELS}px" if width == WIDEST_PIXELS else "1 1 100%"
        self._plot.layout.max_width = f"{width}px" if width is not None else None
        self._plot.show(figure, self.state.display.theme, answer=self.state.reader.answer)
        with self._explanation.hold_sync():
            self._explanation.text, self._explanation.notes = text, notes

    def _on_menu(self, change: dict[str, Any]) -> None:
        with self.state.lock:
            self.what = change["new"]

    def _on_layer(self, change: dict[str, Any]) -> None:
        with self.state.lock:
            self.layer = change["new"] if change["new"] < self._layer.max else -1

    def _on_cell(self, column: int, row: int) -> None:
        with self.state.lock:
            trace, attention = self.state.reader.trace, self.state.reader.attention
            if trace is None or attention is None:
                return
            if self._triangle is None:
                self.state.status.attempt(self._open, attention, column, row)
                return
            part = Part.whole(attention.n_tokens)
            query = query_of_cell(self._triangle, part, column, row, self.state.display.first_token)
            if query is not None:
                self.state.selection.cursor = trace.start + query

    def _open(self, attention: Attention, layer: int, head: int) -> None:
        attention.check(layer, head)
        self.state.selection.open_head(layer, head)
