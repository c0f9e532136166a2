"""The house itself: the dependency files agree, notebooks are light, files short, and folders the known ones."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
import tomllib
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PROJECT = PYPROJECT["project"]

FOLDERS = {"explorer", "notebooks", "tests", "assets"}
MAX_NOTEBOOK_BYTES = 300_000
MAX_LINES = 400  # "near 300"; a file that grows past this is two files
SHOWN = ("explorer/state/", "explorer/widgets/", "explorer/figures/")


def requirements() -> list[Requirement]:
    extras = PROJECT["optional-dependencies"].values()
    return [Requirement(line) for line in [*PROJECT["dependencies"], *(line for extra in extras for line in extra)]]


def pins() -> dict[str, str]:
    """Canonical name to version, for each line of constraints.txt."""
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    matches = [re.fullmatch(r"([\w.-]+)==([\w.]+)", line) for line in lines if not line.startswith("#")]
    assert all(matches), "constraints.txt: every line is NAME==VERSION, and no version is one machine's (+cpu)"
    names = [canonicalize_name(match[1]) for match in matches if match]
    assert len(set(names)) == len(names), "constraints.txt pins something twice"
    return {canonicalize_name(match[1]): match[2] for match in matches if match}


@cache
def project_files() -> tuple[Path, ...]:
    """What git tracks or would track, relative to the project."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("this folder is not a git checkout")
    return tuple(Path(name) for name in listed.split("\0") if name and (ROOT / name).is_file())


@pytest.mark.parametrize("requirement", requirements(), ids=lambda requirement: requirement.name)
def test_constraints_pin_a_version_within_each_range(requirement: Requirement) -> None:
    version = pins().get(canonicalize_name(requirement.name))
    assert version is not None, f"constraints.txt has no line for {requirement.name}"
    assert requirement.specifier.contains(version, prereleases=True)


def test_every_requirement_is_a_range() -> None:
    for requirement in requirements():
        assert [clause.operator for clause in requirement.specifier] == [">="], f"{requirement}: a lower bound only"


def test_environment_yml_installs_this_project_under_the_constraints() -> None:
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    *conda, by_pip = environment["dependencies"]
    assert environment["name"] == PROJECT["name"]
    assert conda == [f"python={oldest_python()}", "pip"]
    assert by_pip == {"pip": ["-c constraints.txt", "-e ."]}


def oldest_python() -> str:
    return str(PROJECT["requires-python"]).removeprefix(">=")


def test_every_file_names_the_same_oldest_python() -> None:
    oldest = oldest_python()
    assert f"Programming Language :: Python :: {oldest}" in PROJECT["classifiers"]
    assert PYPROJECT["tool"]["mypy"]["python_version"] == oldest
    assert PYPROJECT["tool"]["ruff"]["target-version"] == "py" + oldest.replace(".", "")
    major, minor = oldest.split(".")
    assert f"sys.version_info < ({major}, {minor})" in (ROOT / "Makefile").read_text(encoding="utf-8")


def test_whatever_is_imported_is_declared() -> None:
    declared = {canonicalize_name(requirement.name) for requirement in requirements()}
    provided_by = packages_distributions()
    undeclared = {
        f"{path}: {module}"
        for path in project_files()
        if path.suffix == ".py"
        for module in top_level_imports(path) - {"explorer", "tests", "__future__"} - sys.stdlib_module_names
        if not declared & {canonicalize_name(name) for name in provided_by.get(module, [])}
    }
    assert not undeclared


def top_level_imports(path: Path) -> set[str]:
    modules: set[str] = set()
    for node in ast.walk(ast.parse((ROOT / path).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            modules |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            modules.add(node.module.split(".")[0])
    return modules


def test_top_level_folders_are_the_known_ones() -> None:
    visible = {path.parts[0] for path in project_files() if len(path.parts) > 1 and not path.parts[0].startswith(".")}
    assert visible <= FOLDERS


def test_files_stay_short() -> None:
    lengths = {
        str(path): len((ROOT / path).read_text(encoding="utf-8").splitlines())
        for path in project_files()
        if path.suffix in {".py", ".js", ".css"}
    }
    assert not {path: n for path, n in lengths.items() if n > MAX_LINES}


def test_what_is_on_the_screen_is_made_of_short_files() -> None:
    shown = [path for path in project_files() if str(path).startswith(SHOWN) and path.suffix in {".py", ".js", ".css"}]
    assert len(shown) > 100
    assert not [str(path) for path in shown if len((ROOT / path).read_text(encoding="utf-8").splitlines()) > 300]


def test_notebooks_are_saved_without_outputs() -> None:
    notebooks = [path for path in project_files() if path.suffix == ".ipynb"]
    assert Path("notebooks/explorer.ipynb") in notebooks
    for path in notebooks:
        source = (ROOT / path).read_bytes()
        assert len(source) < MAX_NOTEBOOK_BYTES, path
        notebook = json.loads(source)
        assert "widgets" not in notebook["metadata"], f"{path}: widget state is saved"
        for cell in notebook["cells"]:
            assert not cell.get("outputs"), f"{path}: outputs are saved"
            assert cell.get("execution_count") is None, f"{path}: an execution count is saved"


def test_no_registry_is_named() -> None:
    # Whichever index a person has configured is used; the brackets keep this line from finding itself.
    host = re.compile(rb"py[p]i\.org|python[h]osted\.|registry\.[n]pm|deb\.[d]ebian")
    assert not [str(path) for path in project_files() if host.search((ROOT / path).read_bytes())]
