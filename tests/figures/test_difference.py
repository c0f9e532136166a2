"""Two distributions side by side, as plotly is handed them."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
import pytest
from hypothesis import given
from hypothesis import strategies as st

from explorer.figures.distribution.difference import difference_bars
from explorer.figures.shared.theme import Theme
from explorer.sampling.differences import Difference
from explorer.sampling.distribution import Distribution
from explorer.sampling.sampling import Sampling
from tests.figures.reading import (
    UNTIMED,
    V,
    assert_no_foreign_markup,
    distributions,
    sentences,
    some_distribution,
    trace_named,
)

NAMES = ("first", "second")


def drawn(difference: Difference, theme: Theme = Theme(), **asked: object) -> go.Figure:  # noqa: B008
    return difference_bars(difference, theme, names=NAMES, **asked)  # type: ignore[arg-type]


@UNTIMED
@given(distributions(), distributions(), st.integers(1, 12), st.booleans())
def test_bars_and_differences_are_those_of_the_records(
    one: tuple[Distribution, Sampling], other: tuple[Distribution, Sampling], n: int, by_change: bool
) -> None:
    difference = Difference(one[0], other[0])
    figure = drawn(difference, n=n, by_change=by_change)
    p, q, change = (np.array(trace_named(figure, name).x) for name in (*NAMES, "change"))
    assert len(p) == n + 1
    assert p.sum() == pytest.approx(1, abs=1e-5)
    assert q.sum() == pytest.approx(1, abs=1e-5)
    np.testing.assert_allclose(change, q - p, atol=1e-9)
    gaps = np.abs(one[0].probabilities.astype(np.float64) - other[0].probabilities)
    either = np.maximum(one[0].probabilities, other[0].probabilities)
    shown = np.abs(change[:-1]) if by_change else np.maximum(p, q)[:-1]
    best = np.sort(gaps if by_change else either)[::-1][:n]
    np.testing.assert_allclose(np.sort(shown)[::-1], best, atol=1e-6)


def test_the_title_says_how_far_they_are_apart() -> None:
    difference = Difference(some_distribution(), some_distribution(top_k=5))
    said = drawn(difference).layout.meta["description"]
    assert f"{difference.js_bits:.2f}" in said
    assert "∞" in said, "a token was removed"
    assert f"{difference.kl_back_bits:.2f}" in said


@pytest.mark.parametrize("language", ["en", "zh-Hans"])
@pytest.mark.parametrize("dark", [False, True])
def test_tokens_and_names_never_become_markup(language: str, dark: bool) -> None:
    difference = Difference(some_distribution(), some_distribution(temperature=2.0))
    hostile = ("<b>bold</b>", "$x$ <script>")
    figure = difference_bars(difference, Theme(dark=dark, language=language), names=hostile)
    assert_no_foreign_markup(figure)
    assert any("&lt;b&gt;bold" in sentence for sentence in sentences(figure))


def test_the_same_distribution_twice_has_no_change() -> None:
    figure = drawn(Difference(some_distribution(), some_distribution()), n=V)
    assert set(trace_named(figure, "change").x) == {0}
    assert set(trace_named(figure, "change").text) == {"0"}
