"""Thumbnails against a loop over every block, and their colours."""

from __future__ import annotations

import numpy as np
import pytest

from explorer.figures.attention.attention_weights import byte_colours
from explorer.figures.attention.thumbnails import MAX_CELLS, palette, thumbnails
from explorer.figures.shared.theme import Theme
from explorer.language_model.attention import EXACT_TOKENS, FROM_BYTE, Attention, Bytes, Floats, square, to_bytes
from tests.attention import attention_of, random_weights


def by_hand(weights: Floats, first_token: str, most: int) -> tuple[Bytes, int]:
    """(n_layer, n_head, T, T) -> (n_layer, n_head, S, S), one block after the other."""
    n_layer, n_head, n_tokens, _ = weights.shape
    treated = weights.copy()
    if first_token != "shown":
        treated[..., 1:, 0] = 0
    if first_token == "renormalised":
        treated[..., 1:, :] /= treated[..., 1:, :].sum(-1, keepdims=True)
    step = int(np.ceil(n_tokens / most))
    side = int(np.ceil(n_tokens / step))
    blocks = np.zeros((n_layer, n_head, side, side))
    for row in range(side):
        for column in range(row + 1):
            block = treated[:, :, row * step : (row + 1) * step, column * step : (column + 1) * step]
            blocks[:, :, row, column] = block.max((-1, -2))
    return to_bytes(blocks), step


@pytest.mark.parametrize("first_token", ["shown", "hidden", "renormalised"])
@pytest.mark.parametrize(
    ("n_tokens", "most"),
    [(1, 64), (2, 64), (5, 64), (64, 64), (65, 64), (20, 7), (21, 7), (22, 7), (9, 1), (EXACT_TOKENS, 64)],
)
def test_a_cell_is_the_largest_weight_of_its_block(n_tokens: int, most: int, first_token: str) -> None:
    weights = random_weights(2, 3, n_tokens)
    expected, step = by_hand(weights, first_token, most)
    small = thumbnails(attention_of(weights), first_token, most)
    assert (small.step, small.side) == (step, expected.shape[-1])
    assert small.side <= most
    assert small.cells.dtype == np.uint8
    # Rounding may go the other way where a row is divided by a sum that was added up in another order.
    assert np.abs(square(small.cells).astype(int) - expected).max() <= (first_token == "renormalised")


@pytest.mark.parametrize("first_token", ["shown", "hidden", "renormalised"])
def test_of_a_long_text_it_is_made_of_bytes(first_token: str) -> None:
    n_tokens = EXACT_TOKENS + 45
    attention = attention_of(random_weights(1, 2, n_tokens))
    assert attention.exact is None
    expected, step = by_hand(square(FROM_BYTE[attention.packed()]), first_token, MAX_CELLS)
    small = thumbnails(attention, first_token)
    assert small.step == step == 5
    assert np.abs(square(small.cells).astype(int) - expected).max() <= (first_token == "renormalised")


def test_up_to_so_many_tokens_nothing_is_lost() -> None:
    attention = attention_of(random_weights(2, 2, MAX_CELLS))
    small = thumbnails(attention)
    assert small.step == 1
    assert np.array_equal(small.cells, attention.packed())


def test_the_first_row_keeps_its_only_weight() -> None:
    attention = attention_of(random_weights(1, 1, 6))
    for first_token in ("hidden", "renormalised"):
        cells = square(thumbnails(attention, first_token).cells)[0, 0]
        assert cells[0, 0] == 255
        assert not cells[1:, 0].any()


def test_the_record_stays_as_it_is() -> None:
    weights = random_weights(1, 2, 30)
    attention: Attention = attention_of(weights)
    before = attention.packed().copy()
    for first_token in ("hidden", "renormalised"):
        thumbnails(attention, first_token, 10)
    assert np.array_equal(attention.packed(), before)


@pytest.mark.parametrize("log", [False, True])
@pytest.mark.parametrize("dark", [False, True])
def test_a_palette_has_the_colours_of_the_bytes(dark: bool, log: bool) -> None:
    theme = Theme(dark=dark)
    packed = palette(theme, log=log)
    assert len(packed) == 256 * 3
    for byte, colour in enumerate(byte_colours(theme, log=log)):
        channels = [float(channel) for channel in colour.removeprefix("rgb(").removesuffix(")").split(",")]
        assert list(packed[3 * byte : 3 * byte + 3]) == [round(channel) for channel in channels]


def test_a_palette_begins_at_the_background_and_tells_every_look_apart() -> None:
    assert palette(Theme(), log=False)[:3] == bytes([255] * 3)
    palettes = {palette(Theme(dark=dark), log=log) for dark in (False, True) for log in (False, True)}
    assert len(palettes) == 4
