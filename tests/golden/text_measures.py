"""What gpt2-mini writes, in measures: what `text-measures.json` holds, for the tests of intervals.

After a new training, or another definition of a measure: ``python -m tests.golden.text_measures`` (five minutes) writes
the file anew.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import explorer
from explorer.generation.decoders import Sample
from explorer.generation.measures import measures

FILE = Path(__file__).parent / "text-measures.json"
PREFIX = "The old man said that he would come, and the old woman said that"
N_TEXTS, N_TOKENS, N_AT_ONCE = 2000, 40, 250
STRATEGIES = {
    "plain": explorer.Sampling(),
    "cool": explorer.Sampling(temperature=0.7),
    "hot": explorer.Sampling(temperature=1.5),
}
MEASURES = {
    "plain": (
        "surprisal",
        "perplexity",
        "entropy",
        "length",
        "repetition-4",
        "repeated-tokens",
        "copied",
        "first-choices",
    ),
    "cool": ("length", "repetition-4", "copied"),
    "hot": (),
}
"""Of whole texts; of the first token alone there is ``first-choices``, which is 0 or 1, of every strategy."""


def texts(model: explorer.LocalModel, *, n: int, seed: int) -> dict[str, tuple[Sample, ...]]:
    """By strategy, ``n`` texts of up to `N_TOKENS` tokens."""
    given = [explorer.Strategy(name, sampling) for name, sampling in STRATEGIES.items()]
    made = explorer.compare(model, PREFIX, given, n=n, max_new_tokens=N_TOKENS, seed=seed)
    return {written.name: written.samples for written in made.strategies}


def values(name: str, samples: Sequence[Sample], prefix: Sequence[int]) -> dict[str, list[float]]:
    """Of each text of the strategy ``name``, its measures to 4 decimals."""
    whole = measures(samples, prefix)
    first = measures([Sample(sample.steps[:1], None) for sample in samples], prefix)
    found = {measure: whole[measure].of_each for measure in MEASURES[name]}
    found["first-choices of one token"] = first["first-choices"].of_each
    return {measure: [round(value, 4) for value in of_each] for measure, of_each in found.items()}


def compute(model: explorer.LocalModel) -> dict[str, Any]:
    """By strategy and measure, (N_TEXTS,) values; NaN, which JSON lacks, where a text is too short, as None."""
    prefix = model.tokenize(PREFIX).ids
    found: dict[str, dict[str, list[float | None]]] = {name: {} for name in STRATEGIES}
    for seed in range(N_TEXTS // N_AT_ONCE):
        for name, samples in texts(model, n=N_AT_ONCE, seed=seed).items():
            for measure, of_each in values(name, samples, prefix).items():
                found[name].setdefault(measure, []).extend(None if value != value else value for value in of_each)
    return found


if __name__ == "__main__":
    made = compute(explorer.load("gpt2-mini"))
    FILE.write_text(json.dumps(made, separators=(",", ":")) + "\n", encoding="utf-8")
