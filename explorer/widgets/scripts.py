"""`script`: what a browser gets of an element: its own script, and before it the shared ones that it imports.

A widget's script reaches the page as one text, from which nothing can be imported by a relative path. So what our
scripts import from each other is put in front of them here, once each, in the order in which they need it. Editors,
eslint, tsc and node see ordinary modules; there is no build step. All names of a script share one scope:
tests/js/test_javascript.py finds two modules of a script that declare the same one.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from explorer.figures.shared.javascript import without_comments

_IMPORT = re.compile(r"""^import\s+\{[^}]*\}\s+from\s+["'](\.[^"']*)["'];\n""", re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async )?(?:function|const|let|class)\b)", re.MULTILINE)


_PIECE = re.compile(r"^(?=(?:export )?(?:async )?(?:function|const|let|class)\b)", re.MULTILINE)
_NAME = re.compile(r"(?:export )?(?:async )?(?:function|const|let|class) (\w+)")


@cache
def script(path: Path) -> str:
    """The script at ``path`` with what it uses of those it imports, without comments; its default export stays."""
    own = _alone(path)
    pieces = [piece for module in imported(path) for piece in _PIECE.split(_alone(module)) if piece.strip()]
    return "".join([*(_EXPORT.sub("", piece) for piece in _used(pieces, own)), own])


def _used(pieces: list[str], text: str) -> list[str]:
    """Those of the ``pieces`` of modules, in their order, whose names occur in ``text`` or in another that is used."""
    named = [(piece, found[1] if (found := _NAME.match(piece)) else "") for piece in pieces]
    used = set[int]()
    words = set(re.findall(r"\w+", text))
    while more := {i for i, (_, name) in enumerate(named) if i not in used and (not name or name in words)}:
        used |= more
        words.update(*(re.findall(r"\w+", pieces[i]) for i in more))
    return [piece for i, (piece, _) in enumerate(named) if i in used]


def imported(path: Path) -> list[Path]:
    """The modules that ``path`` imports, and those that they do: each once, after those that it needs itself."""
    return _imported(path, set())


def _imported(path: Path, done: set[Path]) -> list[Path]:
    found = []
    for name in _IMPORT.findall(path.read_text(encoding="utf-8")):
        other = (path.parent / name).resolve()
        if other not in done:
            done.add(other)
            found += [*_imported(other, done), other]
    return found


def _alone(path: Path) -> str:
    return without_comments(_IMPORT.sub("", path.read_text(encoding="utf-8")))
