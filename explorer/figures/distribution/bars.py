"""The distribution over the next token as bars."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

from explorer.figures.shared import rows
from explorer.figures.shared.escape import escape
from explorer.figures.shared.theme import Theme
from explorer.locales import numbers, tr
from explorer.sampling.distribution import Candidate, Distribution

ROW_PIXELS = 22
FRAME_PIXELS = 68  # title and axis

MAX_POWERS = 20
"""So many powers of ten a logarithmic axis names: at a low temperature probabilities go down to 1e-308."""

NO_TOKEN = -1
"""In the bars' ``customdata``, which is token ids: this bar stands for many tokens."""


@dataclass(frozen=True)
class _Row:
    """What one row shows; texts are escaped already. ``removed``: the sampler left nothing of it."""

    id: int
    label: str
    probability: float
    raw_probability: float
    removed: bool
    text: str
    hover: str
    colour: str
    is_next: bool


def distribution_bars(
    distribution: Distribution,
    theme: Theme,
    *,
    n: int = 10,
    log: bool = False,
    pins: Sequence[int] = (),
    next_id: int | None = None,
) -> go.Figure:
    """The ``n`` tokens that are likeliest before or after the sampler, one bar for all the others together, and the
    pinned ones below.

    The bars above the pins sum to 1. Where the sampler changed the distribution, the one before it stands behind as a
    pale bar. A token that the sampler removed has only that one, and the stage's name in the place of its number.

    Args:
        distribution: over the whole vocabulary.
        theme: colours and language.
        n: how many tokens have a bar of their own.
        log: logarithmic axis.
        pins: token ids to show in any case.
        next_id: the token that the coming draw falls on; its row gets a mark.
    """
    top = distribution.top_before_or_after(n)
    shown = [_token_row(c, theme, theme.accent, is_next=c.id == next_id) for c in top]
    pinned = [_token_row(distribution.candidate(i), theme, theme.pinned, is_next=i == next_id) for i in pins]
    hidden_id = None if next_id in [c.id for c in top] else next_id
    table = [*shown, _rest_row(distribution, top, theme, hidden_id), *pinned]

    places = list(range(len(table)))
    floor = _log_floor([p for row in table for p in (row.probability, row.raw_probability)]) if log else 0.0
    final = {
        "type": "bar", "orientation": "h", "name": "final", "y": places,
        "x": [max(row.probability, floor) for row in table],
        "customdata": [row.id for row in table],
        "width": 0.62, "marker": {"color": [row.colour for row in table]},
        "hovertext": [row.hover for row in table], "hoverinfo": "text",
        "text": [row.text for row in table], "textposition": "outside", "cliponaxis": False,
        "constraintext": "none",
        "textfont": {"color": [theme.muted if row.removed else theme.text for row in table], "size": 12},
    }  # fmt: skip
    before = {
        "type": "bar", "orientation": "h", "name": "raw", "y": places,
        "x": [max(row.raw_probability, floor) for row in table],
        "width": 0.92, "marker": {"color": theme.ghost, "opacity": 0.45}, "hoverinfo": "skip",
    }  # fmt: skip
    changed = any(abs(row.raw_probability - row.probability) > 1e-6 for row in table)
    layout = _layout(distribution, table, theme, log=log, floor=floor, n_pinned=len(pinned))
    # In one go: plotly's add_... and update_... methods would take three times as long, on every key press.
    return go.Figure(data=[before, final] if changed else [final], layout=layout)


def _token_row(candidate: Candidate, theme: Theme, colour: str, *, is_next: bool) -> _Row:
    facts: dict[str, str | int] = {
        "token": candidate.token.label,
        "id": str(candidate.id),
        "raw": numbers.probability(candidate.raw_probability),
        "logit": numbers.logit(candidate.logit),
        "rank": candidate.rank,
    }
    shown = numbers.probability(candidate.probability)
    why_not = rows.why_not(candidate, theme)
    if why_not:
        said = tr("hover-token-removed", theme.language, why=why_not, **facts)
    else:
        said = tr("hover-token", theme.language, probability=shown, **facts)
    return _Row(
        id=candidate.id,
        label=rows.token_label(candidate, theme),
        probability=candidate.probability,
        raw_probability=candidate.raw_probability,
        removed=bool(why_not),
        text=escape(why_not or shown),
        hover=rows.hover(said, *([tr("hover-next", theme.language)] if is_next else [])),
        colour=colour,
        is_next=is_next,
    )


