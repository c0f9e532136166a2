"""How the texts of strategies differ, in numbers. Each measure says where it comes from.

======================= ==================================================================== ==========================
measure                 what it is                                                           source
======================= ==================================================================== ==========================
surprisal               bits a token under the model, before any sampler: a mean over a text Shannon 1948
perplexity              2 to the mean surprisal; of several texts the geometric mean         Jelinek et al. 1977
entropy                 bits of the distributions the tokens came from, before the sampler   Shannon 1948
length                  tokens
distinct-n              different n-grams of tokens over all n-grams, of all samples         after Li et al. 2016
repetition-4            1 - different 4-grams / 4-grams, of a text without its prefix        Welleck et al. 2020, 6.1
repeated tokens         share of tokens that occur among the 128 before them, the prefix's   after Welleck et al. 2020
                        too
copied                  share of a text's 4-grams that the prefix has                        ours
first choices           share of tokens that were the model's likeliest                      ours
ranks (`fingerprint`)   shares of the tokens of rank 1, 2 to 10, 11 to 100, beyond           after Gehrmann et al. 2019
self-BLEU               mean BLEU-4, 0..100, of each sample against all others (of 64)       Zhu et al. 2018, section 3
distance                mean edit distance of two samples (of 64), over the longer one       Levenshtein 1966
======================= ==================================================================== ==========================

Where ours says "after": Li et al. (5.2) divide by the tokens, with which even a text that repeats nothing stays below 1
for n > 1. Welleck et al. (6.1, rep/128) count the likeliest token at each place of a given text; here it is the token
that was written. Gehrmann et al. (GLTR, section 3) end their buckets of ranks at 10, 100 and 1000; ours are finer where
samplers differ, at the first choice. BLEU is sacrebleu's of a sentence, with its words (13a) and the orders there are.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import combinations

import numpy as np

from explorer.generation.decoders import Sample
from explorer.generation.intervals import DEPENDENT, Interval, student, student_log, wilson
from explorer.language_model.record import Record, html_table
from explorer.language_model.trace import Floats
from explorer.locales import numbers

MAX_PAIRED = 64
"""Of more samples, the first so many are compared with each other: the work grows with their square."""

_BETWEEN_TEXTS = {"self-bleu", "distance"}
"""Measures whose work grows with the square of the texts."""

Ngram = tuple[int, ...]

N_REPEATED = 4
WINDOW = 128

BUCKETS = (1, 10, 100)
"""Ranks that end the buckets of a fingerprint: 1, 2 to 10, 11 to 100, beyond."""


@dataclass(frozen=True, eq=False, repr=False)
class Measure(Record):
    """A number about several texts.

    ``of_each`` has a value for each text where the measure is a mean over them (NaN where a text has none),
    ``interval`` is that of ``value``, or says why there is none.
    """

    value: float
    of_each: tuple[float, ...] = ()
    interval: Interval = field(default_factory=partial(Interval.none, DEPENDENT))

    def __repr__(self) -> str:
        interval = f", 95% {_range(self)}" if _range(self) else ""
        texts = f", of {len(self.of_each)} texts" if self.of_each else ""
        return f"Measure({numbers.measured(self.value)}{interval}{texts})"

    @property
    def low(self) -> float:
        """Where the 95% interval begins; NaN where there is none."""
        return self.interval.low

    @property
    def high(self) -> float:
        """Where the 95% interval ends; NaN where there is none."""
        return self.interval.high


def _range(found: Measure) -> str:
    return f"{numbers.measured(found.low)} – {numbers.measured(found.high)}" if not math.isnan(found.low) else ""


def measures(samples: Sequence[Sample], prefix: Sequence[int]) -> Mapping[str, Measure]:
    """Every measure by its name; NaN where the texts are too short or too few for it."""
    return _Measures(samples, prefix)


class _Measures(Mapping[str, Measure]):
    """Computes a measure when it is first asked for: those that compare every two texts take seconds for many."""

    def __init__(self, samples: Sequence[Sample], prefix: Sequence[int]) -> None:
        self._samples, self._prefix = samples, prefix
        self._texts = [tuple(token.id for token in sample.tokens) for sample in samples]
        self._found: dict[str, Measure] = {}

    def __repr__(self) -> str:
        return f"Measures of {len(self._samples)} texts: {', '.join(self)}"

    def _repr_html_(self) -> str:
        names = [name for name in self if len(self._samples) <= MAX_PAIRED or name not in _BETWEEN_TEXTS]
        rows = ((name, numbers.measured(self[name].value), _range(self[name])) for name in names)
        return html_table("", ["", "", "95%"], rows, len(names))

    def __getitem__(self, name: str) -> Measure:
        if name not in self._found:
            self._found[name] = _COMPUTE[name](self)
        return self._found[name]

    def __iter__(self) -> Iterator[str]:
        return iter(_COMPUTE)

    def __len__(self) -> int:
        return len(_COMPUTE)

    def surprisal(self) -> Measure:
        return _mean_over_texts([_mean(sample.surprisal) for sample in self._samples])

    def perplexity(self) -> Measure:
        return _geometric_mean_over_texts([2.0**bits for bits in self["surprisal"].of_each])

    def entropy(self) -> Measure:
        bits = [[step.raw_entropy_bits for step in sample.steps] for sample in self._samples]
        return _mean_over_texts([_mean(each) for each in bits])

    def length(self) -> Measure:
        return _mean_over_texts([float(len(text)) for text in self._texts])

    def distinct(self, n: int) -> Measure:
        return Measure(_different([gram for text in self._texts for gram in _ngrams(text, n)]))

    def repetition(self) -> Measure:
        return _shares_over_texts([_seen_before(_ngrams(text, N_REPEATED)) for text in self._texts])

    def repeated_tokens(self) -> Measure:
        return _shares_over_texts([_repeated(text, self._prefix) for text in self._texts])

    def copied(self) -> Measure:
        return _shares_over_texts([_copied(text, self._prefix) for text in self._texts])

    def first_choices(self) -> Measure:
        return _shares_over_texts([[token.rank == 1 for token in sample.tokens] for sample in self._samples])

    def self_bleu(self) -> Measure:
        return _self_bleu([sample.text for sample in self._samples[:MAX_PAIRED]])

    def distance(self) -> Measure:
        return Measure(_mean([_distance(a, b) for a, b in combinations(self._texts[:MAX_PAIRED], 2)]))


_COMPUTE: dict[str, Callable[[_Measures], Measure]] = {
    "surprisal": _Measures.surprisal,
    "perplexity": _Measures.perplexity,
    "entropy": _Measures.entropy,
    "length": _Measures.length,
    "repetition-4": _Measures.repetition,
    "repeated-tokens": _Measures.repeated_tokens,
    "copied": _Measures.copied,
    "first-choices": _Measures.first_choices,
    "distinct-1": partial(_Measures.distinct, n=1),
    "distinct-2": partial(_Measures.distinct, n=2),
    "distinct-3": partial(_Measures.distinct, n=3),
    "self-bleu": _Measures.self_bleu,
    "distance": _Measures.distance,
}


def fingerprint(samples: Sequence[Sample]) -> tuple[float, ...]:
    """(4,) shares of the tokens that were rank 1, 2 to 10, 11 to 100 and beyond; they sum to 1, NaN where there is no
    token."""
    ranks = [token.rank for sample in samples for token in sample.tokens]
    places = np.searchsorted(BUCKETS, ranks)
    counts = np.bincount(places, minlength=len(BUCKETS) + 1)
    return tuple((counts / len(ranks)).tolist()) if ranks else (float("nan"),) * (len(BUCKETS) + 1)


def _mean(values: Sequence[float] | Floats) -> float:
    return float(np.mean(values)) if len(values) else float("nan")


def _mean_over_texts(each: Sequence[float]) -> Measure:
    return _over_texts(each, _mean, student)


def _geometric_mean_over_texts(each: Sequence[float]) -> Measure:
    return _over_texts(each, lambda values: float(np.exp(_mean(np.log(values)))), student_log)


def _shares_over_texts(parts: Sequence[Sequence[bool]]) -> Measure:
    """``parts``: of each text, which of its tokens or n-grams count. Texts of one part say yes or no."""
    yes_or_no = all(len(each) <= 1 for each in parts)
    interval = wilson if yes_or_no else lambda values: student(values, most=1.0)
    return _over_texts([_mean(each) for each in parts], _mean, interval)


def _over_texts(
    each: Sequence[float], mean: Callable[[Floats], float], interval: Callable[[Floats], Interval]
) -> Measure:
    there = np.array([value for value in each if not np.isnan(value)])
    return Measure(mean(there), tuple(each), interval(there))


def _ngrams(text: Sequence[int], n: int) -> list[Ngram]:
    return [tuple(text[i : i + n]) for i in range(len(text) - n + 1)]


def _different(ngrams: list[Ngram]) -> float:
    return len(set(ngrams)) / len(ngrams) if ngrams else float("nan")


def _seen_before(ngrams: list[Ngram]) -> list[bool]:
    """Which of them occur earlier in the list."""
    first: dict[Ngram, int] = {}
    return [first.setdefault(gram, place) < place for place, gram in enumerate(ngrams)]


def _repeated(text: Sequence[int], prefix: Sequence[int]) -> list[bool]:
    """Which tokens of ``text`` occur among the `WINDOW` before them."""
    whole = [*prefix, *text]
    return [whole[i] in whole[max(0, i - WINDOW) : i] for i in range(len(prefix), len(whole))]


def _copied(text: Sequence[int], prefix: Sequence[int]) -> list[bool]:
    """Which 4-grams of ``text`` the prefix has."""
    known = set(_ngrams(prefix, N_REPEATED))
    return [gram in known for gram in _ngrams(text, N_REPEATED)]


def _self_bleu(texts: Sequence[str]) -> Measure:
    if len(texts) < 2:
        return Measure(float("nan"))
    from sacrebleu.metrics.bleu import BLEU

    metric = BLEU(effective_order=True)
    scores = [metric.sentence_score(text, [*texts[:i], *texts[i + 1 :]]).score for i, text in enumerate(texts)]
    return Measure(_mean(scores), tuple(scores))


def _distance(a: Sequence[int], b: Sequence[int]) -> float:
    """Edit distance over the longer length, 0..1 (Levenshtein 1966): insertions, deletions, substitutions cost 1.

    By bits (Myers 1999, as in Hyyrö 2001): ``rises`` and ``falls`` say where in a column of the table of distances
    between beginnings of ``a`` and of ``b`` the next number is one more, and one less.
    """
    longer = max(len(a), len(b))
    if not a or not b:
        return 1.0 if longer else float("nan")
    places: dict[int, int] = {}
    for i, token in enumerate(a):
        places[token] = places.get(token, 0) | 1 << i
    every, last = (1 << len(a)) - 1, 1 << len(a) - 1
    rises, falls, distance = every, 0, len(a)
    for token in b:
        same = places.get(token, 0)
        no_cost = (((same & rises) + rises) ^ rises) | same
        more, less = falls | every & ~(no_cost | rises), rises & no_cost
        distance += bool(more & last) - bool(less & last)
        more, less = (more << 1 | 1) & every, less << 1 & every
        rises, falls = less | every & ~(same | falls | more), more & (same | falls)
    return distance / longer
