"""Colours: real ones, readable on each other, in both themes."""

from __future__ import annotations

import itertools
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from plotly.colors import hex_to_rgb, unlabel_rgb

from explorer.figures.look import Look

LOOKS = [Look(dark, contrast) for dark, contrast in itertools.product((False, True), repeat=2)]
BACKGROUND = {False: "#ffffff", True: "#111111"}
LEAST_CONTRAST = 4.5
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


@pytest.mark.parametrize("look", LOOKS, ids=str)
def test_colours_are_colours_that_plotly_knows(look: Look) -> None:
    # plotly takes a CSS variable for white, silently.
    named = [look.text, look.muted, look.grid, look.accent, look.ghost, look.pinned]
    assert all(re.fullmatch(r"#[0-9a-f]{6}", colour) for colour in named)
    assert all(re.fullmatch(r"rgb\(\d+, \d+, \d+\)", colour) for colour in look.amounts)


@pytest.mark.parametrize("look", LOOKS, ids=str)
def test_text_is_readable_on_the_page(look: Look) -> None:
    for colour in (look.text, look.muted):
        assert contrast(colour, BACKGROUND[look.dark]) >= LEAST_CONTRAST


@pytest.mark.parametrize("look", LOOKS, ids=str)
@given(share=st.floats(-1, 2))
@example(share=float("nan"))
@example(share=float("inf"))
def test_labels_are_readable_on_every_amount(look: Look, share: float) -> None:
    colour = look.amount(share)
    assert contrast(look.ink_on(colour), colour) >= LEAST_CONTRAST


@pytest.mark.parametrize("look", LOOKS, ids=str)
def test_larger_amounts_stand_out_more(look: Look) -> None:
    contrasts = [contrast(colour, BACKGROUND[look.dark]) for colour in look.amounts]
    assert contrasts == sorted(contrasts)
    assert look.amounts[0] == look.amount(0)
    assert look.amounts[-1] == look.amount(1)
