"""Ids are the books, every window is read once an epoch, and a batch depends on the seed and the step alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from explorer.locales import ExplorerError
from explorer.training.corpus import clean, read_books
from explorer.training.packing import NOT_LEARNT, Batches, pack, train_tokenizer
from explorer.training.train import Trained
from tests.training.conftest import HELD_OUT, make_book, make_recipe, silent


def test_the_tokenizer_gives_every_text_back() -> None:
    tokenizer = train_tokenizer([make_book(0)], 300, 64)
    for text in ("The cat.", "  two  spaces\n\n", "café 法国 🙂", "\x00\x7f", "<b>&amp;"):
        assert tokenizer.decode(tokenizer(text)["input_ids"]) == text
    assert tokenizer.eos_token_id == tokenizer.bos_token_id == len(tokenizer) - 1 == 299


def test_the_ids_are_the_books_in_pieces_each_with_its_end(books: Path, trained: Trained) -> None:
    packed = trained.packed
    end = packed.tokenizer.eos_token_id
    assert packed.ids[-1] == end
    texts = [packed.tokenizer.decode(part) for part in np.split(packed.ids, np.flatnonzero(packed.ids == end) + 1)]
    pieces = [text.removesuffix("<|endoftext|>") for text in texts if text]
    wanted = "\n\n".join(book.text for book in read_books(books) if book.name != HELD_OUT)
    assert sorted("\n\n".join(pieces).split("\n\n")) == sorted(wanted.split("\n\n"))
    assert len(pieces) > 20
    held_out = clean((books / HELD_OUT).read_text(encoding="utf-8"))
    assert packed.tokenizer.decode(packed.held_out_ids[:-1]) == held_out
    assert not any(paragraph in pieces for paragraph in held_out.split("\n\n") if len(paragraph) > 120)


def sequences(batches: Batches, steps: range) -> np.ndarray:
    return np.concatenate([batches.at(step).inputs for step in steps])


def test_an_epoch_reads_everything_once() -> None:
    ids = np.arange(16 * 34, dtype=np.uint16)
    recipe = make_recipe(data__repeated_shares=[[0.0, 0.0]], training__tokens=512 * 1000)
    seen = sequences(Batches(ids, recipe), range(2))  # 32 of the 33 windows of an epoch; 16 sequences a step
    assert seen.shape == (32, 32) or seen.shape == (32, 64)
    length = seen.shape[1]
    ids = np.arange(length * 33 + 1, dtype=np.uint16)
    batches = Batches(ids, recipe)
    assert len(np.unique(sequences(batches, range(2))[:, 0])) == 32, "no window twice"
    for step in range(4):
        batch = batches.at(step)
        np.testing.assert_array_equal(batch.targets, batch.inputs + 1)


def test_a_batch_depends_on_the_seed_and_the_step_alone() -> None:
    ids = np.random.default_rng(0).integers(0, 299, 5000).astype(np.uint16)
    one, other = Batches(ids, make_recipe()), Batches(ids, make_recipe())
    for step in range(12):
        one.at(step)
    for step in (11, 0, 7):
        for mine, theirs in zip(vars(one.at(step)).values(), vars(other.at(step)).values(), strict=True):
            np.testing.assert_array_equal(mine, theirs)
    assert (one.at(3).inputs != Batches(ids, make_recipe(training__seed=2)).at(3).inputs).any()


def test_sequences_grow_and_every_position_is_learnt() -> None:
    ids = np.zeros(5000, np.uint16)
    batches = Batches(ids, make_recipe())
    assert [batches.at(step).inputs.shape for step in (0, 5, 6, 11)] == [(16, 32), (16, 32), (8, 64), (8, 64)]
    positions = np.concatenate([batches.at(step).positions.ravel() for step in range(6)])
    assert set(positions) == set(range(64))
    starts = np.concatenate([batches.at(step).positions[:, 0] for step in range(6)])
    assert 0.3 < (starts == 0).mean() < 0.8


def test_at_most_one_sequence_in_twenty_repeats_a_span() -> None:
    ids = np.arange(30000, dtype=np.uint16) % 299
    batches = Batches(ids, make_recipe(training__tokens=512 * 400))
    n_repeated = n_made_up = n = 0
    for step in range(100):
        batch = batches.at(step)
        n += len(batch.inputs)
        for inputs, targets in zip(batch.inputs, batch.targets, strict=True):
            if (np.diff(inputs) % 299 == 1).all():
                np.testing.assert_array_equal(targets, (inputs + 1) % 299)
                continue
            n_repeated += 1
            masked = targets == NOT_LEARNT
            n_made_up += bool(masked.any())
            span = int(masked.sum()) + 1 if masked.any() else next(s for s in range(8, 17) if inputs[s] == inputs[0])
            np.testing.assert_array_equal(inputs[span:], inputs[:-span])
            assert not masked[span - 1 :].any(), "what a repetition tells is learnt"
            np.testing.assert_array_equal(targets[span - 1 : -1], inputs[span:])
    assert 0.03 < n_repeated / n < 0.07
    assert 0.3 < n_made_up / n_repeated < 0.7


def test_a_corpus_that_is_too_small_gets_a_sentence(books: Path, tmp_path: Path) -> None:
    with pytest.raises(ExplorerError, match=r"\d+ KB to train on, and a vocabulary of this size needs 500 KB"):
        pack(books, tmp_path, make_recipe(model__vocab_size=5000), silent)
    with pytest.raises(ExplorerError, match="give only"):
        pack(books, tmp_path, make_recipe(model__vocab_size=430), silent)
    assert not (tmp_path / "packed.json").exists()


def test_a_folder_of_another_training_is_refused(books: Path, tmp_path: Path) -> None:
    pack(books, tmp_path, make_recipe(), silent)
    before = (tmp_path / "train.npy").read_bytes()
    pack(
        books, tmp_path, make_recipe(training__tokens=10**6, data__repeated_shares=[[0.0, 0.0]]), silent
    )  # the same ids
    for other in (make_recipe(training__seed=3), make_recipe(data__document_characters=[10, 20])):
        with pytest.raises(ExplorerError, match="other books or by another recipe"):
            pack(books, tmp_path, other, silent)
    assert (tmp_path / "train.npy").read_bytes() == before
