"""Which part of a long text a model reads."""

from __future__ import annotations


def window_start(n_tokens: int, n_positions: int) -> int:
    """The first token a model with ``n_positions`` positions reads of a text of ``n_tokens``.

    0 while the text fits, else the smallest multiple of ``n_positions / 4`` that makes it fit: it depends on the
    length alone, so the same ids give the same numbers however they came about.
    """
    quarter = max(1, n_positions // 4)
    overhang = max(0, n_tokens - n_positions)
    return -(-overhang // quarter) * quarter


def room(n_tokens: int, n_positions: int) -> int:
    """How many tokens a text of ``n_tokens`` can grow by before the window that the model reads moves on."""
    return n_positions - (n_tokens - window_start(n_tokens, n_positions)) + 1
