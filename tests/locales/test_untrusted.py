"""A stranger's text hides nothing and turns nothing round, wherever it is shown as running text."""

from __future__ import annotations

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from explorer.figures.shared.escape import escape
from explorer.language_model.tokens import Token
from explorer.locales import ExplorerError, Message, tr, visible
from explorer.sessions import session_format

TURNS = "safe\u202egnp.exe\u2066\u2069\u200e\u200f\u061c"

# Format characters that are seen, or by which a language spells: signs of Arabic, Kaithi, hieroglyphs; joiners.
SEEN = {"\u0600", "\u0601", "\u0602", "\u0603", "\u0604", "\u0605", "\u06dd", "\u070f", "\u0890", "\u0891", "\u08e2"}
SEEN |= {"\U000110bd", "\U000110cd", *map(chr, range(0x13430, 0x13440)), "\u200c", "\u200d"}


def test_every_character_without_a_glyph_is_named() -> None:
    kept = set()
    for character in map(chr, range(sys.maxunicode + 1)):
        if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp") and character not in SEEN:
            named = visible(character)
            if named == character:
                kept.add(character)
            else:
                assert named == f"⟨U+{ord(character):04X}⟩"
    assert kept == {"\n", "\t"}


@pytest.mark.parametrize("blank", ["\u115f", "\u1160", "\u2800", "\u3164", "\uffa0", "\u034f", "\U000e0100"])
def test_letters_and_symbols_that_are_blank_are_named(blank: str) -> None:
    assert visible(f"a{blank}b") == f"a⟨U+{ord(blank):04X}⟩b"
    label = Token(7, blank.encode()).label
    assert label == f"⟨U+{ord(blank):04X}⟩"


def test_a_selector_alone_is_named_and_behind_its_character_stays() -> None:
    assert Token(7, "\ufe0f".encode()).label == "⟨U+FE0F⟩"
    assert Token(7, "❤\ufe0f".encode()).label == "❤\ufe0f"


@given(
    st.text(
        st.characters(exclude_categories=["Cc", "Cf", "Cs", "Zl", "Zp", "Cn"], max_codepoint=0x10FF).filter(
            lambda c: c != "\u034f"
        )
    )
)
def test_what_can_be_seen_stays(text: str) -> None:
    assert visible(text) == text


@pytest.mark.parametrize("text", ["👩‍🚀 ❤️", "می‌خواهم", "क्‍ष", "两行\n\t字"])
def test_what_languages_spell_with_stays(text: str) -> None:
    assert visible(text) == text


def shown() -> dict[str, str]:
    """`TURNS` in every kind of place."""
    twice = Message.of("strategy-twice", name=TURNS)
    return {
        "a sentence": tr("strategy-twice", name=TURNS),
        "a sentence in a sentence": tr("strategies-file-wrong", file="x", which="1", problem=twice),
        "an error": str(ExplorerError("no-such-folder", folder=TURNS)),
        "a picture": escape(TURNS),
        "a label": Token(1, TURNS.encode()).label,
        "a value of a session": session_format.quoted(TURNS),
    }


@pytest.mark.parametrize("place", shown())
def test_nothing_turns_text_round(place: str) -> None:
    text = shown()[place]
    assert "⟨U+202E⟩" in text
    assert not [c for c in text if unicodedata.category(c) == "Cf"]


def test_a_sentence_within_a_sentence_is_in_the_same_language() -> None:
    wrong = ExplorerError("strategies-file-wrong", file="x", which="1", problem=Message.of("strategy-missing"))
    assert "There is no strategy" in wrong.message.render("en")
    assert "There is no strategy" not in wrong.message.render("zh-Hans")
