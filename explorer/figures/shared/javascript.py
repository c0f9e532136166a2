"""`without_comments`: a script of ours as a page needs it."""

from __future__ import annotations

import re

_BLOCK = r"/\*\*(?:(?!\*/).)*\*/"
_COMMENTS = [
    re.compile(rf"^[ \t]*{_BLOCK}[ \t]*\n", re.MULTILINE | re.DOTALL),  # what has its lines for itself
    re.compile(rf"{_BLOCK} ?", re.DOTALL),
    re.compile(r"^[ \t]*//[^\n]*\n", re.MULTILINE),
    re.compile(r"(?<=[;{}(),]) //[^\n]*$", re.MULTILINE),
]


def without_comments(source: str) -> str:
    """``source`` without what is for its readers, a third of it: types for `tsc`, and comments that begin with ``//``.

    It knows nothing of JavaScript's grammar, so no string of ours may look like a comment; tests/js/test_javascript.py
    sees to it.
    """
    for comment in _COMMENTS:
        source = comment.sub("", source)
    return source
