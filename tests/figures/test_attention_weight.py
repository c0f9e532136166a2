"""How a weight comes about: the steps against a softmax of their own, the numbers as written, the two pictures."""

from __future__ import annotations

import json
import math
import re
from dataclasses import replace
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest
from hypothesis import given
from hypothesis import strategies as st

from explorer.figures.attention.attention_weight_rows import N_ROWS, NO_KEY, ROWS_HEIGHT, weight_rows
from explorer.figures.attention.attention_weight_steps import WeightSteps, weight_arithmetic
from explorer.figures.attention.attention_weight_vectors import VECTORS_HEIGHT, weight_vectors
from explorer.figures.shared.theme import Theme
from explorer.language_model.attention import Floats, HeadVectors
from explorer.locales import ExplorerError
from tests.attention import head_vectors
from tests.figures.reading import OUR_MARKUP, assert_no_foreign_markup, strings, trace_named

ENGLISH = Theme()
HOSTILE = ["<b>", "<img src=x onerror=alert(1)>", "$x$", "&amp;", "⟨E4 BD⟩", "⏎", "<br>x", "%{x}"]


def softmax_row(vectors: HeadVectors, query: int) -> Floats:
    """An oracle of its own: one key at a time, by logarithms, in float64."""
    scores = [
        math.fsum(float(q) * float(k) for q, k in zip(vectors.queries[query], key, strict=True)) * vectors.scaling
        for key in vectors.keys[: query + 1]
    ]
    total = scores[0]
    for score in scores[1:]:
        total = np.logaddexp(total, score)
    return np.array([math.exp(score - total) for score in scores])


def steps_of(
    n_tokens: int, query: int | None = None, key: int = 0, *, width: int = 8, seed: int = 0, scale: float = 1.0
) -> WeightSteps:
    """Of random vectors whose scores are about ``scale`` large."""
    made = head_vectors(n_tokens, layer=3, head=5, width=width, seed=seed)
    vectors = replace(made, queries=(made.queries * scale).astype(np.float32))
    return WeightSteps(vectors, softmax_row(vectors, n_tokens - 1 if query is None else query), key)


def names_of(n_tokens: int) -> list[str]:
    return [f"{place} {'abc'[place % 3]}" for place in range(1, n_tokens + 1)]


@st.composite
def all_steps(draw: st.DrawFn) -> tuple[WeightSteps, int]:
    n_tokens = draw(st.integers(1, 30))
    query = draw(st.integers(0, n_tokens - 1))
    key = draw(st.integers(0, query))
    scale = draw(st.sampled_from([0.0, 0.01, 1.0, 3.0, 30.0, 3000.0]))
    width = draw(st.sampled_from([1, 8, 64, 100]))
    seed = draw(st.integers(0, 1000))
    return steps_of(n_tokens, query, key, width=width, seed=seed, scale=scale), n_tokens


def calculated(text: str) -> float:
    """The number that a few written ones come to: ``1 − 2e-5``, ``−0.5 + 1.25``."""
    assert re.fullmatch(r"[-+ 0-9.e()]+", text.replace("−", "-")), text
    return float(eval(text.replace("−", "-")))


# --- the steps


@given(all_steps())
def test_the_steps_lead_to_the_weights_of_the_row(made: tuple[WeightSteps, int]) -> None:
    steps, _ = made
    with np.errstate(all="raise", under="ignore"):
        again = replace(steps)
        np.testing.assert_allclose(again.weights, softmax_row(steps.vectors, steps.query), rtol=1e-6, atol=1e-12)
    assert again.weights.sum() == pytest.approx(1)
    assert float(again.q @ again.k) * steps.vectors.scaling == pytest.approx(float(again.scores[steps.key]))
    assert float(again.exponentials.max()) == 1


