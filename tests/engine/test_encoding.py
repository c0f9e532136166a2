"""Text to token ids and back, with the tokenizers of a tiny GPT-2 and a tiny Llama."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import example, given
from transformers import AutoTokenizer

from explorer.engine.tokenizer import Tokenizer, open_tokenizer
from explorer.language_model.tokens import MAX_TEXT_BYTES
from tests.texts import unpaired_text, valid_text


@pytest.fixture(scope="module")
def byte_level(tiny_gpt2: Path) -> Tokenizer:
    return tokenizer_in(tiny_gpt2)


@pytest.fixture(scope="module")
def sentencepiece(tiny_llama: Path) -> Tokenizer:
    return tokenizer_in(tiny_llama)


def tokenizer_in(folder: Path) -> Tokenizer:
    return open_tokenizer(folder, len(AutoTokenizer.from_pretrained(folder, local_files_only=True)))


def bytes_of(tokenizer: Tokenizer, text: str) -> bytes:
    """The bytes of the tokens of ``text``, without what the tokenizer prepends to every text."""
    ids = tokenizer.encode(text).ids[len(tokenizer.prefix_ids) :]
    return b"".join(token.bytes for token in tokenizer.vocabulary.tokens(ids))


def notice_ids(tokenizer: Tokenizer, text: str) -> list[str]:
    return [notice.id for notice in tokenizer.encode(text).notices]


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


def test_rows_of_the_embedding_without_a_token_have_a_label(tiny_gpt2: Path) -> None:
    theirs = AutoTokenizer.from_pretrained(tiny_gpt2, local_files_only=True)
    vocabulary = open_tokenizer(tiny_gpt2, len(theirs) + 3).vocabulary
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
