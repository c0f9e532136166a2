"""The bars of the next-token distribution, as plotly is handed them."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from explorer.figures.distribution.bars import NO_TOKEN, distribution_bars
from explorer.figures.shared.escape import escape
from explorer.figures.shared.stage_names import stage_name
from explorer.figures.shared.theme import Theme
from explorer.locales import tr
from explorer.sampling.distribution import KEPT, Distribution
from explorer.sampling.sampling import Sampling
from tests.figures.reading import (
    HOSTILE,
    UNTIMED,
    VOCABULARY,
    V,
    assert_no_foreign_markup,
    distributions,
    sentences,
    some_distribution,
    texts,
    trace_named,
)

ENGLISH = Theme()


def final(figure: go.Figure) -> go.Bar:
    trace = trace_named(figure, "final")
    assert trace is not None
    return trace


@UNTIMED
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
    for parameters in ({}, {"top_k": 2}, {"greedy": True}):
        figure = distribution_bars(
            some_distribution(**parameters), ENGLISH, n=10, pins=range(len(HOSTILE)), next_id=len(HOSTILE) - 1
        )
        assert_no_foreign_markup(figure)
        shown = [*figure.layout.yaxis.ticktext, *final(figure).hovertext]
        assert any("&lt;b&gt;" in text for text in shown)
        assert any("&amp;amp;" in text for text in shown)
        assert any("&#36;x&#36;" in text for text in shown)
        assert final(figure).hovertext[5].startswith("&lt;br&gt;x<br>")


def test_the_one_the_others_hide_does_not_reach_plotly_as_markup_either() -> None:
    distribution = Sampling().apply(np.arange(V, dtype=np.float32), (), VOCABULARY)
    figure = distribution_bars(distribution, ENGLISH, n=5, next_id=1)
    assert_no_foreign_markup(figure)
    assert "one of them: &lt;script&gt;" in final(figure).hovertext[5]


def test_a_hover_says_what_the_bar_stands_for() -> None:
    distribution = some_distribution(temperature=0.5)
    hover = final(distribution_bars(distribution, ENGLISH, n=10)).hovertext[7]
    candidate = distribution.top(8)[-1]
    assert hover.split("<br>") == [
        "·word0",
        f"probability {candidate.probability:.3g}",
        f"before the sampler {candidate.raw_probability:.3g}",
        "logit −1.75",
        "rank 8",
        f"id {candidate.id}",
    ]


@UNTIMED
@given(distributions(), st.integers(1, 12), st.integers(0, V - 1))
def test_bars_are_those_of_the_record(made: tuple[Distribution, Sampling], n: int, pin: int) -> None:
    distribution, _ = made
    figure = distribution_bars(distribution, ENGLISH, n=n, pins=(pin,))
    bars, raw = final(figure), trace_named(figure, "raw")
    ids = [i for i in bars.customdata if i >= 0]
    assert ids == [*(c.id for c in distribution.top_before_or_after(n)), pin]
    assert [i for i, shown in enumerate(bars.customdata) if shown == NO_TOKEN] == [n]
    for place, i in enumerate(bars.customdata):
        if i == NO_TOKEN:
            continue
        assert bars.x[place] == distribution.probabilities[i]
        assert raw is None or raw.x[place] == distribution.raw_probabilities[i]
        stage = distribution.removed_by[i]
        removed = stage != KEPT
        assert (bars.x[place] == 0) >= removed
        assert bars.text[place].startswith("removed by") == removed
        assert (bars.textfont.color[place] == ENGLISH.muted) == removed
        assert (f"color:{ENGLISH.muted}" in figure.layout.yaxis.ticktext[place]) == removed
        if removed:
            assert bars.text[place] == f"removed by {stage_name(distribution.stages[stage].name, 'en')}"
            assert f"<br>probability 0: {bars.text[place]}<br>before the sampler " in bars.hovertext[place]


def test_the_others_say_how_many_of_them_are_left() -> None:
    def rest(**parameters: Any) -> tuple[str, str, str]:
        figure = distribution_bars(some_distribution(**parameters), ENGLISH, n=5)
        return final(figure).hovertext[5], final(figure).text[5], figure.layout.yaxis.ticktext[5]

    assert rest()[0].startswith("35 tokens together<br>probability 0.2")
    assert "left" not in rest()[0]  # nothing is in force
    for top_k, sentence in {5: "none of them is left", 6: "1 of them is left", 9: "4 of them are left"}.items():
        hover, text, label = rest(top_k=top_k)
        assert hover.split("<br>")[-1] == sentence
        assert (text == "all removed") == (top_k == 5)
        assert ("<span" in label) == (top_k == 5)
    # One of the five is removed, and none of the others.
    assert rest(banned=(0,))[0].split("<br>")[-1] == "35 of them are left"


def test_the_token_that_the_draw_falls_on_has_a_mark() -> None:
    def marks(figure: go.Figure) -> list[int]:
        assert all(note.font.color == ENGLISH.drawn for note in figure.layout.annotations)
        return [int(note.y) for note in figure.layout.annotations]

    def said(figure: go.Figure) -> list[int]:
        return [i for i, hover in enumerate(final(figure).hovertext) if "coming draw" in hover]

    drawn: dict[int | None, list[int]] = {None: [], 0: [0], 4: [4, 7], 20: [5]}
    for next_id, expected in drawn.items():
        figure = distribution_bars(some_distribution(), ENGLISH, n=5, pins=(30, 4), next_id=next_id)
        assert marks(figure) == said(figure) == expected
    hover = final(distribution_bars(some_distribution(), ENGLISH, n=5, next_id=20)).hovertext[5]
    assert hover.endswith("the coming draw falls on one of them: ·word13")


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


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("temperature", [0.1, 0.001])
def test_what_no_stage_removed_never_reads_0(temperature: float, dtype: type[np.floating[Any]]) -> None:
    distribution = Sampling(temperature=temperature).apply(-np.arange(V, dtype=dtype), (), VOCABULARY)
    assert np.float32(math.exp(distribution.logits[-1] / temperature)) == 0
    figure = distribution_bars(distribution, ENGLISH, n=V - 5, log=True)
    assert "0" not in final(figure).text
    assert min(final(figure).x) > 0
    few, many = (distribution_bars(distribution, ENGLISH, n=n, log=True).layout.xaxis.dtick for n in (2, V))
    assert few <= many <= 16, "not a tick for each of 300 powers of ten"


@pytest.mark.parametrize("log", [False, True])
@pytest.mark.parametrize("dark", [False, True])
def test_colours_are_values_and_follow_the_theme(dark: bool, log: bool) -> None:
    theme = Theme(dark=dark)
    text = distribution_bars(some_distribution(temperature=0.5), theme, pins=(3,), log=log).to_json()
    assert "var(" not in text
    assert theme.text in text
    assert theme.accent in text
    assert replace(theme, dark=not dark).accent not in text


def test_every_word_is_in_the_language_of_the_look() -> None:
    figures = {
        language: distribution_bars(some_distribution(top_k=3), Theme(language=language), n=5, next_id=0)
        for language in ("en", "zh-Hans")
    }
    for message_id in ("bars-title", "axis-probability"):
        assert any(escape(tr(message_id, "zh-Hans")) in text for text in texts(figures["zh-Hans"]))
    english, chinese = (sentences(figure) for figure in figures.values())
    assert len(english) >= 5  # title, rest, hovers
    assert not english & chinese


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
