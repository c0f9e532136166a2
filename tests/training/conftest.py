"""Made books, and a recipe that learns something of them in a second."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from explorer.models.progress import Progress
from explorer.training.config import Recipe
from explorer.training.train import Trained, train

NAMES = ("anna", "ben", "clara", "david", "emma")
VERBS = ("sees", "finds", "loses", "paints", "sells")
THINGS = ("boat", "house", "lamp", "letter", "river", "table")
HELD_OUT = "held_out.txt"


def make_book(seed: int, n_paragraphs: int = 120) -> str:
    """Sentences from a small grammar: easy to learn, and different in each book."""
    random = np.random.default_rng(seed)
    paragraphs = []
    for _ in range(n_paragraphs):
        sentences = [
            f"{random.choice(NAMES).title()} {random.choice(VERBS)} the {random.choice(THINGS)} by the river."
            for _ in range(random.integers(1, 5))
        ]
        paragraphs.append(" ".join(sentences))
    return "\n\n".join(paragraphs)


def make_recipe(**changes: object) -> Recipe:
    """A recipe in which ``training.tokens=...`` and the like are changed; dots are written as double underscores."""
    tables: dict[str, dict[str, object]] = {
        "model": {"n_layer": 2, "n_head": 2, "n_embd": 32, "n_positions": 64, "vocab_size": 300},
        "data": {
            "held_out": [HELD_OUT],
            "document_characters": [50, 400],
            "repeated_shares": [[0.0, 0.05]],
            "repeated_weight": 4.0,
        },
        "training": {
            "seed": 1,
            "tokens": 12 * 512,
            "batch_tokens": 512,
            "pass_tokens": 128,
            "sequence_lengths": [[0.0, 32], [0.5, 64]],
            "matrix_rate": 0.02,
            "vector_rate": 0.01,
            "position_waves": 0.1,
            "position_rate": 0.002,
            "weight_decay": 0.01,
            "warmup": 0.1,
            "checkpoint_every": 4,
        },
    }
    for name, value in changes.items():
        table, key = name.split("__")
        tables[table][key] = value
    return Recipe.model_validate(tables)


def silent(_: Progress) -> None:
    """Is told, and tells nobody."""


@pytest.fixture(scope="session")
def books(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of three books, one of them to be held out."""
    folder = tmp_path_factory.mktemp("books")
    for seed, name in enumerate(("one.txt", "two.txt")):
        (folder / name).write_text(make_book(seed, 250), encoding="utf-8")
    (folder / HELD_OUT).write_text(make_book(9, 40), encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def trained(books: Path, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """A training from beginning to end."""
    return train(books, tmp_path_factory.mktemp("work"), make_recipe(), report=silent)
