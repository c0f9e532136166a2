"""`explorer train`, from books to a model that answers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from explorer.engine.loading import load
from explorer.models import sources
from explorer.sampling.sampling import Sampling
from explorer.training import export
from explorer.training import train as training
from explorer.training.train import CHECKPOINT
from tests.command_line import Run, runner
from tests.training.conftest import make_recipe


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    return runner(capsys)


@pytest.fixture(autouse=True)
def no_opponent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "on_disk", lambda _: None)


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    file = tmp_path / "recipe.toml"
    lines = []
    for table, values in make_recipe(training__tokens=100 * 512).model_dump(mode="json").items():
        lines += [f"[{table}]", *(f"{name} = {json.dumps(value)}" for name, value in values.items())]
    file.write_text("\n".join(lines))
    return file


def test_books_become_a_model_with_figures_and_a_card(
    run: Run, books: Path, recipe: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = tmp_path / "work"
    arguments = ["train", "--corpus", str(books), "--work", str(work), "--recipe", str(recipe)]
    ran = run(*arguments)
    assert ran.status == 0, ran.err
    assert f"The model, its figures and its card are in “{work / 'model'}”." in ran.err
    assert "bits a token" in ran.err, "a log file gets lines"
    lm = load(str(work / "model"), device="cpu")
    assert (lm.info.n_layer, lm.info.vocab_size) == (2, 300)
    likeliest = lm.trace("Anna sees the boat by the").distribution(Sampling()).top(1)[0]
    assert likeliest.token.text in {" river", " r"}
    figures = json.loads((work / "model" / "figures.json").read_text(encoding="utf-8"))
    assert figures["schema"] == 1
    assert figures["held_out"]["bits_per_byte"] < 3
    assert (work / "model" / "README.md").read_text(encoding="utf-8").startswith("---\nlicense: mit")
    before = (work / CHECKPOINT).stat().st_mtime_ns
    assert "opponents" not in figures
    opponent = str(work / "model")
    monkeypatch.setattr(export, "OPPONENT", opponent)
    monkeypatch.setattr(sources, "on_disk", lambda name: work if name == opponent else None)
    assert run(*arguments).status == 0
    assert (work / CHECKPOINT).stat().st_mtime_ns == before, "what is done is not done again"
    again = json.loads((work / "model" / "figures.json").read_text(encoding="utf-8"))
    assert again["opponents"] == {opponent: figures["held_out"]}, "the same model is its own opponent"


def test_ctrl_c_says_where_it_goes_on(
    run: Run, books: Path, recipe: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(training, "_progress", stop)
    ran = run("train", "--corpus", str(books), "--work", str(tmp_path / "w"), "--recipe", str(recipe))
    assert ran.status == 130
    assert "Its last checkpoint is whole" in ran.err
    assert "Traceback" not in ran.err


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"--corpus": "/nowhere"}, "There is no folder “/nowhere”"),
        ({"--recipe": "/nowhere.toml"}, "The file “/nowhere.toml” cannot be read"),
        ({"--device": "tpu"}, "There is no device “tpu” here"),
    ],
)
def test_what_cannot_be_is_one_sentence(
    run: Run, books: Path, recipe: Path, tmp_path: Path, changed: dict[str, str], sentence: str
) -> None:
    given = {"--corpus": str(books), "--work": str(tmp_path / "w"), "--recipe": str(recipe)} | changed
    ran = run("train", *(part for pair in given.items() for part in pair))
    assert ran.status == 1
    assert sentence in ran.err
    assert "Traceback" not in ran.err
    assert ran.out == ""


def test_a_corpus_too_small_for_the_bundled_recipe(run: Run, books: Path, tmp_path: Path) -> None:
    ran = run("train", "--corpus", str(books), "--work", str(tmp_path / "w"))
    assert ran.status == 1
    assert "time_machine.txt" in ran.err or "room_with_view.txt" in ran.err, "its held-out books are not there"
