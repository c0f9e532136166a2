"""The stages of a sampler, in the order in which transformers' ``generate`` runs them.

==================== ============================================================== ===============================
stage                what it does to the logits                                     source
==================== ============================================================== ===============================
bias                 adds a number to the logits of chosen tokens                   OpenAI API, ``logit_bias``
repetition_penalty   tokens of the text: positive logits / p, negative ones * p     Keskar et al. 2019, section 4.1
presence_penalty     tokens of the text: minus a                                    OpenAI API, "Frequency and
frequency_penalty    tokens of the text: minus a for each time they occur           presence penalties"
no_repeat_ngram      removes tokens that would complete an n-gram of the text       Paulus et al. 2018, section 2.5
banned               removes chosen tokens
temperature          divides by T                                                   Ackley et al. 1985, eq. 5
top_k                keeps the k largest, and what equals the k-th                  Fan et al. 2018, section 5.4
top_p                keeps the likeliest tokens until they have probability p; at   Holtzman et al. 2020, section 3.1
                     the edge, of equal tokens those with lower ids
min_p                keeps what has at least p times the largest probability        Nguyen et al. 2025, section 3
typical_p            keeps tokens whose surprisal is closest to the entropy until   Meister et al. 2023, section 4
                     they have probability p, and what is as close as the last
==================== ============================================================== ===============================

"The text" is everything so far, the prefix included, as there. Each stage is a function of

- the parameter's value,
- the text, (..., T) token ids,
- the `Softmax` that the stage before left, (..., V),

and gives new scores (..., V) in the same dtype, -inf for what it removes. Each row is treated alone. The tests hold all
to a float64 reference written from the papers, and to transformers' processors, which do the same but for one thing:
at the edge of top-p theirs leaves equal tokens to ``torch.sort``, which is not stable, so that a detail of the machine
decides which of them stay; and in 16-bit weights they are many.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from explorer.language_model.trace import Floats, Ints
from explorer.sampling.ranking import at_mass
from explorer.sampling.softmax import Softmax

Process = Callable[[Any, Ints, Softmax], Floats]


@dataclass(frozen=True)
class StageKind:
    """A stage that a `Sampling` can have.

    Attributes:
        neutral: the parameter's value that changes nothing.
        process: what it does, see above.
        reshapes: whether it belongs to drawing only; a greedy choice passes over these, as in transformers.
    """

    neutral: Any
    process: Process
    reshapes: bool = False


def bias(amounts: tuple[tuple[int, float], ...], text: Ints, before: Softmax) -> Floats:
    scores = before.scores.copy()
    for token, amount in amounts:
        scores[..., token] += amount
    return scores


def repetition_penalty(penalty: float, text: Ints, before: Softmax) -> Floats:
    scores = before.scores.copy()
    own = np.take_along_axis(scores, text, axis=-1)
    np.put_along_axis(scores, text, np.where(own < 0, own * penalty, own / penalty), axis=-1)
    return scores


def presence_penalty(amount: float, text: Ints, before: Softmax) -> Floats:
    scores = before.scores.copy()
    for row, ids in _rows(scores, text):
        row[np.unique(ids)] -= amount
    return scores


def frequency_penalty(amount: float, text: Ints, before: Softmax) -> Floats:
    scores = before.scores.copy()
    for row, ids in _rows(scores, text):
        tokens, counts = np.unique(ids, return_counts=True)
        row[tokens] -= counts.astype(row.dtype) * amount
    return scores


def no_repeat_ngram(n: int, text: Ints, before: Softmax) -> Floats:
    scores = before.scores.copy()
    if n > text.shape[-1]:
        return scores  # no n-gram has come yet
    for row, ids in _rows(scores, text):
        ngrams = sliding_window_view(ids, n)  # (T - n + 1, n)
        begun = (ngrams[:, :-1] == ids[len(ids) - n + 1 :]).all(axis=-1)
        row[ngrams[begun, -1]] = -np.inf
    return scores


def banned(tokens: tuple[int, ...], text: Ints, before: Softmax) -> Floats:
    scores = before.scores.copy()
    scores[..., list(tokens)] = -np.inf
    return scores


def temperature(t: float, text: Ints, before: Softmax) -> Floats:
    return np.asarray(before.scores / t)


def top_k(k: int, text: Ints, before: Softmax) -> Floats:
    place = max(0, before.scores.shape[-1] - k)
    kth = np.partition(before.scores, place, axis=-1)[..., place, None]
    return _without(before.scores, before.scores < kth)


def top_p(p: float, text: Ints, before: Softmax) -> Floats:
    scores = before.scores.copy()
    for row, weights, total in _rows(scores, before.weights, before.total):
        last = at_mass(row, weights, p * total[0])
        equal_after = last + 1 + np.flatnonzero(row[last + 1 :] == row[last])
        row[:] = _without(row, row < row[last])
        row[equal_after] = -np.inf
    return scores


def min_p(p: float, text: Ints, before: Softmax) -> Floats:
    return _without(before.scores, before.weights < p)


def typical_p(p: float, text: Ints, before: Softmax) -> Floats:
    scores = before.scores.copy()
    # Surprisal and entropy in nats; -inf is infinitely far.
    entropy = np.asarray(before.entropy_bits)[..., None] * np.log(2)
    distances = np.abs(-before.log_probabilities - entropy).astype(scores.dtype)
    for row, distance, weights, total in _rows(scores, distances, before.weights, before.total):
        last = at_mass(-distance, weights, p * total[0])
        row[:] = _without(row, distance > distance[last])
    return scores


STAGES: dict[str, StageKind] = {
    "bias": StageKind((), bias),
    "repetition_penalty": StageKind(1.0, repetition_penalty),
    "presence_penalty": StageKind(0.0, presence_penalty),
    "frequency_penalty": StageKind(0.0, frequency_penalty),
    "no_repeat_ngram": StageKind(0, no_repeat_ngram),
    "banned": StageKind((), banned),
    "temperature": StageKind(1.0, temperature, reshapes=True),
    "top_k": StageKind(None, top_k, reshapes=True),
    "top_p": StageKind(1.0, top_p, reshapes=True),
    "min_p": StageKind(0.0, min_p, reshapes=True),
    "typical_p": StageKind(1.0, typical_p, reshapes=True),
}
"""Every stage by the name of its parameter, in the default order."""

DEFAULT_ORDER = tuple(STAGES)

GREEDY = "greedy"
"""The last stage of a greedy choice, see `only_the_largest`."""


def only_the_largest(scores: Floats) -> Floats:
    """(..., V) ``scores`` with -inf for all but the largest, the lowest id among equals."""
    largest = np.argmax(scores, axis=-1, keepdims=True)
    kept = np.full_like(scores, -np.inf)
    np.put_along_axis(kept, largest, np.take_along_axis(scores, largest, axis=-1), axis=-1)
    return kept


def _rows(*arrays: NDArray[Any]) -> Iterator[tuple[Any, ...]]:
    """The rows of arrays of the same leading dimensions, side by side; those of the first can be written to."""
    n_rows = prod(arrays[0].shape[:-1])  # not -1: a text may have no tokens
    return zip(*(array.reshape(n_rows, array.shape[-1]) for array in arrays), strict=True)


def _without(scores: Floats, gone: NDArray[np.bool_]) -> Floats:
    # scores[gone] = -np.inf takes four times as long where `gone` is as irregular as min-p makes it.
    limits = np.array([np.inf, -np.inf], scores.dtype)
    return np.asarray(np.minimum(scores, limits[gone.view(np.int8)]))
