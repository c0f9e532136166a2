"""The text as its tokens, coloured by what the model made of each."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from explorer.language_model.tokens import Token, group_fragments
from explorer.language_model.trace import Trace
from explorer.locales import numbers
from explorer.sampling.draw import DRAWN
from explorer.sampling.stages import GREEDY
from explorer.sessions.session import Node
from explorer.widgets import controls as w
from explorer.widgets.elements.token_chips.widget import TokenChips
from explorer.widgets.elements.tree_view.widget import MARKS
from explorer.widgets.panels.panel import Panel

MAX_CHIPS = 400
"""A page stays quick with this many chips; of longer texts the end is shown."""

MAX_AHEAD = 40

MAX_BITS = 16.0
"""Surprisals from here on share the strongest colour; 16 bits are one in 65,536."""

MAX_RANK = 1000

WAYS = {"surprisal": "colour-by-surprisal", "rank": "colour-by-rank", "probability": "colour-by-probability"}
"""What the colour of a chip can tell, and how the menu calls it."""


class TokensPanel(Panel):
    """Chips under the text: its tokens, those that were chosen after it, and what the colours mean."""

    follows = ("reader.trace", "display.colour_by")

    def build(self) -> list[w.Widget]:
        self._chips = TokenChips(self._on_go, way=self.state.display.colour_by)
        self._chips.observe(self._on_way, "way")
        self.dimmed = (self._chips,)
        return [self._chips]

    def translate(self) -> None:
        self._chips.ways = {way: self.tr(message) for way, message in WAYS.items()}
        self._chips.after_label = self.tr("chips-after")
        self._chips.after_hint = self.tr("chips-after-hint")
        self._chips.root_note = self.tr("chips-root")

    def refresh(self) -> None:
        trace, shown = self.state.reader.trace, self.state.reader.shown
        with self._chips.hold_sync():
            self._chips.way = self.state.display.colour_by
            self._chips.description = self.tr("tokens-description")
            self._chips.scale = self._scale()
            if trace is not None:
                path = shown.tree.path(shown.number) if shown is not None and shown.tree is not None else ()
                self._chips.chips = self._chips_of(trace, len(trace.ids) - len(path))
                self._chips.after = self._chips_after(trace, path)
            self._chips.summary = self._summary(trace) if trace is not None else ""

    def _on_way(self, change: dict[str, Any]) -> None:
        if change["new"] in WAYS:
            self.state.display.colour_by = change["new"]

    def _on_go(self, node: str) -> None:
        self.state.status.attempt(self.state.playback.go, int(node))

    def _chips_of(self, trace: Trace, n_prefix: int) -> list[dict[str, str]]:
        """Of the prefix: the first ``n_prefix`` tokens."""
        first = max(0, n_prefix - MAX_CHIPS)
        tokens = trace.tokens[first:n_prefix]
        joined = {first + group.start: group.label for group in group_fragments(tokens)}
        chips = [self._chip(trace, i, joined.get(i, "")) for i in range(first, n_prefix)]
        if first:
            note = self.tr("chips-elided", n=first, shown=len(tokens))
            chips.insert(
                0, {"label": f"… {first:,}", "note": note, "kind": "elided", "back": "", "ink": "", "joined": ""}
            )
        return chips

    def _chips_after(self, trace: Trace, path: Sequence[Node]) -> list[dict[str, str]]:
        """Of the tokens that were chosen after the prefix, and of those that redo would come to."""
        tree, ready = self.state.document.tree, self.state.reader.ready
        path = path[-MAX_CHIPS:]
        ahead = tree.ahead()[:MAX_AHEAD] if tree is not None and ready else ()
        line = (*path, *ahead)
        joined = {group.start: group.label for group in group_fragments([node.choice.token for node in line])}
        first = len(trace.ids) - len(path)
        chips = []
        for place, node in enumerate(line):
            i = first + place
            if place < len(path):
                chip = self._chip(trace, i, joined.get(place, ""))
                chip["kind"] += " current" if place == len(path) - 1 else ""
            else:
                label = node.choice.token.label
                chip = {"label": label, "note": "", "kind": "plain ahead", "back": "", "ink": ""}
                chip["joined"] = joined.get(place, "")
            how = self._how(node, i + 1)
            chip |= {
                "node": str(node.number),
                "mark": MARKS.get(node.choice.chosen_by or "", "") if node.choice.chosen_by != DRAWN else "",
                "note": how,
            }
            chips.append(chip)
        return chips

    def _how(self, node: Node, position: int) -> str:
        """How a token came to be chosen."""
        choice = node.choice
        about: dict[str, Any] = {
            "position": position,
            "token": choice.token.label,
            "raw": numbers.probability(choice.raw_probability),
            "probability": numbers.probability(choice.probability),
            "rank": choice.rank,
        }
        if choice.u is not None:
            return self.tr("chip-drawn", u=numbers.draw(choice.u), **about)
        return self.tr("chip-greedy" if choice.chosen_by == GREEDY else "chip-by-hand", **about)

    def _chip(self, trace: Trace, i: int, joined: str) -> dict[str, str]:
        token, scored = trace.tokens[i], i > trace.start
        back = self.state.display.theme.amount(self._share(trace, i)) if scored else ""
        kinds = ["" if scored else "plain", "special" if token.special else "", "unread" if i < trace.start else ""]
        return {
            "label": token.label,
            "note": self._note(trace, i, token, joined),
            "kind": " ".join(filter(None, kinds)),
            "back": back,
            "ink": self.state.display.theme.ink_on(back) if scored else "",
            "joined": joined,
        }

    def _note(self, trace: Trace, i: int, token: Token, joined: str) -> str:
        about: dict[str, Any] = {"position": i + 1, "token": token.label, "id": str(token.id)}
        if i < trace.start:
            note = self.tr("chip-unread", **about)
        elif i == trace.start:
            note = self.tr("chip-first", **about)
        else:
            note = self.tr(
                "chip-scored",
                **about,
                bits=numbers.bits(trace.surprisal[i]),
                probability=numbers.probability(2.0 ** -trace.surprisal[i]),
                rank=int(trace.rank[i]),
                entropy=numbers.bits(trace.entropy[i]),
            )
        return f"{note} · {self.tr('chip-joined', text=joined)}" if joined else note

    def _share(self, trace: Trace, i: int) -> float:
        """How strong the colour of token ``i`` is, 0..1."""
        if self.state.display.colour_by == "surprisal":
            return float(trace.surprisal[i]) / MAX_BITS
        if self.state.display.colour_by == "rank":
            return math.log(max(1, int(trace.rank[i]))) / math.log(MAX_RANK)
        return float(2.0 ** -trace.surprisal[i])

    def _scale(self) -> dict[str, Any]:
        ends = {
            "surprisal": (self.tr("scale-bits", n="0"), self.tr("scale-bits", n=f"≥ {MAX_BITS:.0f}")),
            "rank": (self.tr("scale-rank", n="1"), self.tr("scale-rank", n=f"≥ {MAX_RANK:,}")),
            "probability": ("p = 0", "p = 1"),
        }[self.state.display.colour_by]
        return {"least": ends[0], "most": ends[1], "colours": list(self.state.display.theme.amounts)}

    def _summary(self, trace: Trace) -> str:
        if not trace.n_scored:
            return self.tr("summary-unscored", n=len(trace.ids))
        return self.tr(
            "summary",
            n=len(trace.ids),
            bits=numbers.bits(trace.total_bits),
            scored=trace.n_scored,
            perplexity=numbers.count(trace.perplexity),
        )
