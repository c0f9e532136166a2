"""A beam search as a tree: what each step looked at, what went on, what was pruned."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go

from explorer.figures.shared import rows
from explorer.figures.shared.escape import escape
from explorer.figures.shared.theme import Theme
from explorer.generation.beam import ENDED, GOES_ON, PRUNED, Continuation
from explorer.language_model.tokens import Vocabulary
from explorer.locales import numbers, tr

ROW_PIXELS = 34
FRAME_PIXELS = 90
MAX_STEPS = 12
"""Steps on one picture; more would leave no room for the tokens."""

_LONGEST = 9
_BELOW = 0.42  # of a row: where the cost of a text stands
_FATES = {GOES_ON: "beam-goes-on", ENDED: "beam-ended", PRUNED: "beam-pruned"}


def beam_tree(
    steps: Sequence[Sequence[Continuation]],
    vocabulary: Vocabulary,
    theme: Theme,
    *,
    title: str,
    best: Sequence[int] = (),
    first: int = 0,
) -> go.Figure:
    """Columns are steps, rows the continuations that a step looked at, likeliest first; a line leads to each from the
    text that it continues. Below each token stands what the text so far costs in bits.

    Args:
        steps: as `BeamSearch.steps` has them.
        best: the token ids of the text that won; its line is drawn thick.
        first: the step in the first column; `MAX_STEPS` are shown.
    """
    shown = range(first, min(len(steps), first + MAX_STEPS))
    n_rows = max((len(steps[step]) for step in shown), default=1)
    won = _path(steps, best)
    lines: dict[str, tuple[list[Any], list[Any]]] = {fate: ([], []) for fate in (*_FATES, "won")}
    dots: dict[str, list[tuple[int, int, Continuation]]] = {fate: [] for fate in _FATES}
    for step in shown:
        parents = [row for row, each in enumerate(steps[step - 1]) if each.fate == GOES_ON] if step else [0]
        for row, each in enumerate(steps[step]):
            dots[each.fate].append((step, row, each))
            if step == first:
                continue
            on_the_way = won.get(step) == row and won.get(step - 1) == parents[each.parent]
            xs, ys = lines["won" if on_the_way else each.fate]
            xs += [step - 0.62, step - 0.4, None]
            ys += [parents[each.parent], row, None]
    colours = {GOES_ON: theme.accent, ENDED: theme.drawn, PRUNED: theme.ghost, "won": theme.pinned}
    traces = [
        {
            "type": "scatter", "mode": "lines", "x": xs, "y": ys, "hoverinfo": "skip", "showlegend": False,
            "name": f"{fate}-lines", "line": {"color": colours[fate], "width": 3 if fate == "won" else 1},
        }
        for fate, (xs, ys) in lines.items()
    ]  # fmt: skip
    traces += [
        {
            "type": "scatter", "mode": "text", "name": escape(tr(_FATES[fate], theme.language)),
            "x": [step for step, _, _ in placed], "y": [row for _, row, _ in placed],
            "text": [_label(each, vocabulary, theme) for _, _, each in placed], "cliponaxis": False,
            "textfont": {
                "family": "monospace", "size": 12,
                "color": [_ink(step, row, fate, won, theme) for step, row, _ in placed],
            },
            "hoverinfo": "text", "hovertext": [_hover(each, step, vocabulary, theme) for step, _, each in placed],
        }
        for fate, placed in dots.items()
    ]  # fmt: skip
    traces.append(
        {
            "type": "scatter", "mode": "text", "name": "costs", "hoverinfo": "skip", "cliponaxis": False,
            "x": [step for step in shown for _ in steps[step]],
            "y": [row + _BELOW for step in shown for row in range(len(steps[step]))],
            "text": [_bits(each) for step in shown for each in steps[step]],
            "textfont": {
                "size": 9,
                "color": [
                    theme.ghost if each.fate == PRUNED else theme.muted for step in shown for each in steps[step]
                ],
            },
        }
    )  # fmt: skip
    layout = rows.layout(
        theme,
        [str(row + 1) for row in range(n_rows)],
        title=title,
        aside=tr("beam-aside", theme.language),
        height=ROW_PIXELS * n_rows + FRAME_PIXELS,
    )
    axis = {
        "range": [first - 0.6, first + MAX_STEPS - 0.4], "fixedrange": True, "showgrid": False, "zeroline": False,
        "tickvals": list(shown), "ticktext": [str(step + 1) for step in shown], "tickfont": rows.small(theme),
        "title": {"text": escape(tr("beam-axis", theme.language)), "standoff": 6, "font": rows.small(theme)},
    }  # fmt: skip
    more = {"hovermode": "closest", "margin": layout["margin"] | {"l": 40}, "xaxis": axis, "uirevision": "beams"}
    return go.Figure(data=traces, layout=layout | more)


def _path(steps: Sequence[Sequence[Continuation]], best: Sequence[int]) -> dict[int, int]:
    """By step, the row of the continuation that leads to ``best``."""
    rows_of: dict[int, int] = {}
    parent = 0  # the place of the text so far among those that went on
    for step, token_id in enumerate(best[: len(steps)]):
        at = (row for row, each in enumerate(steps[step]) if (each.parent, each.token_id) == (parent, token_id))
        row = next(at, None)
        if row is None:
            return rows_of
        rows_of[step] = row
        parent = sum(each.fate == GOES_ON for each in steps[step][:row])
    return rows_of


def _ink(step: int, row: int, fate: str, won: dict[int, int], theme: Theme) -> str:
    if won.get(step) == row:
        return theme.pinned
    return {GOES_ON: theme.text, ENDED: theme.drawn, PRUNED: theme.muted}[fate]


def _label(each: Continuation, vocabulary: Vocabulary, theme: Theme) -> str:
    label = escape(vocabulary[each.token_id].label, _LONGEST)
    return rows.tinted(label, theme.ghost) if each.fate == PRUNED else label


def _bits(each: Continuation) -> str:
    return numbers.bits(-each.log_probability / math.log(2))


def _hover(each: Continuation, step: int, vocabulary: Vocabulary, theme: Theme) -> str:
    said = tr(
        "beam-hover",
        theme.language,
        token=vocabulary[each.token_id].label,
        bits=_bits(each),
        n=step + 1,
        fate=tr(_FATES[each.fate], theme.language),
    )
    return rows.hover(said)
