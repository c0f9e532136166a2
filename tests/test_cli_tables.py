"""Tables in narrow terminals: whatever happens to words, every number is whole."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from rich.console import Console

from explorer.cli.tables import TableColumn, print_table
from explorer.locales import numbers
from explorer.models.catalog import CATALOG
from tests.command_line import Run, runner

pytestmark = pytest.mark.usefixtures("english")

WIDTHS = (200, 80, 60, 40, 30, 20, 10)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    return runner(capsys)


@pytest.mark.parametrize("width", WIDTHS)
def test_probabilities_are_whole(run: Run, tiny_gpt2: Path, monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    asked = ("predict", "the cat", "--top", "5", "--top-k", "3", "--model", str(tiny_gpt2))
    found = json.loads(run(*asked, "--json").out)
    shown = run(*asked).out
    assert "…" not in shown
    for candidate in found["candidates"]:
        assert re.search(rf"(?<![\d.]){re.escape(numbers.fraction(candidate['probability'], 4))}(?![\d.])", shown)
    if width >= 80:
        for name in ("rank", "raw", "id", "removed by"):
            assert name in shown
        assert "no room" not in shown
    if width <= 30:
        assert "no room for: rank, raw, id, removed by" in " ".join(shown.split())


@pytest.mark.parametrize("width", WIDTHS)
def test_names_and_sizes_of_models_are_whole(run: Run, monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    shown = run("models").out
    assert "…" not in shown
    assert all(re.search(rf"^ *{re.escape(name)}\b", shown, re.MULTILINE) for name in CATALOG)
    if width >= 40:
        assert f"{CATALOG['gpt2-xl'].download_bytes // 10**6:,} MB" in shown


@pytest.mark.parametrize("width", WIDTHS)
def test_measures_are_whole(run: Run, tiny_gpt2: Path, monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    asked = ("compare", "the cat", "--n", "2", "--max-new-tokens", "3", "--seed", "1", "--model", str(tiny_gpt2))
    found = json.loads(run(*asked, "--json").out)
    shown = run(*asked).out
    for written in found["strategies"]:
        assert re.search(rf"(?<![\d.]){numbers.measured(written['measures']['surprisal']['value'])}(?![\d.])", shown)


def test_the_columns_that_matter_least_go_first(capsys: pytest.CaptureFixture[str]) -> None:
    columns = [
        TableColumn("word", ["a very long word of many letters"], narrowest=6),
        TableColumn("second", ["22222222"], left_out=1),
        TableColumn("first", ["1.111111"], left_out=0),
        TableColumn("kept", ["3.333333333"]),
    ]
    expected = {200: (), 41: (), 40: ("first",), 31: ("first",), 30: ("second", "first"), 5: ("second", "first")}
    for width, missing in expected.items():
        print_table(Console(width=width), columns)
        shown = capsys.readouterr().out
        assert "3.333333333" in shown
        for header, number in ("first", "1.111111"), ("second", "22222222"):
            assert (number in shown) == (header not in missing), width
        assert ("no room for" in " ".join(shown.split())) == bool(missing)
