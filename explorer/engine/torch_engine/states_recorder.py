"""Takes what stands at the sites of a transformers model in one pass: by hooks on its blocks, which are there for that
pass alone, and from our attention (`attention_recorder`) the heads' outputs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch

from explorer.engine.torch_engine.architecture import Block
from explorer.engine.torch_engine.keys_values import as_numpy
from explorer.language_model.sites import ATTENTION_OUT, BLOCK, EMBEDDING, MLP_OUT, OF_LAYERS
from explorer.language_model.trace import Floats


class StatesRecorder:
    """What stands at some sites for the n tokens of a pass over one text.

    Args:
        sites: those that are recorded.
        n_layer: how many states every site of a layer has to have in the end.
    """

    def __init__(self, sites: Iterable[str], n_layer: int) -> None:
        self._n_layer = n_layer
        self._found: dict[str, list[torch.Tensor]] = {site: [] for site in sites}

    def add(self, site: str, states: torch.Tensor) -> None:
        """Those of the next layer, (1, n, ...)."""
        if site in self._found:
            self._found[site].append(states[0])

    def states(self) -> dict[str, Floats]:
        """Of all layers: (n, n_layer, ...), or (n, ...) at the sites that no layer has."""
        for site, found in self._found.items():
            if len(found) != (self._n_layer if site in OF_LAYERS else 1):
                raise RuntimeError(f"{len(found)} states at {site}, in a model of {self._n_layer} layers")
        return {
            site: as_numpy(torch.stack(found, 1) if site in OF_LAYERS else found[0])
            for site, found in self._found.items()
        }


@contextmanager
def recording(recorder: StatesRecorder | None, blocks: Sequence[Block]) -> Iterator[None]:
    """Within its ``with``, ``recorder`` is told what the blocks take and give, if there is one."""
    hooks = [] if recorder is None else _hooks(recorder, blocks)
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


def _hooks(recorder: StatesRecorder, blocks: Sequence[Block]) -> list[Any]:
    def taken(_module: torch.nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        recorder.add(EMBEDDING, args[0] if args else kwargs["hidden_states"])

    def given(site: str) -> Callable[..., None]:
        return lambda _module, _args, output: recorder.add(site, output[0] if isinstance(output, tuple) else output)

    hooks: list[Any] = [blocks[0].module.register_forward_pre_hook(taken, with_kwargs=True)]
    for block in blocks:
        hooks.append(block.output_projection.register_forward_hook(given(ATTENTION_OUT)))
        hooks.append(block.mlp.register_forward_hook(given(MLP_OUT)))
        hooks.append(block.module.register_forward_hook(given(BLOCK)))
    return hooks
