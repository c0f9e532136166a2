"""transformers' own numbers: one full pass that keeps nothing, with the attention of its eager implementation."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from explorer.engine.check import Reference
from explorer.engine.torch_engine.keys_values import as_numpy
from explorer.engine.torch_engine.settings import exact_products
from explorer.language_model.trace import Floats, Ints


def eager_pass(module: Any) -> Reference:
    """What ``module`` says of the ids it reads. Its own attention implementation is in force again afterwards."""

    def read(ids: Ints, attention: bool) -> tuple[Floats, Floats | None]:
        usual = module.config._attn_implementation
        _attend_by(module, "eager")
        try:
            with torch.inference_mode(), exact_products():
                tokens = torch.from_numpy(np.array(ids))[None].to(module.device)
                found = module(tokens, use_cache=False, output_attentions=attention)
        finally:
            _attend_by(module, usual)
        layers = found.attentions if attention else None
        logits = as_numpy(found.logits[0])
        return logits, np.stack([as_numpy(layer[0]) for layer in layers]) if layers else None

    return read


def _attend_by(module: Any, implementation: str) -> None:
    module.set_attn_implementation(implementation)
    # Where attention is code of the model's own, transformers declines; but that code asks the config (Falcon).
    module.config._attn_implementation = implementation
