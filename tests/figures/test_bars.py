"""The bars of the next-token distribution, as plotly is handed them."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from explorer.figures.bars import distribution_bars
from explorer.figures.escape import escape
from explorer.figures.look import Look
from explorer.language_model.tokens import Vocabulary
from explorer.locales import tr
from explorer.sampling.distribution import Distribution
from explorer.sampling.sampling import Sampling

V = 40
HOSTILE = [
    b"<b>",
    b"<script>alert(1)</script>",
    b"&amp;",
    b"$x$",
    b"<img src=x onerror=alert(1)>",
    b"<br>x",
    b"\xe4\xbd",
]
VOCABULARY = Vocabulary([*HOSTILE, *(f" word{i}".encode() for i in range(V - len(HOSTILE)))])
ENGLISH = Look()


def some_distribution(**parameters: Any) -> Distribution:
    """Over V tokens; the hostile ones are the likeliest."""
    return Sampling(**parameters).apply(-np.arange(V, dtype=np.float32) / 4, (), VOCABULARY)


def trace_named(figure: go.Figure, name: str) -> go.Bar | None:
    return next((trace for trace in figure.data if trace.name == name), None)


def final(figure: go.Figure) -> go.Bar:
    trace = trace_named(figure, "final")
    assert trace is not None
    return trace


def strings(value: Any) -> list[str]:
    """Every string in a JSON value, but for the names of fonts."""
    if isinstance(value, dict):
        return [s for key, inner in value.items() if key != "family" for s in strings(inner)]
    if isinstance(value, list):
        return [s for inner in value for s in strings(inner)]
    return [value] if isinstance(value, str) else []


@given(
    arrays.arrays(np.float64, V, elements=st.floats(-30, 30)),
    st.integers(1, V + 5),
    st.floats(0.05, 5),
    st.lists(st.integers(0, V - 1), max_size=4, unique=True).map(tuple),
)
def test_the_bars_above_the_pins_are_all_there_is(
    logits: np.ndarray, n: int, temperature: float, pins: tuple[int, ...]
) -> None:
    distribution = Sampling(temperature=temperature).apply(logits, (), VOCABULARY)
    figure = distribution_bars(distribution, ENGLISH, n=n, pins=pins)
    above = final(figure).x[: len(final(figure).x) - len(pins)]
    assert len(above) == min(n, V) + 1
    assert sum(above) == pytest.approx(1, abs=1e-6)
    assert len(figure.layout.yaxis.ticktext) == len(final(figure).x) == len(final(figure).hovertext)


def test_bars_go_from_the_likeliest_down_with_the_rest_after_them() -> None:
    figure = distribution_bars(some_distribution(), ENGLISH, n=5)
    labels = list(figure.layout.yaxis.ticktext)
    assert labels[:5] == [escape(VOCABULARY[i].label, 22) for i in range(5)]
    assert labels[5] == "the other 35 tokens"
    assert list(final(figure).x[:5]) == sorted(final(figure).x[:5], reverse=True)
    assert final(figure).x[5] == pytest.approx(some_distribution().rest(some_distribution().top(5)))
    assert figure.layout.yaxis.range[0] > figure.layout.yaxis.range[1]  # the first row is at the top


def test_no_token_reaches_plotly_as_markup() -> None:
    figure = distribution_bars(some_distribution(), ENGLISH, n=10, pins=range(len(HOSTILE)))
    shown = [*figure.layout.yaxis.ticktext, *final(figure).hovertext]
    for text in shown:
        assert "$" not in text
        assert "<" not in text.replace("<br>", "")  # our own line breaks
    assert "&lt;b&gt;" in shown
    assert "&amp;amp;" in shown
    assert "&#36;x&#36;" in shown
    hover_of_br = final(figure).hovertext[5]
    assert hover_of_br.startswith("&lt;br&gt;x<br>")


def test_a_hover_says_what_the_bar_stands_for() -> None:
    distribution = some_distribution(temperature=0.5)
    hover = final(distribution_bars(distribution, ENGLISH, n=10)).hovertext[7]
    candidate = distribution.top(8)[-1]
    assert hover.split("<br>") == [
        "·word0",
        f"probability {candidate.probability:.3g}",
        f"before the temperature {candidate.raw_probability:.3g}",
        "logit -1.75",
        "rank 8",
        f"id {candidate.id}",
    ]


def test_the_pale_bars_are_there_only_when_the_sampler_changes_something() -> None:
    assert trace_named(distribution_bars(some_distribution(), ENGLISH), "raw") is None
    assert trace_named(distribution_bars(some_distribution(temperature=1.0), ENGLISH), "raw") is None
    for parameters in ({"temperature": 0.9}, {"greedy": True}):
        raw = trace_named(distribution_bars(some_distribution(**parameters), ENGLISH, n=5), "raw")
        assert raw is not None
        untouched = some_distribution()
        expected = [*(c.probability for c in untouched.top(5)), untouched.rest(untouched.top(5))]
        assert list(raw.x) == pytest.approx(expected, abs=1e-6)


def test_pins_come_last_in_their_own_colour_and_under_a_line() -> None:
    figure = distribution_bars(some_distribution(), ENGLISH, n=5, pins=(30, 2))
    assert list(figure.layout.yaxis.ticktext[6:]) == ["·word23", "&amp;amp;"]
    assert list(final(figure).marker.color[6:]) == [ENGLISH.pinned] * 2
    assert ENGLISH.pinned not in final(figure).marker.color[:6]
    assert [shape.y0 for shape in figure.layout.shapes] == [5.5]
    assert not distribution_bars(some_distribution(), ENGLISH, n=5).layout.shapes


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_logarithmic_axis_holds_every_bar(dtype: type[np.floating[Any]]) -> None:
    # 5e-324 is the smallest number that float64 can hold.
    values = np.array([0, -1, -5, -742, -10_000], dtype)
    figure = distribution_bars(Sampling().apply(values, (), VOCABULARY), ENGLISH, n=5, log=True)
    assert figure.layout.xaxis.type == "log"
    low, high = (10**exponent for exponent in figure.layout.xaxis.range)
    assert all(low * 0.999 <= x <= high for x in final(figure).x)
    assert math.isfinite(figure.layout.xaxis.range[0])
    assert figure.layout.xaxis.title.text == "probability (logarithmic)"


@pytest.mark.parametrize("log", [False, True])
@pytest.mark.parametrize("dark", [False, True])
def test_colours_are_values_and_follow_the_theme(dark: bool, log: bool) -> None:
    look = Look(dark=dark)
    text = distribution_bars(some_distribution(temperature=0.5), look, pins=(3,), log=log).to_json()
    assert "var(" not in text
    assert look.text in text
    assert look.accent in text
    assert replace(look, dark=not dark).accent not in text


def test_every_word_is_in_the_language_of_the_look() -> None:
    pictures = {
        language: strings(json.loads(distribution_bars(some_distribution(), Look(language=language), n=5).to_json()))
        for language in ("en", "zh-Hans")
    }
    for message_id in ("bars-title", "axis-probability"):
        assert any(escape(tr(message_id, "zh-Hans")) in text for text in pictures["zh-Hans"])
    english_words = {s for s in pictures["en"] if " " in s}
    assert len(english_words) >= 5  # title, rest, hovers
    assert not english_words & set(pictures["zh-Hans"])


def test_the_picture_is_a_pure_function_of_its_record() -> None:
    distribution = some_distribution(temperature=0.7)
    before = distribution.probabilities.copy()
    one, other = (distribution_bars(distribution, ENGLISH, pins=(1,)).to_json() for _ in range(2))
    assert one == other
    np.testing.assert_array_equal(distribution.probabilities, before)


def test_labels_have_a_fixed_place_so_that_bars_do_not_jump() -> None:
    short, long = (
        distribution_bars(Sampling().apply(values, (), VOCABULARY), ENGLISH, n=5).layout
        for values in (np.arange(V, dtype=float), -np.arange(V, dtype=float))
    )
    assert (short.margin.l, short.height) == (long.margin.l, long.height)
    assert short.yaxis.automargin is False
    assert all(len(label) <= 22 * len("&#36;") for label in long.yaxis.ticktext)