@given(all_steps())
def test_a_pocket_calculator_gets_the_same_weight_to_three_digits(made: tuple[WeightSteps, int]) -> None:
    steps, _ = made
    (first, _), (second, _), (third, _) = weight_arithmetic(steps, "en")
    begun, product, score = first.split(" = ")
    dot, factor = product.split(" × ")
    assert begun == f"q·k × {factor}"
    assert calculated(dot) * calculated(factor) == pytest.approx(calculated(score), rel=5e-6, abs=2e-4)

    inner, exponential = re.fullmatch(r"exp\((.*)\) = (.*)", second).groups()  # type: ignore[union-attr]
    assert inner.startswith(f"{score} ")
    assert math.exp(calculated(inner)) == pytest.approx(calculated(exponential), rel=1e-3, abs=1e-300)

    quotient, weight = third.split(" = ")
    above, below = quotient.split(" / ")
    assert above == exponential
    # What a reader types: the exponential of the difference over the sum as it is written.
    assert math.exp(calculated(inner)) / calculated(below) == pytest.approx(calculated(weight), rel=6e-3, abs=1e-300)
    assert calculated(weight) == pytest.approx(float(steps.weights[steps.key]), rel=6e-3)


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param(lambda v: replace(v, scaling=v.scaling * 1.1), id="scaling"),
        pytest.param(lambda v: replace(v, scaling=1.0), id="no-scaling"),
        pytest.param(lambda v: replace(v, queries=v.keys, keys=v.queries), id="swapped"),
        pytest.param(lambda v: replace(v, queries=np.roll(v.queries, 1, 0)), id="query-one-off"),
        pytest.param(lambda v: replace(v, keys=np.roll(v.keys, 1, 0)), id="keys-one-off"),
        pytest.param(lambda v: replace(v, keys=v.keys * np.nan), id="nan"),
        pytest.param(lambda v: replace(v, keys=v.keys * np.inf), id="inf"),
    ],
)
def test_steps_that_lead_elsewhere_are_refused(wrong: Any) -> None:
    vectors = head_vectors(9, layer=3, head=5)
    row = softmax_row(vectors, 7)
    assert WeightSteps(vectors, row, 2).key == 2
    with pytest.raises(ExplorerError, match=r"L3H5 do not follow .* Choose another head"):
        WeightSteps(wrong(vectors), row, 2)


@pytest.mark.parametrize(("query", "key"), [(3, 4), (3, -1), (11, 9)])
def test_a_token_that_cannot_be_looked_at_has_no_steps(query: int, key: int) -> None:
    with pytest.raises(ExplorerError, match=f"no token at place {key}"):
        WeightSteps(head_vectors(9), np.ones(query + 1), key)


def test_the_actual_factor_is_named_and_how_it_differs() -> None:
    usual, vectors = steps_of(5, width=64), head_vectors(5, width=64)
    assert "× 0.125 =" in weight_arithmetic(usual, "en")[0][0]
    assert "1/√64" in weight_arithmetic(usual, "en")[0][1]
    assert "own factor" not in weight_arithmetic(usual, "en")[0][1]
    other = replace(vectors, scaling=0.0442)
    arithmetic, remark = weight_arithmetic(WeightSteps(other, softmax_row(other, 4), 0), "en")[0]
    assert "× 0.0442 =" in arithmetic
    assert "own factor and not 1/√64" in remark


def test_the_largest_score_is_taken_off_whatever_its_sign() -> None:
    vectors = replace(head_vectors(2), queries=np.full((2, 8), -1, np.float32), keys=np.full((2, 8), 1, np.float32))
    arithmetic = weight_arithmetic(WeightSteps(vectors, np.array([0.5, 0.5]), 0), "en")
    assert arithmetic[1][0] == "exp(−2.8284 + 2.8284) = 1"
    assert arithmetic[2][0] == "1 / 2 = 0.5"


def test_what_little_others_have_is_not_rounded_away() -> None:
    keys = np.array([[1.0], [-19.0]])
    vectors = replace(head_vectors(2, width=1), queries=np.ones((2, 1)), keys=keys, scaling=1.0)
    assert weight_arithmetic(WeightSteps(vectors, softmax_row(vectors, 1), 0), "en")[2][0] == (
        "1 / (1 + 2.061e-9) = 1 − 2e-9"
    )


# --- the vectors


def strip(figure: go.Figure, name: str) -> Any:
    return trace_named(figure, name)


@pytest.mark.parametrize("width", [1, 64, 128])
def test_the_strips_are_the_vectors_and_their_products(width: int) -> None:
    steps = steps_of(6, 4, 2, width=width)
    figure = weight_vectors(steps, names_of(6), ENGLISH)
    vectors, products = strip(figure, "vectors"), strip(figure, "products")
    np.testing.assert_array_equal(vectors.z, [steps.vectors.queries[4], steps.vectors.keys[2]])
    np.testing.assert_allclose(products.z, [steps.vectors.queries[4] * steps.vectors.keys[2]], rtol=1e-6)
    assert np.sum(products.z) == pytest.approx(float(steps.q @ steps.k), rel=1e-4, abs=1e-5)
    for trace in (vectors, products):
        assert trace.zmin == -trace.zmax == pytest.approx(-np.abs(trace.z).max())
        assert trace.colorscale == vectors.colorscale
        np.testing.assert_allclose(trace.customdata[0, :, 2], products.z[0])
        np.testing.assert_allclose(trace.customdata[0, :, :2].T, vectors.z)
    assert list(figure.layout.yaxis.ticktext) == ["q 5 c", "k 3 a", "q × k"]
    assert figure.layout.height == VECTORS_HEIGHT


