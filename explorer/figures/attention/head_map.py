"""The weights of one head as a heatmap: which token looks at which."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from explorer.figures.attention.attention_weights import LOG_FLOOR, evenly, head_name, weight_share
from explorer.figures.attention.part import Part, largest, part_weights
from explorer.figures.shared import rows
from explorer.figures.shared.escape import escape
from explorer.figures.shared.theme import Theme
from explorer.language_model.attention import Floats, n_weights
from explorer.locales import numbers, tr
from explorer.probes.first_token import row_without_first

MAX_WITH_NUMBERS = 6
"""In a row; smaller cells have no room for a number."""

MAX_WITH_GAPS = 40
MAX_WITH_LARGE_NAMES = 24

HEIGHT_PIXELS = 480
WIDEST_PIXELS = 560
"""Cells are square: in a wider place, the picture of a whole text would only have more around it."""

_LONGEST_LABEL, _LONGEST_GROUP = 12, 8
_LEFT_TO_RIGHT = "\u200e"  # a mark that nobody sees: after Hebrew, the number would stand on the other side
_LINE_PIXELS = 16
_MARGIN = {"l": 124, "r": 86, "t": 36, "b": 118}  # names have a fixed place: cells keep theirs whatever these are
_TICKS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
_LOG_TICKS = (LOG_FLOOR, 1e-3, 1e-2, 1e-1, 1.0)
_READS_AS_1 = 0.99995  # and what is above it, with four digits
_SCALE_STEPS = 40  # of the logarithmic colour scale, between which plotly draws straight lines


def head_map(
    triangle: Floats,
    labels: Sequence[str],
    theme: Theme,
    *,
    head: tuple[int, int],
    part: Part | None = None,
    log: bool = False,
    first: str = "shown",
    cursor: int | None = None,
    start: int = 0,
    roles: Sequence[str] = (),
) -> go.Figure:
    """Tokens that look as rows, from the top; tokens they look at as columns. What comes after a token is left empty.

    Of more than `MAX_CELLS` tokens each cell shows the largest of n x n weights.

    Args:
        triangle: (T(T+1)/2,) the weights of one head, as in `Attention.triangles`.
        labels: (T,) of the tokens; not escaped.
        theme: colours and language.
        head: its layer and its number, from 0.
        part: which tokens; all of them by default.
        log: logarithmic colour scale.
        first: ``shown``, ``hidden`` or ``renormalised``: the weights on the first token, see `without_first`.
        cursor: the token whose row gets a mark.
        start: where the first of the tokens stands in the text, from 0.
        roles: what the head does, in the reader's language.
    """
    part = part or Part.whole(len(labels))
    title, lines = _title(head, roles, theme), _lines(part, len(labels), first, theme)
    said = [title, *lines, *([] if cursor is None else [_most(triangle, labels, first, cursor, start, theme)])]
    return weight_map(
        triangle, labels, theme, title=title, lines=lines, description=" · ".join(said), part=part, log=log,
        first=first, cursor=cursor, start=start,
    )  # fmt: skip


def weight_map(
    triangle: Floats,
    labels: Sequence[str],
    theme: Theme,
    *,
    title: str,
    lines: Sequence[str],
    description: str,
    part: Part | None = None,
    log: bool = False,
    first: str = "shown",
    cursor: int | None = None,
    start: int = 0,
) -> go.Figure:
    """`head_map` of whatever weights, with words of one's own; none of them escaped.

    Args:
        title: what is shown; lines: how to read it; description: both for those who do not see it.
    """
    part = part or Part.whole(len(labels))
    weights = largest(part_weights(triangle, part, first), part.n).astype(np.float32)
    value = tr("head-map-weight", theme.language) if part.n == 1 else tr("head-map-largest", theme.language, n=part.n)
    heatmap: dict[str, Any] = {
        "type": "heatmap", "name": "weights", "z": weights, "zmin": 0, "zmax": 1,
        "x": _names(part.keys, labels, part.n, start, theme), "y": _names(part.queries, labels, part.n, start, theme),
        "colorscale": _colour_scale(theme, log=log), "showscale": False, "hoverongaps": False,
    }  # fmt: skip
    # Names and numbers are put in by the page: a text for each cell would be larger than all the weights.
    number = "%{z:.4~g}"
    if ((weights >= _READS_AS_1) & (weights < 1)).any():
        number += "%{hovertext}"
        heatmap |= {"hovertext": _short_of_1(weights)}
    heatmap |= {"hovertemplate": f"%{{y}} → %{{x}}<br>{escape(value)} {number}<extra></extra>"}
    if max(weights.shape) <= MAX_WITH_GAPS:
        heatmap |= {"xgap": 1, "ygap": 1}
    if max(weights.shape) <= MAX_WITH_NUMBERS:
        texts = [
            ["" if np.isnan(weight) else numbers.probability(weight) for weight in row] for row in weights.tolist()
        ]
        heatmap |= {"text": texts, "texttemplate": "%{text}", "textfont": {"family": "monospace", "size": 10}}
    row = part.queries.index(cursor) // part.n if cursor is not None and cursor in part.queries else None
    layout = _layout(weights, title, lines, theme) | {
        "shapes": _marks(weights, row, theme),
        "meta": {"description": description},
    }
    return go.Figure(data=[heatmap, _colour_bar(theme, log=log)], layout=layout)


def _short_of_1(weights: Floats) -> list[list[str]]:
    """What the page writes after each weight: `` − 4e-5`` where a smaller one reads 1 in four digits, or nothing."""
    return [
        [numbers.probability(weight).removeprefix("1") if _READS_AS_1 <= weight < 1 else "" for weight in row]
        for row in weights.tolist()
    ]


def _names(tokens: range, labels: Sequence[str], n: int, start: int, theme: Theme) -> list[str]:
    """One for each cell, no two the same: a token's label and its place in the text, from 1."""
    names = []
    for first in range(tokens.start, tokens.stop, n):
        last = min(first + n, tokens.stop) - 1
        label = escape(labels[first], _LONGEST_LABEL) if n == 1 else escape(labels[first], _LONGEST_GROUP) + "…"
        places = str(start + first + 1) if n == 1 else f"{start + first + 1}–{start + last + 1}"
        names.append(f"{label}{_LEFT_TO_RIGHT} {rows.tinted(places, theme.muted)}")
    return names


