"""The funnel of the sampler, as plotly is handed it."""

from __future__ import annotations

from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest
from hypothesis import given
from hypothesis import strategies as st

from explorer.figures.distribution.funnel import MAX_WITH_NUMBERS, N_GAUGES, sampler_funnel
from explorer.figures.shared.stage_names import stage_parameter
from explorer.figures.shared.theme import Theme
from explorer.sampling.distribution import KEPT, Distribution
from explorer.sampling.sampling import Sampling
from tests.figures.reading import (
    OUR_MARKUP,
    UNTIMED,
    VOCABULARY,
    V,
    assert_no_foreign_markup,
    distributions,
    sentences,
    some_distribution,
    trace_named,
)

ENGLISH = Theme()
USUAL = Sampling(temperature=0.8, top_k=9, top_p=0.9, repetition_penalty=1.2, min_p=0.03)
ALL = Sampling(
    temperature=1.3, top_k=20, top_p=0.95, min_p=0.01, typical_p=0.9, repetition_penalty=1.2, presence_penalty=0.5,
    frequency_penalty=0.25, no_repeat_ngram=1, banned=(5,), bias=((3, 2.0),),
)  # fmt: skip


def funnel(sampling: Sampling, theme: Theme = ENGLISH, **keywords: Any) -> go.Figure:
    distribution = sampling.apply(-np.arange(V, dtype=np.float32) / 4, (0, 1), VOCABULARY)
    return sampler_funnel(distribution, sampling, theme, **keywords)


def grid(figure: go.Figure, name: str) -> dict[tuple[int, int], int]:
    """(column, row) -> place in the trace's arrays; the columns stand at the same distance from each other."""
    trace = trace_named(figure, name)
    bases = sorted(set(trace_named(figure, "cells").base))
    assert bases[0] == 0
    assert np.allclose(np.diff(bases), bases[1] if len(bases) > 1 else 0, atol=2e-3)
    places = {(bases.index(base), int(row)): i for i, (base, row) in enumerate(zip(trace.base, trace.y, strict=True))}
    assert len(places) == len(trace.x)
    return places


@UNTIMED
@given(distributions(), st.integers(1, 12))
def test_every_cell_is_what_the_record_says(made: tuple[Distribution, Sampling], n: int) -> None:
    distribution, sampling = made
    figure = sampler_funnel(distribution, sampling, ENGLISH, n=n)
    bars, cells = trace_named(figure, "probabilities"), trace_named(figure, "cells")
    at, ground = grid(figure, "probabilities"), grid(figure, "cells")
    shown = distribution.top_before_or_after(n)
    others = np.setdiff1d(np.arange(V), [c.id for c in shown])
    columns = [distribution.raw_probabilities, *(stage.probabilities for stage in distribution.stages)]
    assert len(at) == len(columns) * (len(shown) + 1)
    for row, ids in enumerate([*(np.array([c.id]) for c in shown), others], start=N_GAUGES):
        removers = distribution.removed_by[ids]
        last = KEPT if (removers == KEPT).any() else max(removers) + 1  # the column that has none of them any more
        for column, probabilities in enumerate(columns):
            place = at[column, row]
            gone = last != KEPT and column >= last
            expected = min(1.0, probabilities[ids].sum(dtype=np.float64))  # rounding may lift a sum above 1
            assert bars.x[place] == pytest.approx(expected, abs=1e-12)
            assert bars.x[place] == 0 or not gone
            assert (cells.marker.color[ground[column, row]] == ENGLISH.grid) == gone
            assert (bars.text[place] == "×") == (gone and column == last)
            if gone:
                name = stage_parameter(sampling, distribution.stages[last - 1].name, "en")
                assert f"removed by {name}" in cells.hovertext[ground[column, row]]
    for column in range(len(columns)):
        total = sum(bars.x[place] for (c, _), place in at.items() if c == column)
        assert total == pytest.approx(1, abs=1e-6)


