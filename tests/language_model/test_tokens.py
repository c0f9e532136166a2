"""Tokens, labels that a person can read, and what a vocabulary answers."""

from __future__ import annotations

import itertools
import re
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from explorer.language_model.tokens import Prepended, Token, Vocabulary, group_fragments
from explorer.locales import ExplorerError
from tests.texts import valid_text


def token(data: bytes) -> Token:
    return Token(7, data)


# --- labels


@pytest.mark.parametrize(
    ("data", "label"),
    [
        (b" the", "·the"),
        (b"\n", "⏎"),
        (b"\t", "⇥"),
        (b"\r\n", "␍⏎"),
        ("\u00a0".encode(), "⍽"),
        (b"\0", "␀"),
        (b"\x7f", "␡"),
        ("你".encode()[:2], "⟨E4 BD⟩"),
        (b"a" + "你".encode()[:1], "a⟨E4⟩"),
        (b"\xe4\xff", "⟨E4 FF⟩"),
        ("👩\u200d👧".encode(), "👩⟨U+200D⟩👧"),
        ("\u202e".encode(), "⟨U+202E⟩"),
        ("\u0301".encode(), "◌\u0301"),
        ("e\u0301".encode(), "e\u0301"),
        (b"<|endoftext|>", "<|endoftext|>"),
        ("·".encode(), "⟨U+00B7⟩"),
        ("⟨E4⟩".encode(), "⟨U+27E8⟩E4⟨U+27E9⟩"),
        ("\ufffd".encode(), "\ufffd"),
        (b"", "⟨#7⟩"),
    ],
)
def test_labels(data: bytes, label: str) -> None:
    assert token(data).label == label


@given(st.one_of(st.binary(min_size=1, max_size=12), valid_text.filter(bool).map(str.encode)))
@example("␀".encode())
@example("◌\u0301".encode())
@example("⟨U+0041⟩".encode())
@example("\u2028".encode())
def test_a_label_is_one_printable_line_that_stands_for_these_bytes_alone(data: bytes) -> None:
    label = token(data).label
    assert label
    assert label.isprintable()
    assert len(label.splitlines()) == 1
    assert read_back(label) == data


def read_back(label: str) -> bytes:
    """The bytes a label stands for: that there is such a function means that no two tokens look the same."""
    marks = {"·": " ", "⏎": "\n", "⇥": "\t", "⍽": "\u00a0", "␡": "\x7f"}
    marks |= {chr(0x2400 + control): chr(control) for control in range(32)}
    data = b""
    for named, fragment, character in re.findall(r"⟨U\+([0-9A-F]+)⟩|⟨([0-9A-F ]+)⟩|(.)", label.removeprefix("◌")):
        if named:
            data += chr(int(named, 16)).encode()
        elif fragment:
            data += bytes.fromhex(fragment)
        else:
            data += marks.get(character, character).encode()
    return data


@given(st.lists(st.binary(min_size=1, max_size=4), max_size=6))
def test_every_token_of_a_vocabulary_has_its_bytes_and_its_id(pieces: list[bytes]) -> None:
    vocabulary = Vocabulary(pieces, special=[0])
    tokens = vocabulary.tokens(range(len(pieces)))
    assert [t.bytes for t in tokens] == pieces
    assert [t.id for t in tokens] == list(range(len(pieces)))
    assert [t.special for t in tokens] == [i == 0 for i in range(len(pieces))]


# --- fragments


@given(valid_text.map(str.encode), st.data())
def test_the_fragments_of_a_text_are_joined_into_whole_characters(data: bytes, draw: st.DataObject) -> None:
    cuts = draw.draw(st.lists(st.integers(0, len(data)), max_size=8))
    bounds = sorted({0, len(data), *cuts})
    tokens = [token(data[a:b]) for a, b in itertools.pairwise(bounds)]
    groups = group_fragments(tokens)
    assert_joined_rightly(tokens)
    in_groups = {i for group in groups for i in range(group.start, group.stop)}
    assert in_groups == {i for i, t in enumerate(tokens) if t.text is None}
    for group in groups:
        joined = b"".join(t.bytes for t in tokens[group.start : group.stop])
        assert group.label == token(joined).label


@given(
    st.lists(
        st.one_of(
            st.sampled_from([b"\xe4", b"\xbd", b"\xa0", b"\xf0\x9f", b"\x98\x80", b"a", b"\xff"]), st.binary(max_size=3)
        )
    )
)
def test_any_tokens_are_joined_only_where_they_complete_characters(pieces: list[bytes]) -> None:
    assert_joined_rightly([token(piece) for piece in pieces])


def assert_joined_rightly(tokens: list[Token]) -> None:
    stop = 0
    for group in group_fragments(tokens):
        assert group.start >= stop
        stop = group.stop
        assert group.stop - group.start >= 2
        members = [t.bytes for t in tokens[group.start : group.stop]]
        assert all(not is_utf8(data) for data in members)
        assert is_utf8(b"".join(members))
        assert not any(is_utf8(b"".join(members[:n])) for n in range(1, len(members)))