def _colour_scale(theme: Theme, *, log: bool) -> list[tuple[float, str]]:
    """Of weights from 0 to 1."""
    if not log:
        return evenly(theme.weights)
    shares = [i / _SCALE_STEPS for i in range(_SCALE_STEPS + 1)]
    return [(0.0, theme.weight(0)), *((LOG_FLOOR ** (1 - share), theme.weight(share)) for share in shares)]


def _colour_bar(theme: Theme, *, log: bool) -> dict[str, Any]:
    """A trace of nothing: the heatmap's own bar would have all colours of a logarithmic scale at its lower end."""
    ticks = _LOG_TICKS if log else _TICKS
    title = tr("head-map-scale-log" if log else "head-map-scale", theme.language)
    return {
        "type": "scatter", "mode": "markers", "name": "scale", "x": [None], "y": [None], "hoverinfo": "skip",
        "marker": {
            "color": [0], "cmin": 0, "cmax": 1, "showscale": True, "colorscale": evenly(theme.weights),
            "colorbar": {
                "title": {"text": escape(title), "side": "right", "font": rows.small(theme)},
                "tickvals": weight_share(ticks, log=log).tolist(), "tickfont": rows.small(theme),
                "ticktext": [("≤ " if log and tick == LOG_FLOOR else "") + numbers.parameter(tick) for tick in ticks],
                "thickness": 12, "outlinewidth": 0, "x": 1, "xpad": 8, "ypad": 0, "len": 1,
            },
        },
    }  # fmt: skip


def _marks(weights: Floats, row: int | None, theme: Theme) -> list[dict[str, Any]]:
    """A line around all cells that show something, and one around those of a ``row``."""
    ends = [int(np.flatnonzero(~np.isnan(cells)).max(initial=-1)) + 0.5 for cells in weights]
    steps = "".join(f"H{end}V{i + 0.5}" for i, end in enumerate(ends))
    edge = {"type": "path", "path": f"M-0.5,-0.5{steps}H-0.5Z", "line": {"color": theme.ghost, "width": 1}}
    if row is None:
        return [edge]
    frame = {
        "type": "rect", "name": "cursor", "x0": -0.5, "x1": ends[row], "y0": row - 0.5, "y1": row + 0.5,
        "line": {"color": theme.pinned, "width": 2 if len(weights) <= MAX_WITH_GAPS else 1},
    }  # fmt: skip
    return [edge, frame]


