"""Text to token ids and back, and to labels a person can read.

A token is a piece of *bytes*: one character may be spread over several tokens (GPT-2 reads ``你`` as ``E4 BD`` and
``A0``). So the vocabulary keeps bytes, text is what the joined bytes spell, and a label never shows a bare replacement
mark.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from operator import index
from typing import Literal

from explorer.language_model.record import Record
from explorer.locales import ExplorerError, Message, shown, visible
from explorer.locales.untrusted import code_point

MAX_TEXT_BYTES = 64 * 1024
"""Longer texts are read from their end: this many bytes of UTF-8 are tokenised."""

_MARKS = {" ": "·", "\n": "⏎", "\t": "⇥", "\r": "␍", "\u00a0": "⍽", "\x7f": "␡"}
_SELECTORS = frozenset(map(chr, range(0xFE00, 0xFE10)))
_FRAGMENT = "⟨{}⟩"
_CONTROL_PICTURES = 0x2400  # Unicode's own pictures of control characters begin here
_LOOKALIKES = {*_MARKS.values(), *"⟨⟩◌", *map(chr, range(_CONTROL_PICTURES, _CONTROL_PICTURES + 0x20))}


@dataclass(frozen=True, eq=False, repr=False)
class Token(Record):
    """One entry of a vocabulary.

    Attributes:
        id: its number.
        bytes: what it adds to the text, as UTF-8 or a fragment of it. Special tokens: their written form.
        special: it steers the model (``<|endoftext|>``) and is no text.
    """

    id: int
    bytes: bytes
    special: bool = False

    @property
    def text(self) -> str | None:
        """The text it spells, or None for a fragment that is not valid UTF-8 alone."""
        try:
            return self.bytes.decode("utf-8")
        except UnicodeDecodeError:
            return None

    @cached_property
    def label(self) -> str:
        """One line that shows every byte: ``·the``, ``⏎``, ``⟨E4 BD⟩``, ``⟨U+200D⟩``."""
        if not self.bytes:
            return _FRAGMENT.format(f"#{self.id}")
        return _label(_pieces(self.bytes))


@dataclass(frozen=True, eq=False, repr=False)
class Group(Record):
    """Tokens ``start`` to ``stop`` (exclusive) that spell whole characters only together, and that text as a label."""

    start: int
    stop: int
    label: str


@dataclass(frozen=True, eq=False, repr=False)
class Encoding(Record):
    """Token ids of a text and what a reader must know about how they came about."""

    ids: tuple[int, ...]
    notices: tuple[Message, ...] = ()


@dataclass(frozen=True, eq=False, repr=False)
class Prepended(Record):
    """What a tokenizer puts before a text by itself, so that a text can be told from what was added to it.

    Attributes:
        ids: before every text (Llama: ``<s>``).
        space: whether a text gets a space in front (SentencePiece's "dummy prefix"): ``never``, ``unless there`` when
            it has none, or ``always``.
        again_after: ids of the tokens that cut a text in two, so that a space which comes ``always`` comes again.
    """

    ids: tuple[int, ...] = ()
    space: Literal["never", "unless there", "always"] = "never"
    again_after: frozenset[int] = frozenset()


class Vocabulary:
    """Every token of a model: an immutable table from id to bytes.

    Args:
        pieces: the bytes of each id, in order; ``b""`` for ids that have no token (padding rows of an embedding).
        special: ids of the special tokens.
        prepended: what the tokenizer puts before a text.
    """

    def __init__(
        self, pieces: Sequence[bytes], special: Iterable[int] = (), prepended: Prepended | None = None
    ) -> None:
        self._pieces = tuple(pieces)
        self._special = frozenset(special)
        self.prepended = prepended or Prepended()

    def __repr__(self) -> str:
        return f"Vocabulary({len(self):,} tokens)"

    def __len__(self) -> int:
        return len(self._pieces)

    def __getitem__(self, token_id: int) -> Token:
        (token_id,) = self._known((token_id,))
        return Token(token_id, self._pieces[token_id], token_id in self._special)

    def tokens(self, ids: Iterable[int]) -> tuple[Token, ...]:
        return tuple(Token(i, self._pieces[i], i in self._special) for i in self._known(ids))

    def text(self, ids: Iterable[int]) -> str:
        """What the ids spell; bytes that complete no character become U+FFFD."""
        return self._spelled(self._known(ids)).decode("utf-8", errors="replace")

    def as_typed(self, ids: Iterable[int]) -> str:
        """The text that is read as these ids, where there is one: what they spell without what was `prepended`."""
        known, prefix = self._known(ids), self.prepended.ids
        if known[: len(prefix)] == prefix:
            known = known[len(prefix) :]
        runs = self._runs(known)
        if self.prepended.space == "always":
            runs[::2] = [run.removeprefix(b" ") for run in runs[::2]]
        elif self.prepended.space == "unless there" and runs[0][:1] == b" " and runs[0][1:2] not in (b"", b" "):
            runs[0] = runs[0][1:]
        return b"".join(runs).decode("utf-8", errors="replace")

    def _runs(self, ids: Iterable[int]) -> list[bytes]:
        """What the ids spell, in turn: up to a token that cuts the text, that token, up to the next, ..."""
        runs = [b""]
        for i in ids:
            if i in self.prepended.again_after:
                runs += [self._pieces[i], b""]
            else:
                runs[-1] += self._pieces[i]
        return runs

    def _spelled(self, ids: Iterable[int]) -> bytes:
        return b"".join([self._pieces[i] for i in ids])

    def _known(self, ids: Iterable[int]) -> tuple[int, ...]:
        """
        Raises:
            ExplorerError: an id that is no whole number, or none of this model's.
        """
        known = []
        for given in ids:
            try:
                known.append(index(given))
            except TypeError:
                raise ExplorerError("not-a-token-id", given=shown(given), last=str(len(self) - 1)) from None
            if not 0 <= known[-1] < len(self):
                raise ExplorerError("unknown-token-id", id=shown(known[-1]), last=str(len(self) - 1))
        return tuple(known)

    def find(self, text: str) -> Token | None:
        """The one token that spells exactly ``text``, or None (the lowest id where several do)."""
        found = self._by_bytes.get(text.encode("utf-8", errors="surrogatepass"))
        return None if found is None else self[found]

    def starting_with(self, *texts: str) -> list[int]:
        """Ids of the tokens that begin with one of ``texts``."""
        starts = tuple(text.encode("utf-8", errors="surrogatepass") for text in texts)
        return [i for i, piece in enumerate(self._pieces) if piece.startswith(starts)]

    @cached_property
    def _by_bytes(self) -> dict[bytes, int]:
        # Backwards, so that the lowest id is the one that stays.
        return {piece: i for i, piece in reversed(list(enumerate(self._pieces))) if piece}


def group_fragments(tokens: Sequence[Token]) -> tuple[Group, ...]:
    """Runs of two or more tokens whose bytes are valid UTF-8 only when joined, in order.

    A run starts at a token that is no valid UTF-8 alone and ends where the joined bytes become valid; fragments that
    never complete belong to no group.
    """
    groups, start = [], 0
    while start < len(tokens):
        joined = tokens[start].bytes
        stop = start + 1
        if tokens[start].text is None:
            # A character has at most 4 bytes, but a token may end in the middle of one and the next in another.
            while stop < len(tokens) and tokens[stop].text is None and _is_prefix_of_utf8(joined):
                joined += tokens[stop].bytes
                stop += 1
                if (text := _decoded(joined)) is not None:
                    groups.append(Group(start, stop, _label(list(text))))
                    break
            else:
                stop = start + 1
        start = stop
    return tuple(groups)


def whole_characters(text: str) -> str:
    """``text`` with lone surrogates, which have no UTF-8, as U+FFFD; two that make a pair become their character."""
    return text.encode("utf-16", errors="surrogatepass").decode("utf-16", errors="replace")


def as_read(text: str) -> str:
    """The part of ``text`` that is tokenised: whole characters, the last `MAX_TEXT_BYTES` of them."""
    data = whole_characters(text).encode("utf-8")
    return data[-MAX_TEXT_BYTES:].decode("utf-8", errors="ignore")  # a character cut in two is dropped


def _decoded(data: bytes) -> str | None:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _is_prefix_of_utf8(data: bytes) -> bool:
    """Whether more bytes could make ``data`` valid: it fails, if at all, only for ending too early."""
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.reason == "unexpected end of data"
    return True


def _pieces(data: bytes) -> list[str | bytes]:
    """Split into characters and runs of bytes that spell none."""
    pieces: list[str | bytes] = []
    while data:
        try:
            pieces += data.decode("utf-8")
            break
        except UnicodeDecodeError as error:
            pieces += data[: error.start].decode("utf-8")
            broken = data[error.start : error.end]
            if pieces and isinstance(pieces[-1], bytes):
                pieces[-1] += broken
            else:
                pieces.append(broken)
            data = data[error.end :]
    return pieces


def _label(pieces: Sequence[str | bytes]) -> str:
    label = "".join(_readable(piece) for piece in pieces)
    if label[0] in _SELECTORS:  # of how the character before looks, where there is none
        return code_point(label[0]) + label[1:]
    # A combining mark at the start has nothing to sit on: it gets the circle that Unicode's own charts use.
    return f"◌{label}" if unicodedata.category(label[0])[0] == "M" else label


def _readable(piece: str | bytes) -> str:
    """One character, or a run of loose bytes, made visible and unmistakable."""
    if isinstance(piece, bytes):
        return _FRAGMENT.format(piece.hex(" ").upper())
    if piece in _MARKS:
        return _MARKS[piece]
    if piece < " ":
        return chr(_CONTROL_PICTURES + ord(piece))
    # What cannot be seen, and what looks like one of our marks, is named.
    if unicodedata.category(piece)[0] in "CZ" or piece in _LOOKALIKES or visible(piece) != piece:
        return code_point(piece)
    return piece
