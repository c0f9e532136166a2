"""The softmax that makes a weight of the scores, as rows: the second of the two pictures of a weight."""

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
)
from explorer.figures.shared import rows
from explorer.figures.shared.escape import escape
from explorer.figures.shared.theme import Theme
from explorer.locales import numbers, tr

N_ROWS = 9
ROWS_HEIGHT = 226  # pixels, whatever the text

NO_KEY = -1
"""In the rows' ``customdata``, which is places of tokens: this row stands for many, or for what is masked."""

_LABEL_PIXELS, _LONGEST_NAME = 136, 15
_BAR, _NUMBER_END = 0.5, 0.95  # of a column, which is 1 wide
_NOTHING = "rgba(0,0,0,0)"


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
    shown = seen if len(seen) <= room else _top_before_or_after(steps, room - 1)
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


def _top_before_or_after(steps: WeightSteps, n: int) -> list[int]:
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
