"""All heads in one picture: a number for each, or their weights as one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from explorer.figures.attention.attention_weights import evenly, head_name
from explorer.figures.attention.head_map import weight_map
from explorer.figures.shared import rows
from explorer.figures.shared.escape import escape
from explorer.figures.shared.theme import Theme
from explorer.language_model.attention import Floats
from explorer.locales import tr

_MARGIN = {"l": 52, "r": 84, "t": 48, "b": 42}
_MAX_PIXELS, _HIGHEST, _LOWEST, _WIDEST = 340, 26, 6, 52  # of all rows; of a row, at most and at least; of a column
_TICK_PIXELS = {"x": 26, "y": 14}  # that a number needs on an axis
_NARROWEST_PIXELS = 420  # of all the columns


def score_map(
    scores: Floats,
    text: Callable[[int, int], str],
    theme: Theme,
    *,
    title: str,
    aside: str,
    unit: str,
    most: float,
    colours: Sequence[str],
    opened: tuple[int, int],
    marked: Sequence[tuple[int, int]] = (),
) -> go.Figure:
    """Layers across and heads downwards, as in the grid of all heads: the column of a cell is its layer.

    Args:
        scores: (n_layer, n_head); what is NaN has no colour.
        text: of a layer and a head, what the hover says below their name.
        theme: colours and language.
        title: what is shown; aside: how to read it; unit: what the numbers count.
        most: where the scale ends that begins at 0.
        colours: of that scale, evenly.
        opened: layer and head of the one that has a frame.
        marked: of those that have a dot.
    """
    n_layer, n_head = scores.shape
    cells = {
        "type": "heatmap", "name": "scores", "z": scores.T.astype(np.float32), "zmin": 0, "zmax": most,
        "xgap": 1, "ygap": 1, "hoverongaps": False, "hoverinfo": "text",
        "hovertext": [
            [rows.hover(head_name(layer, head), text(layer, head)) for layer in range(n_layer)]
            for head in range(n_head)
        ],
        "colorscale": evenly(colours),
        "colorbar": {
            "title": {"text": escape(unit), "side": "right", "font": rows.small(theme)},
            "thickness": 12, "outlinewidth": 0, "nticks": 5, "tickfont": rows.small(theme),
        },
    }  # fmt: skip
    dots = {
        "type": "scatter", "mode": "markers", "name": "marked", "hoverinfo": "skip",
        "x": [layer for layer, _ in marked], "y": [head for _, head in marked],
        "marker": {
            "color": theme.pinned, "size": min(8, _row_pixels(n_head) // 3), "line": {"color": theme.weights[0]},
        },
    }  # fmt: skip
    layout = rows.layout(theme, [], title=title, aside=aside, height=score_map_size(n_layer, n_head)[1])
    layer, head = opened
    axes = {
        "xaxis": _axis(n_layer, _NARROWEST_PIXELS / n_layer, "x", tr("score-map-layer", theme.language), theme),
        "yaxis": _axis(n_head, _row_pixels(n_head), "y", tr("score-map-head", theme.language), theme)
        | {"range": [n_head - 0.5, -0.5]},
        "shapes": [{
            "type": "rect", "x0": layer - 0.5, "x1": layer + 0.5, "y0": head - 0.5, "y1": head + 0.5,
            "line": {"color": theme.pinned, "width": 2},
        }],
    }  # fmt: skip
    second_line = {
        "text": escape(aside), "font": rows.small(theme), "showarrow": False, "align": "left",
        "xref": "paper", "x": 0, "xanchor": "left", "xshift": -_MARGIN["l"] - 2,
        "yref": "paper", "y": 1, "yanchor": "bottom", "yshift": 4,
    }  # fmt: skip
    frame = {
        "title": layout["title"] | {"text": escape(title)}, "annotations": [second_line], "margin": _MARGIN,
        "hovermode": "closest", "uirevision": "scores",
    }  # fmt: skip
    return go.Figure(data=[cells, dots], layout=layout | frame | axes)


def score_map_size(n_layer: int, n_head: int) -> tuple[int, int]:
    """Pixels: the width from which on cells would only become longer, and the height."""
    width = _WIDEST * n_layer + _MARGIN["l"] + _MARGIN["r"]
    return width, _row_pixels(n_head) * n_head + _MARGIN["t"] + _MARGIN["b"]


def _row_pixels(n_head: int) -> int:
    return max(_LOWEST, min(_HIGHEST, _MAX_PIXELS // n_head))


def _axis(n: int, pixels: float, letter: str, name: str, theme: Theme) -> dict[str, Any]:
    """Of ``n`` cells of so many pixels each."""
    steps = (1, 2, 5, 10, 20, 50, 100)
    step = next((step for step in steps if step * pixels >= _TICK_PIXELS[letter]), steps[-1])
    ticks = list(range(0, n, step))
    return {
        "range": [-0.5, n - 0.5], "fixedrange": True, "showgrid": False, "zeroline": False, "ticks": "",
        "tickvals": ticks, "ticktext": [str(tick) for tick in ticks], "tickangle": 0, "tickfont": rows.small(theme),
        "title": {"text": escape(name), "standoff": 6, "font": rows.small(theme)},
    }  # fmt: skip


def pair_map(
    triangle: Floats,
    labels: Sequence[str],
    theme: Theme,
    *,
    title: str,
    aside: str,
    log: bool,
    first: str,
    cursor: int,
    start: int,
) -> go.Figure:
    """The weights of several heads as one, drawn as `head_map` draws those of one.

    Args:
        triangle: (T(T+1)/2,) packed weights, in 0..1.
        labels, look, log, first, cursor, start: as in `head_map`.
        title: whose weights these are; aside: how to read them.
    """
    figure = weight_map(
        triangle, labels, theme, title=title, lines=[aside], description=f"{title} · {aside}", log=log, first=first,
        cursor=cursor, start=start,
    )  # fmt: skip
    return figure.update_layout(dragmode=False)
