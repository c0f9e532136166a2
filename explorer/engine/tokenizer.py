"""A model's own tokenizer: text to token ids, without torch and, where the model brings ``tokenizer.json``, without
transformers."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import tokenizers

from explorer.engine.tokenizer_files import read_tokenizer
from explorer.language_model.tokens import (
    MAX_TEXT_BYTES,
    Encoding,
    Prepended,
    Vocabulary,
    as_read,
    whole_characters,
)
from explorer.locales import ExplorerError, Message
from explorer.models.model_files import read_optional

MAX_NAMED = 3
"""So many tokens that the model lacks are named in a notice; the others are counted."""


@dataclass(frozen=True)
class Backend:
    """What computes a tokenizer's ids, and what is known of its tokens.

    Attributes:
        encode: text -> ids; the second argument says whether to add what the tokenizer adds by itself.
        pieces: the bytes of every token.
        cutting: ids of the tokens that are found before all else, and cut the text: what follows is read as a new one.
        special: ids of the special tokens.
        bos_id, eos_id: begin and end of text, where there are such tokens.
    """

    encode: Callable[[str, bool], list[int]]
    pieces: Mapping[int, bytes]
    cutting: frozenset[int]
    special: frozenset[int]
    bos_id: int | None
    eos_id: int | None

    @classmethod
    def of(
        cls,
        tokenizer: tokenizers.Tokenizer,
        special: Iterable[int | None],
        *,
        bos_id: int | None,
        eos_id: int | None,
    ) -> Backend:
        """One that the library tokenizers computes; ``special`` are ids besides those that are marked as special."""
        added = tokenizer.get_added_tokens_decoder()
        to_bytes = bytes_of_byte_level if "ByteLevel" in _decoder_types(tokenizer) else bytes_of_sentencepiece
        pieces = {i: to_bytes(token) for token, i in tokenizer.get_vocab(with_added_tokens=False).items()}
        return cls(
            encode=lambda text, add: tokenizer.encode(text, add_special_tokens=add).ids,
            pieces=pieces | {i: token.content.encode() for i, token in added.items()},
            cutting=frozenset(i for i, token in added.items() if not token.normalized),
            special=frozenset(i for i, token in added.items() if token.special) | {i for i in special if i is not None},
            bos_id=bos_id,
            eos_id=eos_id,
        )


class Tokenizer:
    """A model's own tokenizer, reduced to what this program needs of it.

    It prepends exactly what the model's tokenizer does by default (`prefix_ids`), and nothing else; what a tokenizer
    would append, an end of text, is left out: the text goes on.

    Args:
        backend: what computes the ids.
        n_vocab: how many tokens the model has an embedding for. The tokenizer may have more.
        end_ids: the tokens that end a text by the model's own settings; None: the tokenizer's.

    Attributes:
        vocabulary: the model's tokens, ids 0 .. n_vocab - 1.
        start_id: what an empty text is read as, where the model has such a token.
        end_ids: the tokens that end a text.
        notices: what a reader must know about it.
    """

    def __init__(self, backend: Backend, n_vocab: int, end_ids: Iterable[int] | None = None) -> None:
        def known(ids: Iterable[int | None]) -> tuple[int, ...]:
            return tuple(i for i in ids if i is not None and 0 <= i < n_vocab)

        self._backend = backend
        pieces = [backend.pieces.get(i, b"") for i in range(n_vocab)]
        prepended = Prepended(
            ids=known(_default_prefix(backend)),
            space=_added_space(backend),
            again_after=frozenset(known(backend.cutting)),
        )
        self.vocabulary = Vocabulary(pieces, known(backend.special), prepended)
        self.start_id = next(iter(known((backend.bos_id, backend.eos_id))), None)
        self.end_ids = known((backend.eos_id,) if end_ids is None else end_ids)
        self.notices = _notices(sorted(i for i in backend.pieces if i >= n_vocab), backend.pieces)

    @property
    def prefix_ids(self) -> tuple[int, ...]:
        """What is put before every text (Llama 2: ``<s>``; GPT-2 and SmolLM2: nothing)."""
        return self.vocabulary.prepended.ids

    def encode(self, text: str) -> Encoding:
        """Token ids of ``text``, as the model's tokenizer would give them.

        An empty text gives the start token. Lone surrogates, which have no UTF-8, become U+FFFD. Of a text above
        `MAX_TEXT_BYTES` the end is taken. Each of these leaves a notice.

        Raises:
            ExplorerError: the text has a token that the model has no embedding for; it is empty and the model has no
                start token.
        """
        notices = []
        whole = whole_characters(text)
        if whole.count("\ufffd") > text.count("\ufffd"):
            notices.append(Message.of("lone-surrogate"))
        data = whole.encode("utf-8")
        if len(data) > MAX_TEXT_BYTES:
            notices.append(Message.of("text-shortened", kept=MAX_TEXT_BYTES // 1024, given=-(-len(data) // 1024)))
            whole = as_read(whole)
        ids = (*self.prefix_ids, *self._encode(whole))
        if not ids:
            if self.start_id is None:
                raise ExplorerError("no-start-token")
            ids = (self.start_id,)
        if not whole:
            notices.append(Message.of("empty-prefix", token=self.vocabulary[ids[0]].label))
        return Encoding(ids, tuple(notices))

    def _encode(self, text: str) -> list[int]:
        try:
            with _panics_as_errors():
                ids = self._backend.encode(text, False)
        except Exception as error:  # whatever the library does about rules that it read without complaint
            raise ExplorerError("text-not-tokenized", reason=_first_line(error)) from error
        for i in ids:
            if not 0 <= i < len(self.vocabulary):
                raise ExplorerError(
                    "token-without-embedding", token=_written(self._backend.pieces.get(i, b"")), n=len(self.vocabulary)
                )
        return ids


def open_tokenizer(folder: Path, n_vocab: int) -> Tokenizer:
    """The tokenizer of the model in ``folder``, which has embeddings for ``n_vocab`` tokens.

    Raises:
        ExplorerError: it cannot be read.
    """
    try:
        with _panics_as_errors():
            return Tokenizer(_open_backend(folder), n_vocab, _end_ids(folder))
    except ExplorerError:
        raise
    except Exception as error:  # both libraries raise whatever their parsers do on files that they cannot read
        raise ExplorerError("tokenizer-unreadable", folder=str(folder), reason=_first_line(error)) from error


def _open_backend(folder: Path) -> Backend:
    read = read_tokenizer(folder)
    if read is None:
        from explorer.engine.torch_engine.slow_tokenizer import open_backend  # only here, as it imports transformers

        return open_backend(folder)
    special = [read.backend.token_to_id(token) for token in read.special]
    return Backend.of(read.backend, special, bos_id=read.id_of("bos_token"), eos_id=read.id_of("eos_token"))


def _first_line(error: Exception) -> str:
    return next(iter(str(error).strip().splitlines()), type(error).__name__)[:200]


@contextmanager
def _panics_as_errors() -> Iterator[None]:
    """Raise a RuntimeError where the library tokenizers panics: Rust's panics are no Exceptions."""
    try:
        yield
    except BaseException as error:
        if type(error).__name__ == "PanicException":
            raise RuntimeError(str(error)) from error
        raise