@UNTIMED
@given(distributions())
def test_the_gauges_are_what_the_record_says(made: tuple[Distribution, Sampling]) -> None:
    distribution, sampling = made
    figure = sampler_funnel(distribution, sampling, ENGLISH)
    lengths, at = trace_named(figure, "gauges").x, grid(figure, "gauges")
    cells, ground = trace_named(figure, "cells"), grid(figure, "cells")
    assert [lengths[at[0, row]] for row in (0, 1)] == [1, 1]
    assert cells.text[ground[0, 0]] == str(V)
    for column, stage in enumerate(distribution.stages, start=1):
        tokens, mass, bits = (lengths[at[column, row]] for row in range(N_GAUGES))
        assert V**tokens == pytest.approx(stage.n_survivors)
        assert cells.text[ground[column, 0]] == str(stage.n_survivors)
        assert mass == pytest.approx(distribution.raw_mass(stage), abs=1e-6)
        assert (mass == 1) == (stage.n_survivors == V) or mass > 1 - 1e-6
        assert bits * np.log2(V) == pytest.approx(stage.entropy_bits)
        assert bits <= tokens + 1e-6
        assert f"{stage.n_survivors} of {V} tokens" in cells.hovertext[ground[column, 0]]
    assert len({cells.hovertext[ground[0, row]] for row in range(N_GAUGES)}) == 1


def test_what_lost_no_token_has_all_of_the_raw_probability() -> None:
    # Of float32 probabilities the sum differs from 1 a little, on either side.
    random = np.random.default_rng(0)
    for _ in range(20):
        logits = random.normal(size=len(VOCABULARY)).astype(np.float32)
        figure = sampler_funnel(Sampling(temperature=2).apply(logits, (), VOCABULARY), Sampling(temperature=2), ENGLISH)
        assert list(trace_named(figure, "gauges").x[2:4]) == [1, 1]
        assert list(trace_named(figure, "cells").text[2:4]) == ["1", "1"]


def headings(figure: go.Figure) -> list[str]:
    return [OUR_MARKUP.sub("", note.text.replace("<br>", " ")) for note in figure.layout.annotations]


def test_columns_are_named_after_the_stages_and_the_last_stands_out() -> None:
    figure = funnel(USUAL)
    names = ["before the sampler", "repetition penalty 1.2", "temperature 0.8", "top-k 9", "top-p 0.9", "min-p 0.03"]
    assert headings(figure) == names
    assert [note.text.startswith("<b>") for note in figure.layout.annotations] == [False] * 5 + [True]
    assert headings(funnel(Sampling(order=tuple(reversed(USUAL.order)), temperature=0.8, top_k=9)))[1:] == [
        "top-k 9", "temperature 0.8",
    ]  # fmt: skip
    bars, at = trace_named(figure, "probabilities"), grid(figure, "probabilities")
    first, middle, last = ((bars.marker.color[i], bars.marker.opacity[i]) for i in (at[0, 3], at[2, 3], at[5, 3]))
    assert (first, middle, last) == ((ENGLISH.ghost, 1), (ENGLISH.accent, 0.5), (ENGLISH.accent, 1))


def test_names_are_broken_by_the_width_of_what_they_hold() -> None:
    chinese = funnel(Sampling(repetition_penalty=1.2, top_k=40, top_p=0.9), Theme(language="zh-Hans"))
    lines = [OUR_MARKUP.sub("|", note.text).strip("|").split("|") for note in chinese.layout.annotations]
    assert lines == [["采样处理前"], ["重复惩罚 1.2"], ["top-k 截断", "40"], ["top-p 截断", "0.9"]]


def test_with_nothing_in_force_there_is_one_column_and_a_sentence() -> None:
    figure = funnel(Sampling())
    assert headings(figure) == ["before the sampler"]
    assert "no stage is in force" in figure.layout.title.text
    assert "no stage is in force" not in funnel(USUAL).layout.title.text
    bars = trace_named(figure, "probabilities")
    assert set(bars.marker.color[:-1]) == {ENGLISH.accent}  # these are what a draw sees


