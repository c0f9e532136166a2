"""What many draws gave, beside the probabilities of the tokens."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

from explorer.figures.shared import rows
from explorer.figures.shared.escape import escape
from explorer.figures.shared.theme import Theme
from explorer.language_model.trace import Ints
from explorer.locales import numbers, tr
from explorer.sampling.distribution import Distribution

ROW_PIXELS = 22
FRAME_PIXELS = 68  # title and axis

_DEVIATIONS = 2
"""Half the width of an interval; about 95 of 100 shares fall inside, where the counts are not small."""


@dataclass(frozen=True)
class _Row:
    """One token, or all the others together.

    Attributes:
        name: of the token; label: the same for the axis, escaped already.
        probability, count: what was to be expected, and what came.
        n_draws: of all tokens together.
        why_not: what removed it, "" where the sampler left something of it.
    """

    name: str
    label: str
    probability: float
    count: int
    n_draws: int
    why_not: str

    @property
    def share(self) -> float:
        return self.count / self.n_draws

    @property
    def spread(self) -> float:
        """Two standard deviations of the share."""
        return _DEVIATIONS * math.sqrt(self.probability * (1 - self.probability) / self.n_draws)

    @property
    def low(self) -> float:
        return max(0.0, self.probability - self.spread)

    @property
    def high(self) -> float:
        return min(1.0, self.probability + self.spread)


def draw_histogram(distribution: Distribution, counts: Ints, n_draws: int, theme: Theme, *, n: int = 10) -> go.Figure:
    """The shares of the draws as bars; on each the probability as a tick, in an interval of ± 2 standard deviations.

    The share of a token in n draws has the mean p and the standard deviation sqrt(p (1 - p) / n) (NIST/SEMATECH
    e-Handbook of Statistical Methods, section 1.3.6.6.18, "Binomial Distribution").

    Args:
        distribution: that the draws were made with.
        counts: (V,) how often each token came; the sum is ``n_draws``.
        n_draws: at least 1.
        theme: colours and language.
        n: how many tokens have a row of their own, the likeliest before or after the sampler; the others have one
            together.
    """
    table = _table(distribution, counts, n_draws, theme, n)
    places = list(range(len(table)))
    reach = [max(row.share, row.high) for row in table]
    possible = [(place, row) for place, row in enumerate(table) if not row.why_not]
    inside = sum(row.low <= row.share <= row.high for _, row in possible)
    shares = {
        "type": "bar", "orientation": "h", "name": "shares", "y": places, "x": [row.share for row in table],
        "width": 0.62, "marker": {"color": [theme.drawn] * (len(table) - 1) + [theme.ghost], "opacity": 0.6},
        "hovertext": [_hover(row, theme) for row in table], "hoverinfo": "text",
    }  # fmt: skip
    expected = {
        "type": "scatter", "mode": "markers", "name": "probabilities", "cliponaxis": False, "hoverinfo": "skip",
        "y": [place for place, _ in possible], "x": [row.probability for _, row in possible],
        "marker": {"symbol": "line-ns", "size": 14, "line": {"color": theme.text, "width": 2}},
        "error_x": {
            "type": "data", "symmetric": False, "color": theme.text, "thickness": 1, "width": 3,
            "array": [row.high - row.probability for _, row in possible],
            "arrayminus": [row.probability - row.low for _, row in possible],
        },
    }  # fmt: skip
    texts = {  # an invisible bar each, so that they stand clear of the intervals
        "type": "bar", "orientation": "h", "name": "texts", "y": places, "x": reach,
        "marker": {"color": "rgba(0,0,0,0)"}, "hoverinfo": "skip",
        "text": [escape(row.why_not or numbers.probability(row.share)) for row in table],
        "textposition": "outside", "cliponaxis": False, "constraintext": "none",
        "textfont": {"color": [theme.muted if row.why_not else theme.text for row in table], "size": 12},
    }  # fmt: skip
    layout = rows.layout(
        theme,
        [row.label for row in table],
        title=tr("histogram-title", theme.language, n=n_draws),
        aside=tr("histogram-aside", theme.language, inside=inside, of=len(possible)),
        height=ROW_PIXELS * len(table) + FRAME_PIXELS,
    )
    axis: dict[str, Any] = {
        "range": [0, min(1.0, 1.05 * max(reach))], "fixedrange": True, "zeroline": False, "gridcolor": theme.grid,
        "title": {"text": escape(tr("histogram-axis", theme.language)), "standoff": 6, "font": rows.small(theme)},
        "tickfont": rows.small(theme),
    }  # fmt: skip
    return go.Figure(data=[shares, expected, texts], layout=layout | {"uirevision": "histogram", "xaxis": axis})


def _table(distribution: Distribution, counts: Ints, n_draws: int, theme: Theme, n: int) -> list[_Row]:
    top = distribution.top_before_or_after(n)
    others = rows.Others.of(distribution, top)
    table = [
        _Row(
            c.token.label, rows.token_label(c, theme), c.probability, int(counts[c.id]), n_draws, rows.why_not(c, theme)
        )
        for c in top
    ]
    n_rest = n_draws - sum(row.count for row in table)
    rest = (others.name(theme), others.label(theme), others.probability, n_rest, n_draws, others.why_not(theme))
    return [*table, _Row(*rest)]


def _hover(row: _Row, theme: Theme) -> str:
    came = tr(
        "histogram-hover",
        theme.language,
        token=row.name,
        count=row.count,
        of=row.n_draws,
        share=numbers.probability(row.share),
    )
    if row.why_not:
        return rows.hover(came, row.why_not)
    expected = tr(
        "histogram-hover-expected",
        theme.language,
        probability=numbers.probability(row.probability),
        expected=numbers.count(row.probability * row.n_draws),
        spread=numbers.count(row.spread * row.n_draws),
    )
    return rows.hover(came, expected)
