"""gpt2-mini's numbers by transformers alone, in float64: what `gpt2-mini.json` holds.

After a new training: ``python -m tests.golden.gpt2_mini`` writes the file anew.
"""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

ROOT = Path(__file__).parents[2]
FILE = Path(__file__).parent / "gpt2-mini.json"
N_TOP = 10
REPEATED = "She opened the door and he shut the window. She opened the door and he shut the window."


def compute(folder: Path) -> dict[str, Any]:
    """Ids and the ten likeliest tokens after twenty prefixes; the rows of two heads on a text that repeats itself."""
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float64, attn_implementation="eager")
    phrases = tomllib.loads((ROOT / "explorer" / "training" / "phrases.toml").read_text(encoding="utf-8"))
    cases = []
    for text in phrases["everyday"]:
        ids = tokenizer(text)["input_ids"]
        with torch.no_grad():
            top = model(torch.tensor([ids])).logits[0, -1].log_softmax(-1).topk(N_TOP)
        pairs = zip(top.indices.tolist(), top.values.tolist(), strict=True)
        cases.append({"text": text, "ids": ids, "top": [[i, round(value, 6)] for i, value in pairs]})
    ids = tokenizer(REPEATED)["input_ids"]
    with torch.no_grad():
        weights = torch.stack(model(torch.tensor([ids]), output_attentions=True).attentions)[:, 0]
    return {
        "about": "gpt2-mini in float64 by transformers' eager pass: log probabilities (natural) and attention rows.",
        "cases": cases,
        "attention": {"text": REPEATED, "ids": ids, "heads": _heads(weights, ids)},
    }


def _heads(weights: torch.Tensor, ids: list[int]) -> dict[str, list[list[float]]]:
    """The best induction head and the best previous-token head on this text, by "layer,head"."""
    half = len(ids) // 2
    later = torch.arange(half + 1, len(ids) - 1)
    following, before = weights[:, :, later, later - half + 1].mean(-1), weights.diagonal(-1, 2, 3).mean(-1)
    best = [divmod(int(scores.argmax()), weights.shape[1]) for scores in (following, before)]
    rows = {f"{layer},{head}": weights[layer, head] for layer, head in best}
    return {
        where: [[round(value, 6) for value in row[: query + 1]] for query, row in enumerate(head.tolist())]
        for where, head in rows.items()
    }


if __name__ == "__main__":
    FILE.write_text(json.dumps(compute(ROOT / "assets" / "gpt2-mini"), ensure_ascii=False) + "\n", encoding="utf-8")
