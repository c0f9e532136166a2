r"""What people write for a token: `` cat``, ``\n``, ``#464``."""

from __future__ import annotations

import re

from explorer.language_model.tokens import Token, Vocabulary
from explorer.locales import ExplorerError

_ID = re.compile("#([0-9]{1,18})")
_ESCAPE = re.compile(r"\\([nt\\])")
_ESCAPED = {"n": "\n", "t": "\t", "\\": "\\"}
_SHOWN = 60  # characters of a text that is quoted


def unescaped(text: str) -> str:
    r"""``text`` with ``\n`` for a line break, ``\t`` for a tab and ``\\`` for a backslash; other backslashes stay."""
    return _ESCAPE.sub(lambda match: _ESCAPED[match[1]], text)


def tokens_spelling(vocabulary: Vocabulary, text: str) -> list[Token]:
    r"""The tokens that a person means by ``text``: those that spell it, then those with a space before it.

    One or two with most models. Where a vocabulary spells a text twice (as ``A`` and as the byte 0x41), both are meant:
    a ban on the one would let the other through.

    Args:
        vocabulary: of the model.
        text: with `unescaped`'s ways to write what is hard to type. One that begins with a space is meant as it
            stands. ``#464`` is the token with this id, whatever it spells.

    Raises:
        ExplorerError: no token spells it, or there is no such id.
    """
    if (match := _ID.fullmatch(text)) is not None:
        return [vocabulary[int(match[1])]]
    whole = unescaped(text)
    texts = [whole] if whole.startswith(" ") else [whole, f" {whole}"]
    beginning = vocabulary.tokens(vocabulary.starting_with(*texts)) if whole else ()
    found = [token for meant in texts for token in beginning if token.text == meant]
    if not found:
        shown = text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
        raise ExplorerError("not-one-token", text=shown)
    return found
