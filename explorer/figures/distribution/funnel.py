"""The sampler as a funnel: what each of its stages leaves."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import plotly.graph_objects as go

from explorer.figures.shared import rows
from explorer.figures.shared.escape import escape
from explorer.figures.shared.stage_names import stage_parameter
from explorer.figures.shared.theme import Theme
from explorer.language_model.trace import Ints
from explorer.locales import numbers, tr
from explorer.sampling.distribution import Distribution
from explorer.sampling.sampling import Sampling
from explorer.sampling.softmax import Softmax

ROW_PIXELS = 20
N_GAUGES = 3
"""Rows above the tokens: how many are left, their raw probability, the entropy."""

MAX_WITH_NUMBERS = 6
"""Where there are more columns, a narrow screen has no room for numbers, nor for names that lie flat."""

_NARROWEST_PIXELS, _NUMBER_PIXELS = 480, 42  # of all the columns, on a screen of 700; of a number behind its bar
_NAME_WIDTH = 12
_LINE_PIXELS, _SLANTED_PIXELS = 15, 92
_NOTHING = "rgba(0,0,0,0)"


@dataclass(frozen=True, eq=False)
class _Column:
    """What there is after a stage; in the first column, before all of them.

    Attributes:
        name: the stage with its parameter.
        left: its probabilities (V,), and which tokens are left.
        raw_mass: the raw probability of these, 0..1.
    """

    name: str
    left: Softmax
    raw_mass: float


@dataclass(frozen=True)
class _Cell:
    """One row of a column. ``length`` of its bar, 0..1; ``text`` and ``hover`` are escaped already."""

    length: float
    text: str
    hover: str
    gone: bool = False


def sampler_funnel(distribution: Distribution, sampling: Sampling, theme: Theme, *, n: int = 10) -> go.Figure:
    """A column before the sampler and one after each stage in force; the last is what a draw sees.

    Rows: three that say what is left, the ``n`` tokens that are likeliest before or after, all the others together. A
    column's bars of tokens and others sum to 1. What a stage removes has a cross in its column, and is grey from there
    on.

    Args:
        distribution: what ``sampling`` made of the logits.
        sampling: for the stages' parameters.
        theme: colours and language.
        n: how many tokens have a row of their own.
    """
    columns = _columns(distribution, sampling, theme)
    top = distribution.top_before_or_after(n)
    others = rows.Others.of(distribution, top)
    other_ids = np.delete(np.arange(len(distribution.logits)), [c.id for c in top])
    tokens = [_way(c.token.label, np.array([c.id]), columns, theme) for c in top]
    table = [*_gauges(columns, theme), *tokens, _way(others.name(theme), other_ids, columns, theme)]
    names = [
        *(escape(tr(name, theme.language)) for name in ("funnel-tokens", "funnel-mass", "funnel-entropy")),
        *(rows.token_label(c, theme) for c in top),
        others.label(theme),
    ]
    return go.Figure(data=_traces(table, theme), layout=_layout(columns, names, theme))


def _columns(distribution: Distribution, sampling: Sampling, theme: Theme) -> list[_Column]:
    columns = [_Column(tr("funnel-raw", theme.language), distribution.raw, 1.0)]
    for stage in distribution.stages:
        name = stage_parameter(sampling, stage.name, theme.language)
        columns.append(_Column(name, stage, distribution.raw_mass(stage)))
    return columns


def _gauges(columns: Sequence[_Column], theme: Theme) -> Iterator[list[_Cell]]:
    """Tokens and entropy share a scale, bits: n tokens have at most log2 n of them (Shannon 1948, section 6)."""
    most = math.log2(len(columns[0].left.scores)) or 1.0
    hovers = [rows.hover(column.name, _left(column, columns[0], theme)) for column in columns]
    pairs = list(zip(columns, hovers, strict=True))
    yield [_Cell(math.log2(c.left.n_survivors) / most, f"{c.left.n_survivors:,}", hover) for c, hover in pairs]
    yield [_Cell(c.raw_mass, _brief(c.raw_mass), hover) for c, hover in pairs]
    yield [_Cell(c.left.entropy_bits / most, numbers.bits(c.left.entropy_bits), hover) for c, hover in pairs]


def _left(column: _Column, first: _Column, theme: Theme) -> str:
    return tr(
        "funnel-left",
        theme.language,
        n=column.left.n_survivors,
        of=first.left.n_survivors,
        mass=numbers.probability(column.raw_mass),
        bits=numbers.bits(column.left.entropy_bits),
    )


def _way(label: str, ids: Ints, columns: Sequence[_Column], theme: Theme) -> list[_Cell]:
    """What becomes of some tokens together, column by column."""
    name = escape(label, rows.LONGEST_LABEL) if len(ids) == 1 else escape(label)
    cells: list[_Cell] = []
    for column in columns:
        before = numbers.probability(cells[-1].length) if cells else ""
        length = _together(column.left, ids)
        n_left = int(np.count_nonzero(column.left.survives[ids]))
        gone = len(ids) > 0 and not n_left
        text, exact = _brief(length), numbers.probability(length)
        if not cells:
            said = tr("funnel-before", theme.language, probability=exact)
        elif cells[-1].gone:
            cells.append(replace(cells[-1], text=""))
            continue
        elif gone:
            said, text = tr("funnel-removed", theme.language, stage=column.name, before=before), "×"
        else:
            said = tr("funnel-after", theme.language, stage=column.name, probability=exact, before=before)
        left = [tr("hover-rest-left", theme.language, left=n_left)] if len(ids) > 1 else []
        cells.append(_Cell(length, text, f"{name}<br>{rows.hover(said, *left)}", gone))
    return cells


def _together(left: Softmax, ids: Ints) -> float:
    """The probability, 0..1, of tokens together; a sum, which rounding may lift above 1."""
    return min(1.0, float(left.probabilities[ids].sum()))


def _brief(probability: float) -> str:
    """For a narrow column: what is 1 but for less than 0.0005 is about 1; the hover says how much is missing."""
    return "≈ 1" if 0.9995 <= probability < 1 else numbers.probability(probability)


def _traces(table: Sequence[Sequence[_Cell]], theme: Theme) -> list[dict[str, Any]]:
    """``table``: rows of one cell a column."""
    last = len(table[0]) - 1
    roomy = len(table[0]) <= MAX_WITH_NUMBERS
    pitch = _pitch(len(table[0]))
    bases = [round(i * pitch, 3) for i in range(last + 1)]
    cells = [(row, i, cell) for row, way in enumerate(table) for i, cell in enumerate(way)]
    gauges, tokens = cells[: N_GAUGES * (last + 1)], cells[N_GAUGES * (last + 1) :]
    bar = {"type": "bar", "orientation": "h", "constraintext": "none", "textangle": 0}
    # The grounds answer the pointer, however short the bar; of them only what is gone is seen.
    grounds = bar | {
        "name": "cells", "width": 0.86, "y": [row for row, _, _ in cells],
        "base": [bases[i] for _, i, _ in cells], "x": [round(pitch * 0.97, 3)] * len(cells),
        "marker": {"color": [theme.grid if cell.gone else _NOTHING for _, _, cell in cells], "opacity": 0.5},
        "text": [cell.text for _, _, cell in gauges] + [""] * len(tokens),
        "textposition": "inside", "insidetextanchor": "start",
        "insidetextfont": {"color": theme.text, "size": 12 if roomy else 10},
        "hovertext": [cell.hover for _, _, cell in cells], "hoverinfo": "text",
    }  # fmt: skip
    scales = bar | {
        "name": "gauges", "width": 0.8, "y": [row for row, _, _ in gauges],
        "base": [bases[i] for _, i, _ in gauges], "x": [cell.length for _, _, cell in gauges],
        "marker": {"color": theme.ghost, "opacity": 0.5}, "hoverinfo": "skip",
    }  # fmt: skip
    colours = [theme.ghost if i == 0 < last else theme.accent for i in range(last + 1)]
    inks = [theme.muted] * last + [theme.text]
    bars = bar | {
        "name": "probabilities", "width": 0.62, "y": [row for row, _, _ in tokens],
        "base": [bases[i] for _, i, _ in tokens], "x": [cell.length for _, _, cell in tokens],
        "marker": {
            "color": [theme.ghost if row == len(table) - 1 else colours[i] for row, i, _ in tokens],
            "opacity": [1 if i in (0, last) else 0.5 for _, i, _ in tokens],
        },
        "text": [cell.text if roomy or cell.gone else "" for _, _, cell in tokens],
        "textposition": "outside", "cliponaxis": False, "hoverinfo": "skip",
        "textfont": {"color": [theme.muted if cell.gone else inks[i] for _, i, cell in tokens], "size": 11},
    }  # fmt: skip
    return [scales, grounds, bars]


def _layout(columns: Sequence[_Column], names: Sequence[str], theme: Theme) -> dict[str, Any]:
    pitch, last = _pitch(len(columns)), len(columns) - 1
    roomy = len(columns) <= MAX_WITH_NUMBERS
    headings = [_heading(column.name, last=i == last) for i, column in enumerate(columns)]
    above = _LINE_PIXELS * max(heading.count("<br>") + 1 for heading in headings) + 4 if roomy else _SLANTED_PIXELS
    margin = {"l": rows.LABEL_PIXELS, "r": 8 if roomy else 36, "t": 28 + above, "b": 34}
    aside = tr("funnel-aside" if last else "funnel-aside-nothing", theme.language)
    height = ROW_PIXELS * len(names) + margin["t"] + margin["b"]
    layout = rows.layout(theme, names, title=tr("funnel-title", theme.language), aside=aside, height=height)
    said = " · ".join([layout["meta"]["description"], *escape(_left(columns[-1], columns[0], theme)).splitlines()])
    return layout | {
        "meta": {"description": said},
        "margin": margin,
        "hovermode": "closest",
        "hoverlabel": layout["hoverlabel"] | {"bgcolor": theme.accent},
        "uirevision": "funnel",
        "xaxis": {
            "range": [0, pitch * len(columns)], "fixedrange": True, "zeroline": False, "gridcolor": theme.grid,
            "tickvals": [i * pitch + end for i in range(len(columns)) for end in (0, 1)],
            "ticktext": ["0", "1", *((["0", "1"] if roomy else ["", ""]) * last)], "tickangle": 0,
            "tickfont": rows.small(theme),
            "title": {"text": escape(tr("axis-probability", theme.language)), "standoff": 4, "font": rows.small(theme)},
        },
        "shapes": [{
            "type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": N_GAUGES - 0.48, "y1": N_GAUGES - 0.48,
            "line": {"color": theme.grid, "width": 1},
        }],
        "annotations": [
            {
                "text": heading, "x": i * pitch, "xanchor": "left", "align": "left", "yref": "paper", "y": 1,
                "yanchor": "bottom", "showarrow": False, "textangle": 0 if roomy else -60, "font": {"size": 12},
            }
            for i, heading in enumerate(headings)
        ],
    }  # fmt: skip


def _pitch(n_columns: int) -> float:
    """From one column to the next, where a bar of probability 1 is 1 long and a number has room behind it."""
    return 1 / (1 - n_columns * _NUMBER_PIXELS / _NARROWEST_PIXELS) if n_columns <= MAX_WITH_NUMBERS else 1.12


def _heading(name: str, *, last: bool) -> str:
    lines: list[str] = []
    for word in name.split():
        longer = f"{lines[-1]} {word}" if lines else ""
        if longer and _width(longer) <= _NAME_WIDTH:
            lines[-1] = longer
        else:
            lines.append(word)
    text = "<br>".join(escape(line) for line in lines)
    return f"<b>{text}</b>" if last else text


def _width(text: str) -> int:
    """In Latin characters; a Chinese one is as wide as two."""
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)
