"""Strategies beside each other, as plotly is handed them."""

from __future__ import annotations

import math

import numpy as np
import pytest

from explorer.figures.comparison.strategies import fingerprints, measure_strips
from explorer.figures.shared.theme import Theme
from explorer.generation.intervals import ALIKE, DEPENDENT, FEW, STUDENT, STUDENT_LOG, WILSON, Interval
from explorer.generation.measures import Measure
from tests.figures.reading import assert_no_foreign_markup, sentences, trace_named

NAN = float("nan")
SHARES = {"greedy": (1.0, 0.0, 0.0, 0.0), "<b>hot</b> $x$": (0.25, 0.5, 0.2, 0.05), "nothing yet": (NAN,) * 4}
FOUND = {
    "greedy": Measure(2.0, (2.0,)),
    "<b>hot</b> $x$": Measure(5.0, (4.0, 5.0, 6.0, NAN), Interval(4.2, 5.9, STUDENT)),
    "nothing yet": Measure(NAN, ()),
}


def test_a_fingerprint_is_the_shares() -> None:
    figure = fingerprints(SHARES, Theme())
    assert len(figure.data) == 4
    table = np.array([bar.x for bar in figure.data]).T
    np.testing.assert_allclose(table[:2], list(SHARES.values())[:2])
    assert (table[2] == 0).all()
    assert figure.layout.barmode == "stack"
    assert list(figure.layout.yaxis.tickvals) == [0, 1, 2]
    assert [bar.name for bar in figure.data] == ["first choice", "2 to 10", "11 to 100", "beyond 100"]
    assert figure.data[1].text == ("", "50%", "")


def test_strips_have_a_dot_for_each_text_and_an_interval() -> None:
    figure = measure_strips(FOUND, Theme(), name="surprisal", unit="bits a token")
    dots, means = trace_named(figure, "texts"), trace_named(figure, "means")
    assert sorted(dots.x) == [2, 4, 5, 6]
    assert all(abs(y - row) < 0.5 for y, row in zip(dots.y, [0, 1, 1, 1], strict=True))
    assert list(means.x) == [2, 5]
    assert list(means.y) == [0, 1]
    assert means.error_x.array == pytest.approx((0, 0.9))
    assert means.error_x.arrayminus == pytest.approx((0, 0.8))
    assert not any(math.isnan(value) for value in (*dots.x, *means.x))
    assert figure.layout.xaxis.title.text == "bits a token"


@pytest.mark.parametrize(
    ("intervals", "promised"),
    [
        ([Interval.none(FEW)], "the mean as a line; an interval needs 8 texts"),
        ([Interval.none(FEW), Interval.none(ALIKE)], "no interval where most are equal"),
        ([Interval.none(DEPENDENT)], "no interval, as texts are measured by each other"),
        ([Interval.none(FEW), Interval(2.5, 3.5, STUDENT)], "the mean as a line, its 95% interval (t)"),
        (
            [Interval(2.5, 3.5, STUDENT), Interval.none(ALIKE)],
            "its 95% interval (t); none where most are equal",
        ),
        (
            [Interval(2.5, 3.5, STUDENT_LOG)],
            "the geometric mean, its 95% interval (t of the logarithms)",
        ),
        ([Interval(0.1, 0.5, WILSON)], "the share of ones, its 95% interval (Wilson)"),
    ],
)
def test_the_title_promises_what_is_drawn(intervals: list[Interval], promised: str) -> None:
    found = {str(i): Measure(3.0, (2.0, 4.0), interval) for i, interval in enumerate(intervals)}
    assert measure_strips(found, Theme(), name="x").layout.meta["description"].endswith(promised)


def test_a_measure_of_all_texts_together_has_neither_dots_nor_an_interval() -> None:
    figure = measure_strips({"a": Measure(0.5)}, Theme(), name="x")
    assert figure.layout.meta["description"].endswith("of all texts of a strategy together")


def test_a_share_that_is_nearly_all_or_nothing_never_reads_so() -> None:
    figure = fingerprints({"a": (0.996, 0.001, 0.0, 0.003)}, Theme())
    assert figure.data[0].text == ("99.6%",)
    shares = [bar.hovertext[0].rsplit(": ", 1)[1] for bar in figure.data]
    assert shares == ["99.6%", "0.1%", "0%", "0.3%"]


@pytest.mark.parametrize("language", ["en", "zh-Hans"])
@pytest.mark.parametrize("dark", [False, True])
def test_names_never_become_markup(language: str, dark: bool) -> None:
    theme = Theme(dark=dark, language=language)
    for figure in (fingerprints(SHARES, theme), measure_strips(FOUND, theme, name="<i>x</i>")):
        assert_no_foreign_markup(figure)
        assert any("&lt;b&gt;hot" in sentence for sentence in sentences(figure))