def _rest_row(distribution: Distribution, shown: Sequence[Candidate], theme: Theme, hidden_id: int | None) -> _Row:
    """All tokens but those ``shown``; ``hidden_id``: the one of them that the coming draw falls on."""
    others = rows.Others.of(distribution, shown)
    text, raw = numbers.probability(others.probability), numbers.probability(others.raw_probability)
    said = [tr("hover-rest", theme.language, n=others.n, probability=text, raw=raw)]
    if distribution.stages:
        said.append(tr("hover-rest-left", theme.language, left=others.n_left))
    if hidden_id is not None:
        said.append(tr("hover-next-rest", theme.language, token=distribution.candidate(hidden_id).token.label))
    return _Row(
        id=NO_TOKEN,
        label=others.label(theme),
        probability=others.probability,
        raw_probability=others.raw_probability,
        removed=others.removed,
        text=escape(others.why_not(theme) or (_some_left(others, text, theme) if others.n_left < others.n else text)),
        hover=rows.hover(*said),
        colour=theme.ghost,
        is_next=hidden_id is not None,
    )


def _some_left(others: rows.Others, probability: str, theme: Theme) -> str:
    return tr("bar-rest-left", theme.language, probability=probability, left=others.n_left)


def _log_floor(values: Sequence[float]) -> float:
    """A decade below the smallest probability shown; a removed token (0) gets no bar."""
    # In float64 the smallest positive number is 5e-324, and a tenth of it is 0, which has no logarithm.
    return max(1e-300, min([v for v in values if v > 0], default=1e-3) / 10)


def _layout(
    distribution: Distribution, table: Sequence[_Row], theme: Theme, *, log: bool, floor: float, n_pinned: int
) -> dict[str, Any]:
    entropy = tr(
        "entropy",
        theme.language,
        bits=numbers.bits(distribution.entropy_bits, 2),  # so many digits that 2 to it is what follows
        choices=numbers.count(distribution.effective_choices),
    )
    axis: dict[str, Any] = {"type": "linear", "range": [0, 1], "tickvals": [0, 0.2, 0.4, 0.6, 0.8, 1]}
    ticks = rows.small(theme)
    if log:
        ticks["size"] = 10  # plotly enlarges powers by a quarter
        dtick = math.ceil(-math.log10(floor) / MAX_POWERS)
        axis = {"type": "log", "range": [math.log10(floor), 0.15], "dtick": dtick, "exponentformat": "power"}
    axis_title = tr("axis-probability-log" if log else "axis-probability", theme.language)
    border = len(table) - n_pinned - 0.5
    line = {
        "type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": border, "y1": border,
        "line": {"color": theme.grid, "width": 1},
    }  # fmt: skip
    marks = [
        {
            "text": "▸", "xref": "paper", "x": 0, "xanchor": "right", "y": place, "yanchor": "middle",
            "showarrow": False, "font": {"color": theme.drawn, "size": 15},
        }
        for place, row in enumerate(table)
        if row.is_next
    ]  # fmt: skip
    names = [row.label for row in table]
    height = ROW_PIXELS * len(table) + FRAME_PIXELS
    return rows.layout(theme, names, title=tr("bars-title", theme.language), aside=entropy, height=height) | {
        "uirevision": "bars",
        "xaxis": axis | {
            "title": {"text": escape(axis_title), "standoff": 6, "font": rows.small(theme)},
            "gridcolor": theme.grid, "zeroline": False, "fixedrange": True, "tickfont": ticks,
            "ticklabeloverflow": "allow",
        },
        "shapes": [line] if n_pinned else [],
        "annotations": marks,
    }  # fmt: skip