def _title(head: tuple[int, int], roles: Sequence[str], theme: Theme) -> str:
    if not roles:
        return tr("head-map-title", theme.language, head=head_name(*head))
    return tr("head-map-title-roles", theme.language, head=head_name(*head), roles=" · ".join(roles))


def _lines(part: Part, n_tokens: int, first: str, theme: Theme) -> list[str]:
    """What a reader who meets the picture for the first time has to know."""
    explained = {
        "shown": "head-map-explained",
        "hidden": "head-map-explained-hidden",
        "renormalised": "head-map-explained-renormalised",
    }
    lines = [tr(explained[first], theme.language)]
    if part.n > 1:
        lines.append(tr("head-map-overview", theme.language, n=part.n))
    elif part != Part.whole(n_tokens):
        lines.append(tr("head-map-part", theme.language, n=n_tokens))
    return lines


def _most(triangle: Floats, labels: Sequence[str], first: str, cursor: int, start: int, theme: Theme) -> str:
    """Where the token of the cursor looks most, for those who do not see the picture."""
    row = row_without_first(triangle[n_weights(cursor) : n_weights(cursor + 1)], first)
    key = int(np.argmax(row))
    return tr(
        "head-map-most",
        theme.language,
        query=labels[cursor],
        query_place=start + cursor + 1,
        key=labels[key],
        key_place=start + key + 1,
        weight=numbers.probability(float(row[key])),
    )


def _layout(weights: Floats, title: str, lines: Sequence[str], theme: Theme) -> dict[str, Any]:
    n_rows, n_columns = weights.shape
    size = 11 if max(weights.shape) <= MAX_WITH_LARGE_NAMES else 10
    axis: dict[str, Any] = {
        "type": "category", "constrain": "domain", "showgrid": False, "zeroline": False, "automargin": False,
        "tickfont": {"family": "monospace", "size": size}, "ticks": "", "ticklabelstandoff": 3,
    }  # fmt: skip
    explanation = {
        "text": "<br>".join(escape(line) for line in lines), "font": rows.small(theme), "showarrow": False,
        "xref": "paper", "x": 0, "xanchor": "left", "xshift": -_MARGIN["l"] - 2, "align": "left",
        "yref": "paper", "y": 1, "yanchor": "bottom", "yshift": 6,
    }  # fmt: skip
    return {
        "title": {
            "text": escape(title), "font": {"size": 15},
            "x": 0, "xref": "container", "xanchor": "left", "y": 1, "yanchor": "top", "pad": {"t": 4},
        },
        "template": "none",
        "showlegend": False,
        "dragmode": "zoom",
        "height": HEIGHT_PIXELS,
        "margin": _MARGIN | {"t": _MARGIN["t"] + _LINE_PIXELS * len(lines)},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"color": theme.text, "size": 14, "family": "system-ui"},
        "modebar": {"bgcolor": "rgba(0,0,0,0)", "color": theme.muted, "activecolor": theme.text},
        "annotations": [explanation],
        "hoverlabel": {
            "align": "left", "bgcolor": theme.weights[0], "bordercolor": theme.muted,
            "font": {"family": "monospace", "size": 13, "color": theme.text},
        },
        "xaxis": axis | {
            "range": [-0.5, n_columns - 0.5], "tickangle": -90, "constraintoward": "left",
            "title": {"text": escape(tr("head-map-keys", theme.language)), "font": rows.small(theme), "standoff": 4},
        },
        "yaxis": axis | {
            "range": [n_rows - 0.5, -0.5], "scaleanchor": "x", "scaleratio": 1, "constraintoward": "top",
            "title": {"text": escape(tr("head-map-queries", theme.language)), "font": rows.small(theme), "standoff": 4},
        },
    }  # fmt: skip
