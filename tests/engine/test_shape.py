"""The shape that numpy reads from a ``config.json``, which may leave things out."""

from __future__ import annotations

from typing import Any

import pytest
from transformers import AutoConfig

from explorer.engine.numpy_engine.engine import shape_of
from explorer.engine.numpy_engine.shape import Shape

SIZES = {
    "vocab_size": 160,
    "hidden_size": 64,
    "intermediate_size": 48,
    "num_hidden_layers": 4,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 8,
    "max_position_embeddings": 512,
}
SLIDING = {"use_sliding_window": True, "sliding_window": 16, "max_window_layers": 2}
CONFIGS: dict[str, dict[str, Any]] = {
    "llama": SIZES,
    "mistral": SIZES | {"sliding_window": 16},
    "qwen2": SIZES | SLIDING,
    "qwen3": SIZES | SLIDING,
    "gpt2": {"vocab_size": 160, "n_embd": 64, "n_layer": 4, "n_head": 4, "n_positions": 512, "n_inner": 48},
}


def filled_in(config: dict[str, Any]) -> Shape | None:
    """The shape of the configuration that transformers makes of it, with a default for all it leaves out."""
    said = {name: value for name, value in config.items() if name != "model_type"}
    return shape_of(AutoConfig.for_model(config["model_type"], **said).to_dict())


@pytest.mark.parametrize("kind", CONFIGS)
def test_what_a_configuration_leaves_out_is_transformers_default_or_the_model_is_not_read(kind: str) -> None:
    config = AutoConfig.for_model(kind, **CONFIGS[kind]).to_dict()
    whole = shape_of(config)
    assert whole is not None
    n_read = 0
    for name in config.keys() - {"model_type"}:
        shorter = {key: value for key, value in config.items() if key != name}
        if (got := shape_of(shorter)) is not None:
            assert got == filled_in(shorter), f"without {name}"
            n_read += 1
    assert n_read > len(config) / 2


@pytest.mark.parametrize("kind", ["mistral", "qwen2", "qwen3"])
def test_a_window_that_is_left_out_is_not_no_window(kind: str) -> None:
    """It lies beyond the lengths that the check at loading reads."""
    config = AutoConfig.for_model(kind, **CONFIGS[kind]).to_dict()
    del config["sliding_window"]
    shape = shape_of(config)
    assert shape is not None
    assert shape.rules[-1].window == 4096
    without = shape_of(config | {"sliding_window": None})
    assert without is not None
    assert without.rules[-1].window is None
