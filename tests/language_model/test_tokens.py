"""Text to tokens and back, and labels that a person can read."""

from __future__ import annotations

import itertools
import json
import re
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tokenizers import Tokenizer as RustTokenizer
from tokenizers import decoders, models, pre_tokenizers
from transformers import AddedToken, AutoTokenizer, PreTrainedTokenizerFast

from explorer.language_model.tokens import MAX_TEXT_BYTES, Token, Tokenizer, Vocabulary, group_fragments
from explorer.locales import ExplorerError

GNARLY = [
    "The capital of France is",
    "你好，世界",
    "👩‍👩‍👧‍👦 and 🏳️‍🌈",
    "שלום עולם",
    "e\u0301\u0323 \u0301",
    "a\0b",
    "\r\n\t  \u3000\u00a0",
    "<b>&amp;$x$",
    "\ufeffbyte order mark\ufeff",
    "\U0010ffff",
]

valid_text = st.one_of(
    st.text(alphabet=st.characters(exclude_categories=["Cs"])),
    st.text(alphabet=st.sampled_from("你好世界 👩\u200d🏳\ufe0fe\u0301\0\n\tשab")),
    st.sampled_from(GNARLY),
)
unpaired_text = st.text(alphabet=st.characters(categories=["Cs", "Ll", "Lo"]))


@pytest.fixture(scope="module")
def byte_level(tiny_gpt2: Path) -> Tokenizer:
    return tokenizer_in(tiny_gpt2)


@pytest.fixture(scope="module")
def sentencepiece(tiny_llama: Path) -> Tokenizer:
    return tokenizer_in(tiny_llama)


def tokenizer_in(folder: Path) -> Tokenizer:
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    return Tokenizer(tokenizer, len(tokenizer))


def bytes_of(tokenizer: Tokenizer, text: str) -> bytes:
    """The bytes of the tokens of ``text``, without what the tokenizer prepends to every text."""
    ids = tokenizer.encode(text).ids[len(tokenizer.prefix_ids) :]
    return b"".join(token.bytes for token in tokenizer.vocabulary.tokens(ids))


def notice_ids(tokenizer: Tokenizer, text: str) -> list[str]:
    return [notice.id for notice in tokenizer.encode(text).notices]


def token(data: bytes) -> Token:
    return Token(7, data)


# --- text to tokens and back


@given(text=valid_text)
def test_the_bytes_of_byte_level_tokens_are_the_bytes_of_the_text(byte_level: Tokenizer, text: str) -> None:
    if text:  # an empty one gets the start token
        assert bytes_of(byte_level, text) == text.encode("utf-8")
        assert byte_level.vocabulary.text(byte_level.encode(text).ids) == text


@given(text=valid_text)
def test_the_bytes_of_sentencepiece_tokens_are_the_bytes_of_the_text(sentencepiece: Tokenizer, text: str) -> None:
    # SentencePiece writes spaces as "▁", so a "▁" that was typed comes back as a space; Llama's puts one in front.
    if text:
        got = bytes_of(sentencepiece, text).decode("utf-8")
        assert got.removeprefix(" ") == text.replace("▁", " ").removeprefix(" ")


@given(text=unpaired_text)
@example("\ud83d")
@example("a\udc00\ud800b")
def test_half_a_character_becomes_the_replacement_mark_and_is_told(byte_level: Tokenizer, text: str) -> None:
    mended = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    if text:
        assert bytes_of(byte_level, text) == mended.encode("utf-8")
        assert notice_ids(byte_level, text) == (["lone-surrogate"] if "\ufffd" in mended else [])


def test_two_halves_that_fit_are_their_character(byte_level: Tokenizer) -> None:
    assert bytes_of(byte_level, "\ud83d\ude00") == "😀".encode()
    assert notice_ids(byte_level, "\ud83d\ude00") == []


def test_a_replacement_mark_that_was_typed_is_no_news(byte_level: Tokenizer) -> None:
    assert notice_ids(byte_level, "a\ufffdb") == []


