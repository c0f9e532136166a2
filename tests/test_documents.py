"""What documents name is there: paths, folders of a map, modules, classes and what these have, traits of the state."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path

import pytest

from explorer.state.state import ExplorerState

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "explorer"
DOCUMENTS = ["README.md", "CONTRIBUTING.md", "explorer/README.md"]
MAX_LENGTH = 130

# Made or met elsewhere: by the set-up, in a user's folder, in the README's examples.
ELSEWHERE = {".venv", "explorer.ipynb", "org/name@commit", "x.html", "x.png", ".svg", ".pdf"}

IN_A_FOLDER_OF_ITS_OWN = {"widget.py", "widget.js", "widget.css"}
"""Named by what they are: each element has them."""

PATH = re.compile(r"[\w.-]+(/[\w.-]+)*/?")
FILE = re.compile(r".*\w\.(?:py|js|ts|css|ftl|toml|md|txt|json|yml|ipynb)")
LINK = re.compile(r"\]\(([^)#]+)\)")
MODULE = re.compile(r"explorer(\.\w+)+")
MEMBER = re.compile(r"([A-Z]\w*[a-z]\w*)(?:\.(\w+))?")
OF_THE_STATE = re.compile(r"([a-z]+)\.(\w+)")


def text_of(document: str) -> str:
    return (ROOT / document).read_text(encoding="utf-8")


def quoted(text: str) -> Iterator[str]:
    """What stands in backticks, outside of blocks."""
    yield from re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL))


def mapped(text: str) -> Iterator[str]:
    """The paths of blocks that list folders, each inside of the one that stands further left."""
    for block in re.findall(r"^```\n(\w+/\s.*?)^```", text, re.MULTILINE | re.DOTALL):
        inside: list[tuple[int, str]] = []
        for line in block.splitlines():
            indent, name = len(line) - len(line.lstrip()), line.split()[0]
            inside = [(depth, folder) for depth, folder in inside if depth < indent]
            yield "".join([*(folder for _, folder in inside), name])
            inside.append((indent, name))


def names_a_path(name: str) -> bool:
    """Whether ``name`` is meant as one: it ends as a file does, or begins with a folder of ours."""
    first, slash, _ = name.partition("/")
    return bool(PATH.fullmatch(name) and (FILE.fullmatch(name) or (slash and is_there(first))))


def is_there(path: str) -> bool:
    return (ROOT / path).exists() or (PACKAGE / path).exists()


@cache
def classes() -> dict[str, set[str]]:
    """Each class of the package, by its name, with all that is defined or set in it or in those it derives from."""
    bases: dict[str, set[str]] = {}
    found: dict[str, set[str]] = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                found.setdefault(node.name, set()).update(_members(node))
                bases.setdefault(node.name, set()).update(base.id for base in node.bases if isinstance(base, ast.Name))
    for name in found:
        above = list(bases[name])
        while above:
            base = above.pop()
            found[name] |= found.get(base, set())
            above += bases.get(base, set())
    return found


def _members(node: ast.ClassDef) -> Iterator[str]:
    for inner in ast.walk(node):
        if isinstance(inner, ast.FunctionDef):
            yield inner.name
        elif isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store):
            yield inner.id
        elif isinstance(inner, ast.Attribute) and isinstance(inner.ctx, ast.Store):
            yield inner.attr


def names_a_module(name: str) -> bool:
    """Whether ``explorer.x.y`` can be imported, or is something in a module."""
    module, _, member = name.rpartition(".")
    try:
        import_module(name)
    except ImportError:
        return hasattr(import_module(module), member)
    return True


def missing(text: str) -> list[str]:
    """What ``text`` names that is not there."""
    state, wrong = ExplorerState(), [path for path in mapped(text) if not is_there(path)]
    slices = {name for name in vars(state) if not name.startswith("_")}
    for name in quoted(text):
        if name in ELSEWHERE | IN_A_FOLDER_OF_ITS_OWN:
            continue
        if names_a_path(name):
            good = is_there(name)
        elif MODULE.fullmatch(name):
            good = names_a_module(name)
        elif match := MEMBER.fullmatch(name):
            good = match[1] in classes() and (match[2] is None or match[2] in classes()[match[1]])
        elif (match := OF_THE_STATE.fullmatch(name)) and match[1] in slices:
            good = hasattr(getattr(state, match[1]), match[2])
        else:
            good = True
        if not good:
            wrong.append(name)
    return wrong


@pytest.mark.parametrize("document", DOCUMENTS)
def test_what_a_document_names_is_there(document: str) -> None:
    if not (ROOT / ".git").exists():  # an archive has not all tools
        pytest.skip("this folder is not a git checkout")
    text = text_of(document)
    assert len([name for name in quoted(text) if names_a_path(name)]) > 3
    assert not missing(text)
    linked = [link for link in LINK.findall(text) if "://" not in link]
    assert linked
    assert not [link for link in linked if not ((ROOT / document).parent / link).exists()]


@pytest.mark.parametrize("document", ["README.md", "explorer/README.md"])
def test_a_map_has_every_folder_of_the_package(document: str) -> None:
    folders = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    assert len(folders) > 10
    assert folders <= {path.split("/")[1] for path in mapped(text_of(document)) if path.startswith("explorer/")}


@pytest.mark.parametrize(
    "name",
    [
        *("state/nothing.py", "explorer/state/nothing.py", "tests/nothing/", "engine/nothing", "pyproject.yml"),
        *("explorer.state.nothing", "explorer.locales.nothing"),
        *("Nothing", "Reader.nothing", "reader.nothing", "sampler.trace"),
    ],
)
def test_what_is_not_there_is_found(name: str) -> None:
    others = "`state/reader.py`, `Reader.ask`, `reader.trace`, `explorer.state.reader`, `engine/weights`"
    assert missing(f"{others}, `{name}`") == [name]


def test_a_folder_that_is_not_there_is_found_in_a_map() -> None:
    lines = [
        "explorer/    code",
        "  state/     slices",
        "    nothing/ no",
        "  widgets/",
        "    js/lib/  shared",
        "assets/",
    ]
    text = "\n".join(["```", *lines, "```\n"])
    assert missing(text) == ["explorer/state/nothing/"]


@pytest.mark.parametrize("document", [*DOCUMENTS, "CHANGELOG.md"])
def test_lines_fit(document: str) -> None:
    # A table and a picture have each a line of their own.
    lines = [line for line in text_of(document).splitlines() if not line.startswith(("|", "!["))]
    assert not [line for line in lines if len(line) > MAX_LENGTH]
