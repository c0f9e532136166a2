"""The heatmap of one head, as plotly is handed it."""

from __future__ import annotations

import base64
import json
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest
from hypothesis import given
from hypothesis import strategies as st
from plotly.colors import hex_to_rgb, sample_colorscale, unlabel_rgb

from explorer.figures.attention.attention_weights import weight_share
from explorer.figures.attention.head_map import head_map
from explorer.figures.attention.part import MAX_CELLS, Part, query_of_cell
from explorer.figures.shared.escape import escape
from explorer.figures.shared.theme import Theme
from explorer.language_model.attention import Floats
from explorer.locales import numbers
from tests.attention import random_weights
from tests.figures.reading import HOSTILE, OUR_MARKUP, UNTIMED, assert_no_foreign_markup, trace_named

ENGLISH = Theme()
FIRST = ["shown", "hidden", "renormalised"]
HOVER = "%{y} → %{x}<br>weight %{z:.4~g}<extra></extra>"


def triangle_of(n_tokens: int, seed: int = 0) -> tuple[Floats, Floats]:
    """The weights of a head, packed and (T, T)."""
    dense = random_weights(1, 1, n_tokens, seed=seed)[0, 0]
    return dense[np.tril_indices(n_tokens)], dense


def picture(n_tokens: int, theme: Theme = ENGLISH, *, seed: int = 0, **keywords: Any) -> go.Figure:
    labels = [f"·w{i % 7}" for i in range(n_tokens)]
    return head_map(triangle_of(n_tokens, seed)[0], labels, theme, head=(3, 5), **keywords)


def cells(figure: go.Figure) -> Floats:
    return np.asarray(trace_named(figure, "weights").z)


def treated(dense: Floats, first: str) -> Floats:
    """(T, T) what is to be seen: NaN where there is nothing."""
    expected = np.where(np.tri(len(dense), dtype=bool), dense, np.nan)
    if first != "shown":
        expected[1:, 0] = np.nan
    if first == "renormalised":
        expected[1:] /= np.nansum(expected[1:], axis=1, keepdims=True)
    return expected


@pytest.mark.parametrize("first", FIRST)
@pytest.mark.parametrize("n_tokens", [2, 3, 20, 128])
def test_every_cell_is_a_weight_and_what_comes_later_is_empty(n_tokens: int, first: str) -> None:
    shown = cells(picture(n_tokens, first=first))
    np.testing.assert_allclose(shown, treated(triangle_of(n_tokens)[1], first), rtol=1e-6)
    assert shown.dtype == np.float32


parts = st.integers(2, 700).flatmap(
    lambda n: st.tuples(st.just(n), *[st.tuples(st.integers(0, n - 1), st.integers(1, n)) for _ in range(2)])
)


