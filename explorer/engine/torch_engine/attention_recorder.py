"""A pass of transformers' model with ears and switches: its attention is recorded, its heads can be switched off.

transformers' fused attention returns no weights (huggingface/transformers#31990). The model keeps using it, so that
looking on changes no number, and the weights are computed beside it from the same queries and keys.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import sdpa_mask

from explorer.engine.attention_buffer import AttentionRows, LayerRule
from explorer.engine.torch_engine.keys_values import as_numpy
from explorer.engine.torch_engine.states_recorder import StatesRecorder
from explorer.language_model.sites import HEADS

NAME = "explorer"
"""Our attention among transformers' own."""

CHANGE_WEIGHTS = ("softcap", "s_aux", "position_bias")
"""What an attention function may be given that makes more of scores than a softmax: capped scores (Gemma 2), a sink
(gpt-oss), a bias by distance (T5)."""


@dataclass
class Recorder:
    """What is recorded in one pass over the tokens from ``first`` on; lists are by layer.

    Attributes:
        rules: of each layer.
        exact: whether weights are kept as they are, or as bytes.
        queries: (n_head, n, head_dim).
    """

    first: int
    rules: tuple[LayerRule, ...]
    exact: bool
    queries: list[torch.Tensor] = field(default_factory=list)
    _masks: dict[tuple[int, int | None], torch.Tensor] = field(default_factory=dict)
    _scores: list[torch.Tensor] = field(default_factory=list)
    _rows: list[torch.Tensor] = field(default_factory=list)
    _entropy: list[torch.Tensor] = field(default_factory=list)

    def look(self, layer: int, query: torch.Tensor, key: torch.Tensor, mask: torch.Tensor | None) -> None:
        """Take the queries (n_head, n, head_dim) of a layer, and the keys (n_kv_head, first + n, head_dim) they
        meet."""
        if layer != len(self.queries):
            raise RuntimeError(f"layer {layer} attended where layer {len(self.queries)} was due")
        rule = self.rules[layer]
        self._require_mask(mask, query.shape[1], rule.window)
        self.queries.append(query)
        scores = _scores(query, key) * rule.scaling
        if query.shape[1] == 1:
            if rule.window is not None:
                scores[..., : max(0, self.first + 1 - rule.window)] = -torch.inf
            self._scores.append(scores)  # their softmax for all layers at once, in `rows`
        else:
            seen = _seen(query.shape[1], self.first, rule.window, scores.device)
            self._keep(torch.softmax(scores.masked_fill(~seen, -torch.inf), -1))

    def _require_mask(self, mask: torch.Tensor | None, n: int, window: int | None) -> None:
        """Raise an error unless n queries that are given this mask, (1, 1, n, first + n), see what ``window`` says.

        So a model that masks in a way of its own, or later than its config says, is noticed and not misread.
        """
        if mask is None:
            right = window is None or self.first + n <= window
        elif (id(mask), window) in self._masks:  # layers share masks
            return
        else:
            right = mask.dtype == torch.bool and torch.equal(mask[0, 0], _seen(n, self.first, window, mask.device))
            right = right and mask.shape[1] == 1
            self._masks[id(mask), window] = mask  # kept alive: its id stays its own
        if not right:
            raise RuntimeError(f"a layer with window {window} has another mask after {self.first} tokens")

    def rows(self) -> AttentionRows:
        """Of all layers."""
        queries = as_numpy(torch.stack(self.queries))
        if self._scores:
            weights = torch.softmax(torch.stack(self._scores), -1)
            rows, entropy = weights[:, :, 0], _entropy(weights)
            rows = rows if self.exact else _bytes(rows)
        else:
            rows, entropy = torch.stack(self._rows), torch.stack(self._entropy)
        return AttentionRows(queries, rows.cpu().numpy(), entropy.cpu().numpy())

    def _keep(self, weights: torch.Tensor) -> None:
        packed = weights[:, _seen(weights.shape[1], self.first, None, weights.device)]
        self._rows.append(packed if self.exact else _bytes(packed))
        self._entropy.append(_entropy(weights))


