"""One place in a text under several samplers: their distributions beside each other, on the same axis."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import plotly.graph_objects as go

from explorer.figures.shared import rows
from explorer.figures.shared.escape import escape
from explorer.figures.shared.theme import Theme
from explorer.locales import numbers, tr
from explorer.sampling.distribution import Distribution
from explorer.sampling.ranking import largest

ROW_PIXELS = 22
FRAME_PIXELS = 92

_GAP = 0.02


def distributions_overlay(
    distributions: Mapping[str, Distribution], theme: Theme, *, title: str, n: int = 10, marked: int | None = None
) -> go.Figure:
    """A column of bars for each sampler; the rows are the ``n`` tokens that are likeliest under any of them, ``marked``
    in the place of the last where it is not among them, and all others together.

    Args:
        distributions: by the strategy's name, at least one, all of the same logits.
        marked: the token that was chosen here; its row gets a mark.
    """
    either = np.max([each.probabilities for each in distributions.values()], axis=0)
    ids = largest(either, n).tolist()
    if marked is not None and marked not in ids:
        ids[-1] = marked
    first = next(iter(distributions.values()))
    shown = [first.candidate(i) for i in ids]
    others = rows.Others.of(first, shown)
    labels = [escape(candidate.token.label, rows.LONGEST_LABEL) for candidate in shown] + [escape(others.name(theme))]
    places = list(range(len(labels)))
    width = (1 - _GAP * (len(distributions) - 1)) / len(distributions)
    most = min(1.0, 1.3 * max(float(either.max()), *(each.rest(shown) for each in distributions.values())))
    bars, axes, names = [], dict[str, Any](), []
    for column, (name, distribution) in enumerate(distributions.items()):
        shares = [*(float(distribution.probabilities[i]) for i in ids), distribution.rest(shown)]
        suffix = str(column + 1) if column else ""
        left = column * (width + _GAP)
        bars.append({
            "type": "bar", "orientation": "h", "name": escape(name), "xaxis": f"x{suffix}", "y": places, "x": shares,
            "width": 0.7, "marker": {"color": [theme.accent] * len(ids) + [theme.ghost]}, "hoverinfo": "text",
            "hovertext": [
                _hover(name, label, share, theme)
                for label, share in zip(_labels(shown, others, theme), shares, strict=True)
            ],
            "text": [numbers.probability(share) for share in shares], "textposition": "outside", "cliponaxis": False,
            "constraintext": "none", "textfont": {"color": theme.text, "size": 11},
        })  # fmt: skip
        axes[f"xaxis{suffix}"] = {
            "domain": [left, left + width], "range": [0, most], "fixedrange": True, "zeroline": False, "nticks": 4,
            "gridcolor": theme.grid, "tickfont": rows.small(theme), "anchor": "y",
        }  # fmt: skip
        names.append({
            "text": escape(name, max(8, int(110 * width))), "xref": "paper", "yref": "paper", "x": left, "y": 1,
            "xanchor": "left", "yanchor": "bottom", "showarrow": False, "font": {"color": theme.text, "size": 12},
        })  # fmt: skip
    if marked in ids:
        names.append({
            "text": "▸", "xref": "paper", "x": 0, "xanchor": "right", "y": ids.index(marked), "yanchor": "middle",
            "showarrow": False, "font": {"color": theme.drawn, "size": 15},
        })  # fmt: skip
    layout = rows.layout(
        theme,
        labels,
        title=title,
        aside=tr("overlay-aside", theme.language),
        height=ROW_PIXELS * len(labels) + FRAME_PIXELS,
    )
    return go.Figure(data=bars, layout=layout | axes | {"annotations": names, "margin": layout["margin"] | {"t": 56}})


def _labels(shown: list[Any], others: rows.Others, theme: Theme) -> list[str]:
    return [*(candidate.token.label for candidate in shown), others.name(theme)]


def _hover(name: str, label: str, share: float, theme: Theme) -> str:
    return rows.hover(
        tr("overlay-hover", theme.language, name=name, token=label, probability=numbers.probability(share))
    )