def _end_ids(folder: Path) -> tuple[int, ...] | None:
    """The tokens that end a text by the model's own settings, where these name any."""
    for name in ("generation_config.json", "config.json"):
        found = read_optional(folder / name).get("eos_token_id")
        ids = found if isinstance(found, list) else [found]
        ends = tuple(i for i in ids if isinstance(i, int) and not isinstance(i, bool))
        if ends:
            return ends
    return None


def _notices(outside: list[int], pieces: Mapping[int, bytes]) -> tuple[Message, ...]:
    """That the tokenizer has tokens ``outside`` the model's embedding, if it has."""
    if not outside:
        return ()
    named = ", ".join(_written(pieces[i]) for i in outside[:MAX_NAMED])
    return (Message.of("tokens-without-embedding", n=len(outside), tokens=named),)


def _written(piece: bytes) -> str:
    return piece.decode("utf-8", errors="replace")[:40]


def _default_prefix(backend: Backend) -> list[int]:
    """What the tokenizer puts before every text."""
    for probe in ("a", "0", " ", "你"):  # one that the vocabulary has
        if bare := backend.encode(probe, False):
            full = backend.encode(probe, True)
            starts = (n for n in range(len(full)) if full[n : n + len(bare)] == bare)
            return full[: next(starts, 0)]
    return []


def _added_space(backend: Backend) -> Literal["never", "unless there", "always"]:
    """Whether the tokenizer puts a space before every text."""

    def spelled(text: str) -> bytes:
        return b"".join(backend.pieces[i] for i in backend.encode(text, False))

    if not spelled("a").startswith(b" "):
        return "never"
    return "always" if spelled(" a").startswith(b"  ") else "unless there"


def _decoder_types(tokenizer: tokenizers.Tokenizer) -> set[str]:
    if tokenizer.decoder is None:
        return set()
    state: dict[str, Any] = json.loads(tokenizer.decoder.__getstate__())
    return {state["type"], *(inner["type"] for inner in state.get("decoders", []))}


def bytes_of_byte_level(token: str) -> bytes:
    """GPT-2's vocabulary writes each byte as a printable character (Radford et al. 2019, ``encoder.py``)."""
    try:
        return token.translate(_LATIN_1_OF).encode("latin-1")
    except UnicodeEncodeError:  # some character stands for itself
        return b"".join(bytes([_BYTE_OF[c]]) if c in _BYTE_OF else c.encode("utf-8") for c in token)


def _bytes_of_characters() -> dict[str, int]:
    printable = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    others = [b for b in range(256) if b not in printable]
    return {chr(b): b for b in printable} | {chr(256 + n): b for n, b in enumerate(others)}


_BYTE_OF = _bytes_of_characters()
# One pass in C instead of one in Python per character: six times faster over 49,152 tokens. Characters of latin-1 that
# stand for themselves have two bytes in UTF-8: they become one that latin-1 lacks.
_LATIN_1_OF = dict.fromkeys((c for c in range(128, 256) if chr(c) not in _BYTE_OF), 0xFFFF) | {
    ord(c): b for c, b in _BYTE_OF.items()
}
_BYTE_TOKEN = re.compile(r"<0x([0-9A-Fa-f]{2})>")


def bytes_of_sentencepiece(token: str) -> bytes:
    """SentencePiece writes a space as ``▁`` and a byte it has no character for as ``<0xE4>``."""
    if match := _BYTE_TOKEN.fullmatch(token):
        return bytes([int(match[1], 16)])
    return token.replace("▁", " ").encode("utf-8")
