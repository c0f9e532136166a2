"""What many throws gave, beside the probabilities of the tokens."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

from explorer.figures import rows
from explorer.figures.escape import escape
from explorer.figures.look import Look
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
        n_throws: of all tokens together.
        why_not: what removed it, "" where the sampler left something of it.
    """

    name: str
    label: str
    probability: float
    count: int
    n_throws: int
    why_not: str

    @property
    def share(self) -> float:
        return self.count / self.n_throws

    @property
    def spread(self) -> float:
        """Two standard deviations of the share."""
        return _DEVIATIONS * math.sqrt(self.probability * (1 - self.probability) / self.n_throws)

    @property
    def low(self) -> float:
        return max(0.0, self.probability - self.spread)

    @property
    def high(self) -> float:
        return min(1.0, self.probability + self.spread)


def tally_bars(distribution: Distribution, counts: Ints, n_throws: int, look: Look, *, n: int = 10) -> go.Figure:
    """The shares of the throws as bars; on each the probability as a tick, in an interval of ± 2 standard deviations.

    The share of a token in n throws has the mean p and the standard deviation sqrt(p (1 - p) / n) (NIST/SEMATECH
    e-Handbook of Statistical Methods, section 1.3.6.6.18, "Binomial Distribution").

    Args:
        distribution: that the throws were made with.
        counts: (V,) how often each token came; the sum is ``n_throws``.
        n_throws: at least 1.
        look: theme and language.
        n: how many tokens have a row of their own, the likeliest before or after the sampler; the others have one
            together.
    """
    table = _table(distribution, counts, n_throws, look, n)
    places = list(range(len(table)))
    reach = [max(row.share, row.high) for row in table]
    possible = [(place, row) for place, row in enumerate(table) if not row.why_not]
    inside = sum(row.low <= row.share <= row.high for _, row in possible)
    shares = {
        "type": "bar", "orientation": "h", "name": "shares", "y": places, "x": [row.share for row in table],
        "width": 0.62, "marker": {"color": [look.drawn] * (len(table) - 1) + [look.ghost], "opacity": 0.6},
        "hovertext": [_hover(row, look) for row in table], "hoverinfo": "text",
    }  # fmt: skip
    expected = {
        "type": "scatter", "mode": "markers", "name": "probabilities", "cliponaxis": False, "hoverinfo": "skip",
        "y": [place for place, _ in possible], "x": [row.probability for _, row in possible],
        "marker": {"symbol": "line-ns", "size": 14, "line": {"color": look.text, "width": 2}},
        "error_x": {
            "type": "data", "symmetric": False, "color": look.text, "thickness": 1, "width": 3,
            "array": [row.high - row.probability for _, row in possible],
            "arrayminus": [row.probability - row.low for _, row in possible],
        },
    }  # fmt: skip
    texts = {  # an invisible bar each, so that they stand clear of the intervals
        "type": "bar", "orientation": "h", "name": "texts", "y": places, "x": reach,
        "marker": {"color": "rgba(0,0,0,0)"}, "hoverinfo": "skip",
        "text": [escape(row.why_not or numbers.probability(row.share)) for row in table],
        "textposition": "outside", "cliponaxis": False, "constraintext": "none",
        "textfont": {"color": [look.muted if row.why_not else look.text for row in table], "size": 12},
    }  # fmt: skip
    layout = rows.layout(
        look,
        [row.label for row in table],
        title=tr("tally-title", look.language, n=n_throws),
        aside=tr("tally-aside", look.language, inside=inside, of=len(possible)),
        height=ROW_PIXELS * len(table) + FRAME_PIXELS,
    )
    axis: dict[str, Any] = {
        "range": [0, min(1.0, 1.05 * max(reach))], "fixedrange": True, "zeroline": False, "gridcolor": look.grid,
        "title": {"text": escape(tr("tally-axis", look.language)), "standoff": 6, "font": rows.small(look)},
        "tickfont": rows.small(look),
    }  # fmt: skip
    return go.Figure(data=[shares, expected, texts], layout=layout | {"uirevision": "tally", "xaxis": axis})


def _table(distribution: Distribution, counts: Ints, n_throws: int, look: Look, n: int) -> list[_Row]:
    top = distribution.top_before_or_after(n)
    others = rows.Others.of(distribution, top)
    table = [
        _Row(
            c.token.label, rows.token_label(c, look), c.probability, int(counts[c.id]), n_throws, rows.why_not(c, look)
        )
        for c in top
    ]
    n_rest = n_throws - sum(row.count for row in table)
    rest = (others.name(look), others.label(look), others.probability, n_rest, n_throws, others.why_not(look))
    return [*table, _Row(*rest)]


def _hover(row: _Row, look: Look) -> str:
    came = tr(
        "tally-hover",
        look.language,
        token=row.name,
        count=row.count,
        of=row.n_throws,
        share=numbers.probability(row.share),
    )
    if row.why_not:
        return rows.hover(came, row.why_not)
    expected = tr(
        "tally-hover-expected",
        look.language,
        probability=numbers.probability(row.probability),
        expected=numbers.count(row.probability * row.n_throws),
        spread=numbers.count(row.spread * row.n_throws),
    )
    return rows.hover(came, expected)
