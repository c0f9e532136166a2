"""What each measure of `explorer.generation.measures` is called, for people."""

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

_EXPLAINED = {
    "surprisal": "measure-surprisal-explained",
    "perplexity": "measure-perplexity-explained",
    "entropy": "measure-entropy-explained",
    "length": "measure-length-explained",
    "distinct-1": "measure-distinct-1-explained",
    "distinct-2": "measure-distinct-2-explained",
    "distinct-3": "measure-distinct-3-explained",
    "repetition-4": "measure-repetition-explained",
    "repeated-tokens": "measure-repeated-tokens-explained",
    "copied": "measure-copied-explained",
    "first-choices": "measure-first-choices-explained",
    "self-bleu": "measure-self-bleu-explained",
    "distance": "measure-distance-explained",
}

MEASURES = tuple(_NAMES)
"""In the order in which a reader meets them."""


def measure_name(measure: str, language: str | None = None) -> str:
    """The name of a measure, with its unit."""
    return tr(_NAMES[measure], language)


def measure_explained(measure: str, language: str | None = None) -> str:
    """What a measure is, and what its ends mean, in a sentence or two."""
    return tr(_EXPLAINED[measure], language)
