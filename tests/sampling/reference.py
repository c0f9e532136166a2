"""The sampler in float64, one distribution at a time, written from the papers that `explorer.sampling.stages` cites.

It shares no code with the sampler, and none with transformers. Tie rules are those that the table of stages states.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from explorer.language_model.trace import Floats

ORDER = (
    "bias",
    "repetition_penalty",
    "presence_penalty",
    "frequency_penalty",
    "no_repeat_ngram",
    "banned",
    "temperature",
    "top_k",
    "top_p",
    "min_p",
    "typical_p",
)
"""The default one: penalties see the model's own logits, the temperature comes before every cut."""

NEUTRAL: dict[str, Any] = {
    "bias": {}, "repetition_penalty": 1, "presence_penalty": 0, "frequency_penalty": 0, "no_repeat_ngram": 0,
    "banned": [], "temperature": 1, "top_k": None, "top_p": 1, "min_p": 0, "typical_p": 1,
}  # fmt: skip
"""Values that change nothing."""

PASSED_OVER_BY_GREEDY = ("temperature", "top_k", "top_p", "min_p", "typical_p")


class After(NamedTuple):
    """What a stage left.

    Attributes:
        logits: (V,) -inf for tokens that are gone.
        margin: (V,) how far the fate of each token was from being the other one, as a probability or the logarithm of
            one; infinite where no rounding can matter.
    """

    logits: Floats
    margin: Floats


def log_softmax(logits: Floats) -> Floats:
    """(V,) natural logarithms of the probabilities."""
    shifted: Floats = logits - logits.max()
    return np.asarray(shifted - np.log(np.exp(shifted).sum()))


def entropy_bits(logits: Floats) -> float:
    """Shannon 1948, section 6: minus the sum of p log2 p; impossible tokens add nothing."""
    log_p = log_softmax(logits[np.isfinite(logits)])
    return float(-(np.exp(log_p) * log_p).sum() / np.log(2))


def bias(logits: Floats, text: Sequence[int], amounts: Mapping[int, float]) -> After:
    out = logits.copy()
    for token, amount in amounts.items():
        out[token] += amount
    return _certain(out)


def repetition_penalty(logits: Floats, text: Sequence[int], penalty: float) -> After:
    """Keskar et al. divide; a negative logit has to be multiplied, or the penalty would reward."""
    out = logits.copy()
    for token in set(text):
        out[token] = out[token] / penalty if out[token] > 0 else out[token] * penalty
    return _certain(out)


def presence_penalty(logits: Floats, text: Sequence[int], amount: float) -> After:
    out = logits.copy()
    for token in set(text):
        out[token] -= amount
    return _certain(out)


def frequency_penalty(logits: Floats, text: Sequence[int], amount: float) -> After:
    out = logits.copy()
    for token in text:
        out[token] -= amount
    return _certain(out)


def no_repeat_ngram(logits: Floats, text: Sequence[int], n: int) -> After:
    """Paulus et al.: p(y) = 0 where y would end an n-gram that the text has already."""
    out = logits.copy()
    last = list(text[len(text) - n + 1 :])
    for start in range(len(text) - n + 1):
        if list(text[start : start + n - 1]) == last:
            out[text[start + n - 1]] = -np.inf
    return _certain(out)


def banned(logits: Floats, text: Sequence[int], tokens: Sequence[int]) -> After:
    out = logits.copy()
    out[list(tokens)] = -np.inf
    return _certain(out)


def temperature(logits: Floats, text: Sequence[int], t: float) -> After:
    return _certain(logits / t)


def top_k(logits: Floats, text: Sequence[int], k: int) -> After:
    """Ties with the k-th stay."""
    kth = sorted(logits, reverse=True)[min(k, len(logits)) - 1]
    return _certain(np.where(logits >= kth, logits, -np.inf))


def top_p(logits: Floats, text: Sequence[int], p: float) -> After:
    """The smallest set whose probability reaches p; of equal tokens the lower ids go in first."""
    probabilities = np.exp(log_softmax(logits))
    likeliest_first = np.lexsort((np.arange(len(logits)), -logits))
    mass_before = np.concatenate([[0], np.cumsum(probabilities[likeliest_first])[:-1]])
    keeps, margin = np.empty(len(logits), bool), np.empty(len(logits))
    keeps[likeliest_first] = mass_before < p
    margin[likeliest_first] = np.abs(mass_before - p)
    return After(np.where(keeps, logits, -np.inf), margin)


def min_p(logits: Floats, text: Sequence[int], p: float) -> After:
    """Tokens at least p times as likely as the likeliest; equality stays."""
    log_p = log_softmax(logits)
    margin = np.abs(log_p - log_p.max() - np.log(p))
    margin[log_p == log_p.max()] = np.inf  # p is 1 at most
    return After(np.where(np.exp(log_p) >= p * np.exp(log_p.max()), logits, -np.inf), margin)


def typical_p(logits: Floats, text: Sequence[int], mass: float) -> After:
    """The smallest set of tokens with surprisals closest to the entropy that has this mass, and ties with its last."""
    log_p = log_softmax(logits)
    probabilities, possible = np.exp(log_p), np.isfinite(log_p)
    entropy = -(probabilities[possible] * log_p[possible]).sum()
    distance = np.abs(-log_p - entropy)
    closest_first = np.argsort(distance, kind="stable")
    mass_with = np.cumsum(probabilities[closest_first])
    last = distance[closest_first][min(int((mass_with < mass).sum()), len(logits) - 1)]
    margin = np.empty(len(logits))
    margin[closest_first] = np.abs(mass_with - mass)
    return After(np.where(distance <= last, logits, -np.inf), np.minimum(margin, np.abs(distance - last)))


STAGES: dict[str, Callable[[Floats, Sequence[int], Any], After]] = {
    stage.__name__: stage
    for stage in (
        bias, repetition_penalty, presence_penalty, frequency_penalty, no_repeat_ngram, banned,
        temperature, top_k, top_p, min_p, typical_p,
    )
}  # fmt: skip


def in_force(parameters: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """(stage, value) of the parameters of a `Sampling` that change something, in their order."""
    return [
        (name, parameters[name])
        for name in parameters.get("order", ORDER)
        if name not in parameters.get("off", ())
        and parameters.get(name, NEUTRAL[name]) != NEUTRAL[name]
        and not (parameters.get("greedy") and name in PASSED_OVER_BY_GREEDY)
    ]


def _certain(logits: Floats) -> After:
    return After(logits, np.full(len(logits), np.inf))
