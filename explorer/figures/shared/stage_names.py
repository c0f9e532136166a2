"""The stages of a sampler as people call them."""

from __future__ import annotations

from explorer.locales import numbers, tr
from explorer.sampling.sampling import Sampling
from explorer.sampling.stages import GREEDY

_NAMES = {
    "bias": "stage-bias",
    "repetition_penalty": "stage-repetition-penalty",
    "presence_penalty": "stage-presence-penalty",
    "frequency_penalty": "stage-frequency-penalty",
    "no_repeat_ngram": "stage-no-repeat-ngram",
    "banned": "stage-banned",
    "temperature": "stage-temperature",
    "top_k": "stage-top-k",
    "top_p": "stage-top-p",
    "min_p": "stage-min-p",
    "typical_p": "stage-typical-p",
    GREEDY: "stage-greedy",
}


def stage_name(stage: str, language: str) -> str:
    """``stage`` is a key of `explorer.sampling.stages.STAGES`, or `GREEDY`: ``top_p`` is called top-p."""
    return tr(_NAMES[stage], language)


def stage_parameter(sampling: Sampling, stage: str, language: str) -> str:
    """The name with what ``sampling`` sets: top-p 0.9, banned 2 tokens."""
    name = stage_name(stage, language)
    if stage == GREEDY:
        return name
    value = getattr(sampling, stage)
    if stage == "no_repeat_ngram":
        return tr("stage-n-grams", language, n=value)
    if isinstance(value, tuple):
        return tr("stage-tokens", language, name=name, n=len(value))
    return tr("stage-number", language, name=name, value=value if isinstance(value, int) else numbers.parameter(value))