def test_a_greedy_choice_leaves_one_token() -> None:
    figure = funnel(Sampling(greedy=True))
    assert headings(figure) == ["before the sampler", "greedy choice"]
    at = grid(figure, "probabilities")
    bars = trace_named(figure, "probabilities")
    assert [bars.x[at[1, row]] for row in range(3, 6)] == [1, 0, 0]
    assert [bars.text[at[1, row]] for row in range(3, 6)] == ["1", "×", "×"]
    assert "1 of 40 tokens is left" in figure.layout.meta["description"]


def test_a_cell_says_what_a_stage_did() -> None:
    figure = funnel(Sampling(temperature=0.5, top_k=2))
    distribution = some_distribution(temperature=0.5, top_k=2)
    cells, at = trace_named(figure, "cells"), grid(figure, "cells")
    raw, warm = distribution.raw_probabilities, distribution.stages[0].probabilities
    assert cells.hovertext[at[0, 5]] == f"&amp;amp;<br>before the sampler {raw[2]:.3g}"
    assert cells.hovertext[at[1, 5]] == f"&amp;amp;<br>after temperature 0.5: {warm[2]:.3g}<br>before it: {raw[2]:.3g}"
    assert cells.hovertext[at[2, 5]] == f"&amp;amp;<br>removed by top-k 2<br>before it: {warm[2]:.3g}"
    assert cells.hovertext[at[2, 13]].endswith("none of them is left")
    # A token that never was there has been removed by no stage.
    logits = np.array([0, 1, -np.inf, -np.inf, 2])
    figure = sampler_funnel(Sampling(top_k=1).apply(logits, (), VOCABULARY), Sampling(top_k=1), ENGLISH, n=5)
    cells, at = trace_named(figure, "cells"), grid(figure, "cells")
    assert {cells.hovertext[at[column, 6]].split("<br>", 1)[1] for column in (0, 1)} == {"before the sampler 0"}


def test_many_columns_have_no_room_for_numbers() -> None:
    few, many = funnel(USUAL), funnel(ALL)
    assert len(headings(few)) == MAX_WITH_NUMBERS
    assert len(headings(many)) == 12
    assert {note.textangle for note in few.layout.annotations} == {0}
    assert {note.textangle for note in many.layout.annotations} != {0}
    assert "" not in {trace_named(few, "probabilities").text[i] for i in range(6)}
    assert set(trace_named(many, "probabilities").text) == {"", "×"}
    assert few.layout.height < many.layout.height < few.layout.height + 100


@pytest.mark.parametrize("sampling", [Sampling(), USUAL, ALL, Sampling(greedy=True)], ids=str)
def test_no_token_reaches_plotly_as_markup(sampling: Sampling) -> None:
    figure = funnel(sampling)
    assert_no_foreign_markup(figure)
    assert any(text.startswith("&lt;br&gt;x<br>") for text in trace_named(figure, "cells").hovertext)


@pytest.mark.parametrize("language", ["en", "zh-Hans"])
def test_a_picture_of_five_stages_is_light(language: str) -> None:
    assert len(funnel(USUAL, Theme(language=language)).to_json(validate=False)) <= 24_000


def test_every_word_is_in_the_language_of_the_look() -> None:
    english, chinese = (sentences(funnel(USUAL, Theme(language=language))) for language in ("en", "zh-Hans"))
    assert len(english) > 20
    assert not english & chinese


def test_the_picture_is_a_pure_function_of_its_record() -> None:
    distribution = some_distribution(top_k=3)
    before = distribution.probabilities.copy()
    one, other = (sampler_funnel(distribution, Sampling(top_k=3), ENGLISH).to_json() for _ in range(2))
    assert one == other
    np.testing.assert_array_equal(distribution.probabilities, before)
