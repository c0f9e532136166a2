"""The training itself: one loop, the same on CPU and GPU, that may be stopped at any moment and goes on from there."""

from __future__ import annotations

import copy
import math
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.nn.functional import cross_entropy
from transformers import GPT2Config, GPT2LMHeadModel

from explorer.locales import numbers
from explorer.locales.messages import ExplorerError, Message
from explorer.models.progress import Progress, Report
from explorer.models.storage import disk_errors_as_sentences, require_space
from explorer.training import checkpoint
from explorer.training.checkpoint import Curve
from explorer.training.config import Recipe
from explorer.training.packing import NOT_LEARNT, Batch, Batches, Ids, Packed, pack

CHECKPOINT = "checkpoint.safetensors"

_BYTES_A_PARAMETER = 4 * 4 * 2  # weights and up to three optimiser states, twice: the old file and the new one
_BYTES_A_PACKED_TOKEN = 2
_HELD_OUT_SEQUENCES = 32


@dataclass(frozen=True)
class Trained:
    """A training so far: the model in float32, its curve, and the data it reads."""

    module: GPT2LMHeadModel
    curve: Curve
    packed: Packed


def train(
    corpus: Path, work: Path, recipe: Recipe, *, report: Report, device: str = "cpu", steps: int | None = None
) -> Trained:
    """Train a GPT-2 on the books below ``corpus``, or go on from the checkpoint in the folder ``work``.

    The loop keeps the weights in float32 and computes with a copy of them in bfloat16. A step is several passes, as
    many at a time as there are processors, each on one: with matrices this small, that is a third faster than one pass
    on all. What ``report`` raises, Ctrl-C included, ends the training; the last checkpoint stays.

    Args:
        steps: stop after so many steps, counted from the beginning of the training; None goes to the end.

    Raises:
        ExplorerError: as `pack`; the disk has too little room; the checkpoint is damaged or of another shape; the loss
            is no number.
    """
    with disk_errors_as_sentences(work):
        torch.manual_seed(recipe.training.seed)
        module: Any = GPT2LMHeadModel(gpt2_config(recipe))
        _begin_as_waves(module.transformer.wpe.weight, recipe.training.position_waves)
        module.to(device)
        n_corpus_bytes = sum(file.stat().st_size for file in corpus.rglob("*.txt"))
        require_space(work, module.num_parameters() * _BYTES_A_PARAMETER + n_corpus_bytes * _BYTES_A_PACKED_TOKEN)
        work.mkdir(parents=True, exist_ok=True)
        packed = pack(corpus, work, recipe, report)
        curve = _run(module, packed, work / CHECKPOINT, recipe, report, steps)
    return Trained(module, curve, packed)


def gpt2_config(recipe: Recipe) -> GPT2Config:
    """GPT-2's own configuration in this recipe's sizes; no dropout, for nothing is read often enough to need it."""
    return GPT2Config(
        **recipe.model.model_dump(),
        resid_pdrop=0.0,
        embd_pdrop=0.0,
        attn_pdrop=0.0,
        bos_token_id=recipe.model.end_id,
        eos_token_id=recipe.model.end_id,
    )


@torch.no_grad()
def _begin_as_waves(positions: torch.Tensor, amplitude: float) -> None:
    """Add sines and cosines to (n_positions, n_embd) random numbers, as in Vaswani et al. 2017, section 3.5.

    Wavelengths go from 2.5 to 1,000 positions: the shortest tell a position from its neighbour, which is what a head
    for the previous token needs.
    """
    n_positions, width = positions.shape
    rates = 2.5 * torch.exp(-math.log(400) * torch.arange(0, width, 2) / width)  # radians a position
    angles = torch.arange(n_positions)[:, None] * rates
    positions.add_(amplitude * torch.cat([angles.sin(), angles.cos()], dim=1))


def _run(
    module: GPT2LMHeadModel, packed: Packed, file: Path, recipe: Recipe, report: Report, steps: int | None
) -> Curve:
    training = recipe.training
    optimizers = _optimizers(module, recipe)
    curve = checkpoint.restore(file, module, optimizers) if file.is_file() else Curve()
    end = training.n_steps if steps is None else min(steps, training.n_steps)
    batches = Batches(packed.ids, recipe)
    weights = list(module.parameters())
    with _Passes(module, recipe) as passes:
        while curve.n_steps < end:
            began = time.perf_counter()
            step = curve.n_steps
            for optimizer in optimizers:
                for group in optimizer.param_groups:
                    group["lr"] = group["initial_lr"] * _schedule(step, training.n_steps, training.warmup)
            loss, gradients = passes.of_batch(batches.at(step))
            if not math.isfinite(loss):
                raise ExplorerError("training-diverged", step=step + 1)
            for weight, gradient in zip(weights, gradients, strict=True):
                weight.grad = gradient
            torch.nn.utils.clip_grad_norm_(weights, 1.0)
            for optimizer in optimizers:
                optimizer.step()
            passes.take_over(module)
            curve.loss.append(loss / math.log(2))
            curve.seconds += time.perf_counter() - began
            if curve.n_steps % training.checkpoint_every == 0 or curve.n_steps == end:
                if len(packed.held_out_ids) > recipe.model.n_positions:
                    curve.held_out.append((curve.n_steps, passes.held_out_bits(packed.held_out_ids)))
                checkpoint.save(file, module, optimizers, curve)
            report(_progress(curve, training.n_steps))
    return curve


