"""What people see comes from `locales`: no sentence is written out in figures, widgets, scripts or the terminal."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import explorer

PACKAGE = Path(explorer.__file__).parent
MODULES = ("figures", "widgets", "cli")

PROSE = re.compile(r"[^\W\d_]{2,}[,;:]? [^\W\d_]{2,}")  # two words of letters
MARKUP = re.compile(r"<[!/]?[a-zA-Z][^<>]*>")
CHINESE = re.compile(r"[\u4e00-\u9fff]{2,}")

PREFIXES = {"EXAMPLES", "FIRST_PREFIX", "TRIAL"}  # what these constants hold is for the model to read
LOG = {"debug", "info", "warning", "error", "exception"}  # the log is for us

# Whole strings that look like sentences and are none: CSS, and what only the browser's console says.
NO_SENTENCES = {
    "(prefers-contrast: more)",
    ".nte-prefix textarea",
    "linear-gradient(to right, )",
    "plain ahead",
    "row wrap",
    "translate(px, px)",
    "plotly.js did not arrive",
    "nte-chip elided",
    " Control+Enter Meta+Enter",
    r"const module = { exports: {} }, exports = module.exports, define = undefined;\n\nexport default module.exports;\n",  # noqa: E501
}


def is_sentence(text: str) -> bool:
    said = MARKUP.sub("", text)
    return text not in NO_SENTENCES and bool(PROSE.search(said) or CHINESE.search(said))


def test_python_writes_no_sentence() -> None:
    found = [
        f"{path.relative_to(PACKAGE)}:{line}: {text!r}"
        for part in MODULES
        for path in sorted((PACKAGE / part).rglob("*.py"))
        for line, text in literals(ast.parse(path.read_text(encoding="utf-8")))
        if is_sentence(text)
    ]
    assert not found


def literals(node: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and text of each string that a person could come to see; an f-string counts as one text."""
    match node:
        case ast.Expr(value=ast.Constant()):
            return  # a docstring
        case ast.Assign(targets=[ast.Name(id=name)]) if name in PREFIXES:
            return
        case ast.Call(func=ast.Attribute(value=ast.Name(id="log" | "_log" | "logger"), attr=name)) if name in LOG:
            return
        case ast.JoinedStr():
            parts = (part.value if isinstance(part, ast.Constant) else "{}" for part in node.values)
            yield node.lineno, "".join(str(part) for part in parts)
        case ast.Constant(value=str(text)):
            yield node.lineno, text
        case _:
            for child in ast.iter_child_nodes(node):
                yield from literals(child)


def test_scripts_and_styles_write_no_sentence() -> None:
    found = [
        f"{path.name}: {text!r}"
        for suffix in ("*.js", "*.css")
        for path in sorted(PACKAGE.rglob(suffix))
        for text in quoted(path.read_text(encoding="utf-8"))
        if is_sentence(text)
    ]
    assert not found


def quoted(script: str) -> Iterator[str]:
    """What stands in quotes, without markup and ``${...}``; comments are skipped."""
    pattern = re.compile(
        r"""//[^\n]*|/\*.*?\*/|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`""",
        re.DOTALL,
    )
    for match in pattern.finditer(script):
        if match[0][0] != "/":
            yield re.sub(r"<[^>]*>|\$\{[^}]*\}", "", match[0][1:-1])


def test_a_sentence_would_be_found() -> None:
    module = ast.parse(
        '"""Doc string here."""\nx = f"{n} more tokens"\ny = "top-k"\nlog.error("went wrong")\nsay("so so")\n'
    )
    assert [text for _, text in literals(module) if is_sentence(text)] == ["{} more tokens", "so so"]
    script = "// two words\nconst a = `<b>${n}</b> more tokens`; const b = 'flex';"
    assert [text for text in quoted(script) if is_sentence(text)] == [" more tokens"]
    assert is_sentence("下一个词元")
