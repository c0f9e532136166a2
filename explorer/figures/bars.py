"""The distribution over the next token as bars."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go

from explorer.figures import numbers
from explorer.figures.escape import escape
from explorer.figures.look import Look
from explorer.locales import tr
from explorer.sampling.distribution import Candidate, Distribution

LONGEST_LABEL = 22
ROW_PIXELS = 22
FRAME_PIXELS = 68  # title and axis
LABEL_PIXELS = 190  # fixed: bars keep their place whatever their labels are


def distribution_bars(
    distribution: Distribution, look: Look, *, n: int = 10, log: bool = False, pins: Sequence[int] = ()
) -> go.Figure:
    """The ``n`` likeliest tokens, one bar for all the others together, and the pinned ones below.

    The bars above the pins sum to 1. Where the sampler changed the distribution, the one before it stands behind as a
    pale bar.

    Args:
        distribution: over the whole vocabulary.
        look: theme and language.
        n: how many tokens have a bar of their own.
        log: logarithmic axis.
        pins: token ids to show in any case.
    """
    top = distribution.foremost(n)
    pinned = [distribution.candidate(i) for i in pins]
    n_rest = len(distribution.probabilities) - len(top)
    names = [escape(c.token.label, LONGEST_LABEL) for c in top]
    names += [escape(tr("bar-rest", look.language, n=n_rest))]
    names += [escape(c.token.label, LONGEST_LABEL) for c in pinned]
    values = [c.probability for c in top] + [distribution.rest(top)] + [c.probability for c in pinned]
    raw_top = [c.raw_probability for c in top]
    raw = [*raw_top, distribution.rest(top, raw=True), *(c.raw_probability for c in pinned)]
    hovers = [_hover(c, look) for c in top]
    hovers += [escape(tr("hover-rest", look.language, n=n_rest, probability=numbers.probability(values[len(top)])))]
    hovers += [_hover(c, look) for c in pinned]
    colours = [look.accent] * len(top) + [look.ghost] + [look.pinned] * len(pinned)

    rows = list(range(len(names)))
    floor = _log_floor([*values, *raw]) if log else 0.0
    final = {
        "type": "bar", "orientation": "h", "name": "final", "y": rows, "x": [max(v, floor) for v in values],
        "width": 0.62, "marker": {"color": colours}, "hovertext": hovers, "hoverinfo": "text",
        "text": [numbers.probability(v) for v in values], "textposition": "outside", "cliponaxis": False,
        "textfont": {"color": look.text},
    }  # fmt: skip
    before = {
        "type": "bar", "orientation": "h", "name": "raw", "y": rows, "x": [max(r, floor) for r in raw],
        "width": 0.92, "marker": {"color": look.ghost, "opacity": 0.45}, "hoverinfo": "skip",
    }  # fmt: skip
    changed = any(abs(r - v) > 1e-6 for r, v in zip(raw, values, strict=True))
    entropy = tr(
        "entropy",
        look.language,
        bits=numbers.bits(distribution.entropy_bits),
        choices=numbers.count(distribution.effective_choices),
    )
    layout = _layout(look, names, subtitle=entropy, log=log, floor=floor, n_pinned=len(pinned))
    # In one go: plotly's add_... and update_... methods would take three times as long, on every key press.
    return go.Figure(data=[before, final] if changed else [final], layout=layout)


def _hover(candidate: Candidate, look: Look) -> str:
    sentence = tr(
        "hover-token",
        look.language,
        token=candidate.token.label,
        id=str(candidate.id),
        probability=numbers.probability(candidate.probability),
        raw=numbers.probability(candidate.raw_probability),
        logit=f"{candidate.logit:.2f}",
        rank=candidate.rank,
    )
    return "<br>".join(escape(line) for line in sentence.splitlines())


def _log_floor(values: Sequence[float]) -> float:
    """A decade below the smallest probability shown; a removed token (0) gets no bar."""
    # In float64 the smallest positive number is 5e-324, and a tenth of it is 0, which has no logarithm.
    return max(1e-300, min([v for v in values if v > 0], default=1e-3) / 10)


def _layout(
    look: Look, names: Sequence[str], *, subtitle: str, log: bool, floor: float, n_pinned: int
) -> dict[str, Any]:
    title, subtitle = escape(tr("bars-title", look.language)), escape(subtitle)
    small = {"color": look.muted, "size": 12}
    probability_axis: dict[str, Any] = {"type": "linear", "range": [0, 1], "tickvals": [0, 0.2, 0.4, 0.6, 0.8, 1]}
    if log:
        probability_axis = {"type": "log", "range": [math.log10(floor), 0.15], "dtick": 1, "exponentformat": "power"}
    border = len(names) - n_pinned - 0.5
    line = {
        "type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": border, "y1": border,
        "line": {"color": look.grid, "width": 1},
    }  # fmt: skip
    return {
        "title": {
            "text": f"{title} <span style='font-size:13px;color:{look.muted}'>· {subtitle}</span>",
            "font": {"size": 15},
            "x": 0, "xref": "container", "xanchor": "left", "y": 1, "yanchor": "top", "pad": {"t": 4},
        },
        "meta": {"description": f"{title} · {subtitle}"},
        "barmode": "overlay",
        "showlegend": False,
        "hovermode": "y",  # the whole row answers, however short its bar
        "height": ROW_PIXELS * len(names) + FRAME_PIXELS,
        "margin": {"l": LABEL_PIXELS, "r": 60, "t": 30, "b": 38},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"color": look.text, "size": 14, "family": "system-ui"},
        "hoverlabel": {"align": "left", "font": {"family": "monospace", "size": 13}},
        "uirevision": "bars",
        "xaxis": probability_axis | {
            "title": {
                "text": escape(tr("axis-probability-log" if log else "axis-probability", look.language)),
                "standoff": 6, "font": small,
            },
            "gridcolor": look.grid, "zeroline": False, "fixedrange": True, "tickfont": small,
        },
        "yaxis": {
            "tickvals": list(range(len(names))), "ticktext": names, "range": [len(names) - 0.4, -0.6],
            "fixedrange": True, "showgrid": False, "zeroline": False, "automargin": False, "ticks": "",
            "ticklabelstandoff": 6, "tickfont": {"family": "monospace", "size": 13},
        },
        "shapes": [line] if n_pinned else [],
    }  # fmt: skip
