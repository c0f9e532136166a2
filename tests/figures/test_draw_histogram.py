"""What many draws gave, as plotly is handed it."""

from __future__ import annotations

import math

import numpy as np
import plotly.graph_objects as go
import pytest
from hypothesis import given
from hypothesis import strategies as st

from explorer.figures.distribution.draw_histogram import draw_histogram
from explorer.figures.shared.theme import Theme
from explorer.language_model.trace import Ints
from explorer.sampling.distribution import KEPT, Distribution
from explorer.sampling.draw import drawn, uniforms
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

ENGLISH = Theme()


def drawn_counts(distribution: Distribution, n_draws: int, seed: int = 0) -> Ints:
    """(V,) how often each token came."""
    return np.bincount(drawn(distribution, uniforms(seed, 0, 0, range(n_draws))), minlength=V)


def histogram(distribution: Distribution, n_draws: int = 1000, theme: Theme = ENGLISH, seed: int = 0) -> go.Figure:
    return draw_histogram(distribution, drawn_counts(distribution, n_draws, seed), n_draws, theme, n=10)


@UNTIMED
@given(distributions(), st.integers(1, 12), st.sampled_from([1, 7, 1000]))
def test_shares_probabilities_and_intervals_are_those_of_the_record(
    made: tuple[Distribution, Sampling], n: int, n_draws: int
) -> None:
    distribution, _ = made
    counts = drawn_counts(distribution, n_draws)
    figure = draw_histogram(distribution, counts, n_draws, ENGLISH, n=n)
    shares, marks = trace_named(figure, "shares"), trace_named(figure, "probabilities")
    assert sum(shares.x) == pytest.approx(1)
    shown = [c.id for c in distribution.top_before_or_after(n)]
    others = np.setdiff1d(np.arange(V), shown)
    for row, ids in enumerate([*(np.array([i]) for i in shown), others]):
        assert shares.x[row] == counts[ids].sum() / n_draws
        if (distribution.removed_by[ids] != KEPT).all():
            assert row not in marks.y
            assert shares.x[row] == 0
            continue
        place = list(marks.y).index(row)
        p = min(1.0, float(distribution.probabilities[ids].sum(dtype=np.float64)))
        assert marks.x[place] == pytest.approx(p, abs=1e-12)
        spread = 2 * math.sqrt(p * (1 - p) / n_draws)
        assert marks.x[place] + marks.error_x.array[place] == pytest.approx(min(1, p + spread), abs=1e-9)
        assert marks.x[place] - marks.error_x.arrayminus[place] == pytest.approx(max(0, p - spread), abs=1e-9)


def inside(figure: go.Figure) -> tuple[int, int]:
    hits, _, of = figure.layout.meta["description"].rpartition(": ")[2].partition(" of ")
    return int(hits), int(of)


def test_most_bars_end_within_the_intervals() -> None:
    # Of a normal distribution 95.4 % lie within two standard deviations; shares of rare tokens are only roughly normal.
    distribution = some_distribution()
    scores = [inside(histogram(distribution, seed=seed)) for seed in range(100)]
    assert {of for _, of in scores} == {11}
    assert 0.93 < sum(hits for hits, _ in scores) / (11 * len(scores)) < 0.98


def test_draws_with_another_distribution_end_outside() -> None:
    distribution = some_distribution()
    counts = drawn_counts(some_distribution(temperature=3.0), 1000)
    assert inside(draw_histogram(distribution, counts, 1000, ENGLISH))[0] <= 4


def test_what_the_sampler_removed_says_so() -> None:
    figure = histogram(some_distribution(top_k=3))
    words, labels = trace_named(figure, "texts").text, figure.layout.yaxis.ticktext
    assert list(words[3:]) == ["removed by top-k"] * 7 + ["all removed"]
    assert [ENGLISH.muted in label for label in labels] == [False] * 3 + [True] * 8
    assert inside(figure) == (3, 3)
    hover = trace_named(figure, "shares").hovertext[5]
    assert hover.endswith("<br>came 0 of 1,000 times: 0<br>removed by top-k")


def test_the_words_say_how_many_draws_and_what_was_expected() -> None:
    distribution = some_distribution(top_k=2)
    counts = np.zeros(V, np.int64)
    counts[:2] = 600, 400
    figure = draw_histogram(distribution, counts, 1000, ENGLISH)
    assert figure.layout.title.text.startswith("What 1,000 draws gave ")
    assert histogram(distribution, 1).layout.title.text.startswith("What 1 draw gave ")
    p = float(distribution.probabilities[0])
    assert trace_named(figure, "shares").hovertext[0].split("<br>") == [
        "&lt;b&gt;",
        "came 600 of 1,000 times: 0.6",
        f"probability {p:.3g}",
        f"expected {1000 * p:.0f} ± {2 * math.sqrt(1000 * p * (1 - p)):.1f} times",
    ]
    assert inside(figure) == (0, 2)


def test_every_bar_and_interval_is_on_the_axis() -> None:
    for distribution in (some_distribution(), some_distribution(temperature=100.0), some_distribution(greedy=True)):
        for n_draws in (1, 1000):
            figure = histogram(distribution, n_draws)
            marks = trace_named(figure, "probabilities")
            ends = [x + plus for x, plus in zip(marks.x, marks.error_x.array, strict=True)]
            low, high = figure.layout.xaxis.range
            assert low == 0
            assert max([*ends, *trace_named(figure, "shares").x]) <= high <= 1


def test_no_token_reaches_plotly_as_markup() -> None:
    figure = histogram(some_distribution(top_k=3))
    assert_no_foreign_markup(figure)
    assert any(text.startswith("&lt;br&gt;x<br>") for text in trace_named(figure, "shares").hovertext)


def test_every_word_is_in_the_language_of_the_look() -> None:
    distribution = some_distribution(top_k=5)
    english, chinese = (
        sentences(histogram(distribution, theme=Theme(language=language))) for language in ("en", "zh-Hans")
    )
    assert len(english) >= 10
    assert not english & chinese


def test_the_picture_is_a_pure_function_of_its_record() -> None:
    distribution = some_distribution(top_k=3)
    counts = drawn_counts(distribution, 100)
    before = counts.copy()
    one, other = (draw_histogram(distribution, counts, 100, ENGLISH).to_json() for _ in range(2))
    assert one == other
    np.testing.assert_array_equal(counts, before)
