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

All but three are transformers' own processors. "The text" is everything so far, the prefix included, as there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from explorer.sampling.distribution import softmax

if TYPE_CHECKING:
    import torch

    from explorer.sampling.sampling import Sampling

Processor = Any
"""Takes (ids (B, T), scores (B, V)), gives scores (B, V): a ``LogitsProcessor`` of transformers."""


@dataclass(frozen=True)
class StageKind:
    """A stage that a `Sampling` can have.

    Attributes:
        neutral: the parameter's value that changes nothing.
        make: the processor for a `Sampling`.
        reshapes: whether it belongs to drawing only; a greedy choice passes over these, as in transformers.
    """

    neutral: Any
    make: Callable[[Sampling], Processor]
    reshapes: bool = False


def _transformers(name: str, *arguments: Any, **keywords: Any) -> Processor:
    from transformers.generation import logits_process  # takes a second: not before it is needed

    return getattr(logits_process, name)(*arguments, **keywords)


class _CountPenalty:
    """Lowers the logits of the tokens in the text: mu[j] - c[j] * frequency - (c[j] > 0) * presence.

    c[j] is how often token j occurs (OpenAI API reference, "Frequency and presence penalties").
    """

    def __init__(self, *, presence: float = 0.0, frequency: float = 0.0) -> None:
        self.presence = presence
        self.frequency = frequency

    def __call__(self, ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        counts = scores.new_zeros(scores.shape).scatter_add_(1, ids, scores.new_ones(ids.shape))
        return scores - counts * self.frequency - counts.clamp(max=1) * self.presence


class _TopP:
    """Keeps the likeliest tokens until they have probability p (summed in float64), equal ones by lower id.

    transformers' own leaves equal tokens at the edge to ``torch.sort``, which is not stable: a detail of the machine
    decides which of them stay, and in 16-bit weights they are many. numpy also sorts 30 times faster than torch.
    """

    def __init__(self, p: float) -> None:
        self.p = p

    def __call__(self, ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        import torch

        values = scores.numpy()
        ordered = np.sort(values)[:, ::-1]
        mass = softmax(ordered.astype(np.float64)).cumsum(axis=-1)
        n_kept = np.minimum(1 + (mass < self.p).sum(axis=-1, keepdims=True), values.shape[-1])
        last = np.take_along_axis(ordered, n_kept - 1, axis=-1)
        above, equal = values > last, values == last
        n_equal = n_kept - above.sum(axis=-1, keepdims=True)
        kept = above | (equal & (equal.cumsum(axis=-1) <= n_equal))
        return scores.masked_fill(torch.from_numpy(~kept), -np.inf)


STAGES: dict[str, StageKind] = {
    "bias": StageKind((), lambda s: _transformers("SequenceBiasLogitsProcessor", {(i,): b for i, b in s.bias})),
    "repetition_penalty": StageKind(
        1.0, lambda s: _transformers("RepetitionPenaltyLogitsProcessor", s.repetition_penalty)
    ),
    "presence_penalty": StageKind(0.0, lambda s: _CountPenalty(presence=s.presence_penalty)),
    "frequency_penalty": StageKind(0.0, lambda s: _CountPenalty(frequency=s.frequency_penalty)),
    "no_repeat_ngram": StageKind(0, lambda s: _transformers("NoRepeatNGramLogitsProcessor", s.no_repeat_ngram)),
    "banned": StageKind((), lambda s: _transformers("NoBadWordsLogitsProcessor", [[i] for i in s.banned])),
    "temperature": StageKind(1.0, lambda s: _transformers("TemperatureLogitsWarper", s.temperature), True),
    "top_k": StageKind(None, lambda s: _transformers("TopKLogitsWarper", s.top_k), True),
    "top_p": StageKind(1.0, lambda s: _TopP(s.top_p), True),
    "min_p": StageKind(0.0, lambda s: _transformers("MinPLogitsWarper", s.min_p), True),
    "typical_p": StageKind(1.0, lambda s: _transformers("TypicalLogitsWarper", s.typical_p), True),
}
"""Every stage by the name of its parameter, in the default order."""

GREEDY = "greedy"
"""The last stage of a greedy choice: it keeps the largest logit, the lowest id among equals."""

DEFAULT_ORDER = tuple(STAGES)