def test_the_arithmetic_is_drawn_and_said() -> None:
    steps = steps_of(6, 4, 2)
    figure = weight_vectors(steps, names_of(6), ENGLISH)
    for arithmetic, remark in weight_arithmetic(steps, "en"):
        assert arithmetic in figure.layout.annotations[0].text
        assert remark in figure.layout.annotations[0].text
        assert arithmetic in figure.layout.meta["description"]


@pytest.mark.parametrize("dark", [False, True])
def test_no_strip_has_a_colour_where_there_is_nothing(dark: bool) -> None:
    theme = Theme(dark=dark)
    colours = strip(weight_vectors(steps_of(3), names_of(3), theme), "vectors").colorscale
    share, middle = colours[len(colours) // 2]
    channels = [int(middle[i : i + 2], 16) for i in (1, 3, 5)]
    assert share == 0.5
    assert max(channels) - min(channels) == 0
    assert (max(channels) < 40) if dark else (min(channels) > 240)
    zeros = steps_of(1, scale=0.0)
    assert strip(weight_vectors(zeros, names_of(1), theme), "products").zmax > 0


# --- the row


def columns(figure: go.Figure) -> list[list[dict[str, Any]]]:
    """Row by row, the three cells: where the bar begins, its length, and the number."""
    bars, texts, n = trace_named(figure, "bars"), trace_named(figure, "texts"), len(trace_named(figure, "rows").y)
    cells = [
        {"base": base - place // n, "length": length, "text": text}
        for place, (base, length, text) in enumerate(zip(bars.base, bars.x, texts.text, strict=True))
    ]
    return [cells[row::n] for row in range(n)]


@given(all_steps())
def test_every_row_is_what_the_record_says(made: tuple[WeightSteps, int]) -> None:
    steps, n_tokens = made
    figure = weight_rows(steps, names_of(n_tokens), ENGLISH)
    keys, table = trace_named(figure, "rows").customdata, columns(figure)
    shown = [key for key in keys if key != NO_KEY]
    assert len(keys) <= N_ROWS
    assert steps.key in shown
    assert shown == sorted(set(shown))
    zero = figure.layout.shapes[1].x0
    for cells in table:
        assert all(-1e-9 <= cell["base"] + reach <= 0.5 + 1e-9 for cell in cells for reach in (0, cell["length"]))
    unit = 0.5 / (max(0.0, *steps.scores[shown]) - min(0.0, *steps.scores[shown]) or 1)
    for key, (score, exponential, weight) in zip(keys, table, strict=True):
        if key == NO_KEY:
            continue
        assert score["length"] == pytest.approx(float(steps.scores[key]) * unit)
        assert score["base"] == zero
        assert calculated(score["text"]) == pytest.approx(float(steps.scores[key]), rel=1e-3, abs=6e-4)
        assert weight["length"] == pytest.approx(float(steps.weights[key]) / 2)
        for cell, amount in ((exponential, steps.exponentials[key]), (weight, steps.weights[key])):
            precision = 6e-3 if amount >= 1e-4 else 6e-2  # three digits, or two
            assert calculated(cell["text"]) == pytest.approx(float(amount), rel=precision)
    assert sum(weight["length"] for _, _, weight in table) == pytest.approx(0.5)
    lengths = np.array([exponential["length"] for _, exponential, _ in table])
    np.testing.assert_allclose(lengths / lengths.sum(), [2 * weight["length"] for _, _, weight in table], atol=1e-9)
    left_out = np.setdiff1d(np.arange(steps.query + 1), shown)
    if len(left_out):  # the largest are shown; the key may have the place of one
        others = sorted(key for key in shown if key != steps.key)
        assert steps.scores[others].min() >= steps.scores[left_out].max() - 1e-12
    assert figure.layout.height == ROWS_HEIGHT


@given(all_steps())
def test_what_comes_after_the_query_is_masked(made: tuple[WeightSteps, int]) -> None:
    steps, n_tokens = made
    figure = weight_rows(steps, names_of(n_tokens), ENGLISH)
    rows, bars = trace_named(figure, "rows"), trace_named(figure, "bars")
    masked = [row for row, cells in enumerate(columns(figure)) if cells[0]["text"] == "−∞"]
    n_later = n_tokens - steps.query - 1
    assert bool(masked) == bool(n_later)
    assert [row for row, shape in enumerate(bars.marker.pattern.shape) if shape] == masked
    for row in masked:
        assert rows.customdata[row] == NO_KEY
        assert "masked" in rows.hovertext[row]
        assert [cell["length"] for cell in columns(figure)[row]] == [0.5, 0, 0]
        assert [cell["text"] for cell in columns(figure)[row][1:]] == ["0", "0"]
    if len(masked) == n_later:
        labels = [OUR_MARKUP.sub("", figure.layout.yaxis.ticktext[row]) for row in masked]
        assert labels == names_of(n_tokens)[steps.query + 1 :]
    elif masked:
        together = OUR_MARKUP.sub("", figure.layout.yaxis.ticktext[masked[-1]])
        assert together == f"{n_later - len(masked) + 1} later ones"


def test_of_many_tokens_the_largest_have_a_row_and_the_others_one_together() -> None:
    steps = steps_of(1024, 1000, 17, seed=3)
    figure = weight_rows(steps, names_of(1024), ENGLISH)
    labels = [OUR_MARKUP.sub("", label) for label in figure.layout.yaxis.ticktext]
    assert len(labels) == N_ROWS
    assert labels[-2:] == ["994 others", "23 later ones"]
    assert "18 a" in labels
    assert "largest scores and key: 7 of 1,001 tokens" in figure.layout.meta["description"]


def test_a_single_token_looks_at_itself() -> None:
    steps = steps_of(1)
    (cells,) = columns(weight_rows(steps, names_of(1), ENGLISH))
    assert [cell["text"] for cell in cells[1:]] == ["1", "1"]
    assert weight_arithmetic(steps, "en")[2][0] == "1 / 1 = 1"


def test_the_key_stands_out_by_more_than_its_colour() -> None:
    figure = weight_rows(steps_of(5, 4, 2), names_of(5), ENGLISH)
    assert [label.startswith("<b>") for label in figure.layout.yaxis.ticktext] == [False, False, True, False, False]
    assert (figure.layout.shapes[0].y0, figure.layout.shapes[0].y1) == (1.5, 2.5)
    colours = trace_named(figure, "bars").marker.color
    assert [colour == ENGLISH.accent for colour in colours] == [False, False, True, False, False] * 3


# --- both


def both(steps: WeightSteps, names: list[str], theme: Theme) -> list[go.Figure]:
    return [weight_vectors(steps, names, theme), weight_rows(steps, names, theme)]


@pytest.mark.parametrize("query", [7, 3])
def test_no_token_reaches_plotly_as_markup(query: int) -> None:
    for key in range(query + 1):
        for figure in both(steps_of(8, query, key), HOSTILE, ENGLISH):
            assert_no_foreign_markup(figure)


def test_every_word_is_in_the_language_of_the_look() -> None:
    steps = steps_of(40, 30, 2)
    english, chinese = (
        {OUR_MARKUP.sub(" ", text) for figure in both(steps, names_of(40), Theme(language=language)) for text in
         strings(json.loads(figure.to_json()))}
        for language in ("en", "zh-Hans")
    )  # fmt: skip
    words = re.compile(r"[a-z]{2,} [a-z]{2,}|score")
    assert len([text for text in english if words.search(text)]) > 6
    assert not [text for text in chinese if words.search(text)]


@pytest.mark.parametrize("width", [64, 128])
def test_the_pictures_are_light(width: int) -> None:
    vectors, rows = both(steps_of(1024, width=width), names_of(1024), ENGLISH)
    assert len(vectors.to_json(validate=False)) <= 6_000 + 80 * width
    assert len(rows.to_json(validate=False)) <= 8_000


def test_the_pictures_are_pure_functions_of_their_record() -> None:
    steps = steps_of(12)
    before = [array.copy() for array in (steps.vectors.queries, steps.vectors.keys, steps.row)]
    one, other = ([figure.to_json() for figure in both(steps, names_of(12), ENGLISH)] for _ in range(2))
    assert one == other
    for array, copy in zip((steps.vectors.queries, steps.vectors.keys, steps.row), before, strict=True):
        np.testing.assert_array_equal(array, copy)
