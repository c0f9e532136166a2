"""A finished training -> the folder of a model that anybody's transformers reads, measured, with its card."""

from __future__ import annotations

import copy
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
import transformers

from explorer.engine.loading import load
from explorer.locales.messages import Message
from explorer.models import sources
from explorer.models.progress import Progress, Report
from explorer.models.storage import disk_errors_as_sentences, publish, scratch_folder
from explorer.models.user_files import written_aside
from explorer.training import evaluate
from explorer.training.card import card
from explorer.training.config import Recipe
from explorer.training.corpus import hold_out, read_books
from explorer.training.train import Trained

OPPONENT = "smollm2-135m"
"""Reads the same books, where it lies on this disk; that takes it ten times as long."""


def export(trained: Trained, folder: Path) -> None:
    """Write weights (float16 safetensors), config and tokenizer as ``folder``, in the place of an earlier one.

    Raises:
        ExplorerError: the disk is full or not writable; an earlier model is still there.
    """
    with disk_errors_as_sentences(folder), scratch_folder(folder) as scratch:
        transformers.utils.logging.disable_progress_bar()  # it draws one of its own
        rounded: Any = copy.deepcopy(trained.module)
        rounded.to(torch.float16).save_pretrained(scratch)
        trained.packed.tokenizer.save_pretrained(scratch)
        publish(scratch, folder)


def measure(trained: Trained, folder: Path, corpus: Path, recipe: Recipe, *, report: Report) -> dict[str, Any]:
    """Measure the model in ``folder`` as it ships, beside its opponents; write ``figures.json`` and the card there."""
    books, held_out = hold_out(read_books(corpus), recipe.data.held_out)
    report(Progress(Message.of("training-measuring", name=folder.name), 0, None))
    model = load(str(folder), device="cpu", engine="torch")
    found: dict[str, Any] = {
        "schema": 1,
        "recipe": recipe.model_dump(mode="json"),
        "n_parameters": trained.module.num_parameters(),
        "n_training_tokens": len(trained.packed.ids),
        "n_training_bytes": sum(len(book.text.encode()) for book in books),
        "books": sorted(book.name for book in books),
        "seconds": round(trained.curve.seconds),
        "curve": trained.curve.held_out,
        **evaluate.figures(model, held_out),
    }
    report(Progress(Message.of("training-measuring", name="PPMd"), 0, None))
    found["compressors"] = evaluate.compressed(held_out, books)
    if sources.on_disk(OPPONENT) is not None:
        report(Progress(Message.of("training-measuring", name=OPPONENT), 0, None))
        found["opponents"] = {
            OPPONENT: asdict(evaluate.held_out(load(OPPONENT, device="cpu", engine="torch"), held_out))
        }
    with disk_errors_as_sentences(folder):
        figures = json.dumps(found, indent=1, ensure_ascii=False)
        for name, text in (("figures.json", f"{figures}\n"), ("README.md", card(found))):
            with written_aside(folder / name) as unfinished:
                unfinished.write_text(text, encoding="utf-8")
    return found
