"""Colours: real ones, readable on each other, in both themes."""

from __future__ import annotations

import itertools
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from plotly.colors import hex_to_rgb, unlabel_rgb

from explorer.figures.shared.theme import Theme

THEMES = [Theme(dark, contrast) for dark, contrast in itertools.product((False, True), repeat=2)]
BACKGROUND = {False: "#ffffff", True: "#111111"}
MIN_CONTRAST = 4.5
"""WCAG 2.2, success criterion 1.4.3: text of normal size."""


def luminance(colour: str) -> float:
    """WCAG 2.2, relative luminance, 0..1."""
    channels = hex_to_rgb(colour) if colour.startswith("#") else unlabel_rgb(colour)
    shares = [channel / 255 for channel in channels]
    linear = [share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares]
    return sum(weight * share for weight, share in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", THEMES, ids=str)
def test_colours_are_colours_that_plotly_knows(theme: Theme) -> None:
    # plotly takes a CSS variable for white, silently.
    named = [theme.text, theme.muted, theme.grid, theme.accent, theme.ghost, theme.pinned]
    assert all(re.fullmatch(r"#[0-9a-f]{6}", colour) for colour in named)
    assert all(re.fullmatch(r"rgb\(\d+, \d+, \d+\)", colour) for colour in theme.amounts)


@pytest.mark.parametrize("theme", THEMES, ids=str)
def test_text_is_readable_on_the_page(theme: Theme) -> None:
    for colour in (theme.text, theme.muted):
        assert contrast(colour, BACKGROUND[theme.dark]) >= MIN_CONTRAST


@pytest.mark.parametrize("theme", THEMES, ids=str)
@given(share=st.floats(-1, 2))
@example(share=float("nan"))
@example(share=float("inf"))
def test_labels_are_readable_on_every_amount(theme: Theme, share: float) -> None:
    colour = theme.amount(share)
    assert contrast(theme.ink_on(colour), colour) >= MIN_CONTRAST


@pytest.mark.parametrize("theme", THEMES, ids=str)
def test_larger_amounts_stand_out_more(theme: Theme) -> None:
    contrasts = [contrast(colour, BACKGROUND[theme.dark]) for colour in theme.amounts]
    assert contrasts == sorted(contrasts)
    assert theme.amounts[0] == theme.amount(0)
    assert theme.amounts[-1] == theme.amount(1)