@pytest.mark.parametrize("character", ["a", "é", "你", "😀"])
@pytest.mark.parametrize("offset", range(4))
def test_of_a_long_text_whole_characters_of_the_end_are_read(
    byte_level: Tokenizer, character: str, offset: int
) -> None:
    end = "." * offset  # so that the cut falls anywhere in a character
    text = character * (MAX_TEXT_BYTES // len(character.encode()) + 100) + end
    read = bytes_of(byte_level, text).decode("utf-8")
    assert text.endswith(read)
    assert MAX_TEXT_BYTES - 4 < len(read.encode()) <= MAX_TEXT_BYTES
    (notice,) = byte_level.encode(text).notices
    assert notice.id == "text-shortened"
    assert dict(notice.arguments)["kept"] == 64


def test_a_text_of_exactly_the_limit_is_read_whole(byte_level: Tokenizer) -> None:
    text = "你" * (MAX_TEXT_BYTES // 3) + "a" * (MAX_TEXT_BYTES % 3)
    assert bytes_of(byte_level, text) == text.encode()
    assert notice_ids(byte_level, text) == []
    assert notice_ids(byte_level, text + "a") == ["text-shortened"]


def test_an_empty_text_is_the_start_token_and_is_told(byte_level: Tokenizer, sentencepiece: Tokenizer) -> None:
    for tokenizer in (byte_level, sentencepiece):
        assert tokenizer.start_id is not None
        assert tokenizer.encode("").ids == (tokenizer.start_id,)
        (notice,) = tokenizer.encode("").notices
        assert notice.id == "empty-prefix"
        assert tokenizer.vocabulary[tokenizer.start_id].label in str(notice)


def test_an_empty_text_without_a_start_token_is_an_error() -> None:
    rust = RustTokenizer(models.BPE(vocab={"a": 0, "b": 1}, merges=[]))
    rust.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    rust.decoder = decoders.ByteLevel()
    tokenizer = Tokenizer(PreTrainedTokenizerFast(tokenizer_object=rust), 2)
    assert tokenizer.encode("ab").ids == (0, 1)
    with pytest.raises(ExplorerError, match="no start token"):
        tokenizer.encode("")


def test_what_is_prepended_is_what_the_models_tokenizer_prepends(tiny_gpt2: Path, tiny_llama: Path) -> None:
    for folder in (tiny_gpt2, tiny_llama):
        theirs = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        for text in ("The capital", "a", "你好"):
            assert list(tokenizer_in(folder).encode(text).ids) == theirs(text)["input_ids"]


def test_a_llama_shaped_models_start_token_stands_in_front_once(sentencepiece: Tokenizer) -> None:
    assert sentencepiece.prefix_ids == (sentencepiece.start_id,)
    assert sentencepiece.encode("ab").ids.count(sentencepiece.start_id) == 1


def test_a_special_token_that_is_typed_is_that_token(byte_level: Tokenizer) -> None:
    written = byte_level.vocabulary[byte_level.start_id].bytes.decode()
    tokens = byte_level.vocabulary.tokens(byte_level.encode(f"a{written}b").ids)
    assert [t.text for t in tokens if t.special] == [written]
    assert [t.id for t in tokens if t.special] == [byte_level.start_id]
    assert b"".join(t.bytes for t in tokens).decode() == f"a{written}b"
    assert tokens[-1].label == "b"


def test_tokens_that_were_added_are_special_where_the_tokenizer_says_so(tiny_gpt2: Path) -> None:
    theirs = AutoTokenizer.from_pretrained(tiny_gpt2, local_files_only=True)
    theirs.add_tokens([AddedToken("<|turn|>", special=True), AddedToken("déjà vu", special=False)])
    tokenizer = Tokenizer(theirs, len(theirs))
    turn, added = tokenizer.vocabulary.tokens(tokenizer.encode("<|turn|>déjà vu").ids)
    assert (turn.text, turn.special) == ("<|turn|>", True)
    assert (added.text, added.special) == ("déjà vu", False)


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


def test_rows_of_the_embedding_without_a_token_have_a_label(tiny_gpt2: Path) -> None:
    theirs = AutoTokenizer.from_pretrained(tiny_gpt2, local_files_only=True)
    vocabulary = Tokenizer(theirs, len(theirs) + 3).vocabulary
    assert len(vocabulary) == len(theirs) + 3
    assert vocabulary[len(theirs) + 1].label == f"⟨#{len(theirs) + 1}⟩"
    assert vocabulary.text([len(theirs) + 1]) == ""


def test_every_token_of_a_real_vocabulary_is_read_as_transformers_reads_it(
    byte_level: Tokenizer, tiny_gpt2: Path
) -> None:
    theirs = AutoTokenizer.from_pretrained(tiny_gpt2, local_files_only=True)
    vocabulary = byte_level.vocabulary
    for i in range(len(theirs)):
        assert vocabulary.text([i]) == theirs.decode([i], clean_up_tokenization_spaces=False)
    state = json.loads(theirs.backend_tokenizer.to_str())
    assert {t["id"] for t in state["added_tokens"] if t["special"]} == {
        t.id for t in vocabulary.tokens(range(len(vocabulary))) if t.special
    }
