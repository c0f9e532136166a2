"""Weights without the first token, against loops over rows."""

from __future__ import annotations

import numpy as np
import pytest

from explorer.language_model.attention import Floats, square
from explorer.probes.first_token import FIRST_TOKEN, row_without_first, without_first
from tests.attention import random_weights


def packed(dense: Floats) -> Floats:
    return np.asarray(dense[..., *np.tril_indices(dense.shape[-1])])


def by_hand(dense: Floats, how: str) -> Floats:
    treated = dense.astype(np.float64)
    for row in treated.reshape(-1, *dense.shape[-2:]):
        for weights in row[1:]:
            if how != "shown":
                weights[0] = 0
            if how == "renormalised" and weights.sum() > 0:
                weights /= weights.sum()
    return treated


@pytest.mark.parametrize("how", FIRST_TOKEN)
@pytest.mark.parametrize("n_tokens", [1, 2, 3, 40])
def test_every_row_but_the_first_is_treated(how: str, n_tokens: int) -> None:
    dense = random_weights(3, 2, n_tokens, seed=n_tokens)
    before = packed(dense)
    treated = without_first(before, how)
    np.testing.assert_allclose(square(treated), by_hand(dense, how), atol=1e-6)
    np.testing.assert_array_equal(before, packed(dense), err_msg="what was given stays as it was")
    assert treated.dtype == dense.dtype


@pytest.mark.parametrize("how", FIRST_TOKEN)
def test_a_row_alone_is_treated_like_the_row_of_a_triangle(how: str) -> None:
    dense = random_weights(2, 2, 9)
    whole = square(without_first(packed(dense), how))
    for query in range(9):
        row = row_without_first(dense[:, :, query, : query + 1], how)
        np.testing.assert_array_equal(row, whole[:, :, query, : query + 1])


def test_rows_that_have_nothing_else_become_zeros_and_no_nan() -> None:
    dense = np.zeros((4, 4), np.float32)
    dense[:, 0] = 1
    expected = np.zeros((4, 4))
    expected[0, 0] = 1  # the first token can look at nothing else
    for how in ("hidden", "renormalised"):
        np.testing.assert_array_equal(square(without_first(packed(dense), how)), expected)


def test_what_is_left_of_a_row_sums_to_1_however_little_it_is() -> None:
    row = np.array([1 - 3e-8, 1e-8, 2e-8, 0], np.float32)
    np.testing.assert_allclose(row_without_first(row, "renormalised"), [0, 1 / 3, 2 / 3, 0], rtol=1e-6)


def test_what_is_not_a_number_stays_none() -> None:
    dense = random_weights(1, 1, 5)[0, 0]
    dense[3, :4] = np.nan
    treated = square(without_first(packed(dense), "renormalised"))
    assert np.isnan(treated[3, 1:4]).all()
    assert not np.isnan(np.delete(treated, 3, 0)).any()


def test_an_unknown_way_is_refused() -> None:
    with pytest.raises(ValueError, match="hiden"):
        without_first(np.ones(1), "hiden")
