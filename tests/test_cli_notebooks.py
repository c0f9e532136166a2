"""The notebook in folders of the user's: copied, renewed with the package, never taken from somebody."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from explorer.cli import notebooks
from explorer.cli.notebooks import notebook_in, packaged_notebook
from explorer.locales import ExplorerError
from explorer.models import packaged as travelling

pytestmark = pytest.mark.usefixtures("english")


@pytest.fixture
def packaged(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The notebook of an installed package, and a data folder that is empty."""
    file = tmp_path / "share" / "explorer.ipynb"
    file.parent.mkdir()
    file.write_text(notebook("import explorer"), encoding="utf-8")
    monkeypatch.setattr(notebooks, "packaged_notebook", lambda: file)
    monkeypatch.setattr("platformdirs.user_data_path", lambda _: tmp_path / "data")
    return file


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    course = tmp_path / "course"
    course.mkdir()
    return course


def notebook(source: str, *, outputs: tuple[str, ...] = ()) -> str:
    cell = {"cell_type": "code", "source": source.splitlines(keepends=True), "outputs": outputs, "metadata": {}}
    return json.dumps({"cells": [cell], "metadata": {"saved": bool(outputs)}, "nbformat": 4, "nbformat_minor": 5})


def test_it_is_copied_once_and_said(packaged: Path, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert notebook_in(folder) == Path("explorer.ipynb")
    assert (folder / "explorer.ipynb").read_bytes() == packaged.read_bytes()
    assert str(folder / "explorer.ipynb") in capsys.readouterr().err
    assert notebook_in(folder) == Path("explorer.ipynb")
    assert capsys.readouterr().err == ""


def test_a_new_version_renews_it_though_it_was_run_and_saved(
    packaged: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = folder / "explorer.ipynb"
    notebook_in(folder)
    copy.write_text(notebook("import explorer", outputs=("a widget",)), encoding="utf-8")
    packaged.write_text(notebook("import explorer as e"), encoding="utf-8")
    capsys.readouterr()
    notebook_in(folder)
    assert copy.read_bytes() == packaged.read_bytes()
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "this version" in said
    notebook_in(folder)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("changed", [notebook("mine"), "no notebook at all"])
def test_what_somebody_changed_stays_and_the_new_one_lies_beside(
    packaged: Path, folder: Path, capsys: pytest.CaptureFixture[str], changed: str
) -> None:
    copy, beside = folder / "explorer.ipynb", folder / "explorer-new.ipynb"
    notebook_in(folder)
    copy.write_text(changed, encoding="utf-8")
    assert notebook_in(folder) == Path("explorer.ipynb")
    assert not beside.exists(), "there is no new version"
    capsys.readouterr()
    for version, name in ("second", "explorer-new.ipynb"), ("third", "explorer-new2.ipynb"):
        packaged.write_text(notebook(version), encoding="utf-8")
        assert notebook_in(folder) == Path("explorer.ipynb")
        assert copy.read_text(encoding="utf-8") == changed
        assert (folder / name).read_bytes() == packaged.read_bytes()
        said = capsys.readouterr().err
        assert said.count("\n") == 1
        assert name in said
        notebook_in(folder)
        assert capsys.readouterr().err == "", "it is said once"


def test_a_file_of_that_name_that_we_did_not_make_is_somebody_s_own(
    packaged: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "explorer.ipynb").write_text("of the course", encoding="utf-8")
    assert notebook_in(folder) == Path("explorer.ipynb")
    packaged.write_text(notebook("second"), encoding="utf-8")
    assert notebook_in(folder) == Path("explorer.ipynb")
    assert [file.name for file in folder.iterdir()] == ["explorer.ipynb"]
    assert (folder / "explorer.ipynb").read_text(encoding="utf-8") == "of the course"
    assert capsys.readouterr().err == ""


def test_a_record_that_is_damaged_or_cannot_be_written_loses_nobody_s_work(
    packaged: Path, folder: Path, tmp_path: Path
) -> None:
    notebook_in(folder)
    for damaged in "[]", "{", '{"a": 1}':
        notebooks.record_file().write_text(damaged, encoding="utf-8")
        packaged.write_text(notebook(damaged), encoding="utf-8")
        assert notebook_in(folder) == Path("explorer.ipynb")
        assert json.loads((folder / "explorer.ipynb").read_text())["cells"][0]["source"] == ["import explorer"]
    notebooks.record_file().unlink()
    (tmp_path / "data").rmdir()
    (tmp_path / "data").write_text("a file", encoding="utf-8")
    (folder / "explorer.ipynb").unlink()
    assert notebook_in(folder) == Path("explorer.ipynb")


def test_a_folder_that_cannot_be_written_is_one_sentence(
    packaged: Path, folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_source: Path, target: Path) -> None:  # root, as tests may run, may write everywhere
        raise PermissionError(13, "Permission denied", str(target))

    monkeypatch.setattr("shutil.copyfile", refuse)
    assert notebook_in(folder) is None
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "Permission denied" in said


def test_a_package_without_notebooks_is_one_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(travelling, "NOTEBOOKS", tmp_path)
    with pytest.raises(ExplorerError, match="not part of this installation"):
        packaged_notebook()
