"""How a single attention weight comes about, as two pictures: the vectors that are multiplied, and the softmax."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go

from explorer.figures.attention.attention_weight_steps import (
    WeightSteps,
    less_largest,
    scaling_text,
    score_text,
    sum_text,
    weight_arithmetic,
)
from explorer.figures.attention.attention_weights import head_name
from explorer.figures.shared import rows
from explorer.figures.shared.escape import escape
from explorer.figures.shared.theme import Theme
from explorer.language_model.attention import Floats
from explorer.locales import numbers, tr

N_ROWS = 9
VECTORS_HEIGHT, ROWS_HEIGHT = 196, 226  # pixels, whatever the text

NO_KEY = -1
"""In the rows' ``customdata``, which is places of tokens: this row stands for many, or for what is masked."""

_LABEL_PIXELS, _LONGEST_NAME = 136, 15
_LINE_PIXELS = 18  # of the arithmetic
_FINEST = 80  # more cells than this stand without gaps
_PRODUCTS = 2.5  # where their strip stands: apart from the vectors, which are 0 and 1
_BAR, _NUMBER_END = 0.5, 0.95  # of a column, which is 1 wide
_NOTHING = "rgba(0,0,0,0)"

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


@dataclass(frozen=True)
class _Row:
    """What a row shows. ``score`` is None for many tokens together; ``label`` and ``hover`` are escaped."""

    label: str
    hover: str
    key: int
    score: float | None
    written: str
    exponential: float
    weight: float

    @property
    def masked(self) -> bool:
        return self.score == -math.inf


def weight_rows(steps: WeightSteps, names: Sequence[str], theme: Theme) -> go.Figure:
    """The row of the query, a token a row: its score, the exponential of that, its weight. The key is marked.

    Where there are more tokens than rows, those with the largest scores have one each, in the order of the text, and
    all others one together, so that what is shown sums to 1. Later tokens are masked: their score is -inf. The picture
    keeps its height, and rows theirs, however many there are.

    Args:
        steps: what is shown.
        names: (T,) of the tokens.
        theme: colours and language.
    """
    table = _table(steps, names, theme)
    n, places = len(table), list(range(len(table)))
    finite = [row.score for row in table if row.score is not None and not row.masked]
    low, high = min(0.0, *finite), max(0.0, *finite)
    unit = _BAR / (high - low or 1.0)  # of the scores, which stand around 0
    zero = -low * unit
    most = max(row.exponential for row in table)  # 1, but for many together
    colours = [theme.accent if row.key == steps.key else theme.ghost for row in table]
    bars = {
        "type": "bar", "orientation": "h", "name": "bars", "hoverinfo": "skip", "y": places * 3, "width": 0.62,
        "base": [*(0.0 if row.masked else zero for row in table), *[1.0] * n, *[2.0] * n],
        "x": [
            *(_BAR if row.masked else (row.score or 0.0) * unit for row in table),
            *(row.exponential / most * _BAR for row in table),
            *(row.weight * _BAR for row in table),
        ],
        "marker": {
            "color": colours * 3,
            "pattern": {
                "shape": ["/" if row.masked else "" for row in table] + [""] * (2 * n),
                "fgcolor": theme.muted, "bgcolor": _NOTHING, "fillmode": "replace", "size": 6, "solidity": 0.15,
            },
        },
    }  # fmt: skip
    texts = {  # at the right ends of invisible bars
        "type": "bar", "orientation": "h", "name": "texts", "hoverinfo": "skip", "y": places * 3,
        "base": [column for column in range(3) for _ in places], "x": [_NUMBER_END] * (3 * n),
        "marker": {"color": _NOTHING}, "textposition": "inside", "insidetextanchor": "end", "textangle": 0,
        "constraintext": "none",
        "text": [
            *(row.written for row in table),
            *(_amount(row.exponential) for row in table),
            *(numbers.probability(min(1.0, row.weight)) for row in table),
        ],
        "textfont": {"size": 12, "color": [theme.muted if row.key == NO_KEY else theme.text for row in table] * 3},
    }  # fmt: skip
    whole = {  # answers anywhere in a row
        "type": "bar", "orientation": "h", "name": "rows", "y": places, "x": [3] * n, "width": 1,
        "marker": {"color": _NOTHING}, "customdata": [row.key for row in table],
        "hovertext": [row.hover for row in table], "hoverinfo": "text",
    }  # fmt: skip
    return go.Figure(data=[bars, texts, whole], layout=_rows_layout(steps, table, zero, theme))


