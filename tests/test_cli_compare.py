"""`explorer compare` and the file of strategies."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from explorer.engine.loading import load
from explorer.figures.comparison.measure_names import MEASURES
from explorer.generation.compare import compare
from explorer.generation.presets import COMPARED
from explorer.generation.strategies_file import read_strategies
from explorer.generation.strategy import Beam, Strategy
from explorer.locales import ExplorerError
from explorer.sampling.sampling import Sampling
from tests.command_line import Run, runner

FILE = """\
[[strategy]]
name = "cool"
sampling = {temperature = 0.7, top_p = 0.9}

[[strategy]]
beam = {n_beams = 3}

[[strategy]]
sampling = {greedy = true}
"""


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    return runner(capsys)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "strategies.toml"
    path.write_text(FILE, encoding="utf-8")
    return path


def test_a_file_holds_strategies(file: Path) -> None:
    assert read_strategies(file) == (
        Strategy("cool", Sampling(temperature=0.7, top_p=0.9)),
        Strategy("beam 3", Beam(3)),
        Strategy("greedy", Sampling(greedy=True)),
    )


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("", "has no tables"),
        ("strategy = 3", "has no tables"),
        ("[[strategies]]\nname = 'x'", "has no tables"),
        ("[[strategy", "cannot be read"),
        ("[[strategy]]\nname = 'x'", "describes no strategy"),
        ("[[strategy]]\nsampling = {}\nbeam = {}", "describes no strategy"),
        ("[[strategy]]\nsampling = 3", "describes no strategy"),
        ("[[strategy]]\nname = 3\nsampling = {}", "describes no strategy"),
        ("[[strategy]]\nsampling = {temprature = 1.0}", "temperature"),
        ("[[strategy]]\nbeam = {beams = 2}", "n_beams"),
        ("[[strategy]]\nbeam = {n_beams = 0}", "n_beams is 0"),
        ("[[strategy]]\nsampling = {top_p = 2.0}", "top_p"),
        ("[[strategy]]\nsampling = {}\n[[strategy]]\nsampling = {}", "Two strategies are called"),
    ],
)
def test_a_file_that_holds_none_gets_a_sentence(file: Path, content: str, sentence: str, run: Run) -> None:
    file.write_text(content, encoding="utf-8")
    with pytest.raises(ExplorerError, match=sentence):
        read_strategies(file)
    ran = run("compare", "x", "--strategies", str(file))
    assert (ran.status, ran.out) == (1, "")
    assert ran.err.count("\n") == 1


def test_a_file_that_is_not_there_or_no_text(tmp_path: Path) -> None:
    with pytest.raises(ExplorerError, match="cannot be read"):
        read_strategies(tmp_path / "none.toml")
    (tmp_path / "x.toml").write_bytes(b"\xff\xff")
    with pytest.raises(ExplorerError, match="cannot be read"):
        read_strategies(tmp_path / "x.toml")


def test_the_json_is_that_of_compare(run: Run, tiny_gpt2: Path, file: Path) -> None:
    asked = ("--n", "2", "--max-new-tokens", "8", "--seed", "5", "--json")
    ran = run("compare", "The capital", "--model", str(tiny_gpt2), "--strategies", str(file), *asked)
    assert ran.status == 0, ran.err
    found = json.loads(ran.out)
    made = compare(
        load(str(tiny_gpt2), device="cpu"), "The capital", read_strategies(file), n=2, max_new_tokens=8, seed=5
    )
    assert found["schema"] == 1
    assert [each["name"] for each in found["strategies"]] == ["cool", "beam 3", "greedy"]
    for written, strategy in zip(made.strategies, found["strategies"], strict=True):
        assert [s["text"] for s in strategy["samples"]] == [sample.text for sample in written.samples]


def test_without_a_file_there_are_nine_presets(run: Run, tiny_gpt2: Path, tmp_path: Path) -> None:
    table, figure = tmp_path / "table.csv", tmp_path / "ranks.html"
    asked = ("--n", "2", "--max-new-tokens", "6", "--table", str(table), "--figure", str(figure))
    ran = run("compare", "<b>The</b>", "--model", str(tiny_gpt2), *asked)
    assert ran.status == 0, ran.err
    assert ran.out.count("<b>The</b>") == 2 * 7 + 2, "two texts each, one of greedy and one of the beams"
    assert "seed" in ran.out
    with table.open(encoding="utf-8-sig", newline="") as opened:
        assert len(list(csv.DictReader(opened))) == len(COMPARED) == 9
    page = figure.read_text(encoding="utf-8")
    assert "<h1>&lt;b&gt;The&lt;/b&gt;</h1>" in page
    assert page.count("Plotly.newPlot(") == 1 + len(MEASURES) + 1, (
        "the ranks, each measure, and the beams' only picture"
    )
    assert "<script src" not in page, "it needs no network"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--n", "0"), "n is 0"),
        (("--n", "10000"), "n is 10000"),
        (("--n", "many"), "n is 'many'"),
        (("--max-new-tokens", "9999"), "max_new_tokens is 9999"),
        (("--seed", "-1"), "seed"),
    ],
)
def test_what_cannot_be_is_one_sentence(run: Run, tiny_gpt2: Path, arguments: tuple[str, ...], sentence: str) -> None:
    ran = run("compare", "The", "--model", str(tiny_gpt2), *arguments)
    assert (ran.status, ran.out) == (1, "")
    assert sentence in ran.err
    assert "Traceback" not in ran.err


def test_a_figure_of_no_known_kind_gets_a_sentence(run: Run, tiny_gpt2: Path, tmp_path: Path) -> None:
    asked = ("--n", "1", "--max-new-tokens", "2")
    ran = run("compare", "The", "--model", str(tiny_gpt2), *asked, "--figure", str(tmp_path / "x.bmp"))
    assert (ran.status, ran.out) == (1, ""), "before anything is written"
    assert "cannot be saved as “x.bmp”" in ran.err
    ran = run("compare", "The", "--model", str(tiny_gpt2), *asked, "--figure", str(tmp_path / "no" / "x.html"))
    assert (ran.status, ran.out) == (1, ""), "before the work"
    assert "x.html” cannot be written" in ran.err
    ran = run("compare", "The", "--model", str(tiny_gpt2), *asked, "--table", str(tmp_path / "no" / "x.csv"))
    assert (ran.status, ran.out) == (1, ""), "before the work"
    assert "x.csv” cannot be written" in ran.err
    ran = run("compare", "The", "--model", str(tiny_gpt2), *asked, "--table", str(tmp_path))
    assert (ran.status, ran.out) == (1, ""), "before the work"
    assert f"{tmp_path}” cannot be written" in ran.err


@pytest.mark.parametrize("command", ["predict", "generate", "compare"])
def test_what_the_model_does_not_read_is_said(run: Run, tiny_gpt2: Path, command: str) -> None:
    few = () if command == "predict" else ("--n", "1", "--max-new-tokens", "1")
    long = run(command, "a b " * 200, "--model", str(tiny_gpt2), *few)
    assert "The text is longer than the model can read" in long.err
    short = run(command, "a b", "--model", str(tiny_gpt2), *few)
    assert (long.status, short.status) == (0, 0)
    assert "longer" not in short.err
