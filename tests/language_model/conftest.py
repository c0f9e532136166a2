"""The records are tried on models that made them."""

from __future__ import annotations

from tests.engine.conftest import attending, engine, lm, long_gpt2, long_lm, torch_lm

__all__ = ["attending", "engine", "lm", "long_gpt2", "long_lm", "torch_lm"]
