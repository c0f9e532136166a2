"""The figures are right: against sums done by hand, and against models and texts whose figures are known."""

from __future__ import annotations

import gzip
import json
import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import AutoTokenizer

from explorer.engine.loading import load
from explorer.engine.local_model import LocalModel
from explorer.language_model.tokens import MAX_TEXT_BYTES
from explorer.training import evaluate
from explorer.training.card import card
from explorer.training.config import read_recipe
from explorer.training.corpus import Book
from explorer.training.evaluate import Completion
from tests.modules import module_of
from tests.training.conftest import make_book


@pytest.fixture(scope="module")
def lm(tiny_gpt2: Path) -> LocalModel:
    return load(str(tiny_gpt2), device="cpu", engine="torch")


def by_hand(lm: LocalModel, text: str, window: int) -> tuple[float, int, int]:
    """(bits, likeliest tokens, tokens): a full pass for each token, over what it may see."""
    ids = [lm.tokenizer.start_id, *lm.tokenize(text).ids]
    bits, right = 0.0, 0
    for place in range(1, len(ids)):
        # Windows end at `window`, then half a window further each time.
        end = window + max(0, math.ceil((place + 1 - window) / (window // 2))) * (window // 2)
        start = max(0, min(end, len(ids)) - window)
        logits = module_of(lm)(torch.tensor([ids[start:place]])).logits[0, -1].double()
        bits -= float(logits.log_softmax(-1)[ids[place]]) / math.log(2)
        right += int(logits.argmax()) == ids[place]
    return bits, right, len(ids) - 1


@pytest.mark.parametrize("n_paragraphs", [1, 3])
def test_bits_per_byte_are_the_sum_of_all_surprisals(
    lm: LocalModel, n_paragraphs: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evaluate, "WINDOW", 64)
    texts = [make_book(3, n_paragraphs), "café au lait"]
    found = evaluate.held_out(lm, [Book("x", text) for text in texts])
    bits, right, n_tokens = np.sum([by_hand(lm, text, 64) for text in texts], axis=0)
    n_bytes = sum(len(text.encode()) for text in texts)
    assert found.bits_per_byte == pytest.approx(bits / n_bytes, rel=1e-5)
    assert found.top_1 == pytest.approx(right / n_tokens, abs=0.5 / n_tokens)
    assert found.bytes_per_token == n_bytes / n_tokens


def test_a_book_is_read_whole_however_long(lm: LocalModel, tiny_gpt2: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    book = Book("long", make_book(5, 5000))
    assert len(book.text.encode()) > 2 * MAX_TEXT_BYTES
    assert lm.tokenize(book.text).notices, "in one piece it would be cut"
    seen: list[int] = []

    def counted(_module: object, ids: list[int], _window: int) -> Iterator[tuple[float, int]]:
        seen.extend(ids)
        yield 0.0, 0

    monkeypatch.setattr(evaluate, "_windows", counted)
    found = evaluate.held_out(lm, [book])
    whole = AutoTokenizer.from_pretrained(tiny_gpt2)(book.text, verbose=False)["input_ids"]
    assert seen == [lm.tokenizer.start_id, *whole]
    assert found.bytes_per_token == len(book.text.encode()) / len(whole)


def test_every_token_is_scored_once_after_half_a_window(lm: LocalModel) -> None:
    seen: list[int] = []
    module = module_of(lm)

    def watched(row: torch.Tensor, **options: object) -> object:
        seen.append(row.shape[1])
        return module(row, **options)

    watched.device = module.device  # type: ignore[attr-defined]
    list(evaluate._windows(watched, [0] * 200, 64))
    assert seen == [63, 63, 63, 63, 63, 63]  # up to 64, 96, 128, 160, 192, 200
    assert all(n < 64 for n in seen), "a target is not an input"


def test_compressors_are_measured_on_the_text_alone() -> None:
    training, held_out = [Book("a", make_book(0, 400))], [Book("b", make_book(1, 40))]
    found = evaluate.compressed(held_out, training)
    text = held_out[0].text.encode()
    assert found["gzip -9"] == pytest.approx(8 * len(gzip.compress(text, 9)) / len(text))
    assert found["PPMd"] < found["xz -9"] / 2, "what it read before helps"
    assert evaluate.compressed(held_out, [Book("c", "nothing like it")])["PPMd"] > found["PPMd"] * 1.5


def test_a_phrase_is_completed_by_the_likeliest_tokens(lm: LocalModel, tiny_gpt2: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(tiny_gpt2)
    ids = list(lm.tokenize("The capital").ids)
    text, probability = "", 1.0
    while len(text) < len(" of France"):
        row = module_of(lm)(torch.tensor([ids])).logits[0, -1].double().softmax(-1)
        ids.append(int(row.argmax()))
        probability *= float(row.max())
        text = tokenizer.decode(ids)[len("The capital") :]
    found = evaluate._completed(lm, "The capital", " of France")
    assert found.found == (text,)
    assert found.probabilities[0] == pytest.approx(probability, rel=1e-4)
    assert found.right == (text == " of France")
    assert Completion("a", " b", (" b",), (0.5,)).right


def test_the_five_likeliest_are_those_of_the_model(lm: LocalModel) -> None:
    for each in evaluate.everyday(lm)[:5]:
        row = module_of(lm)(torch.tensor([list(lm.tokenize(each.prefix).ids)])).logits[0, -1].double().softmax(-1)
        assert each.probabilities == pytest.approx(row.sort(descending=True).values[:5].tolist(), rel=1e-3)
    assert len(evaluate.everyday(lm)) == 20


def test_an_untrained_model_has_no_induction(lm: LocalModel) -> None:
    found = evaluate.induction(lm)
    assert found.best_score < 0.1
    assert abs(found.bits_saved) < 0.5


def test_phrases_are_twenty_and_twenty() -> None:
    phrases = evaluate._phrases()
    assert len(phrases["known"]) == len(phrases["everyday"]) == 20
    assert all(phrase.count("|") == 1 for phrase in phrases["known"])
    assert not any("|" in prefix for prefix in phrases["everyday"])


def test_phrases_are_asked_as_in_running_text_or_as_typed(lm: LocalModel) -> None:
    for before, asked in ((" ", evaluate.known_phrases(lm)), ("", evaluate.known_phrases(lm, before=""))):
        wanted = [(before + prefix, rest) for prefix, rest in (p.split("|") for p in evaluate._phrases()["known"])]
        assert [(each.prefix, each.wanted) for each in asked] == wanted


def test_samples_repeat_themselves(lm: LocalModel) -> None:
    one = evaluate.samples(lm, 2, max_new_tokens=5)
    assert one == evaluate.samples(lm, 2, max_new_tokens=5)
    assert [prefix for prefix, _ in one] == evaluate._phrases()["everyday"][:2]


def test_the_card_says_what_was_measured(lm: LocalModel) -> None:
    books = [Book("x", make_book(3, 2))]
    found = evaluate.figures(lm, books) | {
        "recipe": read_recipe().model_dump(mode="json"),
        "n_parameters": 7_009_920,
        "n_training_tokens": 9_000_000,
        "n_training_bytes": 35_700_000,
        "books": ["alice_in_wonderland.txt", "mine.txt"],
        "seconds": 5400,
        "curve": [(50, 9.0), (100, 8.0)],
        "compressors": {"gzip -9": 2.9, "xz -9": 2.5, "PPMd": 1.8},
        "opponents": {"smollm2-135m": {"bits_per_byte": 1.1, "top_1": 0.4, "bytes_per_token": 4.2}},
    }
    found = json.loads(json.dumps(found))
    text = card(found)
    assert f"| **gpt2-mini** | {found['held_out']['bits_per_byte']:.3f} |" in text
    assert "| smollm2-135m | 1.100 | 40.0% | 4.20 |" in text
    assert "It may well have read these books." in text
    assert "SmolLM2" not in card({**found, "opponents": {}})
    assert "| PPMd (order 8, adaptive, after all training text) | 1.800 |" in text
    assert f"{found['n_known_right']} of 20 are completed right" in text
    assert "1.5 hours" in text
    assert "Lewis Carroll, Alice's Adventures in Wonderland (#11)" in text
    assert "- mine.txt" in text
    assert text.count("✗") == 20 - found["n_known_right"]
    for prefix, sample in found["samples"]:
        assert f"> **{prefix}**{' '.join(sample.split(chr(10)))}" in text
