"""What the figures that give each token a row share: title, fonts, labels, the axis of the rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from explorer.figures.shared.escape import escape
from explorer.figures.shared.stage_names import stage_name
from explorer.figures.shared.theme import Theme
from explorer.locales import tr
from explorer.sampling.distribution import Candidate, Distribution

LONGEST_LABEL = 22
LABEL_PIXELS = 204  # fixed: bars keep their place whatever their labels are
_GUTTER_PIXELS = 14  # between a label and its bar, for a mark

_TAG = "span"


def tinted(text: str, colour: str) -> str:
    """``text``, escaped already, in a colour of its own."""
    return f"<{_TAG} style='color:{colour}'>{text}</{_TAG}>"


def token_label(candidate: Candidate, theme: Theme) -> str:
    """For an axis; pale when the sampler removed the token."""
    label = escape(candidate.token.label, LONGEST_LABEL)
    return label if candidate.removed_by is None else tinted(label, theme.muted)


def why_not(candidate: Candidate, theme: Theme) -> str:
    """What removed the token, "" where it stayed; not escaped."""
    if candidate.removed_by is None:
        return ""
    return tr("removed-by", theme.language, stage=stage_name(candidate.removed_by, theme.language))


@dataclass(frozen=True)
class Others:
    """All tokens but those that have a row of their own.

    Attributes:
        n: how many they are; n_left: how many of them the sampler left.
        probability: of all of them, after the sampler; raw_probability: before it.
    """

    n: int
    n_left: int
    probability: float
    raw_probability: float

    @classmethod
    def of(cls, distribution: Distribution, shown: Sequence[Candidate]) -> Others:
        n = n_left = len(distribution.logits) - len(shown)
        if distribution.stages:
            n_left = distribution.n_survivors - sum(bool(distribution.survives[c.id]) for c in shown)
        return cls(n, n_left, *(distribution.rest(shown, raw=raw) for raw in (False, True)))

    @property
    def removed(self) -> bool:
        return self.n_left == 0 < self.n

    def name(self, theme: Theme) -> str:
        """Not escaped."""
        return tr("bar-rest", theme.language, n=self.n)

    def label(self, theme: Theme) -> str:
        """For an axis; pale when all of them are removed."""
        label = escape(self.name(theme))
        return tinted(label, theme.muted) if self.removed else label

    def why_not(self, theme: Theme) -> str:
        """ "" where some stayed; not escaped."""
        return tr("removed-all", theme.language) if self.removed else ""


def hover(*sentences: str) -> str:
    """Sentences of one or more lines, under each other."""
    return "<br>".join(escape(line) for sentence in sentences for line in sentence.splitlines())


def small(theme: Theme) -> dict[str, Any]:
    """The font of what is not read first."""
    return {"color": theme.muted, "size": 12}


def layout(theme: Theme, names: Sequence[str], *, title: str, aside: str, height: int) -> dict[str, Any]:
    """Of a figure with ``names``, escaped already, at the rows 0, 1, ... from the top.

    ``title`` and ``aside`` stand in the first line; together they are what a screen reader says.
    """
    title, aside = escape(title), escape(aside)
    return {
        "title": {
            "text": f"{title} <span style='font-size:13px;color:{theme.muted}'>· {aside}</span>",
            "font": {"size": 15},
            "x": 0, "xref": "container", "xanchor": "left", "y": 1, "yanchor": "top", "pad": {"t": 4},
        },
        "meta": {"description": f"{title} · {aside}"},
        "template": "none",  # plotly's own would add 7 KB to each message, and white rims to the bars
        "barmode": "overlay",
        "showlegend": False,
        "hovermode": "y",  # the whole row answers, however short its bar
        "height": height,
        "margin": {"l": LABEL_PIXELS, "r": 60, "t": 30, "b": 38},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"color": theme.text, "size": 14, "family": "system-ui"},
        "hoverlabel": {"align": "left", "font": {"family": "monospace", "size": 13}},
        "yaxis": {
            "tickvals": list(range(len(names))), "ticktext": list(names), "range": [len(names) - 0.4, -0.6],
            "fixedrange": True, "showgrid": False, "zeroline": False, "automargin": False, "ticks": "",
            "ticklabelstandoff": _GUTTER_PIXELS, "tickfont": {"family": "monospace", "size": 13},
            "ticklabeloverflow": "allow",  # they have room; else plotly measures each, once for each
        },
    }  # fmt: skip
