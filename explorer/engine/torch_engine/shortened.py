"""`shortened`: a model whose lengths, too far away to be read across for a check, are near for a while."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from explorer.engine.torch_engine.length_regimes import rope_parameters

NEAR_CHUNK, NEAR_WINDOW, NEAR_SWITCH = 5, 8, 12
"""Tokens to read in one pass meanwhile, that sliding layers see, and after which the rotary frequencies change; so that
a text past the change is read in several passes, the first of which are short of it."""

_SWITCH = "original_max_position_embeddings"


@contextmanager
def shortened(config: Any) -> Iterator[tuple[int, ...]]:
    """Within its ``with``, sliding windows and changes of rotary frequencies come after a few tokens.

    transformers asks the config for them at every pass, so the same code runs on the same weights as after thousands of
    tokens, which would take a large model minutes. What is cached meanwhile is of no use afterwards.

    Gives the lengths at which something changes now: none where the model has no such thing.
    """
    text = config.get_text_config()
    changed: list[tuple[dict[str, Any], str, int]] = []
    if getattr(text, "sliding_window", None) is not None:
        changed.append((vars(text), "sliding_window", NEAR_WINDOW))
    for each in rope_parameters(text):
        if each["rope_type"] == "longrope":
            changed.append((each, _SWITCH, NEAR_SWITCH))
            if hasattr(text, _SWITCH):  # which goes before the other (Phi-3)
                changed.append((vars(text), _SWITCH, NEAR_SWITCH))
    before = [(where, name, where[name]) for where, name, _ in changed]
    try:
        for where, name, value in changed:
            where[name] = value
        yield tuple(sorted({value for _, _, value in changed}))
    finally:
        for where, name, value in before:
            where[name] = value
