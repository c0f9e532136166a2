"""Documents -> token ids in one long row -> the batch of each step."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from tokenizers import ByteLevelBPETokenizer
from transformers import GPT2Tokenizer

from explorer.locales.messages import ExplorerError, Message
from explorer.models.model_files import MAX_JSON_BYTES, UntrustedJsonError, parse_json_object
from explorer.models.progress import Progress, Report
from explorer.models.user_files import read_file, write_file
from explorer.training.config import Recipe
from explorer.training.corpus import Book, documents, hold_out, read_books

Ids = npt.NDArray[np.uint16]
END_OF_TEXT = "<|endoftext|>"
NOT_LEARNT = -100
"""The target of a position that is not learnt from: what torch's cross entropy ignores."""

_MIN_BYTES_A_TOKEN = 100  # of training text for each token of the vocabulary: with less, merges are noise
_ENCODED_AT_ONCE = 2000  # documents


@dataclass(frozen=True)
class Packed:
    """What a training reads: the tokenizer, all documents as ids in one row, and the books it must not see."""

    tokenizer: GPT2Tokenizer
    ids: Ids
    held_out: tuple[Book, ...]
    held_out_ids: Ids


def pack(corpus: Path, work: Path, recipe: Recipe, report: Report) -> Packed:
    """The packed corpus, made in the folder ``work`` the first time and read from there afterwards.

    Documents stand in random order, each followed by the end of text.

    Raises:
        ExplorerError: as `read_books`; the corpus is too small; ``work`` was made from another corpus or recipe.
    """
    report(Progress(Message.of("training-reading"), 0, None))
    books = read_books(corpus)
    train, held_out = hold_out(books, recipe.data.held_out)
    n_bytes, least = sum(len(book.text.encode()) for book in train), _MIN_BYTES_A_TOKEN * recipe.model.vocab_size
    if n_bytes < least:
        raise ExplorerError("corpus-too-small", folder=str(corpus), found=_kilobytes(n_bytes), least=_kilobytes(least))
    fingerprint = _fingerprint(books, recipe)
    made = work / "packed.json"
    if made.exists():
        try:
            known = parse_json_object(read_file(made, MAX_JSON_BYTES))
        except UntrustedJsonError as error:
            raise ExplorerError("training-other-corpus", folder=str(work)) from error
        if known != fingerprint:
            raise ExplorerError("training-other-corpus", folder=str(work))
    else:
        _make(train, held_out, work, recipe, report)
        write_file(made, json.dumps(fingerprint).encode())
    ids, held_out_ids = (np.load(work / f"{name}.npy", mmap_mode="r") for name in ("train", "held-out"))
    return Packed(GPT2Tokenizer.from_pretrained(work / "tokenizer"), ids, tuple(held_out), held_out_ids)


def train_tokenizer(texts: list[str], vocab_size: int, n_positions: int) -> GPT2Tokenizer:
    """A byte-level BPE tokenizer like GPT-2's (same splitting, no normalisation), the end of text as its last id."""
    learner = ByteLevelBPETokenizer()
    learner.train_from_iterator(texts, vocab_size=vocab_size - 1, min_frequency=2, show_progress=False)
    tokenizer = GPT2Tokenizer(
        tokenizer_object=learner._tokenizer,
        bos_token=END_OF_TEXT,
        eos_token=END_OF_TEXT,
        unk_token=END_OF_TEXT,
        model_max_length=n_positions,
    )
    if len(tokenizer) != vocab_size:
        raise ExplorerError("corpus-too-few-words", found=len(tokenizer), wanted=vocab_size)
    return tokenizer


@dataclass(frozen=True, eq=False)
class Batch:
    """What one step reads: three arrays (n_sequences, length) int64, and the (n_sequences,) weights in the gradient.

    ``targets`` are the inputs one later, or `NOT_LEARNT`. ``positions`` begin at 0 in half of the sequences, elsewhere
    in the others: so all positions are learnt from the first step on, however short the sequences.
    """

    inputs: npt.NDArray[np.int64]
    targets: npt.NDArray[np.int64]
    positions: npt.NDArray[np.int64]
    weights: npt.NDArray[np.float32]

    @property
    def total_weight(self) -> float:
        """Of all tokens that are learnt."""
        return float((self.weights * (self.targets != NOT_LEARNT).sum(axis=1)).sum())

    def split(self, n_rows: int) -> list[Batch]:
        """The same in batches of ``n_rows`` sequences."""
        cuts = [slice(at, at + n_rows) for at in range(0, len(self.inputs), n_rows)]
        return [Batch(self.inputs[c], self.targets[c], self.positions[c], self.weights[c]) for c in cuts]


