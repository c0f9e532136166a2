"""Two distributions over the next token on one axis, and what changes from one to the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go

from explorer.figures.shared import rows
from explorer.figures.shared.escape import escape
from explorer.figures.shared.theme import Theme
from explorer.locales import numbers, tr
from explorer.sampling.differences import Difference
from explorer.sampling.ranking import largest

ROW_PIXELS = 30
FRAME_PIXELS = 84  # title, legend and axis

_SPLIT = 0.62
"""Where the bars end and the differences begin, as a share of the width."""

_BAR = 0.38


@dataclass(frozen=True)
class _Row:
    """One token, or all the others together; texts are escaped already."""

    label: str
    first: float
    second: float
    hover: str

    @property
    def change(self) -> float:
        return self.second - self.first


def difference_bars(
    difference: Difference, theme: Theme, *, names: tuple[str, str], by_change: bool = False, n: int = 10
) -> go.Figure:
    """For each of ``n`` tokens a bar of either distribution, and beside them the difference; one row for all others.

    The bars of either distribution sum to 1, the differences to 0.

    Args:
        names: of the two, for the legend.
        by_change: show the tokens that change most, instead of those that are likeliest in either.
    """
    ids = difference.movers(n) if by_change else _likeliest(difference, n)
    table = [_token_row(difference, int(i), theme, names) for i in ids]
    table.append(_rest_row(difference, ids, theme, names))
    places = np.arange(len(table))
    colours = (theme.accent, theme.pinned)
    bars = [
        {
            "type": "bar", "orientation": "h", "name": escape(name, 40), "legendgroup": str(i),
            "y": (places + (i - 0.5) * _BAR).tolist(), "x": [(row.first, row.second)[i] for row in table],
            "width": _BAR, "marker": {"color": colours[i]}, "hoverinfo": "text",
            "hovertext": [row.hover for row in table],
            "text": [numbers.probability((row.first, row.second)[i]) for row in table],
            "textposition": "outside", "cliponaxis": False, "constraintext": "none",
            "textfont": {"color": theme.text, "size": 11},
        }
        for i, name in enumerate(names)
    ]  # fmt: skip
    changes = {
        "type": "bar", "orientation": "h", "name": "change", "xaxis": "x2", "showlegend": False, "y": places.tolist(),
        "x": [row.change for row in table], "width": 2 * _BAR, "hoverinfo": "text",
        "hovertext": [row.hover for row in table],
        "marker": {"color": [colours[row.change > 0] for row in table]},
        "text": [_signed(row.change) for row in table], "textposition": "outside", "cliponaxis": False,
        "constraintext": "none", "textfont": {"color": theme.text, "size": 11},
    }  # fmt: skip
    layout = rows.layout(
        theme,
        [row.label for row in table],
        title=tr("difference-title", theme.language),
        aside=tr(
            "difference-aside",
            theme.language,
            js=numbers.bits(difference.js_bits, 2),
            there=numbers.bits(difference.kl_bits, 2),
            back=numbers.bits(difference.kl_back_bits, 2),
        ),
        height=ROW_PIXELS * len(table) + FRAME_PIXELS,
    )
    return go.Figure(data=[*bars, changes], layout=layout | _axes(table, theme))


def _likeliest(difference: Difference, n: int) -> Any:
    """(n,) ids of the tokens that are likeliest in either distribution."""
    either = np.maximum(difference.first.probabilities, difference.second.probabilities)
    return largest(either, n)


def _token_row(difference: Difference, token_id: int, theme: Theme, names: tuple[str, str]) -> _Row:
    both = [each.candidate(token_id) for each in (difference.first, difference.second)]
    token = both[0].token
    said = [
        tr(
            "difference-hover",
            theme.language,
            name=name,
            token=token.label,
            probability=numbers.probability(candidate.probability),
            rank=candidate.rank,
        )
        for name, candidate in zip(names, both, strict=True)
    ]
    label = escape(token.label, rows.LONGEST_LABEL)
    return _Row(label, both[0].probability, both[1].probability, rows.hover(*said))


def _rest_row(difference: Difference, shown: Any, theme: Theme, names: tuple[str, str]) -> _Row:
    others = [
        rows.Others.of(each, [each.candidate(int(i)) for i in shown]) for each in (difference.first, difference.second)
    ]
    name = others[0].name(theme)
    said = [
        tr("difference-hover-rest", theme.language, name=which, probability=numbers.probability(each.probability))
        for which, each in zip(names, others, strict=True)
    ]
    return _Row(escape(name), others[0].probability, others[1].probability, rows.hover(name, *said))


def _axes(table: list[_Row], theme: Theme) -> dict[str, Any]:
    widest = max(0.01, *(abs(row.change) for row in table))
    common = {"gridcolor": theme.grid, "fixedrange": True, "tickfont": rows.small(theme)}
    return {
        "uirevision": "difference",
        "showlegend": True,
        "legend": {"orientation": "h", "x": 0, "y": 1, "xanchor": "left", "yanchor": "bottom", "traceorder": "normal"},
        "xaxis": common | {
            "domain": [0, _SPLIT], "range": [0, 1], "zeroline": False,
            "title": {"text": escape(tr("axis-probability", theme.language)), "standoff": 6, "font": rows.small(theme)},
        },
        "xaxis2": common | {
            "domain": [_SPLIT + 0.06, 1], "anchor": "y", "range": [-1.35 * widest, 1.35 * widest], "nticks": 5,
            "zeroline": True, "zerolinecolor": theme.muted,
            "title": {"text": escape(tr("difference-axis", theme.language)), "standoff": 6, "font": rows.small(theme)},
        },
    }  # fmt: skip


def _signed(change: float) -> str:
    if change == 0:
        return "0"
    return f"{'+' if change > 0 else '−'}{numbers.probability(abs(change))}"
