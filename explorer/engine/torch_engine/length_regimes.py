"""Rotary frequencies that depend on how long a text is, and how to read a text with those of its length.

Most models turn a position by the same angles whatever follows it, so that the keys of a text's beginning are those of
the whole text. Two of transformers' kinds of scaling (``rope_type``) do not:

- ``longrope`` (Ding et al. 2024, LongRoPE; Phi-3): texts longer than ``original_max_position_embeddings`` have other
  frequencies than shorter ones, at every position.
- ``dynamic`` (NTK scaling by length): beyond ``max_position_embeddings`` every length has frequencies of its own.

transformers chooses by the largest position of a pass, which is that of the chunk or token being read, and of
``dynamic`` it remembers what the pass before had. Here a pass has the frequencies of the text it is a part of
(`text_of_length`), and a text may use the keys of another only where both have the same `regime_of`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import torch

_length: ContextVar[int | None] = ContextVar("length", default=None)


def regime_of(config: Any, n_tokens: int) -> int:
    """Which rotary frequencies a text of ``n_tokens`` has: keys and values of one regime are wrong in another.

    0 for every length in most models. `n_tokens` counts what the model reads, from its position 0.
    """
    text = config.get_text_config()
    kinds = rope_parameters(text)
    switches = {each["original_max_position_embeddings"] for each in kinds if each["rope_type"] == "longrope"}
    if any("dynamic" in each["rope_type"] for each in kinds) and n_tokens > text.max_position_embeddings:
        return len(switches) + n_tokens
    return sum(n_tokens > switch for switch in switches)


def rope_parameters(text_config: Any) -> list[dict[str, Any]]:
    """The parameters of every kind of rotary positions in a model: one, or one for each type of layer."""
    found = getattr(text_config, "rope_parameters", None) or {}
    nested = [each for each in found.values() if isinstance(each, dict)]
    return [each for each in nested or [found] if "rope_type" in each]


def follow_length(module: Any) -> None:
    """Have the rotary embeddings of ``module`` follow `text_of_length`, where their frequencies depend on it."""
    for part in module.modules():
        if _depends_on_length(part) and _with_last_position not in part._forward_pre_hooks.values():
            part.register_forward_pre_hook(_with_last_position, with_kwargs=True)
            part.register_forward_hook(_without_last_position)


@contextmanager
def text_of_length(n_tokens: int) -> Iterator[None]:
    """Within its ``with``, passes have the frequencies of a text of ``n_tokens``, whichever part of it they read."""
    token = _length.set(n_tokens)
    try:
        yield
    finally:
        _length.reset(token)


def _depends_on_length(part: Any) -> bool:
    kinds = getattr(part, "rope_type", None)
    kinds = kinds.values() if isinstance(kinds, dict) else [kinds]
    return any(kind is not None and ("dynamic" in kind or kind == "longrope") for kind in kinds)


def _with_last_position(part: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, Any]:
    """Add the last position of the text to those that are turned: transformers chooses by the largest."""
    named = "position_ids" in kwargs
    positions = kwargs["position_ids"] if named else args[1]
    layer_type = kwargs.get("layer_type", args[2] if len(args) > 2 else None)
    of_layers = {} if layer_type is None else {"layer_type": layer_type}
    # A single position is shorter than any limit: `dynamic` goes back to where it began.
    part.forward(args[0], torch.zeros_like(positions[..., :1]), **of_layers)
    if (length := _length.get()) is not None:
        last = torch.full_like(positions[..., :1], length - 1)
        positions = torch.cat([positions, last], -1)
    if named:
        return args, {**kwargs, "position_ids": positions}
    return (args[0], positions, *args[2:]), kwargs


def _without_last_position(_part: Any, _args: Any, angles: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor, ...]:
    """Take the angles of the added position off again: (..., n + 1, rotary_dim) -> (..., n, rotary_dim)."""
    return angles if _length.get() is None else tuple(each[..., :-1, :] for each in angles)
