"""Everything a training needs to go on, in one safetensors file that is whole or not there."""

from __future__ import annotations

import errno
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from explorer.locales.messages import ExplorerError
from explorer.models.storage import disk_errors_as_sentences
from explorer.models.user_files import written_aside


@dataclass
class Curve:
    """What a training learnt, step by step: ``loss`` of each step, in bits a token.

    ``held_out`` holds (step, bits a token on a fixed sample of the held-out books), ``seconds`` the time spent.
    """

    loss: list[float] = field(default_factory=list)
    held_out: list[tuple[int, float]] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def n_steps(self) -> int:
        """How many steps are done."""
        return len(self.loss)


def save(file: Path, module: torch.nn.Module, optimizers: Iterable[torch.optim.Optimizer], curve: Curve) -> None:
    """Write a checkpoint in the place of ``file``: beside it first, then renamed over it.

    Raises:
        ExplorerError: the disk is full or not writable; the old checkpoint is still there.
    """
    tensors = {f"model.{name}": weight.detach() for name, weight in module.named_parameters()}
    for place, optimizer in enumerate(optimizers):
        for number, state in optimizer.state_dict()["state"].items():
            tensors |= {f"optimizer.{place}.{number}.{name}": torch.as_tensor(value) for name, value in state.items()}
    with disk_errors_as_sentences(file.parent), written_aside(file) as unfinished:
        try:
            save_file(tensors, unfinished, metadata={"curve": json.dumps(asdict(curve))})
        except SafetensorError as error:  # the Rust side has its own words for a full disk
            raise OSError(errno.ENOSPC, str(error)) from error


def restore(file: Path, module: torch.nn.Module, optimizers: Iterable[torch.optim.Optimizer]) -> Curve:
    """Put a checkpoint into ``module`` and ``optimizers``, which must be built as they were when it was saved.

    Raises:
        ExplorerError: the file is damaged, or of a model of another shape.
    """
    try:
        with safe_open(file, framework="pt") as checkpoint:
            curve = Curve(**json.loads(checkpoint.metadata()["curve"]))
            tensors = {name: checkpoint.get_tensor(name) for name in checkpoint.keys()}  # noqa: SIM118
        parameters = dict(module.named_parameters())
        if {name for name in tensors if name.startswith("model.")} != {f"model.{name}" for name in parameters}:
            raise ValueError("it holds other parameters")
        with torch.no_grad():
            for name, parameter in parameters.items():
                parameter.copy_(tensors[f"model.{name}"])
        for place, optimizer in enumerate(optimizers):
            whole = optimizer.state_dict()
            whole["state"] = _states(tensors, f"optimizer.{place}.")
            optimizer.load_state_dict(whole)
    except (SafetensorError, OSError, KeyError, TypeError, ValueError, RuntimeError) as error:
        raise ExplorerError("checkpoint-unreadable", file=str(file), reason=str(error)) from error
    curve.held_out = [(int(step), float(bits)) for step, bits in curve.held_out]
    return curve


def _states(tensors: dict[str, torch.Tensor], prefix: str) -> dict[int, dict[str, torch.Tensor]]:
    states: dict[int, dict[str, torch.Tensor]] = {}
    for name, tensor in tensors.items():
        if name.startswith(prefix):
            number, part = name.removeprefix(prefix).split(".", 1)
            states.setdefault(int(number), {})[part] = tensor
    return states
