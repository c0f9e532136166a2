"""Where a module of transformers keeps the parts of its blocks. Architectures name them in a few ways.

Whether what is found here is what it is taken for is tried at load (`explorer.engine.states_check`): a name alone
proves nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

_ATTENTION = ("self_attn", "attn", "attention")
_OUTPUT_PROJECTION = ("o_proj", "c_proj", "dense")
_MLP = ("mlp",)


@dataclass(frozen=True)
class Block:
    """The parts of one layer.

    Attributes:
        module: all of it: residual stream in, residual stream out.
        output_projection: from the heads' outputs to what attention adds to the residual stream.
        mlp: gives what the MLP adds to it.
    """

    module: torch.nn.Module
    output_projection: torch.nn.Module
    mlp: torch.nn.Module


def blocks_of(module: Any) -> tuple[Block, ...]:
    """The blocks of a ``...ForCausalLM``, first to last; none where their parts have other names."""
    n_layer = module.config.get_text_config().num_hidden_layers
    lists = [part for part in module.base_model.children() if isinstance(part, torch.nn.ModuleList)]
    blocks = [_block(each) for layers in lists if len(layers) == n_layer for each in layers]
    found = tuple(block for block in blocks if block is not None)
    return found if len(found) == n_layer else ()


def _block(layer: torch.nn.Module) -> Block | None:
    attention, mlp = _child(layer, _ATTENTION), _child(layer, _MLP)
    projection = None if attention is None else _child(attention, _OUTPUT_PROJECTION)
    return None if projection is None or mlp is None else Block(layer, projection, mlp)


def _child(module: torch.nn.Module, names: Sequence[str]) -> torch.nn.Module | None:
    children = dict(module.named_children())
    return next((children[name] for name in names if name in children), None)
