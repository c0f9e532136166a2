"""What people pass to the public functions: each mistake is a sentence with the value and a remedy, and at once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import explorer
from explorer import Beam, Difference, Extras, LocalModel, Request, Sampling, Stop, Strategy
from explorer.cli.options import ModelOptions
from explorer.generation.presets import compared
from explorer.locales import ExplorerError
from tests.command_line import Run, runner

HUGE = 10**5000
"""A whole number that Python does not write out."""


def attention(lm: LocalModel) -> explorer.Attention:
    return lm.trace("the cat", attention=True).attention


MISTAKES: dict[str, tuple[Callable[[LocalModel], Any], str]] = {
    "compare no model": (lambda lm: explorer.compare(None), "model is None, and has to be a model. Load one"),
    "compare a class": (lambda lm: explorer.compare(LocalModel), "has to be a model"),
    "compare no text": (lambda lm: explorer.compare(lm, None), "None is neither a text nor a list of token ids"),
    "compare no strategy": (lambda lm: explorer.compare(lm, "a", 5), "5 is no strategy"),
    "compare no number": (lambda lm: explorer.compare(lm, "a", n=None), "n is None"),
    "compare no stop": (lambda lm: explorer.compare(lm, "a", stop_text=5), "text is 5, and has to be a text"),
    "compare no interventions": (lambda lm: explorer.compare(lm, "a", interventions=5), "5 is not an intervention"),
    "generate no model": (lambda lm: explorer.generate(None), "model is None"),
    "generate no text": (lambda lm: explorer.generate(lm, None), "None is neither a text nor"),
    "generate no sampler": (lambda lm: explorer.generate(lm, "a", 5), "sampling is 5, and has to be a sampler"),
    "generate a stage": (lambda lm: explorer.generate(lm, "a", Beam()), "sampling is beam 4"),
    "generate no stop": (lambda lm: explorer.generate(lm, "a", stop="."), "stop is '.'"),
    "generate no seed": (lambda lm: explorer.generate(lm, "a", seed="x"), "seed is 'x'"),
    "generate no sample": (lambda lm: explorer.generate(lm, "a", sample=-1), "sample is -1"),
    "generate no length": (lambda lm: explorer.generate(lm, "a", max_new_tokens="x"), "max_new_tokens is 'x'"),
    "stop no length": (lambda lm: Stop(-1), "max_new_tokens is -1"),
    "stop no ids": (lambda lm: Stop(end_ids=5), "end_ids is 5"),
    "stop no text": (lambda lm: Stop(text=None), "text is None"),
    "trace nothing": (lambda lm: lm.trace(None), "None is neither a text nor"),
    "trace bytes": (lambda lm: lm.trace(b"the"), "b'the' is neither a text nor"),
    "trace a table": (lambda lm: lm.trace(np.zeros((2, 2), int)), "is neither a text nor"),
    "trace a huge number": (lambda lm: lm.trace([HUGE]), "is not a token id of this model"),
    "tokenize nothing": (lambda lm: lm.tokenize(None), "text is None, and has to be a text"),
    "logits of nothing": (lambda lm: lm.next_logits(None), "rows is None"),
    "decoder of no rows": (lambda lm: lm.decoder([1], 0), "n_rows is 0"),
    "load a number": (lambda lm: explorer.load(5), "name is 5, and has to be the name of a model"),
    "load a list": (lambda lm: explorer.load([]), "name is []"),
    "load bytes": (lambda lm: explorer.load(b"gpt2"), "name is b'gpt2'"),
    "load a long name": (lambda lm: explorer.load("a" * 5000), "There is no model"),
    "load a device": (lambda lm: explorer.load("gpt2-mini", device=5), "There is no device “5”"),
    "load a dtype": (lambda lm: explorer.load("gpt2-mini", dtype=5), "“5” is not a number format"),
    "load an engine": (lambda lm: explorer.load("gpt2-mini", engine=5), "“5” is not an engine"),
    "no language": (lambda lm: explorer.set_language(5), "in the language “5”"),
    "no rule": (lambda lm: lm.trace("a").distribution(None), "rule is None, and has to be a sampler"),
    "no number of tokens": (lambda lm: lm.trace("a").distribution(Sampling()).top(None), "n is None"),
    "no token": (lambda lm: lm.trace("a").distribution(Sampling()).candidate("x"), "'x' is not a token id"),
    "no distributions": (lambda lm: Difference(None, None), "first is None, and has to be a distribution"),
    "roles of nothing": (lambda lm: explorer.roles(None, [1]), "attention is None"),
    "roles of another text": (lambda lm: explorer.roles(attention(lm), [1]), "positions, but there are 1 token ids"),
    "an unknown role": (lambda lm: explorer.repeated_random(lm, n=4).of("x"), "'x' is no role of a head"),
    "no such head": (lambda lm: explorer.repeated_random(lm, n=4).labels(99, 0), "There is no layer 99"),
    "random of no model": (lambda lm: explorer.repeated_random(None), "model is None"),
    "random of no number": (lambda lm: explorer.repeated_random(lm, n="x"), "n is 'x'"),
    "random of no seed": (lambda lm: explorer.repeated_random(lm, seed=-1), "seed is -1"),
    "rollout of nothing": (lambda lm: explorer.rollout(None), "attention is None"),
    "rollout of too many": (lambda lm: explorer.rollout(attention(lm), 99), "There is no layer 98"),
    "view of nothing": (lambda lm: explorer.head_view(None), "trace is None, and has to be a trace"),
    "view of all of nothing": (lambda lm: explorer.model_view(5), "trace is 5"),
    "view of neurons of nothing": (lambda lm: explorer.neuron_view(None), "trace is None"),
    "view of no layer": (lambda lm: explorer.head_view(lm.trace("a", attention=True), layers="x"), "no layer 'x'"),
    "head by a name": (lambda lm: attention(lm).head("x", 0), "There is no layer 'x'"),
    "scores of no token": (lambda lm: attention(lm).vectors(0, 0).scores(99), "no token at place 99"),
    "ablation of nothing": (lambda lm: explorer.Ablate(None), "None names no heads"),
    "extras of no layer": (lambda lm: Extras(layer="x"), "layer is 'x'"),
    "extras of no head": (lambda lm: Extras(vectors=5), "vectors is 5"),
    "request without extras": (lambda lm: Request((1,), extras=5), "extras is 5"),
    "no record of a request": (lambda lm: Request.of({"ids": [1], "extras": {"x": 1}}), "no record of a request"),
    "nothing as a request": (lambda lm: Request.of(None), "None is no record of a request"),
    "no method": (lambda lm: Strategy("x", 5), "5 is no strategy"),
    "no name": (lambda lm: Strategy(5, Sampling()), "name is 5"),
    "no record of a strategy": (lambda lm: Strategy.of(None), "None describes no strategy"),
    "no record of a sampler": (lambda lm: Sampling.of(None), "None describes no strategy"),
}


@pytest.mark.usefixtures("english")
@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_a_sentence(peaked: LocalModel, mistake: str) -> None:
    make, sentence = MISTAKES[mistake]
    with pytest.raises(ExplorerError) as caught:
        make(peaked)
    assert sentence in str(caught.value)


def test_ways_to_say_the_same(peaked: LocalModel, tmp_path: Path) -> None:
    ids = peaked.tokenize("the cat").ids
    expected = [choice.id for choice in explorer.generate(peaked, ids, Sampling(), seed=3, stop=Stop(7))]
    assert [c.id for c in explorer.generate(peaked, "the cat", seed=3, max_new_tokens=7)] == expected
    assert [c.id for c in explorer.generate(peaked, ids, seed=3, stop=Stop(99), max_new_tokens=7)] == expected
    names = [strategy.name for strategy in explorer.compare(peaked, "the", max_new_tokens=1).strategies]
    assert names == [strategy.name for strategy in compared()]
    with pytest.raises(ExplorerError, match="has no config"):
        explorer.load(tmp_path)


@pytest.mark.usefixtures("english")
@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("compare", "x", "--n", "0"), "n is 0"),
        (("compare", "x", "--n", "many"), "n is 'many'"),
        (("compare", "x", "--max-new-tokens", "0"), "max_new_tokens is 0"),
        (("compare", "x", "--seed", "-1"), "seed"),
        (("compare", "x", "--strategies", "/nowhere.toml"), "cannot be read"),
        (("compare", "x", "--table", "/nowhere/x.csv"), "cannot be written"),
        (("compare", "x", "--figure", "/nowhere/x.html"), "cannot be written"),
        (("compare", "x", "--figure", "x.bmp"), "cannot be saved as"),
        (("generate", "x", "--n", "0"), "n is 0"),
        (("generate", "x", "--max-new-tokens", "0"), "max_new_tokens is 0"),
        (("generate", "x", "--seed", "-1"), "seed"),
        (("generate", "x", "--top-p", "2"), "top_p is 2"),
        (("generate", "x", "--session", "/dev/null/x"), "could not be saved"),
        (("predict", "x", "--top", "0"), "--top"),
        (("predict", "x", "--temperature", "-1"), "temperature"),
        (("predict", "x", "--bias", "cat"), "is no bias"),
        (("predict", "x", "--order", "x"), "order holds 'x'"),
    ],
)
def test_what_needs_no_model_is_said_before_one_is_loaded(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], sentence: str
) -> None:
    monkeypatch.setattr(ModelOptions, "load", lambda _: pytest.fail("it is loaded"))
    ran = runner(capsys)(*arguments)
    assert ran.status != 0
    assert ran.out == ""
    assert sentence in ran.err


@pytest.mark.usefixtures("english")
@pytest.mark.parametrize("command", ["lab", "app"])
@pytest.mark.parametrize(
    ("option", "value", "sentence"),
    [
        ("--model", "gtp2", "There is no model “gtp2”"),
        ("--model", "./nowhere", "There is no folder"),
        ("--dtype", "float8", "“float8” is not a number format"),
        ("--engine", "jax", "“jax” is not an engine"),
        ("--device", "tpu", "There is no device “tpu”"),
    ],
)
def test_a_server_is_not_started_for_what_cannot_be(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    command: str,
    option: str,
    value: str,
    sentence: str,
) -> None:
    monkeypatch.setattr(f"explorer.cli.jupyter.{command}", lambda _: pytest.fail("it is started"))
    ran = runner(capsys)(command, option, value)
    assert (ran.status, ran.out) == (1, "")
    assert sentence in ran.err


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    return runner(capsys)


@pytest.mark.usefixtures("english")
@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        ("name = 'bold'\nsampling = {top_p = 2.0}", "strategy 2 ('bold'): top_p is 2.0"),
        ("sampling = {temperature = 'warm'}", "strategy 2: The temperature 'warm'"),
        ("beam = {n_beams = 0}", "strategy 2: n_beams is 0"),
        ("name = 'x'", "strategy 2 ('x'): "),
    ],
)
def test_a_file_of_strategies_says_which_and_what(run: Run, tmp_path: Path, table: str, sentence: str) -> None:
    file = tmp_path / "s.toml"
    file.write_text(f"[[strategy]]\nname = 'right'\nsampling = {{}}\n[[strategy]]\n{table}\n", encoding="utf-8")
    ran = run("compare", "x", "--strategies", str(file))
    assert (ran.status, ran.out) == (1, "")
    assert sentence in ran.err
    assert ran.err.count("\n") == 1


def test_standard_input_without_an_end_is_not_read_to_it(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    with open("/dev/zero", encoding="utf-8") as endless:
        monkeypatch.setattr("sys.stdin", endless)
        ran = run("predict", "-")
    assert (ran.status, ran.out) == (1, "")
    assert "more than 16 MB" in ran.err
