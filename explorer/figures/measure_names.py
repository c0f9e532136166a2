"""What each measure of `explorer.sampling.measures` is called, for people."""

from __future__ import annotations

from explorer.locales import tr

_NAMES = {
    "surprisal": "measure-surprisal",
    "perplexity": "measure-perplexity",
    "entropy": "measure-entropy",
    "length": "measure-length",
    "distinct-1": "measure-distinct-1",
    "distinct-2": "measure-distinct-2",
    "distinct-3": "measure-distinct-3",
    "repetition-4": "measure-repetition",
    "repeated-tokens": "measure-repeated-tokens",
    "copied": "measure-copied",
    "first-choices": "measure-first-choices",
    "self-bleu": "measure-self-bleu",
    "distance": "measure-distance",
}

MEASURES = tuple(_NAMES)
"""In the order in which a reader meets them."""


def measure_name(measure: str, language: str | None = None) -> str:
    """The name of a measure, with its unit."""
    return tr(_NAMES[measure], language)
