"""Cleaning loses nothing but what is not the book; documents are the book; whole books are held out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from explorer.locales import ExplorerError
from explorer.training.corpus import Book, clean, documents, hold_out, read_books

RAW = """\
The Project Gutenberg eBook of A Made Book\r
\r
Title: A Made Book\r
\r
*** START OF THE PROJECT GUTENBERG EBOOK A MADE BOOK ***\r
\r
[Illustration: A cat\r
on a wall]\r
\r
CHAPTER I.\r
\r
“It’s a _very_ fine day,”[1] said the cat—and\r
so it was…  The cafe\u0301 was open.{12}\r
\r
   She wrote snake_case and [sic] and went\u00a0home.\r
\r
*** END OF THE PROJECT GUTENBERG EBOOK A MADE BOOK ***\r
\r
Section 5. Redistributing\r
"""

CLEAN = """\
CHAPTER I.

"It's a very fine day," said the cat--and so it was... The café was open.

She wrote snake_case and [sic] and went home."""


def test_a_raw_book_becomes_plain_paragraphs() -> None:
    assert clean(RAW) == CLEAN


PIECES = [*"ab_[]{}1\n\r \t'\"“—…é", "\u0301", "[Illustration", "\n\n", "*** START OF THE PROJECT GUTENBERG X ***"]
TEXTS = st.lists(st.sampled_from(PIECES)).map("".join)


@given(TEXTS)
@example("a_\u0301")
@example("_*** START OF THE PROJECT GUTENBERG X ***")
@example("\u0301 [Illustration[Illustration]]\n\n\u0301")
def test_what_is_clean_stays_as_it_is(text: str) -> None:
    once = clean(text)
    assert clean(once) == once
    assert "\n\n\n" not in once
    assert "\r" not in once
    assert once == once.strip()


@given(st.lists(st.text(alphabet="ab .", min_size=1).map(str.strip).filter(bool), min_size=1), st.integers(0, 5))
def test_documents_are_the_book(paragraphs: list[str], seed: int) -> None:
    book = Book("x.txt", "\n\n".join(paragraphs))
    parts = list(documents(book, (5, 20), np.random.default_rng(seed)))
    assert "\n\n".join(parts) == book.text
    for part in parts[:-1]:
        assert len(part) >= 5
        *head, _last = part.split("\n\n")
        assert len("".join(head)) < 20, "a document that is long enough takes no further paragraph"


def test_whole_books_are_held_out() -> None:
    books = [Book(name, name) for name in ("a", "b", "c")]
    train, held_out = hold_out(books, ("b",))
    assert ([book.name for book in train], [book.name for book in held_out]) == (["a", "c"], ["b"])
    with pytest.raises(ExplorerError, match="“d”, which the recipe holds out"):
        hold_out(books, ("b", "d"))


def test_books_are_read_by_name_from_folders_within(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "b.txt").write_text("B", encoding="utf-8")
    (tmp_path / "a.txt").write_text("A", encoding="utf-8")
    (tmp_path / "index.json").write_text("{}")
    assert read_books(tmp_path) == [Book("a.txt", "A"), Book("b.txt", "B")]


def test_a_folder_that_is_no_corpus_gets_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ExplorerError, match="no folder"):
        read_books(tmp_path / "nowhere")
    with pytest.raises(ExplorerError, match=r"no \.txt file"):
        read_books(tmp_path)
    (tmp_path / "latin.txt").write_bytes("caf\xe9".encode("latin-1"))
    with pytest.raises(ExplorerError, match=r"latin.txt” is not UTF-8"):
        read_books(tmp_path)
