"""The records are tried on models that made them."""

from __future__ import annotations

from tests.engine.conftest import attending, lm, long_gpt2, long_lm

__all__ = ["attending", "lm", "long_gpt2", "long_lm"]
