"""`script`: what a browser gets of an element: its own script, and before it the shared ones that it imports.

A widget's script reaches the page as one text, from which nothing can be imported by a relative path. So what our
scripts import from each other is put in front of them here, once each, in the order in which they need it. Editors,
eslint, tsc and node see ordinary modules; there is no build step.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

_IMPORT = re.compile(r"""^import\s+\{[^}]*\}\s+from\s+["'](\.[^"']*)["'];\n""", re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async )?(?:function|const|let|class)\b)", re.MULTILINE)


@cache
def script(path: Path) -> str:
    """The script at ``path`` with all it imports; its default export stays, and all names share one scope."""
    parts = [*(_EXPORT.sub("", text) for text in _imported(path, set())), _IMPORT.sub("", _read(path))]
    return "\n".join(parts)


def _imported(path: Path, done: set[Path]) -> list[str]:
    """What ``path`` imports and is not ``done``, the innermost first, without its own import lines."""
    found = []
    for name in _IMPORT.findall(_read(path)):
        other = (path.parent / name).resolve()
        if other not in done:
            done.add(other)
            found += [*_imported(other, done), _IMPORT.sub("", _read(other))]
    return found


@cache
def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8")
