"""A folder of books -> clean text -> documents, with whole books held out."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from explorer.locales.messages import ExplorerError
from explorer.models.text_files import read_utf8

MAX_BOOK_BYTES = 64 << 20
"""More than any book has; War and Peace has 3 MB."""

_BEGIN = re.compile(r"^\*\*\* ?START OF TH(?:E|IS) PROJECT GUTENBERG.*$", re.MULTILINE)
_END = re.compile(r"^\*\*\* ?END OF TH(?:E|IS) PROJECT GUTENBERG.*$", re.MULTILINE)
_PICTURES = re.compile(r"\[Illustration[^\[\]]*\]")
_NOTE_MARKS = re.compile(r"\[\d{1,3}\]|\{\d{1,3}\}")
_ITALICS = re.compile(r"\b_|_\b")
_BLANK_LINES = re.compile(r"\n[ \t]*\n\s*")
_SPACES = re.compile(r"\s+")
_PLAIN = str.maketrans(
    {
        "“": '"', "”": '"', "„": '"', "‘": "'", "’": "'", "‚": "'",
        "—": "--", "―": "--", "–": "-", "‐": "-", "‑": "-", "…": "...",
        "\u00a0": " ", "\u00ad": None, "\u200b": None, "\ufeff": None,
    }
)  # fmt: skip


@dataclass(frozen=True)
class Book:
    """One book, clean: paragraphs without line breaks, a blank line between them."""

    name: str
    text: str


def clean(text: str) -> str:
    """A Project Gutenberg text as plain paragraphs; what is clean already stays as it is.

    Licence, pictures' captions, footnote marks and italics go; quotes and dashes become plain; hard line breaks are
    joined; Unicode becomes NFC.
    """
    while (cleaner := _cleaner(text)) != text:  # what one removal leaves may be the next one's
        text = cleaner
    return text


def _cleaner(text: str) -> str:
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if begin := _BEGIN.search(text):
        text = text[begin.end() :]
    if end := _END.search(text):
        text = text[: end.start()]
    for unwanted in (_PICTURES, _NOTE_MARKS, _ITALICS):
        while (fewer := unwanted.sub("", text)) != text:  # what one removal brings together may be another
            text = fewer
    paragraphs = (_SPACES.sub(" ", part).strip() for part in _BLANK_LINES.split(text.translate(_PLAIN)))
    # An accent may have lost what stood between it and its letter.
    return unicodedata.normalize("NFC", "\n\n".join(part for part in paragraphs if part))


def read_books(folder: Path) -> list[Book]:
    """Every ``*.txt`` below ``folder``, clean, by name.

    Raises:
        ExplorerError: there is no such folder, no text in it, or a text cannot be read, is too large or not UTF-8.
    """
    if not folder.is_dir():
        raise ExplorerError("corpus-no-folder", folder=str(folder))
    books = []
    for file in sorted(folder.rglob("*.txt")):
        try:
            content = read_utf8(file, MAX_BOOK_BYTES)
            books.append(Book(file.name, clean(content.decode("utf-8"))))
        except UnicodeDecodeError as error:
            raise ExplorerError("corpus-not-utf8", file=str(file)) from error
    if not books:
        raise ExplorerError("corpus-empty", folder=str(folder))
    return books


def hold_out(books: list[Book], names: tuple[str, ...]) -> tuple[list[Book], list[Book]]:
    """(books to train on, books ``names`` held out).

    Raises:
        ExplorerError: one of ``names`` is not there: figures about another set of books would be about nothing.
    """
    if missing := sorted(set(names) - {book.name for book in books}):
        raise ExplorerError("corpus-held-out-missing", file=missing[0])
    return [book for book in books if book.name not in names], [book for book in books if book.name in names]


def documents(book: Book, characters: tuple[int, int], random: np.random.Generator) -> Iterator[str]:
    """Runs of whole paragraphs that together are the book.

    Each is as long as a number drawn between the two ``characters`` on a logarithmic scale, or a paragraph longer.
    """
    waiting: list[str] = []
    wanted = _length(characters, random)
    for paragraph in book.text.split("\n\n"):
        waiting.append(paragraph)
        if sum(map(len, waiting)) >= wanted:
            yield "\n\n".join(waiting)
            waiting, wanted = [], _length(characters, random)
    if waiting:
        yield "\n\n".join(waiting)


def _length(characters: tuple[int, int], random: np.random.Generator) -> float:
    shortest, longest = np.log(characters)
    return float(np.exp(random.uniform(shortest, longest)))