def _rows_layout(steps: WeightSteps, table: Sequence[_Row], zero: float, theme: Theme) -> dict[str, Any]:
    n, n_shown = len(steps.row) - steps.first_key, sum(row.key != NO_KEY for row in table)
    aside = "weight-rows-aside" if n == n_shown else "weight-rows-aside-largest"
    layout = rows.layout(
        theme,
        [row.label for row in table],
        title=tr("weight-rows-title", theme.language),
        aside=tr(aside, theme.language, n=n_shown, of=n),
        height=ROWS_HEIGHT,
    )
    layout["yaxis"] |= {"range": [N_ROWS - 0.5, -0.5], "ticklabelstandoff": 6}
    headings = [
        (tr("weight-column-score", theme.language), f"q·k × {scaling_text(steps)}"),
        (
            tr("weight-column-exp", theme.language, less=less_largest(steps)),
            tr("weight-column-sum", theme.language, sum=sum_text(steps)),
        ),
        (tr("weight-column-weight", theme.language), tr("weight-column-sum", theme.language, sum="1")),
    ]
    chosen = next(place for place, row in enumerate(table) if row.key == steps.key)
    return layout | {
        "margin": {"l": _LABEL_PIXELS, "r": 4, "t": 62, "b": 2},
        "uirevision": "rows",
        "xaxis": {"range": [0, 3], "visible": False, "fixedrange": True},
        "shapes": [
            {
                "type": "rect", "xref": "paper", "x0": 0, "x1": 1, "y0": chosen - 0.5, "y1": chosen + 0.5,
                "fillcolor": theme.accent, "opacity": 0.13, "line": {"width": 0}, "layer": "below",
            },
            {
                "type": "line", "x0": zero, "x1": zero, "y0": -0.5, "y1": len(table) - 0.5,
                "line": {"color": theme.muted, "width": 1},
            },
        ],
        "annotations": [
            {
                "text": f"{escape(first)}<br>{rows.tinted(escape(second), theme.muted)}", "x": column, "y": 1,
                "xanchor": "left", "yref": "paper", "yanchor": "bottom", "align": "left", "showarrow": False,
                "font": {"size": 12},
            }
            for column, (first, second) in enumerate(headings)
        ],
    }  # fmt: skip


def _table(steps: WeightSteps, names: Sequence[str], theme: Theme) -> list[_Row]:
    """At most `N_ROWS`."""
    first, later = steps.first_key, list(range(len(steps.row), len(names)))
    seen = list(range(first, len(steps.row)))
    room = N_ROWS - bool(first) - bool(later)
    shown = seen if len(seen) <= room else _foremost(steps, room - 1)
    table = [_earlier_row(steps, theme)] if first else []
    table += [_token_row(steps, place, names[place], theme) for place in shown]
    if len(seen) > len(shown):
        table.append(_others_row(steps, shown, theme))
    room = N_ROWS - len(table)
    alone = later if len(later) <= room else later[: room - 1]
    table += [_masked_row(names[place], theme) for place in alone]
    if len(alone) < len(later):
        table.append(_masked_row(tr("weight-later", theme.language, n=len(later) - len(alone)), theme))
    return table


def _foremost(steps: WeightSteps, n: int) -> list[int]:
    """Places of the ``n`` largest scores, the key among them, in the order of the text."""
    largest: list[int] = np.argsort(-steps.scores, kind="stable")[:n].tolist()
    return sorted(largest if steps.key in largest else [*largest[:-1], steps.key])


def _token_row(steps: WeightSteps, place: int, name: str, theme: Theme) -> _Row:
    score, exponential, weight = (float(x[place]) for x in (steps.scores, steps.exponentials, steps.weights))
    label = escape(name, _LONGEST_NAME)
    said = tr(
        "weight-hover",
        theme.language,
        token=name,
        score=score_text(score),
        less=less_largest(steps),
        exponential=numbers.probability(exponential),
        weight=numbers.probability(weight),
    )
    label = f"<b>{label}</b>" if place == steps.key else label
    return _Row(label, rows.hover(said), place, score, _brief(score), exponential, weight)


def _others_row(steps: WeightSteps, shown: Sequence[int], theme: Theme) -> _Row:
    """All that the query may look at but those ``shown``."""
    others = np.setdiff1d(np.arange(steps.first_key, len(steps.row)), shown)
    exponential, weight = (float(x[others].sum()) for x in (steps.exponentials, steps.weights))
    most = float(steps.scores[others].max())
    said = tr(
        "weight-hover-others",
        theme.language,
        n=len(others),
        most=score_text(most),
        exponential=_amount(exponential),
        weight=numbers.probability(min(1.0, weight)),
    )
    label = rows.tinted(escape(tr("weight-others", theme.language, n=len(others))), theme.muted)
    return _Row(label, rows.hover(said), NO_KEY, None, f"≤ {_brief(most)}", exponential, weight)


def _masked_row(name: str, theme: Theme) -> _Row:
    return _hidden_row(name, tr("weight-hover-masked", theme.language, token=name), theme)


def _earlier_row(steps: WeightSteps, theme: Theme) -> _Row:
    """All tokens before the layer's window."""
    name = tr("weight-earlier", theme.language, n=steps.first_key)
    window = steps.vectors.window or 0
    return _hidden_row(name, tr("weight-hover-earlier", theme.language, n=steps.first_key, window=window), theme)


def _hidden_row(name: str, said: str, theme: Theme) -> _Row:
    label = rows.tinted(escape(name, _LONGEST_NAME), theme.muted)
    return _Row(label, rows.hover(said), NO_KEY, -math.inf, "−∞", 0, 0)


def _amount(exponential: float) -> str:
    return numbers.probability(exponential) if exponential <= 1 else numbers.measured(exponential)


def _brief(score: float) -> str:
    return score_text(score, 3 if abs(score) < 1000 else 0)
