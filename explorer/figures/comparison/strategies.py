"""Strategies beside each other: which ranks their tokens had, and each measure of their texts."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import plotly.graph_objects as go

from explorer.figures.shared import rows
from explorer.figures.shared.escape import escape
from explorer.figures.shared.theme import Theme
from explorer.generation.intervals import ALIKE, DEPENDENT, FEW, FEWEST, INFINITE, STUDENT, STUDENT_LOG, WILSON
from explorer.generation.measures import BUCKETS, Measure
from explorer.locales import numbers, tr

ROW_PIXELS = 26
FRAME_PIXELS = 84
LEGEND_PIXELS = 14

_JITTER = 0.28


def fingerprints(shares: Mapping[str, Sequence[float]], theme: Theme) -> go.Figure:
    """For each strategy one bar of its tokens' ranks before the sampler: 1, 2 to 10, 11 to 100, beyond.

    After GLTR (Gehrmann et al. 2019, section 3), whose buckets end at 10, 100 and 1000.

    Args:
        shares: by the strategy's name, (4,) shares that sum to 1; NaN where it has written nothing.
    """
    names = list(shares)
    places = list(range(len(names)))
    table = np.array([[0.0 if math.isnan(share) else share for share in shares[name]] for name in names])
    labels = _buckets(theme)
    colours = [theme.amount(share) for share in (0.08, 0.4, 0.7, 0.95)]  # as in the texts: the rarer, the stronger
    bars = [
        {
            "type": "bar", "orientation": "h", "name": escape(label), "y": places, "x": table[:, i].tolist(),
            "width": 0.7, "marker": {"color": colours[i], "line": {"color": theme.grid, "width": 1}},
            "hoverinfo": "text",
            "hovertext": [_hover(name, label, share, theme) for name, share in zip(names, table[:, i], strict=True)],
            "text": [numbers.percent(share) if share >= 0.06 else "" for share in table[:, i]],
            "textposition": "inside", "insidetextanchor": "middle", "constraintext": "none",
            "textfont": {"color": Theme.ink_on(colours[i]), "size": 11},
        }
        for i, label in enumerate(labels)
    ]  # fmt: skip
    layout = rows.layout(
        theme,
        [escape(name, rows.LONGEST_LABEL) for name in names],
        title=tr("fingerprint-title", theme.language),
        aside=tr("fingerprint-aside", theme.language),
        height=ROW_PIXELS * len(names) + FRAME_PIXELS + LEGEND_PIXELS,
    )
    axis = {
        "range": [0, 1], "fixedrange": True, "zeroline": False, "gridcolor": theme.grid, "tickformat": ".0%",
        "tickfont": rows.small(theme),
        "title": {"text": escape(tr("fingerprint-axis", theme.language)), "standoff": 6, "font": rows.small(theme)},
    }  # fmt: skip
    return go.Figure(
        data=bars,
        layout=layout
        | {"barmode": "stack", "uirevision": "fingerprint", "xaxis": axis}
        | _legend()
        | {"margin": layout["margin"] | {"t": layout["margin"]["t"] + LEGEND_PIXELS}},
    )


def measure_strips(found: Mapping[str, Measure], theme: Theme, *, name: str, unit: str = "") -> go.Figure:
    """One measure of every strategy: a dot for each text, their mean as a line, its 95% interval as a bar, where it has
    one.

    Args:
        found: by the strategy's name.
        name: of the measure, in the reader's language; unit: of its axis.
    """
    names = list(found)
    dots_x, dots_y, dots_hover = list[float](), list[float](), list[str]()
    for row, strategy in enumerate(names):
        each = found[strategy].of_each
        for sample, value in enumerate(each):
            if not math.isnan(value):
                dots_x.append(value)
                # Evenly spread, so that equal values do not hide each other; the same each time.
                dots_y.append(row + _JITTER * (2 * (sample + 0.5) / len(each) - 1))
                shown = numbers.measured(value)
                said = tr("strips-hover", theme.language, name=strategy, number=sample + 1, value=shown)
                dots_hover.append(rows.hover(said))
    there = [(row, found[strategy]) for row, strategy in enumerate(names) if not math.isnan(found[strategy].value)]
    dots = {
        "type": "scatter", "mode": "markers", "name": "texts", "x": dots_x, "y": dots_y, "cliponaxis": False,
        "marker": {"color": theme.accent, "size": 7, "opacity": 0.55}, "hoverinfo": "text", "hovertext": dots_hover,
    }  # fmt: skip
    means = {
        "type": "scatter", "mode": "markers", "name": "means", "x": [each.value for _, each in there],
        "y": [row for row, _ in there], "cliponaxis": False, "hoverinfo": "skip",
        "marker": {"symbol": "line-ns", "size": 20, "line": {"color": theme.text, "width": 2}},
        "error_x": {
            "type": "data", "symmetric": False, "color": theme.text, "thickness": 1.5, "width": 4,
            "array": [_reach(each.high, each.value) for _, each in there],
            "arrayminus": [_reach(each.value, each.low) for _, each in there],
        },
    }  # fmt: skip
    layout = rows.layout(
        theme,
        [escape(strategy, rows.LONGEST_LABEL) for strategy in names],
        title=name,
        aside=_what_is_drawn(found.values(), theme),
        height=(ROW_PIXELS + 10) * len(names) + FRAME_PIXELS,
    )
    axis = {
        "fixedrange": True, "zeroline": False, "gridcolor": theme.grid, "tickfont": rows.small(theme),
        "rangemode": "nonnegative",
        "title": {"text": escape(unit or name), "standoff": 6, "font": rows.small(theme)},
    }  # fmt: skip
    values = [
        {
            "text": numbers.measured(each.value), "x": each.value, "y": row, "yshift": 22, "showarrow": False,
            "font": {"color": theme.text, "size": 11},
        }
        for row, each in there
    ]  # fmt: skip
    values += [
        {
            "text": "–", "x": 0, "xref": "x domain", "y": row, "showarrow": False, "xanchor": "left",
            "font": {"color": theme.muted, "size": 13},
        }
        for row, strategy in enumerate(names) if math.isnan(found[strategy].value)
    ]  # fmt: skip
    more = {"uirevision": "strips", "xaxis": axis, "annotations": values}
    return go.Figure(data=[dots, means], layout=layout | more)


def _what_is_drawn(found: Iterable[Measure], theme: Theme) -> str:
    found = list(found)
    if not any(each.of_each for each in found):
        return tr("strips-aside-together", theme.language)
    kinds = {each.interval.method for each in found}
    method = next((method for method in (STUDENT, STUDENT_LOG, WILSON) if method in kinds), None)
    if method is not None:
        return tr("strips-aside", theme.language, method=method, alike="yes" if ALIKE in kinds else "no")
    why = next((why for why in (DEPENDENT, ALIKE, FEW) if why in kinds), INFINITE)
    return tr("strips-aside-none", theme.language, why=why, n=FEWEST)


def _buckets(theme: Theme) -> list[str]:
    ranks = [tr("fingerprint-ranks", theme.language, low=low + 1, high=high) for low, high in pairwise(BUCKETS)]
    return [tr("fingerprint-first", theme.language), *ranks, tr("fingerprint-beyond", theme.language, last=BUCKETS[-1])]


def _legend() -> dict[str, Any]:
    place = {"orientation": "h", "x": 0, "y": 1, "xanchor": "left", "yanchor": "bottom", "traceorder": "normal"}
    return {"showlegend": True, "legend": place}


def _hover(name: str, ranks: str, share: float, theme: Theme) -> str:
    return rows.hover(tr("fingerprint-hover", theme.language, name=name, ranks=ranks, share=numbers.percent(share)))


def _reach(high: float, low: float) -> float:
    return 0.0 if math.isnan(high - low) else max(0.0, high - low)
