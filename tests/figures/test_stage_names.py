"""The stages of a sampler as people call them."""

from __future__ import annotations

import pytest

from explorer.figures.shared.stage_names import stage_name, stage_parameter
from explorer.sampling.sampling import Sampling
from explorer.sampling.stages import GREEDY, STAGES

EVERYTHING = Sampling(
    temperature=0.7,
    top_k=40_000,
    top_p=0.9,
    min_p=0.05,
    typical_p=0.95,
    repetition_penalty=1.2,
    presence_penalty=-0.5,
    frequency_penalty=1,
    no_repeat_ngram=3,
    banned=(1,),
    bias=((3, 2.5), (4, -1.0)),
)


@pytest.mark.parametrize("language", ["en", "zh-Hans"])
def test_every_stage_has_a_name_of_its_own(language: str) -> None:
    names = [stage_name(stage, language) for stage in (*STAGES, GREEDY)]
    assert len(set(names)) == len(names)
    assert all(name.strip() and "stage-" not in name for name in names)  # an unknown id stands for itself


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        (
            "en",
            "bias on 2 tokens, repetition penalty 1.2, presence penalty -0.5, frequency penalty 1, "
            "no repeated 3-grams, ban on 1 token, temperature 0.7, top-k 40,000, top-p 0.9, min-p 0.05, typical-p 0.95",
        ),
        (
            "zh-Hans",
            "偏置 2 个词元, 重复惩罚 1.2, 存在惩罚 -0.5, 频率惩罚 1, "
            "不重复 3 元组, 禁用 1 个词元, 温度 0.7, top-k 截断 40,000, top-p 截断 0.9, min-p 截断 0.05, 典型采样 0.95",
        ),
    ],
)
def test_a_parameter_says_what_is_set(language: str, expected: str) -> None:
    assert ", ".join(stage_parameter(EVERYTHING, stage, language) for stage in EVERYTHING.in_force) == expected


def test_a_greedy_choice_has_no_parameter() -> None:
    assert stage_parameter(Sampling(greedy=True), GREEDY, "en") == stage_name(GREEDY, "en")