class Batches:
    """The batch of each step, a pure function of the seed and the step: a training goes on exactly where it stopped.

    Sequences of one length tile the ids from a random offset and come in random order; each pass over all ids has
    another offset and order.
    """

    def __init__(self, ids: Ids, recipe: Recipe) -> None:
        self._ids, self._recipe = ids, recipe
        self._order: tuple[tuple[int, int], npt.NDArray[np.int64]] | None = None

    def at(self, step: int) -> Batch:
        """The batch of ``step``."""
        training = self._recipe.training
        length = training.length_at(step)
        n = training.batch_tokens // length
        rows = np.stack([self._sequence(step * n + place, length) for place in range(n)]).astype(np.int64)
        inputs, targets = rows[:, :-1], rows[:, 1:].copy()
        random = np.random.default_rng([training.seed, 1, step])
        repeated = random.random(n) < self._recipe.repeated_share_at(step)
        for place in np.flatnonzero(repeated):
            span = int(random.integers(8, length // 2))
            if made_up := random.random() < 0.5:
                rows[place, :span] = random.integers(0, self._recipe.model.end_id, span)
            rows[place] = np.resize(rows[place, :span], length + 1)
            targets[place] = rows[place, 1:]
            if made_up:
                targets[place, : span - 1] = NOT_LEARNT
        offsets = random.integers(0, self._recipe.model.n_positions - length, n, endpoint=True)
        offsets *= random.random(n) < 0.5
        weights = np.where(repeated, self._recipe.data.repeated_weight, 1).astype(np.float32)
        return Batch(inputs, targets, offsets[:, None] + np.arange(length), weights)

    def _sequence(self, index: int, length: int) -> Ids:
        n = (len(self._ids) - length) // length
        epoch, place = divmod(index, n)
        if self._order is None or self._order[0] != (length, epoch):
            random = np.random.default_rng([self._recipe.training.seed, 2, length, epoch])
            self._order = (length, epoch), random.integers(length) + length * random.permutation(n)
        start = self._order[1][place]
        return self._ids[start : start + length + 1]


def _make(train: list[Book], held_out: list[Book], work: Path, recipe: Recipe, report: Report) -> None:
    random = np.random.default_rng([recipe.training.seed, 0])
    texts = [text for book in train for text in documents(book, recipe.data.document_characters, random)]
    report(Progress(Message.of("training-tokenizer"), 0, None))
    tokenizer = train_tokenizer(texts, recipe.model.vocab_size, recipe.model.n_positions)
    order = random.permutation(len(texts))
    np.save(work / "train.npy", _encode(tokenizer, [texts[place] for place in order], report))
    np.save(work / "held-out.npy", _encode(tokenizer, [book.text for book in held_out], report))
    tokenizer.save_pretrained(work / "tokenizer")


def _encode(tokenizer: GPT2Tokenizer, texts: list[str], report: Report) -> Ids:
    """All ``texts`` in one row (n_tokens,) uint16, each followed by the end of text."""
    parts: list[npt.NDArray[np.uint16]] = []
    for start in range(0, len(texts), _ENCODED_AT_ONCE):
        report(Progress(Message.of("training-encoding"), start, len(texts)))
        for ids in tokenizer(texts[start : start + _ENCODED_AT_ONCE], verbose=False)["input_ids"]:
            parts.append(np.array([*ids, tokenizer.eos_token_id], np.uint16))
    return np.concatenate(parts) if parts else np.empty(0, np.uint16)


def _fingerprint(books: list[Book], recipe: Recipe) -> dict[str, object]:
    digest = hashlib.sha256("\0".join(f"{book.name}\0{book.text}" for book in books).encode())
    packing = recipe.data.model_dump(mode="json", exclude={"repeated_shares", "repeated_weight"})
    return {
        "corpus": digest.hexdigest(),
        "vocab_size": recipe.model.vocab_size,
        "seed": recipe.training.seed,
        **packing,
    }


def _kilobytes(n_bytes: int) -> int:
    return -(-n_bytes // 1000)
