"""`layer_windows`: how far back each layer of a model looks."""

from __future__ import annotations

from typing import Any


def layer_windows(config: Any) -> tuple[int | None, ...]:
    """Of each layer, how many tokens a token sees, itself included; None for all up to itself.

    A config of transformers has one ``sliding_window``; ``layer_types``, where there are any, say which layers have it
    (Gemma 3, Qwen2 from ``max_window_layers`` on), and all have it where there are none (Mistral).
    """
    text = config.get_text_config()
    window, types = getattr(text, "sliding_window", None), getattr(text, "layer_types", None)
    types = types or ["sliding_attention"] * text.num_hidden_layers
    return tuple(window if kind == "sliding_attention" else None for kind in types)
