"""One place under several samplers, as plotly is handed it."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from explorer.figures.comparison.overlay import distributions_overlay
from explorer.figures.shared.theme import Theme
from explorer.sampling.sampling import Sampling
from tests.figures.reading import (
    UNTIMED,
    VOCABULARY,
    V,
    assert_no_foreign_markup,
    samplings,
    sentences,
    some_distribution,
)


@UNTIMED
@given(st.lists(samplings, min_size=1, max_size=5), st.integers(1, 12), st.integers(0, 2**32 - 1))
def test_each_column_is_its_sampler(made: list[Sampling], n: int, seed: int) -> None:
    logits = np.random.default_rng(seed).normal(0, 3, V).astype(np.float32)
    distributions = {str(i): sampling.apply(logits, (0, 1), VOCABULARY) for i, sampling in enumerate(made)}
    figure = distributions_overlay(distributions, Theme(), title="x", n=n)
    assert len(figure.data) == len(made)
    best = np.max([each.probabilities for each in distributions.values()], axis=0)
    for column, distribution in zip(figure.data, distributions.values(), strict=True):
        assert len(column.x) == n + 1
        assert sum(column.x) == pytest.approx(1, abs=1e-4)
        shown = np.argsort(-best, kind="stable")[:n]
        np.testing.assert_allclose(np.sort(column.x[:-1]), np.sort(distribution.probabilities[shown]), atol=1e-6)
    axes = [figure.layout[f"xaxis{i + 1 if i else ''}"] for i in range(len(made))]
    assert len({tuple(axis.range) for axis in axes}) == 1, "the same axis"
    assert all(a.domain[1] < b.domain[0] for a, b in pairwise(axes)), "beside each other"
    assert all(0 <= end <= 1 for axis in axes for end in axis.domain)


def test_the_marked_token_has_a_row_however_unlikely_it_is() -> None:
    distribution = some_distribution()
    unlikely = int(np.argmin(distribution.probabilities))
    figure = distributions_overlay({"it": distribution}, Theme(), title="x", n=3, marked=unlikely)
    (mark,) = [annotation for annotation in figure.layout.annotations if annotation.text == "▸"]
    assert mark.y == 2
    assert figure.layout.yaxis.ticktext[2] == distribution.candidate(unlikely).token.label
    assert figure.data[0].x[2] == pytest.approx(distribution.probabilities[unlikely])
    assert sum(figure.data[0].x) == pytest.approx(1, abs=1e-6)


def test_where_all_that_is_left_is_shown_the_others_have_nothing() -> None:
    """One minus the sum of those shown was 1.5e-8, which was shown."""
    for seed in range(20):
        logits = np.random.default_rng(seed).normal(0, 3, V).astype(np.float32)
        distribution = Sampling(top_k=5).apply(logits, (), VOCABULARY)
        figure = distributions_overlay({"it": distribution}, Theme(), title="x", n=5)
        assert figure.data[0].x[-1] == 0
        assert figure.data[0].text[-1] == "0"


@pytest.mark.parametrize("language", ["en", "zh-Hans"])
def test_tokens_and_names_never_become_markup(language: str) -> None:
    named = {"<b>one</b>": some_distribution(), "$x$": some_distribution(top_k=3)}
    figure = distributions_overlay(named, Theme(dark=True, language=language), title="<script>", marked=2)
    assert_no_foreign_markup(figure)
    assert any("&lt;b&gt;one" in sentence for sentence in sentences(figure))
    assert any(annotation.text == "▸" for annotation in figure.layout.annotations)
