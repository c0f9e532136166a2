"""Text to token ids and back, and to labels a person can read.

A token is a piece of *bytes*: one character may be spread over several tokens (GPT-2 reads ``你`` as ``E4 BD`` and
``A0``). So the vocabulary keeps bytes, text is what the joined bytes spell, and a label never shows a bare replacement
mark.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from explorer.locales import ExplorerError, Message

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

MAX_TEXT_BYTES = 64 * 1024
"""Longer texts are read from their end: this many bytes of UTF-8 are tokenised."""

_MARKS = {" ": "·", "\n": "⏎", "\t": "⇥", "\r": "␍", "\u00a0": "⍽", "\x7f": "␡"}
_FRAGMENT = "⟨{}⟩"
_CONTROL_PICTURES = 0x2400  # Unicode's own pictures of control characters begin here
_LOOKALIKES = {*_MARKS.values(), *"⟨⟩◌", *map(chr, range(_CONTROL_PICTURES, _CONTROL_PICTURES + 0x20))}


@dataclass(frozen=True)
class Token:
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


@dataclass(frozen=True)
class Group:
    """Tokens ``start`` to ``stop`` (exclusive) that spell whole characters only together, and that text as a label."""

    start: int
    stop: int
    label: str


@dataclass(frozen=True)
class Encoding:
    """Token ids of a text and what a reader must know about how they came about."""

    ids: tuple[int, ...]
    notices: tuple[Message, ...] = ()


class Vocabulary:
    """Every token of a model: an immutable table from id to bytes.

    Args:
        pieces: the bytes of each id, in order; ``b""`` for ids that have no token (padding rows of an embedding).
        special: ids of the special tokens.
    """

    def __init__(self, pieces: Sequence[bytes], special: Iterable[int] = ()) -> None:
        self._pieces = tuple(pieces)
        self._special = frozenset(special)

    def __len__(self) -> int:
        return len(self._pieces)

    def __getitem__(self, token_id: int) -> Token:
        token_id = int(token_id)
        if not 0 <= token_id < len(self):
            raise ExplorerError("unknown-token-id", id=str(token_id), last=str(len(self) - 1))
        return Token(token_id, self._pieces[token_id], token_id in self._special)

    def tokens(self, ids: Iterable[int]) -> tuple[Token, ...]:
        return tuple(self[i] for i in ids)

    def text(self, ids: Iterable[int]) -> str:
        """What the ids spell; bytes that complete no character become U+FFFD."""
        return b"".join(self._pieces[int(i)] for i in ids).decode("utf-8", errors="replace")

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


class Tokenizer:
    """A model's own tokenizer (transformers), reduced to what this program needs of it.

    It prepends exactly what the model's tokenizer does by default, and nothing else (`prefix_ids`).
    """

    def __init__(self, tokenizer: PreTrainedTokenizerBase, n_vocab: int) -> None:
        self._tokenizer = tokenizer
        special = {i for i, token in tokenizer.added_tokens_decoder.items() if token.special}
        self.vocabulary = Vocabulary(_token_bytes(tokenizer, n_vocab), special | set(tokenizer.all_special_ids))
        self.prefix_ids = _default_prefix(tokenizer)
        self.start_id: int | None = _first_not_none(tokenizer.bos_token_id, tokenizer.eos_token_id)

    def encode(self, text: str) -> Encoding:
        """Token ids of ``text``, as the model's tokenizer would give them.

        An empty text gives the start token. Lone surrogates, which have no UTF-8, become U+FFFD. Of a text above
        `MAX_TEXT_BYTES` the end is taken. Each of these leaves a notice.

        Raises:
            ExplorerError: the text is empty and the model has no start token.
        """
        notices = []
        whole = whole_characters(text)
        if whole.count("\ufffd") > text.count("\ufffd"):
            notices.append(Message.of("lone-surrogate"))
        data = whole.encode("utf-8")
        if len(data) > MAX_TEXT_BYTES:
            notices.append(Message.of("text-shortened", kept=MAX_TEXT_BYTES // 1024, given=-(-len(data) // 1024)))
            whole = as_read(whole)
        ids = (*self.prefix_ids, *self._tokenizer(whole, add_special_tokens=False)["input_ids"])
        if not ids:
            if self.start_id is None:
                raise ExplorerError("no-start-token")
            ids = (self.start_id,)
        if not whole:
            notices.append(Message.of("empty-prefix", token=self.vocabulary[ids[0]].label))
        return Encoding(tuple(int(i) for i in ids), tuple(notices))


def _first_not_none(*values: int | None) -> int | None:
    return next((value for value in values if value is not None), None)


def _default_prefix(tokenizer: PreTrainedTokenizerBase) -> tuple[int, ...]:
    """What the tokenizer puts before every text (Llama 2: ``<s>``; GPT-2 and SmolLM2: nothing)."""
    bare = tokenizer("a", add_special_tokens=False)["input_ids"]
    full = tokenizer("a", add_special_tokens=True)["input_ids"]
    for n in range(len(full)):
        if full[n : n + len(bare)] == bare:
            return tuple(full[:n])
    return ()


def _token_bytes(tokenizer: PreTrainedTokenizerBase, n_vocab: int) -> list[bytes]:
    """The bytes of ids 0 .. n_vocab - 1, whichever of the usual ways the vocabulary writes them down."""
    written = tokenizer.convert_ids_to_tokens(list(range(min(n_vocab, len(tokenizer)))))
    added = {int(i): token.content for i, token in tokenizer.added_tokens_decoder.items()}
    to_bytes = _byte_level if _decoder_types(tokenizer) & {"ByteLevel"} else _sentencepiece
    pieces = []
    for i, token in enumerate(written):
        if i in added:
            pieces.append(added[i].encode("utf-8"))
        else:
            pieces.append(to_bytes(token) if token is not None else b"")
    return pieces + [b""] * (n_vocab - len(pieces))


def _decoder_types(tokenizer: PreTrainedTokenizerBase) -> set[str]:
    backend = getattr(tokenizer, "backend_tokenizer", None)
    if backend is None or backend.decoder is None:
        return set()
    state: dict[str, Any] = json.loads(backend.decoder.__getstate__())
    return {state["type"], *(inner["type"] for inner in state.get("decoders", []))}


def _byte_level(token: str) -> bytes:
    """GPT-2's vocabulary writes each byte as a printable character (Radford et al. 2019, ``encoder.py``)."""
    return b"".join(bytes([_BYTE_OF[c]]) if c in _BYTE_OF else c.encode("utf-8") for c in token)


def _bytes_of_characters() -> dict[str, int]:
    printable = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    others = [b for b in range(256) if b not in printable]
    return {chr(b): b for b in printable} | {chr(256 + n): b for n, b in enumerate(others)}


_BYTE_OF = _bytes_of_characters()


def _sentencepiece(token: str) -> bytes:
    """SentencePiece writes a space as ``▁`` and a byte it has no character for as ``<0xE4>``."""
    if len(token) == 6 and token.startswith("<0x") and token.endswith(">"):
        return bytes([int(token[3:5], 16)])
    return token.replace("▁", " ").encode("utf-8")


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
    # Invisible characters, and those that look like one of our marks, are named.
    if unicodedata.category(piece)[0] in "CZ" or piece in _LOOKALIKES:
        return _FRAGMENT.format(f"U+{ord(piece):04X}")
    return piece
