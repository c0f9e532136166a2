"""Summaries of all heads, against float64 loops and cases worked by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from explorer.language_model.attention import EXACT_TOKENS, Floats, square
from explorer.locales import ExplorerError
from explorer.probes import summaries
from explorer.probes.first_token import FIRST_TOKEN, without_first
from explorer.probes.summaries import (
    HOWS,
    blend,
    blend_column,
    blend_row,
    first_share,
    largest_weight,
    mean_entropy,
    rollout,
    uniform_entropy,
)
from tests.attention import attention_of, random_weights

LONG = EXACT_TOKENS + 9
HEADS = [(1, 2), (0, 0), (1, 0)]


def naive_rollout(weights: Floats, n_layer: int) -> Floats:
    """(T, T) by the paper: float64, no numpy products."""
    n_heads, n = weights.shape[1], weights.shape[-1]
    flow = [[float(i == j) for j in range(n)] for i in range(n)]
    for layer in weights[:n_layer].astype(np.float64):
        passed = [
            [0.5 * sum(layer[h, i, j] for h in range(n_heads)) / n_heads + 0.5 * (i == j) for j in range(n)]
            for i in range(n)
        ]
        flow = [[sum(passed[i][k] * flow[k][j] for k in range(n)) for j in range(n)] for i in range(n)]
    return np.array(flow)


@pytest.mark.parametrize("n_tokens", [1, 12, LONG])
@pytest.mark.parametrize("how", HOWS)
def test_a_blend_is_the_mean_or_the_largest_of_the_heads(how: str, n_tokens: int) -> None:
    weights = random_weights(2, 3, n_tokens)
    attention = attention_of(weights)
    chosen = np.stack([weights[head] for head in HEADS])
    expected = chosen.mean(0) if how == "mean" else chosen.max(0)
    tolerance = 1e-6 if attention.exact is not None else 0.004
    whole = blend(attention, HEADS, how)
    np.testing.assert_allclose(square(whole), expected, atol=tolerance)
    for query in {0, n_tokens // 2, n_tokens - 1}:
        np.testing.assert_array_equal(blend_row(attention, HEADS, how, query), square(whole)[query, : query + 1])
        np.testing.assert_array_equal(blend_column(attention, HEADS, how, query), square(whole)[query:, query])


@pytest.mark.parametrize("first", FIRST_TOKEN)
@pytest.mark.parametrize("how", HOWS)
def test_the_first_token_is_treated_after_the_heads_are_one(how: str, first: str) -> None:
    attention = attention_of(random_weights(2, 3, 10))
    whole = square(without_first(blend(attention, HEADS, how), first))
    np.testing.assert_array_equal(square(blend(attention, HEADS, how, first=first)), whole)
    for token in range(10):
        row = blend_row(attention, HEADS, how, token, first=first)
        np.testing.assert_allclose(row, whole[token, : token + 1], rtol=1e-6)
        np.testing.assert_array_equal(blend_column(attention, HEADS, how, token, first=first), whole[token:, token])


def test_the_layer_that_is_at_hand_is_exact_in_a_long_text() -> None:
    weights = random_weights(2, 2, LONG)
    attention = attention_of(weights)
    assert np.abs(square(blend(attention, [(1, 0)], "mean")) - weights[1, 0]).max() > 1e-4
    np.testing.assert_array_equal(square(blend(attention.fetched(1), [(1, 0)], "mean")), weights[1, 0])


def test_the_model_is_never_asked() -> None:
    attention = attention_of(random_weights(2, 2, LONG))
    heads = [(layer, head) for layer in range(2) for head in range(2)]
    for how in HOWS:
        blend(attention, heads, how)
        blend_row(attention, heads, how, 5)
        blend_column(attention, heads, how, 5)
    for summary in (mean_entropy, first_share, largest_weight, rollout):
        summary(attention)
    assert attention.source.asked == 0  # type: ignore[attr-defined]


def test_what_the_model_does_not_have_is_refused() -> None:
    attention = attention_of(random_weights(2, 2, 4))
    with pytest.raises(ExplorerError, match="no layer 2"):
        blend(attention, [(0, 0), (2, 0)], "mean")
    with pytest.raises(ExplorerError, match="no head 2"):
        blend_row(attention, [(0, 2)], "mean", 1)
    with pytest.raises(ValueError, match="median"):
        blend(attention, [(0, 0)], "median")


@pytest.mark.parametrize("n_tokens", [2, 12, LONG])
def test_a_number_for_each_head_leaves_the_first_row_out(n_tokens: int) -> None:
    weights = random_weights(2, 3, n_tokens)
    attention = attention_of(weights)
    tolerance = 1e-5 if attention.exact is not None else 0.004
    later = weights[:, :, 1:].astype(np.float64)
    logs = np.log2(later, where=later > 0, out=np.zeros_like(later))
    np.testing.assert_allclose(mean_entropy(attention), -(later * logs).sum(-1).mean(-1), atol=1e-5)
    np.testing.assert_allclose(first_share(attention), later[..., 0].mean(-1), atol=tolerance)
    np.testing.assert_allclose(largest_weight(attention), later.max(-1).mean(-1), atol=tolerance)


def test_a_text_of_one_token_looks_at_it() -> None:
    attention = attention_of(random_weights(2, 3, 1))
    assert (mean_entropy(attention) == 0).all()
    assert (first_share(attention) == 1).all()
    assert (largest_weight(attention) == 1).all()
    assert rollout(attention).tolist() == [[1]]
    assert uniform_entropy(1) == 0


@pytest.mark.parametrize("n_tokens", [2, 7])
def test_the_most_entropy_is_that_of_a_head_that_looks_at_all_alike(n_tokens: int) -> None:
    uniform = np.tril(np.ones((n_tokens, n_tokens))) / np.arange(1, n_tokens + 1)[:, None]
    assert mean_entropy(attention_of(uniform[None, None]))[0, 0] == pytest.approx(uniform_entropy(n_tokens))


@given(st.integers(1, 8), st.integers(0, 3), st.integers(0, 99))
def test_rollout_is_the_papers(n_tokens: int, n_layer: int, seed: int) -> None:
    weights = random_weights(3, 2, n_tokens, seed=seed)
    flow = rollout(attention_of(weights), n_layer)
    np.testing.assert_allclose(flow, naive_rollout(weights, n_layer), atol=1e-6)
    np.testing.assert_allclose(flow.sum(-1), 1, atol=1e-6)


def test_rollout_of_two_layers_by_hand() -> None:
    """Layer 0: token 1 looks at token 0. Layer 1: its two heads look at 0 and at itself. With the residual stream:

    [1 0; 1/2 1/2] in layer 0, [1 0; 1/4 3/4] in layer 1, and their product is [1 0; 1/4 + 3/8, 3/8].
    """
    first, itself = [[1.0, 0.0], [1.0, 0.0]], [[1.0, 0.0], [0.0, 1.0]]
    weights = np.array([[first, first], [first, itself]])
    attention = attention_of(weights)
    np.testing.assert_allclose(rollout(attention), [[1, 0], [5 / 8, 3 / 8]])
    np.testing.assert_allclose(rollout(attention, 1), [[1, 0], [1 / 2, 1 / 2]])
    np.testing.assert_allclose(rollout(attention, 0), np.eye(2))


def test_rollout_of_a_long_text_is_refused_with_a_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(summaries, "MAX_ROLLED", 5)
    rollout(attention_of(random_weights(1, 1, 5)))
    with pytest.raises(ExplorerError, match=r"6 tokens.*at most 5.*Shorten"):
        rollout(attention_of(random_weights(1, 1, 6)))
