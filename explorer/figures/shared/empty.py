"""The picture where there is nothing to draw."""

from __future__ import annotations

import plotly.graph_objects as go

from explorer.figures.shared.escape import escape
from explorer.figures.shared.theme import Theme


def empty_figure(sentence: str, theme: Theme, *, height: int) -> go.Figure:
    """A sentence that says why there is no picture, ``height`` pixels high like the picture it stands for."""
    hidden = {"visible": False, "fixedrange": True}
    return go.Figure(
        layout={
            "title": {
                "text": escape(sentence),
                "font": {"size": 15, "color": theme.muted},
                "x": 0,
                "xref": "container",
            },
            "meta": {"description": sentence},
            "height": height,
            "margin": {"l": 0, "r": 0, "t": 40, "b": 0},
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "xaxis": hidden,
            "yaxis": hidden,
        }
    )