def _optimizers(module: GPT2LMHeadModel, recipe: Recipe) -> list[torch.optim.Optimizer]:
    """Muon for the blocks' matrices, AdamW for embeddings, biases and norms; positions have a rate of their own."""
    training = recipe.training
    matrices = [weight for weight in module.transformer.h.parameters() if weight.ndim == 2]
    positions = module.transformer.wpe.weight
    taken = {id(weight) for weight in (*matrices, positions)}
    vectors = [weight for weight in module.parameters() if id(weight) not in taken]
    groups: list[dict[str, Any]] = [{"params": vectors}, {"params": [positions], "lr": training.position_rate}]
    optimizers: list[torch.optim.Optimizer] = [
        torch.optim.Muon(
            matrices, lr=training.matrix_rate, weight_decay=training.weight_decay, adjust_lr_fn="match_rms_adamw"
        ),
        torch.optim.AdamW(groups, lr=training.vector_rate, betas=(0.9, 0.95), weight_decay=0.0, fused=True),
    ]
    for optimizer in optimizers:
        for group in optimizer.param_groups:
            group["initial_lr"] = group["lr"]
    return optimizers


def _schedule(step: int, n_steps: int, warmup: float) -> float:
    """The share of the full rate at ``step``: up in a straight line, then down along half a cosine towards nothing."""
    n_warm = max(1, round(warmup * n_steps))
    if step < n_warm:
        return (step + 1) / n_warm
    return 0.5 * (1 + math.cos(math.pi * (step - n_warm) / max(1, n_steps - n_warm)))


class _Passes:
    """Forward and backward passes in bfloat16, through a copy of the model."""

    def __init__(self, module: GPT2LMHeadModel, recipe: Recipe) -> None:
        self._recipe, self._device = recipe, module.device
        twin: Any = copy.deepcopy(module)
        for block in twin.transformer.h:
            block.mlp.act = torch.nn.GELU(approximate="tanh")  # GPT-2's formula in one kernel instead of eight
        self._twin = twin.to(torch.bfloat16)
        self._weights = list(self._twin.parameters())
        on_cpu = self._device.type == "cpu"
        # Attention with a heads this narrow: on CPU plain products are three times as fast as torch's fused kernel.
        self._twin.set_attn_implementation("eager" if on_cpu else "sdpa")
        n_workers = torch.get_num_threads() if on_cpu else 1
        self._pool = ThreadPoolExecutor(n_workers, initializer=torch.set_num_threads, initargs=(1,))

    def __enter__(self) -> _Passes:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(cancel_futures=True)

    def take_over(self, module: GPT2LMHeadModel) -> None:
        """Compute with the weights of ``module`` from now on."""
        with torch.no_grad():
            for mine, theirs in zip(self._weights, module.parameters(), strict=True):
                mine.copy_(theirs)

    def of_batch(self, batch: Batch) -> tuple[float, list[torch.Tensor]]:
        """(mean loss in nats a token, the gradient of its weighted mean by each weight in float32)."""
        n_learnt, total_weight = int((batch.targets != NOT_LEARNT).sum()), batch.total_weight
        parts = batch.split(self._recipe.training.pass_tokens // batch.inputs.shape[1])
        total, sums = 0.0, [torch.zeros_like(weight, dtype=torch.float32) for weight in self._weights]
        for loss, gradients in self._pool.map(partial(self._one, total_weight), parts):
            total += loss / n_learnt
            for held, new in zip(sums, gradients, strict=True):
                held.add_(new)
        return total, sums

    def _one(self, total_weight: float, part: Batch) -> tuple[float, tuple[torch.Tensor, ...]]:
        """The summed loss of ``part`` in nats, and the gradients of its share in the weighted mean."""
        arrays = (part.inputs, part.targets, part.positions, part.weights)
        inputs, targets, positions, weights = (torch.from_numpy(array).to(self._device) for array in arrays)
        logits = self._twin(inputs, position_ids=positions, use_cache=False).logits
        nats = cross_entropy(logits.flatten(0, 1), targets.flatten(), ignore_index=NOT_LEARNT, reduction="none")
        of_sequences = nats.view_as(targets).sum(1)
        weighted = (of_sequences * weights).sum() / total_weight
        return of_sequences.sum().item(), torch.autograd.grad(weighted, self._weights)

    @torch.no_grad()
    def held_out_bits(self, ids: Ids) -> float:
        """Bits a token on sequences of the model's full length, spread evenly over ``ids``: a sample, for the curve."""
        length = self._recipe.model.n_positions
        starts = np.linspace(0, len(ids) - length - 1, _HELD_OUT_SEQUENCES).astype(int)

        def nats(start: int) -> float:
            row = torch.from_numpy(ids[start : start + length + 1].astype(np.int64)).to(self._device)
            logits = self._twin(row[None, :-1], use_cache=False).logits[0]
            return cross_entropy(logits.float(), row[1:]).item()

        return sum(self._pool.map(nats, starts)) / len(starts) / math.log(2)


def _progress(curve: Curve, n_steps: int) -> Progress:
    recent = curve.loss[-20:]
    held_out = numbers.bits(curve.held_out[-1][1], 2) if curve.held_out else "-"
    left = curve.seconds / curve.n_steps * (n_steps - curve.n_steps)
    message = Message.of(
        "training-step",
        loss=numbers.bits(sum(recent) / len(recent), 2),
        held_out=held_out,
        minutes=math.ceil(left / 60),
    )
    return Progress(message, curve.n_steps, n_steps)