def is_utf8(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


@pytest.mark.parametrize(
    ("pieces", "expected"),
    [
        ([b"\xe4\xbd", b"\xa0"], [(0, 2, "你")]),
        ([b"a", b"\xe4", b"\xbd", b"\xa0", b"b"], [(1, 4, "你")]),
        ([b"\xe4\xbd\xa0", b"a"], []),
        ([b"\xe4\xbd", b"a", b"\xa0"], []),
        ([b"\xe4", b"\xe4\xbd", b"\xa0"], [(1, 3, "你")]),  # a stray fragment does not swallow the next character
        ([b"\xe4\xbd", b"\xa0\xe5", b"\xa5\xbd"], [(0, 3, "你好")]),
        ([b" \xe4\xbd", b"\xa0"], [(0, 2, "·你")]),
        ([], []),
    ],
)
def test_groups(pieces: list[bytes], expected: list[tuple[int, int, str]]) -> None:
    groups = group_fragments([token(piece) for piece in pieces])
    assert [(group.start, group.stop, group.label) for group in groups] == expected


# --- vocabulary


@given(st.lists(st.text(alphabet="ab ", max_size=3), max_size=30), st.text(alphabet="ab ", min_size=1, max_size=3))
def test_find_gives_the_lowest_id_that_spells_the_text(pieces: list[str], text: str) -> None:
    vocabulary = Vocabulary([piece.encode() for piece in pieces])
    found = vocabulary.find(text)
    assert (found.id if found else None) == next((i for i, piece in enumerate(pieces) if piece == text), None)
    starting = vocabulary.starting_with(text, f" {text}")
    assert starting == [i for i, piece in enumerate(pieces) if piece.startswith((text, f" {text}"))]


@pytest.mark.parametrize("text", ["", "\ud800", "not there"])
def test_find_knows_when_no_token_spells_the_text(text: str) -> None:
    assert Vocabulary([b"?", b"", "\ufffd".encode()]).find(text) is None


def test_fragments_that_complete_nothing_are_spelled_with_the_replacement_mark() -> None:
    vocabulary = Vocabulary([b"a", b"\xe4\xbd", b"\xa0"])
    assert vocabulary.text([0, 1, 2]) == "a你"
    assert vocabulary.text([0, 1]) == "a\ufffd"


@pytest.mark.parametrize("token_id", [-1, 2, 10**6])
def test_an_unknown_id_is_an_error_that_names_the_known_ones(token_id: int) -> None:
    with pytest.raises(ExplorerError, match=f"^{token_id} is not a token id of this model. Its ids go from 0 to 1"):
        Vocabulary([b"a", b"b"])[token_id]


@pytest.mark.parametrize("wrong", ["a", None, 1.0, 1.5, b"a", [1], "10" * 30], ids=repr)
def test_what_is_no_whole_number_is_no_token_id(wrong: Any) -> None:
    vocabulary = Vocabulary([b"a", b"b"])
    for ask in (lambda: vocabulary[wrong], lambda: vocabulary.text([0, wrong]), lambda: vocabulary.tokens([wrong])):
        with pytest.raises(ExplorerError, match=r"is not a token id\. Give whole numbers from 0 to 1") as caught:
            ask()
        assert len(str(caught.value)) < 120


@pytest.mark.parametrize(
    "wrong", [-1, 2, 8192, 2**70, 10**5000, np.int64(7)], ids=lambda wrong: str(wrong)[:5] if wrong < 10**9 else "huge"
)
def test_ids_that_the_model_lacks(wrong: int) -> None:
    vocabulary = Vocabulary([b"a", b"b"])
    for ask in (vocabulary.text, vocabulary.as_typed, vocabulary.tokens):
        with pytest.raises(ExplorerError, match=r"is not a token id of this model\. Its ids go from 0 to 1"):
            ask([0, wrong])


def test_numpy_ids_are_ids() -> None:
    vocabulary = Vocabulary([b"a", b"b"])
    assert vocabulary.text(np.array([1, 0], np.int32)) == "ba"
    assert vocabulary[np.int64(1)].id == 1


@pytest.mark.parametrize(
    ("prepended", "ids", "typed"),
    [
        (Prepended(), [1, 2], "<s> a"),
        (Prepended((1,)), [1, 2], " a"),
        (Prepended((1,)), [1, 1, 2], "<s> a"),
        (Prepended((1,)), [2], " a"),
        (Prepended((1,)), [1], ""),
        (Prepended((1,)), [], ""),
        (Prepended((1,), "unless there"), [1, 2, 2], "a a"),
        (Prepended((1,), "unless there"), [1, 0, 2], "  a"),  # of two spaces none was put there
        (Prepended((1,), "unless there"), [1, 0], " "),  # without it, nothing would be left to be read
        (Prepended((1,), "unless there", frozenset({1})), [1, 0, 1, 2], " <s> a"),
        (Prepended((1,), "always", frozenset({1})), [1, 0, 2], " a"),
        (Prepended((1,), "always", frozenset({1})), [1, 2, 1, 2], "a<s>a"),
        (Prepended((), "always", frozenset({3})), [2, 3, 2], "a xa"),  # the space of a token that cuts is its own
    ],
)
def test_the_text_that_is_read_as_ids(prepended: Prepended, ids: list[int], typed: str) -> None:
    assert Vocabulary([b" ", b"<s>", b" a", b" x"], [1], prepended).as_typed(ids) == typed
