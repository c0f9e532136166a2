"""A training -> the folder of a model that anybody's transformers reads."""

from __future__ import annotations

import copy
from pathlib import Path

import torch

from explorer.models.storage import disk_errors_as_sentences
from explorer.training.train import Trained


def export(trained: Trained, folder: Path) -> None:
    """Write weights (float16 safetensors), config and tokenizer into ``folder``.

    Raises:
        ExplorerError: the disk is full or not writable.
    """
    with disk_errors_as_sentences(folder):
        folder.mkdir(parents=True, exist_ok=True)
        copy.deepcopy(trained.module).to(torch.float16).save_pretrained(folder)
        trained.packed.tokenizer.save_pretrained(folder)
