"""The scripts of the page: each widget's reaches it whole, none evaluates text, and the tests beside this file pass."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from explorer.figures.shared.javascript import without_comments
from explorer.widgets.scripts import imported, script

ROOT = Path(__file__).parents[2]
WIDGETS = sorted((ROOT / "explorer" / "widgets" / "elements").glob("*/widget.js"))
SCRIPTS = sorted((ROOT / "explorer").rglob("*.js"))

DECLARED = re.compile(r"^(?:export )?(?:async )?(?:function\*?|const|let|class) (\w+|[\[{][^=]*[\]}])", re.MULTILINE)
EVALUATES = re.compile(r"\beval\b|\bFunction\s*\(|\bset(?:Timeout|Interval)\(\s*[\"'`]")


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def declared(source: str) -> list[str]:
    """The names that stand at the beginning of a line: those of the module."""
    return [name for match in DECLARED.findall(source) for name in re.findall(r"\w+", match)]


@pytest.fixture(scope="module")
def node() -> str:
    found = shutil.which("node")
    if found is None:
        pytest.skip("Node.js is not installed")
    return found


def test_there_are_scripts_and_each_belongs_to_a_widget() -> None:
    assert len(WIDGETS) > 15
    used = {path for widget in WIDGETS for path in [widget, *imported(widget)]}
    assert {path for path in SCRIPTS if "widgets" in path.parts} == used


@pytest.mark.parametrize("path", SCRIPTS, ids=named)
def test_every_import_is_one_that_is_put_in_front(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    names = r"\{\s*\w+(?:,\s*\w+)*,?\s*\}"
    understood = re.findall(rf"""^import {names} from "(\.[^"]*\.js)";$""", source, re.MULTILINE)
    assert len(understood) == len(re.findall(r"^import\b", source, re.MULTILINE)), "scripts.py knows no other form"
    assert not re.search(r"^export (?:\*|\{)", source, re.MULTILINE), "scripts.py knows no such export"
    assert bool(re.search("^export default", source, re.MULTILINE)) == (path.name == "widget.js")
    for name in understood:
        assert (path.parent / name).is_file()


@pytest.mark.parametrize("path", WIDGETS, ids=named)
def test_no_two_modules_of_a_widget_declare_the_same_name(path: Path) -> None:
    names = declared(script(path))
    assert len(names) > 3
    assert not {name for name in names if names.count(name) > 1}


def test_a_name_that_is_declared_twice_is_found(tmp_path: Path) -> None:
    (tmp_path / "one.js").write_text("export const [A, B] = [1, 2];\n")
    (tmp_path / "two.js").write_text('import { A } from "./one.js";\n/** What\n * it is. */\nfunction B() {}\n')
    (tmp_path / "widget.js").write_text(
        'import { A } from "./one.js";\nimport { C } from "./two.js";\nlet c = [A, B];\n'
    )
    text = script(tmp_path / "widget.js")
    assert declared(text) == ["A", "B", "B", "c"], "each module once, in the order in which they are needed"
    assert "import" not in text
    assert "export" not in text


def test_every_widget_parses_as_a_module(node: str, tmp_path: Path) -> None:
    for path in WIDGETS:
        file = tmp_path / f"{path.parent.name}.mjs"
        file.write_text(script(path), encoding="utf-8")
        subprocess.run([node, "--check", str(file)], check=True)
        assert file.read_text(encoding="utf-8").endswith("export default { render };\n")


def test_comments_stay_here() -> None:
    source = (
        '// one\n/** A\n * B */\nf(/** @type {any} */ (a)); // two\n  // three\n  g("http://x");\n/** C */\nlet c;\n'
    )
    assert without_comments(source) == 'f((a));\n  g("http://x");\nlet c;\n'


@pytest.mark.parametrize("path", SCRIPTS, ids=named)
def test_what_looks_like_a_comment_is_one(path: Path) -> None:
    source = without_comments(path.read_text(encoding="utf-8"))
    assert "/*" not in source
    assert not re.search(r"(?<![:\\])//", source.replace("(//", "")), "a comment that is not left out"


@pytest.mark.parametrize("path", SCRIPTS, ids=named)
def test_no_script_evaluates_text(path: Path) -> None:
    # A strict content policy forbids it. What plotly.js brings along is plotly's, and not called.
    assert not EVALUATES.search(without_comments(path.read_text(encoding="utf-8")))


@pytest.mark.parametrize("text", ["eval(x)", "new Function('x')", "Function (x)", "setTimeout('x', 1)", "window.eval"])
def test_what_evaluates_text_is_found(text: str) -> None:
    assert EVALUATES.search(text)


def test_the_tests_in_javascript_pass(node: str) -> None:
    if not (ROOT / "node_modules" / "happy-dom").is_dir():
        pytest.skip("what the tests in JavaScript need is not installed: npm ci")
    files = sorted(str(path.relative_to(ROOT)) for path in (ROOT / "tests" / "js").glob("*.test.js"))
    ran = subprocess.run([node, "--test", *files], cwd=ROOT, capture_output=True, text=True, timeout=240)
    assert ran.returncode == 0, ran.stdout[-6000:]
    passed = re.search(r"^# pass (\d+)$|^ℹ pass (\d+)$", ran.stdout, re.MULTILINE)
    assert passed is not None
    assert int(passed[1] or passed[2]) > 100


def test_what_lies_below_the_checkout_is_no_module_of_ours(node: str, tmp_path: Path) -> None:
    """``.venv`` does, with JupyterLab's own Node programs: read as modules, they print errors over `make lab`."""
    shutil.copy(ROOT / "package.json", tmp_path)
    program = tmp_path / ".venv" / "theirs.js"
    program.parent.mkdir()
    program.write_text('const { sep } = require("path");\nconsole.log(sep);\n')
    ran = subprocess.run([node, program], capture_output=True, text=True, timeout=30)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "/\n", "")
