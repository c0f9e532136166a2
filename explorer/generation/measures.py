"""How the texts of strategies differ, in numbers. Each measure says where it comes from.

======================= ==================================================================== ==========================
measure                 what it is                                                           source
======================= ==================================================================== ==========================
surprisal               bits a token under the model, before any sampler: a mean over a text Shannon 1948
perplexity              2 to the mean surprisal                                              Jelinek et al. 1977
entropy                 bits of the distributions the tokens came from, before the sampler   Shannon 1948
length                  tokens
distinct-n              different n-grams of tokens over all n-grams, of all samples         Li et al. 2016, section 5.2
repetition-4            1 - different 4-grams / 4-grams, of a text                           Welleck et al. 2020, 6.1
repeated tokens         share of tokens that occur among the 128 before them                 Welleck et al. 2020, 6.1
copied                  share of a text's 4-grams that the prefix has
first choices           share of tokens that were the model's likeliest                      Gehrmann et al. 2019
self-BLEU               mean BLEU-4, 0..100, of each sample against all others (of 64)       Zhu et al. 2018, section 3
distance                mean edit distance of two samples (of 64), over the longer one       Levenshtein 1966
======================= ==================================================================== ==========================
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from explorer.generation.decoders import Sample

MAX_PAIRED = 64
"""Of more samples, the first so many are compared with each other: the work grows with their square."""

Ngram = tuple[int, ...]

N_REPEATED = 4
WINDOW = 128
N_RESAMPLES = 1000
CONFIDENCE = 0.95
FEWEST = 4
"""Samples that an interval needs; with fewer there are not enough ways to draw them again."""

BUCKETS = (1, 10, 100)
"""Ranks that end the buckets of a fingerprint: 1, 2 to 10, 11 to 100, beyond (Gehrmann et al. 2019, section 3)."""


@dataclass(frozen=True)
class Measure:
    """A number about several texts.

    ``of_each`` has a value for each text where the measure is a mean over them (NaN where a text has none), ``low`` and
    ``high`` end its 95% interval (percentile bootstrap over samples, Efron 1979), where there are enough samples.
    """

    value: float
    of_each: tuple[float, ...] = ()
    low: float = float("nan")
    high: float = float("nan")


def measures(samples: Sequence[Sample], prefix: Sequence[int]) -> dict[str, Measure]:
    """Every measure by its name; NaN where the texts are too short or too few for it."""
    texts = [tuple(token.id for token in sample.tokens) for sample in samples]
    each: dict[str, Callable[[int], float]] = {
        "surprisal": lambda i: _mean(samples[i].surprisal),
        "perplexity": lambda i: 2.0 ** _mean(samples[i].surprisal),
        "entropy": lambda i: _mean([step.raw_entropy_bits for step in samples[i].steps]),
        "length": lambda i: float(len(texts[i])),
        "repetition-4": lambda i: 1 - _different(_ngrams(texts[i], N_REPEATED)),
        "repeated-tokens": lambda i: _repeated(texts[i]),
        "copied": lambda i: _copied(texts[i], prefix),
        "first-choices": lambda i: _mean([token.rank == 1 for token in samples[i].tokens]),
    }
    found = {name: _mean_of(tuple(of(i) for i in range(len(samples)))) for name, of in each.items()}
    for n in (1, 2, 3):
        found[f"distinct-{n}"] = Measure(_different([gram for text in texts for gram in _ngrams(text, n)]))
    found["self-bleu"] = _self_bleu([sample.text for sample in samples[:MAX_PAIRED]])
    found["distance"] = Measure(_mean([_distance(a, b) for a, b in combinations(texts[:MAX_PAIRED], 2)]))
    return found


def fingerprint(samples: Sequence[Sample]) -> tuple[float, ...]:
    """(4,) shares of the tokens that were rank 1, 2 to 10, 11 to 100 and beyond; they sum to 1, NaN where there is no
    token."""
    ranks = [token.rank for sample in samples for token in sample.tokens]
    places = np.searchsorted(BUCKETS, ranks)
    counts = np.bincount(places, minlength=len(BUCKETS) + 1)
    return tuple((counts / len(ranks)).tolist()) if ranks else (float("nan"),) * (len(BUCKETS) + 1)


def _mean(values: Sequence[float] | np.ndarray) -> float:
    return float(np.mean(values)) if len(values) else float("nan")


def _mean_of(each: tuple[float, ...]) -> Measure:
    there = np.array([value for value in each if not np.isnan(value)])
    if len(there) < FEWEST:
        return Measure(_mean(there), each)
    random = np.random.default_rng(0)
    means = there[random.integers(0, len(there), (N_RESAMPLES, len(there)))].mean(axis=1)
    low, high = np.quantile(means, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return Measure(float(there.mean()), each, float(low), float(high))


def _ngrams(text: Sequence[int], n: int) -> list[Ngram]:
    return [tuple(text[i : i + n]) for i in range(len(text) - n + 1)]


def _different(ngrams: list[Ngram]) -> float:
    return len(set(ngrams)) / len(ngrams) if ngrams else float("nan")


def _repeated(text: Sequence[int]) -> float:
    return _mean([token in text[max(0, i - WINDOW) : i] for i, token in enumerate(text)])


def _copied(text: Sequence[int], prefix: Sequence[int]) -> float:
    known = set(_ngrams(prefix, N_REPEATED))
    return _mean([gram in known for gram in _ngrams(text, N_REPEATED)])


def _self_bleu(texts: Sequence[str]) -> Measure:
    if len(texts) < 2:
        return Measure(float("nan"))
    from sacrebleu.metrics.bleu import BLEU

    metric = BLEU(effective_order=True)
    scores = [metric.sentence_score(text, [*texts[:i], *texts[i + 1 :]]).score for i, text in enumerate(texts)]
    return Measure(_mean(scores), tuple(scores))


def _distance(a: Sequence[int], b: Sequence[int]) -> float:
    """Edit distance over the longer length, 0..1 (Levenshtein 1966): insertions, deletions, substitutions cost 1."""
    if not a and not b:
        return float("nan")
    row = list(range(len(b) + 1))
    for i, token in enumerate(a, 1):
        diagonal, row[0] = row[0], i
        for j, other in enumerate(b, 1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (token != other))
    return row[-1] / max(len(a), len(b))
