"""The coming draw: where u falls in the cumulative distribution, and what many draws would give."""

from __future__ import annotations

from typing import Any

import numpy as np

from explorer.figures.distribution.draw_histogram import draw_histogram
from explorer.locales import numbers
from explorer.sampling.distribution import Candidate, Distribution
from explorer.sampling.draw import boundaries, drawn, uniforms
from explorer.state.refresher import Paint
from explorer.widgets import controls as w
from explorer.widgets.elements.draw_strip.widget import DrawStrip
from explorer.widgets.elements.plot.widget import Plot
from explorer.widgets.panels.panel import Panel

MAX_SEGMENTS = 24
MIN_SHARE = 0.004
"""Tokens with less of the strip than this stand together as the others."""

N_DRAWS = 1000


class DrawPanel(Panel):
    """The cumulative distribution as a strip, with the u of the coming draw on it."""

    follows = ("reader.trace", "sampler.sampling", "sampler.seed", "sampler.redraw")

    def build(self) -> list[w.Widget]:
        self._strip = DrawStrip(self._on_command)
        self.dimmed = (self._strip,)
        return [self._strip]

    def translate(self) -> None:
        self._strip.words = {
            "again": self.tr("draw-again"),
            "tip_again": self.tr("draw-again-explained"),
            "histogram": self.tr("draw-histogram", n=N_DRAWS),
            "tip_histogram": self.tr("draw-histogram-explained"),
        }

    def refresh(self) -> None:
        distribution, coming = self.state.sampler.distribution, self.state.sampler.coming
        if distribution is None or coming is None:
            return
        ends = boundaries(distribution)
        n_shown = _n_segments(ends)
        place = int(np.flatnonzero(distribution.survivors == coming.id)[0])
        with self._strip.hold_sync():
            self._strip.segments = self._segments(distribution, ends, n_shown)
            self._strip.chosen = min(place, n_shown)
            own = [float(ends[place - 1]) if place else 0.0, float(ends[place])]
            self._strip.chosen_at = own if place >= n_shown else []
            self._strip.u = coming.u
            self._strip.mark = f"u = {numbers.draw(coming.u)}" if coming.u is not None else ""
            self._strip.line = self._line(coming)
            self._strip.description = self.tr("draw-description")

    def _segments(self, distribution: Distribution, ends: Any, n_shown: int) -> list[dict[str, Any]]:
        segments, before = [], 0.0
        shown = [distribution.candidate(int(i)) for i in distribution.survivors[:n_shown]]
        for candidate, end in zip(shown, ends[:n_shown].tolist(), strict=True):
            about = {"token": candidate.token.label, "probability": numbers.probability(candidate.probability)}
            note = self.tr("draw-segment", start=numbers.draw(before), end=numbers.draw(end), **about)
            segments.append(_segment(candidate.token.label, end - before, note))
            before = end
        # The last segment is always that of the others, be there any or not.
        n, share = len(ends) - n_shown, distribution.rest(shown)
        note = self.tr("draw-others", n=n, start=numbers.draw(before), probability=numbers.probability(share))
        segments.append(_segment("…" if n else "", share, note))
        return segments

    def _line(self, coming: Candidate) -> str:
        if coming.u is None:
            return self.tr("draw-greedy", token=coming.token.label)
        redraw = self.state.sampler.redraw
        message = "draw-line" if not redraw else "draw-line-again"
        return self.tr(message, u=numbers.draw(coming.u), token=coming.token.label, redraw=redraw + 1)

    def _on_command(self, name: str) -> None:
        if name == "again":
            self.state.sampler.draw_again()
        elif name == "histogram":
            self.state.display.section = "histogram"


class DrawHistogramPanel(Panel):
    """What a thousand draws give, beside the probabilities."""

    follows = ("reader.trace", "sampler.sampling", "sampler.seed", "sampler.redraw")

    def build(self) -> list[w.Widget]:
        self._plot = Plot(height=290)
        return [self._plot]

    def refresh(self) -> Paint | None:
        distribution, sampler, theme = self.state.sampler.distribution, self.state.sampler, self.state.display.theme
        if distribution is None:
            return None
        first = sampler.redraw * N_DRAWS  # each new draw brings a new thousand
        us = uniforms(sampler.seed, 0, self.state.reader.n_after, range(first, first + N_DRAWS))

        def paint() -> None:
            counts = np.bincount(drawn(distribution, us), minlength=len(distribution.logits))
            self._plot.show(draw_histogram(distribution, counts, N_DRAWS, theme), theme)

        return paint

    def around(self) -> list[w.Widget]:
        return [*super().around(), DrawPanel(self.state)]


def _segment(label: str, share: float, note: str) -> dict[str, Any]:
    return {"label": label, "share": share, "note": note, "colour": "", "ink": ""}


def _n_segments(ends: Any) -> int:
    """How many of the tokens, likeliest first, have a segment of their own."""
    shares = np.diff(ends[:MAX_SEGMENTS], prepend=0.0)
    small = np.flatnonzero(shares < MIN_SHARE)
    return int(small[0]) if len(small) else len(shares)
