"""What is handed out: the wheel works wherever it is installed, and the source archive passes its own tests."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tarfile
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest
import yaml

import explorer
from explorer.models.catalog import BUNDLED, CATALOG, BundledSource
from tests.test_house import PROJECT

ROOT = Path(__file__).parents[1]
SOURCE = CATALOG[BUNDLED].source
assert isinstance(SOURCE, BundledSource)

NEEDS_NO_BROWSER = ("tests/locales", "tests/language_model", "tests/models", "tests/sampling", "tests/sessions")
NEEDS_NO_BROWSER += ("tests/generation", "tests/test_house.py", "tests/test_cli.py", "tests/test_arguments.py")
"""What the source archive is tried with: a part, since the whole takes as long again."""


def command(*arguments: str, folder: Path, **environment: str) -> str:
    ran = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"} | environment,
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stdout[-4000:] + ran.stderr[-4000:]
    return ran.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel and the source archive."""
    folder = tmp_path_factory.mktemp("dist")
    command("-m", "hatchling", "build", "-d", str(folder), folder=ROOT)
    return folder


@pytest.fixture(scope="module")
def wheel(built: Path) -> Path:
    (found,) = built.glob("*.whl")
    return found


def test_the_model_and_the_notebooks_are_inside_the_package(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    assert {f"explorer/_data/{SOURCE.folder}/{name}" for name, _ in SOURCE.files} <= names
    assert "explorer/_data/notebooks/explorer.ipynb" in names
    assert {name.split("/")[0] for name in names if "dist-info" not in name} == {"explorer"}, "no data beside it"


def test_an_installation_in_any_folder_has_all(wheel: Path, tmp_path: Path) -> None:
    target = tmp_path / "somewhere"
    command(
        "-m", "pip", "install", "-q", "--no-deps", "--no-index", "--target", str(target), str(wheel), folder=tmp_path
    )
    script = (
        "import explorer; from explorer.models import packaged, sources\n"
        "print(explorer.__file__, explorer.__version__, sep='\\n')\n"
        "print(sources.best_on_disk().folder, *packaged.NOTEBOOKS.iterdir(), sep='\\n')"
    )
    found = command("-c", script, folder=tmp_path, PYTHONPATH=str(target), EXPLORER_CACHE=str(tmp_path / "cache"))
    assert found.splitlines() == [
        str(target / "explorer" / "__init__.py"),
        explorer.__version__,
        str(target / "explorer" / "_data" / SOURCE.folder),
        str(target / "explorer" / "_data" / "notebooks" / "explorer.ipynb"),
    ]


def test_a_package_page_has_no_broken_pictures_or_links(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        metadata = Parser().parsestr(archive.read(name).decode("utf-8"))
    page = metadata.get_payload()
    assert isinstance(page, str)
    assert "# Next-token explorer" in page
    assert not re.findall(r"\]\((?!https?://|#)[^)]*\)", page)
    assert "*The explorer in JupyterLab" in page, "a picture is described"
    assert metadata["Version"] == explorer.__version__


def test_how_to_cite_it_names_this_version() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["version"] == explorer.__version__
    assert citation["license"] == PROJECT["license"]
    assert [author["name"] for author in citation["authors"]] == [author["name"] for author in PROJECT["authors"]]


def test_the_archive_holds_what_the_tests_look_at(built: Path) -> None:
    (archive,) = built.glob("*.tar.gz")
    with tarfile.open(archive) as opened:
        names = {name.partition("/")[2] for name in opened.getnames()}
    for needed in ("CITATION.cff", "Makefile", "README.md", "LICENSE", "environment.yml", "tests/test_house.py"):
        assert needed in names
    assert "assets/gpt2-mini/model.safetensors" in names


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_the_archive_passes_its_own_tests(built: Path, tmp_path: Path) -> None:
    (archive,) = built.glob("*.tar.gz")
    with tarfile.open(archive) as opened:
        opened.extractall(tmp_path, filter="data")
    (unpacked,) = tmp_path.glob("next_token_explorer-*")
    said = command("-m", "pytest", "-q", *NEEDS_NO_BROWSER, folder=unpacked, PYTHONPATH=str(unpacked))
    assert " passed" in said
    assert "this folder is not a git checkout" in said, "what needs git says so"
