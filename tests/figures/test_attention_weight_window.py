"""The arithmetic of a weight in a layer that sees only the last tokens."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from explorer.figures.attention.attention_weight_rows import N_ROWS, NO_KEY, weight_rows
from explorer.figures.attention.attention_weight_steps import WeightSteps, weight_arithmetic
from explorer.figures.shared.theme import Theme
from explorer.language_model.attention import Floats, HeadVectors
from explorer.locales import ExplorerError
from tests.attention import head_vectors
from tests.figures.reading import OUR_MARKUP, trace_named

LOOK = Theme(language="en")


def windowed(n_tokens: int, window: int) -> HeadVectors:
    return replace(head_vectors(n_tokens), window=window)


def row_of(vectors: HeadVectors, query: int, window: int) -> Floats:
    """The row of weights, written out: softmax over the last ``window`` keys, 0 before."""
    first = max(0, query - window + 1)
    scores = [float(vectors.queries[query] @ vectors.keys[key]) * vectors.scaling for key in range(first, query + 1)]
    exponentials = np.exp(np.array(scores, np.float64))
    return np.concatenate([np.zeros(first), exponentials / exponentials.sum()])


@pytest.mark.parametrize(("query", "window"), [(3, 5), (4, 5), (5, 5), (8, 5), (8, 1)])
def test_the_steps_lead_to_the_weights_within_the_window(query: int, window: int) -> None:
    vectors = windowed(9, window)
    row = row_of(vectors, query, window)
    steps = WeightSteps(vectors, row, query)
    np.testing.assert_allclose(steps.weights, row, atol=1e-6)
    assert steps.first_key == max(0, query - window + 1)
    wrong = window + 1 if query >= window else query  # one more or one fewer than it sees
    with pytest.raises(ExplorerError, match="do not follow"):
        WeightSteps(replace(vectors, window=wrong), row, query)


def test_a_key_before_the_window_is_refused_in_words() -> None:
    vectors = windowed(9, 5)
    row = row_of(vectors, 8, 5)
    assert WeightSteps(vectors, row, 4).key == 4
    with pytest.raises(ExplorerError, match=r"sees only the last 5 tokens.*closer to the query"):
        WeightSteps(vectors, row, 3)


@pytest.mark.parametrize("n_tokens", [9, 40])
def test_what_comes_before_the_window_has_one_row(n_tokens: int) -> None:
    vectors, query, window = windowed(n_tokens, 5), n_tokens - 2, 5
    steps = WeightSteps(vectors, row_of(vectors, query, window), query)
    figure = weight_rows(steps, [f"t{i}" for i in range(n_tokens)], LOOK)
    labels = [OUR_MARKUP.sub("", label) for label in figure.layout.yaxis.ticktext]
    assert labels == [f"{n_tokens - 6} earlier ones", *(f"t{i}" for i in range(query - 4, query + 1)), f"t{query + 1}"]
    rows = trace_named(figure, "rows")
    assert rows.customdata[0] == NO_KEY
    assert "sees 5 tokens" in rows.hovertext[0]
    assert len(labels) <= N_ROWS
    assert "exp over its sum for 5 tokens" in weight_arithmetic(steps, "en")[2][1]
