"""The sampler's options, which `predict` and `generate` share: they reach the sampler, or one sentence refuses them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import typer

from explorer.cli.commands import app
from explorer.cli.sampling_options import SamplingOptions
from explorer.engine.loading import load
from explorer.engine.local_model import LocalModel
from explorer.sampling.sampling import RANGES, Sampling
from explorer.sampling.stages import DEFAULT_ORDER
from tests.command_line import Run, runner

pytestmark = pytest.mark.usefixtures("english")

PROMPT = "the cat"


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    return runner(capsys)


@pytest.fixture(scope="module")
def lm(tiny_gpt2: Path) -> LocalModel:
    return load(str(tiny_gpt2))


@pytest.fixture
def loaded(lm: LocalModel, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every model is the tiny GPT-2."""
    monkeypatch.setattr("explorer.load", lambda *_, **__: lm)


@pytest.fixture
def write(run: Run, loaded: None) -> Run:
    return lambda *options: run("generate", *options)


def test_every_option_of_the_sampler_reaches_it(write: Run) -> None:
    given: dict[str, Any] = {
        "temperature": 0.7,
        "top_k": 50,
        "top_p": 0.9,
        "min_p": 0.01,
        "typical_p": 0.95,
        "repetition_penalty": 1.2,
        "presence_penalty": -0.5,
        "frequency_penalty": 0.25,
        "no_repeat_ngram": 3,
    }
    assert set(given) == set(RANGES)
    options = [word for name, value in given.items() for word in (f"--{name.replace('_', '-')}", str(value))]
    lists = ["--ban", "#3", "--ban", "#4", "--bias", "#5=2.5", "--bias", "#6=-1", "--off", "min-p, typical_p"]
    ran = write(PROMPT, "--json", *options, *lists, "--order", "top-p,temperature")
    expected = Sampling(
        **given,
        banned=(3, 4),
        bias=((5, 2.5), (6, -1)),
        off=("min_p", "typical_p"),
        order=(*DEFAULT_ORDER[:6], "top_p", "top_k", "temperature", *DEFAULT_ORDER[9:]),
    )
    assert Sampling.of(json.loads(ran.out)["sampling"]) == expected


def test_a_ban_and_a_bias_mean_the_token_with_a_space_before_it_too(write: Run, lm: LocalModel) -> None:
    def both(text: str) -> set[int]:
        found = lm.vocabulary.find(text), lm.vocabulary.find(f" {text}")
        return {token.id for token in found if token is not None}

    assert len(both("a")) == 2
    sampling = json.loads(write(PROMPT, "--json", "--ban", "a", "--bias", "a=3", "--bias", "==2").out)["sampling"]
    assert set(sampling["banned"]) == both("a")
    assert dict(sampling["bias"]) == dict.fromkeys(both("a"), 3) | dict.fromkeys(both("="), 2)


def test_a_top_k_above_the_vocabulary_keeps_all_and_says_so(write: Run) -> None:
    ran = write(PROMPT, "--json", "--top-k", "513")
    assert json.loads(ran.out)["sampling"]["top_k"] is None
    assert "513" in ran.err
    assert "512" in ran.err
    assert write(PROMPT, "--json", "--top-k", "512").err == ""


@pytest.fixture
def unloaded(monkeypatch: pytest.MonkeyPatch) -> None:
    """No model may be loaded."""

    monkeypatch.setattr("explorer.load", lambda *_, **__: pytest.fail("a model was loaded"))


SAMPLER = [
    *(("--temperature", value) for value in ("-1", "nan", "inf", "-inf", "abc", "", "1000", "0.0001")),
    *(("--top-k", value) for value in ("0", "-5", "2.5", "1e3", "99999999")),
    *(("--top-p", value) for value in ("0", "1.5", "nan", "half")),
    ("--min-p", "-0.1"),
    ("--typical-p", "0"),
    ("--repetition-penalty", "0"),
    ("--presence-penalty", "101"),
    ("--frequency-penalty", "1,5"),
    ("--no-repeat-ngram", "-1"),
    *(("--order", value) for value in ("top_p,nonsense", "top_p,top_p")),
    ("--off", "nonsense"),
    *(("--bias", value) for value in ("cat", "cat=", "cat=abc", "cat=nan", "cat=101", "=3")),
]


@pytest.mark.parametrize("name", ["predict", "generate"])
@pytest.mark.parametrize(("option", "value"), SAMPLER)
def test_what_the_sampler_refuses_is_one_sentence(run: Run, unloaded: None, name: str, option: str, value: str) -> None:
    ran = run(name, PROMPT, option, value)
    assert (ran.status, ran.out, ran.err.count("\n")) == (1, "", 1)
    assert value.split(",")[-1].strip("-") in ran.err


def test_the_command_line_and_the_library_say_the_same(run: Run, unloaded: None) -> None:
    with pytest.raises(ValueError, match="top_p") as caught:
        Sampling(top_p=1.5)
    assert run("generate", PROMPT, "--top-p", "1.5").err == f"{caught.value}\n"
    assert "种子" in run("generate", PROMPT, "--seed", "-1", "--lang", "zh").err


@pytest.mark.parametrize("name", ["predict", "generate"])
@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--ban", "catdogcat"], "catdogcat"),
        (["--ban", "#512"], "512"),
        (["--bias", "catdogcat=1"], "catdogcat"),
        ([word for i in range(512) for word in ("--ban", f"#{i}")], "banned"),
    ],
    ids=["no token", "no id", "no token to bias", "all banned"],
)
def test_what_only_the_model_can_refuse_is_one_sentence(
    run: Run, loaded: None, name: str, options: list[str], said: str
) -> None:
    ran = run(name, PROMPT, *options)
    assert (ran.status, ran.err.count("\n")) == (1, 1)
    assert said in ran.err


def test_every_option_has_a_line_of_help() -> None:
    group: Any = typer.main.get_command(app)
    for name in ("predict", "generate"):
        options = group.commands[name].params
        assert {option.name for option in options} >= set(SamplingOptions.__dataclass_fields__)
        assert not [option.name for option in options if len(option.help or "") < 10]
