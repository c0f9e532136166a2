"""transformers' own module of a model: the oracle for both engines."""

from __future__ import annotations

from functools import lru_cache, partial
from typing import Any

import torch
from transformers import AutoModelForCausalLM

from explorer.engine.local_model import LocalModel
from explorer.engine.torch_engine.engine import TorchEngine
from explorer.models import sources


def module_of(lm: LocalModel) -> Any:
    """The module that computes for ``lm``, or one of the same weights where numpy does."""
    if isinstance(lm.engine, TorchEngine):
        return lm.engine.module
    return _module(str(sources.locate(lm.info.name).folder), lm.info.dtype)


@lru_cache(maxsize=8)
def _module(folder: str, dtype: str) -> Any:
    module = AutoModelForCausalLM.from_pretrained(folder, dtype=getattr(torch, dtype), local_files_only=True)
    if dtype == "float64":
        round_nothing(module)
    return module.eval().requires_grad_(False)


def round_nothing(module: Any) -> None:
    """Have the norms of ``module`` compute in its own dtype: transformers' round to float32 whatever it is."""
    for part in module.modules():
        if type(part).__name__.endswith("RMSNorm"):
            part.forward = partial(_rms_norm, part)


def _rms_norm(norm: Any, states: torch.Tensor) -> torch.Tensor:
    return norm.weight * states * torch.rsqrt(states.pow(2).mean(-1, keepdim=True) + norm.variance_epsilon)


def unread(lm: LocalModel) -> LocalModel:
    """The same model, which has read nothing yet."""
    return LocalModel(lm.engine, lm.tokenizer, lm.info)