@UNTIMED
@given(parts, st.sampled_from(FIRST))
def test_a_cell_of_many_tokens_is_the_largest_of_their_weights(
    given: tuple[int, tuple[int, int], tuple[int, int]], first: str
) -> None:
    n_tokens, *ranges = given
    part = Part(*(range(start, min(n_tokens, start + length)) for start, length in ranges))
    shown, n = cells(picture(n_tokens, part=part, first=first)), part.n
    expected = treated(triangle_of(n_tokens)[1], first)
    assert max(shown.shape) <= MAX_CELLS
    assert shown.shape == (-(-len(part.queries) // n), -(-len(part.keys) // n))
    assert n == 1 or max(len(part.queries), len(part.keys)) > MAX_CELLS * (n - 1)
    for row, column in {(0, 0), (len(shown) - 1, 0), (len(shown) - 1, shown.shape[1] - 1), (len(shown) // 2, 0)}:
        queries, keys = part.queries[row * n : (row + 1) * n], part.keys[column * n : (column + 1) * n]
        block = expected[np.ix_(queries, keys)]
        most = np.nan if np.isnan(block).all() else np.nanmax(block)
        assert shown[row, column] == pytest.approx(most, rel=1e-6, nan_ok=True)


@pytest.mark.parametrize("first", FIRST)
@pytest.mark.parametrize(("n_tokens", "part"), [(20, None), (300, None), (300, Part(range(40, 240), range(90, 100)))])
def test_a_picked_cell_leads_to_the_token_whose_weight_it_shows(n_tokens: int, part: Part | None, first: str) -> None:
    triangle, dense = triangle_of(n_tokens)
    expected = treated(dense, first)
    shown = cells(picture(n_tokens, part=part, first=first))
    part = part or Part.whole(n_tokens)
    for row, column in [(0, 0), (1, 1), (len(shown) // 2, 0), (len(shown) - 1, shown.shape[1] - 1)]:
        query = query_of_cell(triangle, part, column, row, first)
        if query is None:
            assert np.isnan(shown[row, column])
        else:
            keys = part.keys[column * part.n : (column + 1) * part.n]
            assert query in part.queries[row * part.n : (row + 1) * part.n]
            assert np.nanmax(expected[query, keys.start : keys.stop]) == pytest.approx(shown[row, column], rel=1e-6)
    assert query_of_cell(triangle, part, shown.shape[1] - 1, 0, first) is None


# --- parts


def test_a_zoom_leads_to_the_tokens_under_the_box_and_at_last_to_single_weights() -> None:
    whole = Part.whole(1000)
    assert whole.n == 8
    part = whole.of_cells((10, 40), (50, 99), 1000)
    assert part == Part(queries=range(400, 800), keys=range(80, 328))
    assert part.n == 4
    closer = part.of_cells((0, 9), (90, 99), 1000)
    assert closer == Part(queries=range(760, 800), keys=range(80, 120))
    assert closer.n == 1
    triangle, dense = triangle_of(1000)
    labels = [str(i) for i in range(1000)]
    shown = cells(head_map(triangle, labels, ENGLISH, head=(0, 0), part=closer))
    np.testing.assert_array_equal(shown, dense[760:800, 80:120])


def test_a_zoom_that_leaves_the_text_ends_with_it() -> None:
    part = Part(queries=range(50, 60), keys=range(10))
    assert part.of_cells((-3, 4), (5, 30), 64) == Part(queries=range(55, 64), keys=range(5))
    assert part.of_cells((-9, 99), (-99, 99), 64) == Part.whole(64)


@pytest.mark.parametrize(("columns", "rows"), [((40, 50), (0, 39)), ((-9, -1), (0, 5)), ((0, 5), (64, 70))])
def test_there_is_no_part_without_a_weight(columns: tuple[int, int], rows: tuple[int, int]) -> None:
    assert Part.whole(64).of_cells(columns, rows, 64) is None
    assert Part.whole(64).of_cells((40, 50), (0, 40), 64) is not None


# --- names


def test_names_are_labels_with_their_places_and_no_two_the_same() -> None:
    trace = trace_named(picture(20, start=4), "weights")
    bare = [OUR_MARKUP.sub("", name).replace("\u200e", "") for name in trace.x]
    assert bare == [f"·w{i % 7} {i + 5}" for i in range(20)]
    assert list(trace.x) == list(trace.y)
    overview = trace_named(picture(300), "weights")
    assert OUR_MARKUP.sub("", overview.y[-1]).replace("\u200e", "") == "·w3… 298–300"
    assert len(set(overview.y)) == len(overview.y) == 100


@pytest.mark.parametrize("n_tokens", [3, 130])
def test_no_token_reaches_plotly_as_markup(n_tokens: int) -> None:
    labels = [(HOSTILE[i % 6].decode() + "%{x}")[: 40 if i % 2 else 3] for i in range(n_tokens)]
    figure = head_map(triangle_of(n_tokens)[0], labels, ENGLISH, head=(0, 0), cursor=n_tokens - 1, roles=["<b>"])
    assert trace_named(figure, "weights").hovertemplate in (HOVER, HOVER.replace("weight", "largest of 2 × 2 weights"))
    figure.layout.meta = trace_named(figure, "weights").hovertemplate = None  # what is read out is text, no markup
    assert_no_foreign_markup(figure)
    assert any(escape("<b>") in name for name in trace_named(figure, "weights").x)
    assert all(len(OUR_MARKUP.sub("", name)) <= 12 * len("&#36;") + 10 for name in trace_named(figure, "weights").x)


# --- colours


@pytest.mark.parametrize("log", [False, True])
@pytest.mark.parametrize("dark", [False, True])
def test_a_weight_has_the_colour_it_has_in_every_picture(dark: bool, log: bool) -> None:
    theme = Theme(dark=dark)
    trace = trace_named(picture(5, theme, log=log), "weights")
    assert (trace.zmin, trace.zmax) == (0, 1)
    rgb = [[stop, c if c.startswith("rgb") else f"rgb{hex_to_rgb(c)}"] for stop, c in trace.colorscale]
    for weight in [0, 1e-6, 1e-4, 3e-4, 0.002, 0.04, 0.3, 0.77, 1]:
        (drawn,) = sample_colorscale(rgb, [weight])
        wanted = theme.weight(float(weight_share(weight, log=log)))
        np.testing.assert_allclose(unlabel_rgb(drawn), unlabel_rgb(wanted), atol=3)


@pytest.mark.parametrize("log", [False, True])
def test_the_bar_of_the_colours_says_which_weight_each_stands_for(log: bool) -> None:
    marker = trace_named(picture(5, log=log), "scale").marker
    assert (marker.cmin, marker.cmax) == (0, 1)
    assert [c for _, c in marker.colorscale] == list(ENGLISH.weights)
    weights = [float(text.removeprefix("≤ ")) for text in marker.colorbar.ticktext]
    np.testing.assert_allclose(marker.colorbar.tickvals, weight_share(weights, log=log))
    assert (weights[0], weights[-1]) == ((1e-4, 1) if log else (0, 1))
    assert marker.colorbar.title.text == ("weight (logarithmic)" if log else "weight")


@pytest.mark.parametrize("log", [False, True])
def test_the_scale_changes_colours_and_no_number(log: bool) -> None:
    np.testing.assert_array_equal(cells(picture(20, log=log)), cells(picture(20)))


# --- what else is said


def test_small_pictures_have_numbers_and_large_ones_only_hovers() -> None:
    small = trace_named(picture(4), "weights")
    for weight, text in zip(np.asarray(small.z).ravel().tolist(), np.ravel(small.text), strict=True):
        assert text == ("" if np.isnan(weight) else numbers.probability(weight))
    large = trace_named(picture(7), "weights")
    assert large.text is None
    for trace in (small, large):
        assert trace.hovertemplate == HOVER
        assert trace.hoverongaps is False
        assert trace.hovertext is None
    assert "largest of 3 × 3 weights" in trace_named(picture(300), "weights").hovertemplate


def test_a_weight_a_little_below_1_never_reads_1() -> None:
    """The page writes four digits: 0.99996 would be 1, so that what is missing is written after it."""
    dense = np.eye(8)
    dense[3, :4], dense[5, :6] = (0, 4e-5, 0, 1 - 4e-5), (0.0001, 0, 0, 0, 0, 0.9999)
    trace = trace_named(head_map(dense[np.tril_indices(8)], list("abcdefgh"), ENGLISH, head=(0, 0)), "weights")
    assert "%{z:.4~g}%{hovertext}<" in trace.hovertemplate
    after = np.array(trace.hovertext)
    assert after[3, 3] == " − 4e-5"
    assert np.count_nonzero(after) == 1


@pytest.mark.parametrize(
    ("n_tokens", "part", "cursor", "row"),
    [
        (20, None, 7, 7),
        (20, None, 19, 19),
        (300, None, 7, 2),
        (300, Part(range(5, 15), range(20)), 7, 2),
        (300, Part(range(5, 15), range(20)), 15, None),
        (20, None, None, None),
    ],
)
def test_the_row_of_the_cursor_has_a_frame(n_tokens: int, part: Part | None, cursor: int | None, row: int) -> None:
    figure = picture(n_tokens, part=part, cursor=cursor)
    frames = [shape for shape in figure.layout.shapes if shape.name == "cursor"]
    assert [(frame.y0, frame.y1) for frame in frames] == ([] if row is None else [(row - 0.5, row + 0.5)])
    if row is not None:
        shown = int((~np.isnan(cells(figure)[row])).sum())
        assert (frames[0].x0, frames[0].x1) == (-0.5, shown - 0.5)


def test_the_line_around_the_cells_follows_the_diagonal() -> None:
    edge = picture(3).layout.shapes[0]
    assert edge.path == "M-0.5,-0.5H0.5V0.5H1.5V1.5H2.5V2.5H-0.5Z"


def test_it_says_which_head_and_what_a_row_is() -> None:
    figure = picture(20, cursor=9, roles=["induction", "same token"])
    assert figure.layout.title.text == "Where head L3H5 looks · induction · same token"
    assert "A row sums to 1" in figure.layout.annotations[0].text
    dense = triangle_of(20)[1]
    key = int(dense[9].argmax())
    said = f"token 10 ·w2 looks most at token {key + 1} ·w{key % 7}: {dense[9, key]:.3g}"
    assert figure.layout.meta["description"].endswith(said)
    assert "sums to 1" not in picture(20, first="hidden").layout.annotations[0].text
    assert "Each cell is the largest of 3 × 3" in picture(300).layout.annotations[0].text
    assert "A part of the 300 tokens" in picture(300, part=Part(range(5), range(5))).layout.annotations[0].text


def test_every_word_is_in_the_language_of_the_look() -> None:
    def words(figure: go.Figure) -> list[str]:
        layout, bar = figure.layout, trace_named(figure, "scale").marker.colorbar
        axes = [layout.xaxis.title.text, layout.yaxis.title.text, bar.title.text]
        return [*axes, layout.title.text, *layout.annotations[0].text.split("<br>"), layout.meta["description"]]

    for keywords in ({"log": True}, {"first": "hidden"}, {"first": "renormalised"}, {"part": Part(range(9), range(9))}):
        chinese = words(picture(300, Theme(language="zh-Hans"), **keywords))
        assert not {*words(picture(300, **keywords))} & {*chinese}
        assert all(any("\u4e00" <= c <= "\u9fff" for c in text) for text in chinese)


@pytest.mark.parametrize("dark", [False, True])
def test_colours_are_values(dark: bool) -> None:
    text = picture(5, Theme(dark=dark), cursor=2).to_json()
    assert "var(" not in text
    assert Theme(dark=dark).pinned in text


def test_weights_travel_as_bytes() -> None:
    z = json.loads(picture(20).to_json(validate=False))["data"][0]["z"]
    assert (z["dtype"], z["shape"]) == ("f4", "20, 20")
    sent = np.frombuffer(base64.b64decode(z["bdata"]), "<f4").reshape(20, 20)
    np.testing.assert_array_equal(sent, np.where(np.tri(20, dtype=bool), triangle_of(20)[1], np.nan))


def test_the_picture_is_a_pure_function_of_its_record() -> None:
    triangle = triangle_of(200)[0]
    before = triangle.copy()
    triangle.flags.writeable = False
    labels = ["x"] * 200
    one, other = (
        head_map(triangle, labels, ENGLISH, head=(0, 0), first="renormalised", cursor=3).to_json() for _ in range(2)
    )
    assert one == other
    np.testing.assert_array_equal(triangle, before)
