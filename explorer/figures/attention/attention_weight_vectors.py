"""The vectors of a query and a key and their products, as strips: the first of the two pictures of a weight."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from explorer.figures.attention.attention_weight_steps import (
    WeightSteps,
    weight_arithmetic,
)
from explorer.figures.attention.attention_weights import head_name
from explorer.figures.shared import rows
from explorer.figures.shared.escape import escape
from explorer.figures.shared.theme import Theme
from explorer.language_model.attention import Floats
from explorer.locales import numbers, tr

VECTORS_HEIGHT = 196  # pixels, whatever the text

_LABEL_PIXELS, _LONGEST_NAME = 136, 15
_LINE_PIXELS = 18  # of the arithmetic
_FINEST = 80  # more cells than this stand without gaps
_PRODUCTS = 2.5  # where their strip stands: apart from the vectors, which are 0 and 1
_SIGNED = ("#b35806", "#f1a340", "#fee0b6", "#f7f7f7", "#d8daeb", "#998ec3", "#542788")
_SIGNED_IN_THE_DARK = ("#fdb863", "#b35806", "#4d2703", "#1c1c1c", "#2b1a4d", "#6b4fa8", "#c4bdea")
"""From negative over 0, which is near the background, to positive: ColorBrewer's PuOr, which colour-blind eyes tell
apart (Harrower and Brewer 2003)."""


def weight_vectors(steps: WeightSteps, names: Sequence[str], theme: Theme) -> go.Figure:
    """Query, key and their products as strips, a cell a dimension; below them the way to the weight in numbers.

    Args:
        steps: what is shown.
        names: (T,) of the tokens.
        theme: colours and language.
    """
    products = steps.q * steps.k
    cells = np.stack([steps.q, steps.k, products]).astype(np.float32)  # (3, head_dim)
    lines = weight_arithmetic(steps, theme.language)
    named = [f"{letter} {names[place]}" for letter, place in (("q", steps.query), ("k", steps.key))]
    labels = [*named, tr("weight-products", theme.language)]
    layout = rows.layout(
        theme,
        [escape(label, _LONGEST_NAME) for label in labels],
        title=tr("weight-vectors-title", theme.language),
        aside=tr("weight-vectors-aside", theme.language),
        height=VECTORS_HEIGHT,
    )
    layout["meta"]["description"] += "".join(f" · {arithmetic}" for arithmetic, _ in lines)
    layout["yaxis"] |= {"tickvals": [0, 1, _PRODUCTS], "range": [_PRODUCTS + 0.5, -0.5]}
    head = head_name(steps.vectors.layer, steps.vectors.head)
    axis = {
        "range": [-0.5, len(products) - 0.5], "fixedrange": True, "showgrid": False, "zeroline": False,
        "ticks": "outside", "ticklen": 3, "tickcolor": theme.muted, "tickfont": rows.small(theme) | {"size": 11},
        "title": {
            "text": escape(tr("weight-axis", theme.language, head=head)), "standoff": 2, "font": rows.small(theme),
        },
    }  # fmt: skip
    written = {
        "text": "<br>".join(f"{escape(a)}  {rows.tinted(escape(remark), theme.muted)}" for a, remark in lines),
        "xref": "paper", "x": 0, "xshift": -_LABEL_PIXELS, "xanchor": "left", "align": "left", "showarrow": False,
        "yref": "paper", "y": 0, "yshift": -38, "yanchor": "top", "font": {"size": 13},
    }  # fmt: skip
    return go.Figure(
        data=[
            _strips("vectors", [0, 1], cells[:2], cells, theme, around=0.5),
            _strips("products", [_PRODUCTS], cells[2:], cells, theme, around=_PRODUCTS),
        ],
        layout=layout | {
            "margin": {"l": _LABEL_PIXELS, "r": 62, "t": 28, "b": 44 + len(lines) * _LINE_PIXELS},
            "hovermode": "closest", "uirevision": "vectors", "xaxis": axis, "annotations": [written],
        },
    )  # fmt: skip


def _strips(
    name: str, places: list[float], shown: Floats, cells: Floats, theme: Theme, *, around: float
) -> dict[str, Any]:
    """Strips on one scale around 0, with its key beside them; a cell tells all three numbers of its dimension."""
    width = cells.shape[1]
    most = float(np.abs(shown).max()) or 1.0
    said = tr(
        "weight-hover-dimension",
        theme.language,
        dimension="%{x}",
        q="%{customdata[0]:.4~r}",
        k="%{customdata[1]:.4~r}",
        product="%{customdata[2]:.4~r}",
    )
    colours = _SIGNED_IN_THE_DARK if theme.dark else _SIGNED
    span = _PRODUCTS + 1  # of the axis: half a strip beyond the first and the last
    return {
        "type": "heatmap", "name": name, "x": np.arange(width), "y": places, "z": shown, "zmin": -most, "zmax": most,
        "customdata": np.repeat(cells.T[None], len(places), axis=0), "xgap": int(width <= _FINEST), "ygap": 2,
        "colorscale": [[i / (len(colours) - 1), colour] for i, colour in enumerate(colours)],
        "hovertemplate": rows.hover(said), "hoverlabel": {"namelength": 0},
        "colorbar": {
            "x": 1, "xpad": 6, "ypad": 0, "thickness": 8, "outlinewidth": 0, "len": len(places) / span,
            "y": 1 - (around + 0.5) / span, "yanchor": "middle", "tickvals": [-most, most],
            "ticktext": [f"−{numbers.measured(most)}", numbers.measured(most)],
            "tickfont": rows.small(theme) | {"size": 10},
        },
    }  # fmt: skip
