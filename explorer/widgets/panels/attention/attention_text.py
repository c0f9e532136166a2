"""Attention in the text itself: what one token looks at, or what looks at it, as colours, numbers and arcs."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import numpy as np

from explorer.figures.attention.attention_weights import LOG_FLOOR, head_name
from explorer.language_model.attention import EXACT_TOKENS, Attention, Floats
from explorer.language_model.tokens import group_fragments
from explorer.language_model.trace import Trace
from explorer.locales import ExplorerError
from explorer.probes.summaries import blend_column, blend_row
from explorer.widgets import controls as w
from explorer.widgets.elements.attention_text.widget import MAX_ARCS, MIN_ARC, AttentionText, palette, token_weights
from explorer.widgets.panels.panel import Panel

MAX_CHIPS = 600
"""A page stays quick with this many chips; of longer texts the end is shown."""


class AttentionTextPanel(Panel):
    """The tokens as chips that light up. Pointing at a token looks from it, a click stays with it."""

    follows = (
        "reader.trace",
        "selection.head",
        "selection.heads",
        "selection.blend",
        "selection.cursor",
        "selection.direction",
        "display.first_token",
        "display.log_weights",
    )
    required_extras = frozenset({"attention", "layer"})

    def build(self) -> list[w.Widget]:
        self._text = AttentionText(self._on_ask, self._on_pin, self._on_choose)
        self._pointed = -1  # the row under the pointer, as far as is known here
        self.dimmed = (self._text,)
        return [self._text]

    def refresh(self) -> None:
        state, trace = self.state, self.state.reader.trace
        problem = state.reader.no_attention
        if trace is None or (trace.recorded_attention is None and problem is None):
            return  # it is being asked for
        with self._text.hold_sync():
            try:
                if problem is not None:
                    raise ExplorerError.of(problem)
                self._show(trace, trace.attention)
                self._text.sentence = ""
            except ExplorerError as error:
                self._text.sentence = error.message.render(state.display.theme.language)

    def _show(self, trace: Trace, attention: Attention) -> None:
        """Raises an `ExplorerError` where there is nothing to show."""
        state, text = self.state, self._text
        for layer, head in self._heads:
            attention.check(layer, head)
        text.tokens = self._tokens(trace)
        text.words, text.chosen = self._words(attention), self._chosen(attention)
        text.palette = palette(state.display.theme)
        text.scale = {
            "name": self.tr("attention-text-weight"),
            "least": f"≤ {LOG_FLOOR:g}" if state.display.log_weights else "0",
            "most": "1",
        }
        text.explanation = self._explanation(attention)
        rows = [state.reader.row, *([self._pointed] if self._pointed < attention.n_tokens else [])]
        pinned = state.selection.cursor == trace.start + state.reader.row
        text.show(
            state.reader.row,
            pinned,
            [self._token_weights(trace, attention, row) for row in dict.fromkeys(rows) if row >= 0],
        )

    def _on_ask(self, row: int) -> None:
        with self.state.lock:
            trace = self.state.reader.trace
            if trace is not None and trace.recorded_attention is not None and row < trace.recorded_attention.n_tokens:
                self._pointed = row
                self._text.answer(self._token_weights(trace, trace.recorded_attention, row))

    def _on_pin(self, row: int | None) -> None:
        # A place, and no token: where the text moved on since the click, it is the new text's.
        with self.state.lock:
            trace = self.state.reader.trace
            if trace is None:
                return
            place = -1 if row is None else trace.start + row
            self.state.selection.cursor = -1 if place == self.state.selection.cursor else place

    def _on_choose(self, what: str, name: str) -> None:
        with self.state.lock:
            state, attention = self.state, self.state.reader.attention
            if what == "direction":
                state.selection.direction = name
            elif what == "blend":
                state.selection.blend = name
            elif attention is not None:
                layers = range(attention.n_layer) if name == "all" else [state.selection.head[0]]
                heads = [(layer, head) for layer in layers for head in range(attention.n_head)]
                blend = "mean" if state.selection.blend == "head" else state.selection.blend
                with suppress(ExplorerError):  # a picture of the model before, which has more heads
                    state.selection.choose_heads(heads, blend)

    @property
    def _blend(self) -> str:
        """``head`` also where one head is all that is chosen."""
        return self.state.selection.blend if len(self.state.selection.heads) > 1 else "head"

    @property
    def _heads(self) -> tuple[tuple[int, int], ...]:
        """Those whose weights are on show."""
        return (self.state.selection.head,) if self._blend == "head" else self.state.selection.heads

    def _weights(self, attention: Attention, row: int) -> tuple[int, Floats]:
        """Row of the first, and (n,) the weights between ``row`` and the tokens from there on; NaN: left out."""
        first, how = self.state.display.first_token, "max" if self._blend == "max" else "mean"
        if self.state.selection.direction == "to":
            weights = np.array(blend_row(attention, self._heads, how, row, first=first))
            if first != "shown" and row > 0:
                weights[0] = np.nan
            return 0, weights
        weights = np.array(blend_column(attention, self._heads, how, row, first=first))
        if first != "shown" and row == 0:
            weights[1:] = np.nan
        return row, weights

    def _token_weights(self, trace: Trace, attention: Attention, row: int) -> dict[str, Any]:
        first, weights = self._weights(attention, row)
        labels = [token.label for token in trace.tokens[trace.start :]]
        about = {"heads": self._weights_are(self._blend), "token": labels[row]}
        title = self.tr(
            "attention-text-looks" if self.state.selection.direction == "to" else "attention-text-looked-at", **about
        )
        shown_from = max(0, len(labels) - MAX_CHIPS)
        return token_weights(
            row, first, weights, title, labels, log=self.state.display.log_weights, shown_from=shown_from
        )

    def _weights_are(self, blend: str) -> str:
        if blend == "head":
            return self.tr("attention-text-head", head=head_name(*self.state.selection.head))
        n = len(self.state.selection.heads)
        return self.tr("attention-text-mean", n=n) if blend == "mean" else self.tr("attention-text-max", n=n)

    def _tokens(self, trace: Trace) -> dict[str, Any]:
        n_elided = max(0, len(trace.ids) - MAX_CHIPS)
        tokens = trace.tokens[n_elided:]
        return {
            "labels": [token.label for token in tokens],
            "first": n_elided - trace.start,
            "joined": {str(group.start): group.label for group in group_fragments(tokens)},
            "special": [i for i, token in enumerate(tokens) if token.special],
            "elided": f"… {n_elided:,}" if n_elided else "",
            "elided_note": self.tr("chips-elided", n=n_elided, shown=len(tokens)) if n_elided else "",
        }

    def _words(self, attention: Attention) -> dict[str, str]:
        return {
            "description": self.tr("attention-text-description"),
            "unread": self.tr("attention-text-unread"),
            "what": self.tr("attention-text-what"),
            "head": self._weights_are("head"),
            "mean": self._weights_are("mean"),
            "max": self._weights_are("max"),
            "which": self.tr("attention-text-which"),
            "all": self.tr("attention-text-all", n=attention.n_layer * attention.n_head),
            "layer": self.tr("attention-text-layer", layer=self.state.selection.head[0]),
            "direction": self.tr("attention-text-direction"),
            "to": self.tr("attention-text-to"),
            "from": self.tr("attention-text-from"),
            "arcs": self.tr("attention-text-arcs"),
            "arcs_note": self.tr("attention-text-arcs-explained", least=MIN_ARC, most=MAX_ARCS),
            "nothing": self.tr("attention-text-nothing"),
            "help": self.tr("attention-text-help"),
        }

    def _chosen(self, attention: Attention) -> dict[str, Any]:
        state, heads = self.state, set(self.state.selection.heads)
        of_layer = {(state.selection.head[0], head) for head in range(attention.n_head)}
        every = len(heads) == attention.n_layer * attention.n_head
        return {
            "blend": self._blend,
            "direction": state.selection.direction,
            "heads": "all" if every else "layer" if heads == of_layer else "",
            "several": len(heads) > 1,
        }

    def _explanation(self, attention: Attention) -> str:
        if attention.n_tokens == 1:
            return self.tr("attention-text-alone")
        first, largest = self.state.display.first_token, self._blend == "max"
        sums = {"shown": "more" if largest else "one", "hidden": "open" if largest else "less", "renormalised": "open"}
        return self.tr(
            "attention-text-explained",
            direction=self.state.selection.direction,
            sum=sums[first],
            first=first,
            blend=self._blend,
            kept="exact" if all(attention.has(layer) for layer, _ in self._heads) else "bytes",
            exact=EXACT_TOKENS,
        )
