"""Pictures of all heads, as plotly is handed them."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest

from explorer.figures.attention.role_names import ROLE_NAMES, role_name
from explorer.figures.attention.summary import pair_map, score_map, score_map_size
from explorer.figures.shared.theme import Theme
from explorer.locales import tr
from explorer.probes.roles import KINDS
from tests.attention import random_weights
from tests.figures.reading import HOSTILE, OUR_MARKUP, assert_no_foreign_markup, sentences, trace_named

ENGLISH, CHINESE = Theme(), Theme(language="zh-Hans", dark=True)
LABELS = [piece.decode("utf-8", errors="replace") for piece in HOSTILE]


def scores(n_layer: int = 4, n_head: int = 3, theme: Theme = ENGLISH, **changes: Any) -> go.Figure:
    values = np.random.default_rng(0).random((n_layer, n_head))
    options: dict[str, Any] = {
        "title": "Scores <i>", "aside": "click $x$", "unit": "bits <i>", "most": 3.0,
        "colours": theme.amounts, "opened": (2, 1),
    }  # fmt: skip
    options |= changes
    return score_map(
        options.pop("values", values), lambda layer, head: f"said of {layer} {head}\n<i>", theme, **options
    )


def pairs(theme: Theme = ENGLISH, n_tokens: int = len(LABELS), **changes: Any) -> go.Figure:
    triangle = random_weights(1, 1, n_tokens)[0, 0][np.tril_indices(n_tokens)]
    options: dict[str, Any] = {"title": "Mean <i>", "aside": "each $row$", "log": False, "first": "shown"}
    labels = [LABELS[i % len(LABELS)] for i in range(n_tokens)]
    return pair_map(triangle, labels, theme, cursor=n_tokens - 1, start=0, **(options | changes))


def test_columns_are_layers_and_rows_are_heads() -> None:
    values = np.arange(12.0).reshape(4, 3)
    figure = scores(values=values)
    cells = trace_named(figure, "scores")
    np.testing.assert_array_equal(cells.z, values.T)
    assert cells.hovertext[1][2].startswith("L2H1<br>said of 2 1")
    assert (cells.zmin, cells.zmax) == (0, 3.0)
    assert figure.layout.xaxis.title.text == "layer"
    assert figure.layout.yaxis.title.text == "head"
    assert figure.layout.yaxis.range == (2.5, -0.5)  # head 0 is at the top, as in the grid


def test_the_open_head_has_a_frame_and_the_marked_ones_a_dot() -> None:
    figure = scores(opened=(3, 1), marked=[(0, 2), (1, 1)])
    (frame,) = figure.layout.shapes
    assert (frame.x0, frame.x1, frame.y0, frame.y1) == (2.5, 3.5, 0.5, 1.5)
    dots = trace_named(figure, "marked")
    assert (list(dots.x), list(dots.y)) == ([0, 1], [2, 1])


def test_a_head_without_a_score_has_no_colour() -> None:
    values = np.full((2, 2), np.nan)
    values[1, 0] = 0.5
    sent = json.loads(scores(values=values, opened=(0, 0)).to_json())["data"][0]
    assert "bdata" in sent["z"]  # NaN travels as bytes; as JSON it would be null
    assert not sent["hoverongaps"]


@pytest.mark.parametrize(("n_layer", "n_head"), [(1, 1), (2, 4), (12, 12), (30, 9), (48, 25), (126, 128)])
def test_every_model_has_a_place_on_the_screen(n_layer: int, n_head: int) -> None:
    figure = scores(n_layer, n_head, opened=(0, 0))
    width, height = score_map_size(n_layer, n_head)
    assert figure.layout.height == height
    assert height <= 480 or n_head > 50
    assert width > 136
    for axis, n in ((figure.layout.xaxis, n_layer), (figure.layout.yaxis, n_head)):
        assert axis.ticktext == tuple(map(str, axis.tickvals))
        assert max(axis.tickvals) < n


def test_nothing_in_a_picture_is_read_as_markup() -> None:
    assert_no_foreign_markup(scores())
    figure = pairs()
    figure.data[0].hovertemplate = None  # has a tag of plotly's, and no token
    figure.layout.meta = None  # is read aloud as it stands
    assert_no_foreign_markup(figure)


def test_pairs_are_drawn_like_a_head_under_their_own_title() -> None:
    figure = pairs(title="Mean of all heads", aside="each row: a token")
    assert figure.layout.title.text == "Mean of all heads"
    assert figure.layout.meta["description"] == "Mean of all heads · each row: a token"
    assert [note.text for note in figure.layout.annotations] == ["each row: a token"]
    assert not figure.layout.dragmode  # there is nothing to see larger
    weights = np.array(trace_named(figure, "weights").z)
    expected = random_weights(1, 1, len(LABELS))[0, 0]
    expected[~np.tri(len(LABELS), dtype=bool)] = np.nan
    np.testing.assert_array_equal(weights, expected)


def test_no_sentence_of_the_head_that_it_is_not_about_is_left() -> None:
    for theme in (ENGLISH, CHINESE):
        for first in ("shown", "hidden", "renormalised"):
            said = " ".join(sentences(pairs(theme, first=first)))
            assert "L0H0" not in said
            assert OUR_MARKUP.sub("", tr("head-map-explained", theme.language)) not in said


def test_each_role_has_a_name_in_both_languages() -> None:
    assert tuple(ROLE_NAMES) == KINDS
    for language in ("en", "zh-Hans"):
        assert len({role_name(kind, language) for kind in KINDS}) == len(KINDS)
