"""Strategies beside each other, as plotly is handed them."""

from __future__ import annotations

import math

import numpy as np
import pytest

from explorer.figures.look import Look
from explorer.figures.strategies import fingerprints, measure_strips
from explorer.generation.measures import Measure
from tests.figures.reading import assert_no_foreign_markup, sentences, trace_named

NAN = float("nan")
SHARES = {"greedy": (1.0, 0.0, 0.0, 0.0), "<b>hot</b> $x$": (0.25, 0.5, 0.2, 0.05), "nothing yet": (NAN,) * 4}
FOUND = {
    "greedy": Measure(2.0, (2.0,)),
    "<b>hot</b> $x$": Measure(5.0, (4.0, 5.0, 6.0, NAN), 4.2, 5.9),
    "nothing yet": Measure(NAN, ()),
}


def test_a_fingerprint_is_the_shares() -> None:
    figure = fingerprints(SHARES, Look())
    assert len(figure.data) == 4
    table = np.array([bar.x for bar in figure.data]).T
    np.testing.assert_allclose(table[:2], list(SHARES.values())[:2])
    assert (table[2] == 0).all()
    assert figure.layout.barmode == "stack"
    assert list(figure.layout.yaxis.tickvals) == [0, 1, 2]
    assert [bar.name for bar in figure.data] == ["first choice", "2 to 10", "11 to 100", "beyond 100"]
    assert figure.data[1].text == ("", "50%", "")


def test_strips_have_a_dot_for_each_text_and_an_interval() -> None:
    figure = measure_strips(FOUND, Look(), name="surprisal", unit="bits a token")
    dots, means = trace_named(figure, "texts"), trace_named(figure, "means")
    assert sorted(dots.x) == [2, 4, 5, 6]
    assert all(abs(y - row) < 0.5 for y, row in zip(dots.y, [0, 1, 1, 1], strict=True))
    assert list(means.x) == [2, 5]
    assert list(means.y) == [0, 1]
    assert means.error_x.array == pytest.approx((0, 0.9))
    assert means.error_x.arrayminus == pytest.approx((0, 0.8))
    assert not any(math.isnan(value) for value in (*dots.x, *means.x))
    assert figure.layout.xaxis.title.text == "bits a token"


def test_the_title_promises_what_is_drawn() -> None:
    few = {"a": Measure(3.0, (2.0, 4.0)), "b": Measure(1.0, (1.0,))}
    enough, together = few | {"c": Measure(3.0, (2.0, 4.0, 3.0, 3.0), 2.5, 3.5)}, {"a": Measure(0.5)}
    asides = [measure_strips(found, Look(), name="x").layout.meta["description"] for found in (few, enough, together)]
    assert asides[0].endswith("its interval needs 4 texts")
    assert asides[1].endswith("its 95% interval")
    assert asides[2].endswith("of all texts of a strategy together")


@pytest.mark.parametrize("language", ["en", "zh-Hans"])
@pytest.mark.parametrize("dark", [False, True])
def test_names_never_become_markup(language: str, dark: bool) -> None:
    look = Look(dark=dark, language=language)
    for figure in (fingerprints(SHARES, look), measure_strips(FOUND, look, name="<i>x</i>")):
        assert_no_foreign_markup(figure)
        assert any("&lt;b&gt;hot" in sentence for sentence in sentences(figure))
