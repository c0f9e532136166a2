"""`visible`: a stranger's text as running text shows it, so that nothing in it hides or turns what stands beside it.

Whatever people type, load or download goes through here before it is shown: names of branches and strategies, prefixes
in titles and menus, names of files, values that a sentence quotes. `tr` does it for whatever fills a sentence,
`explorer.figures.shared.escape` for plotly, `Token.label` for tokens.
"""

from __future__ import annotations

import re
from typing import Any

MAX_SHOWN = 60
"""Characters of a value that a sentence quotes."""

# Controls; what Unicode calls default ignorable, which has no glyph; the separators of lines; halves of characters;
# blanks that count as letters or symbols. Not here: U+200C and U+200D, by which Persian, Hindi and emoji are spelt, and
# the selectors U+FE00 to U+FE0F of how the character before them looks.
_UNSEEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f\u2028-\u202e"
    "\u2060-\u206f\u2800\u3164\ud800-\udfff\ufeff\uffa0\ufff0-\ufffb"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
LINE_BREAK_AND_TAB = "\n\t"


def code_point(character: str) -> str:
    """How a character is shown that cannot be: ``⟨U+202E⟩``."""
    return f"⟨U+{ord(character):04X}⟩"


def visible(text: str, *, keep: str = LINE_BREAK_AND_TAB) -> str:
    """``text`` with each character that cannot be seen, or that turns others round, as its code point: ``⟨U+202E⟩``.

    Args:
        keep: of these characters, those that stay as they are.
    """
    return _UNSEEN.sub(lambda found: found[0] if found[0] in keep else code_point(found[0]), text)


def shown(value: Any) -> str:
    """A value as the sentence that refuses it quotes it: all digits (1.0000001 is not 1), texts in quotes, not long."""
    try:
        text = repr(value) if isinstance(value, str) else str(value)
    except Exception:  # Python writes out no whole number of more than 4,300 digits, nor very deeply nested lists
        text = "…"
    return text if len(text) <= MAX_SHOWN else text[: MAX_SHOWN - 1] + "…"
