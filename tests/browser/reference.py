"""What the screen ought to say, from transformers alone."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer


@dataclass
class Reference:
    """A model read and asked without any of our code."""

    folder: Path

    @cached_property
    def tokenizer(self) -> Any:
        return AutoTokenizer.from_pretrained(self.folder)

    @cached_property
    def model(self) -> Any:
        return AutoModelForCausalLM.from_pretrained(self.folder, dtype=torch.float64).eval()

    def probabilities(self, text: str, temperature: float = 1.0) -> np.ndarray:
        """(V,) of the next token."""
        ids = self.tokenizer(text, return_tensors="pt").input_ids
        with torch.no_grad():
            return (self.model(ids).logits[0, -1] / temperature).softmax(-1).numpy()

    def top(self, text: str, n: int, temperature: float = 1.0) -> list[tuple[str, float]]:
        """The n likeliest tokens, spaces as middle dots, and their probabilities."""
        p = self.probabilities(text, temperature)
        return [(self.label(int(i)), float(p[i])) for i in np.argsort(-p, kind="stable")[:n]]

    def label(self, token_id: int) -> str:
        return self.tokenizer.decode([token_id]).replace(" ", "·").replace("\n", "⏎")

    def labels(self, text: str) -> list[str]:
        return [self.label(i) for i in self.tokenizer(text).input_ids]