@dataclass(frozen=True)
class _Pass:
    """What is to be done in the pass under way."""

    recorder: Recorder | None
    heads_off: Mapping[int, Sequence[int]]
    states: StatesRecorder | None = None
    scaling: dict[int, float] | None = None


_pass: ContextVar[_Pass | None] = ContextVar("pass", default=None)


@contextmanager
def watched(
    recorder: Recorder | None, heads_off: Mapping[int, Sequence[int]], states: StatesRecorder | None = None
) -> Iterator[None]:
    """Within its ``with``, a pass is recorded (None records nothing), these heads of each layer are off, and ``states``
    is told of the outputs of all heads."""
    token = _pass.set(_Pass(recorder, heads_off, states))
    try:
        yield
    finally:
        _pass.reset(token)


@contextmanager
def noting_scalings() -> Iterator[dict[int, float]]:
    """Within its ``with``, a pass notes by layer what its products of queries and keys are multiplied with."""
    found: dict[int, float] = {}
    token = _pass.set(_Pass(None, {}, scaling=found))
    try:
        yield found
    finally:
        _pass.reset(token)


def attach(module: Any) -> bool:
    """Have ``module`` pass its queries and keys by us; False where it cannot."""
    if module.config._attn_implementation == "sdpa" and module._can_set_attn_implementation():
        module.set_attn_implementation(NAME)
    return bool(module.config._attn_implementation == NAME)


def _attend(
    module: Any, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, mask: torch.Tensor | None, **options: Any
) -> tuple[torch.Tensor, torch.Tensor | None]:
    """transformers' fused attention, which a `_Pass` may look at and change."""
    now = _pass.get()
    if now is not None and now.recorder is not None:
        if changed := [name for name in CHANGE_WEIGHTS if options.get(name) is not None]:
            raise RuntimeError(f"{', '.join(changed)} of layer {module.layer_idx} make other weights of its scores")
        now.recorder.look(module.layer_idx, query[0], key[0], mask)
    if now is not None and now.scaling is not None:
        given = options.get("scaling")
        now.scaling[module.layer_idx] = query.shape[-1] ** -0.5 if given is None else float(given)
    output, weights = sdpa_attention_forward(module, query, key, value, mask, **options)  # (B, n, n_head, head_dim)
    if now is not None and (heads := now.heads_off.get(module.layer_idx)):
        output[:, :, list(heads)] = 0
    if now is not None and now.states is not None:
        now.states.add(HEADS, output)
    return output, weights


AttentionInterface.register(NAME, _attend)
AttentionMaskInterface.register(NAME, sdpa_mask)


def _scores(query: torch.Tensor, key: torch.Tensor) -> torch.Tensor:
    """(n_head, n, first + n) products of queries and keys, at least float32: in half precision, as transformers' fused
    attention does it, only what goes in is rounded."""
    n_head, n, width = query.shape
    wide = torch.promote_types(query.dtype, torch.float32)
    query, key = query.to(wide), key.to(wide)
    # Heads that share their keys are neighbours (grouped-query attention).
    return (query.reshape(len(key), -1, width) @ key.transpose(1, 2)).view(n_head, n, -1)


def _seen(n: int, first: int, window: int | None, device: torch.device) -> torch.Tensor:
    """(n, first + n) True where a query sees a key: it comes not after it, and less than ``window`` before it."""
    seen = torch.ones(n, first + n, dtype=torch.bool, device=device).tril(first)
    return seen if window is None else seen.triu(first + 1 - window)


def _entropy(rows: torch.Tensor) -> torch.Tensor:
    """(..., T) weights -> (...) bits."""
    bits: torch.Tensor = torch.special.entr(rows).sum(-1) / np.log(2)
    return bits


def _bytes(packed: torch.Tensor) -> torch.Tensor:
    """As `to_bytes`."""
    return (packed.sqrt() * 255).round().to(torch.uint8)
