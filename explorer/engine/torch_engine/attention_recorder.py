"""How attention weights are caught while a model runs, and kept row by row.

A row never changes when tokens are appended, so the rows of new tokens are all a pass has to add. transformers' fused
attention returns no weights (huggingface/transformers#31990): the model keeps using it, so that looking on changes no
number, and the weights are computed beside it from the same queries and keys.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import sdpa_mask

from explorer.engine.torch_engine.layer_windows import layer_windows
from explorer.language_model.attention import (
    EXACT_TOKENS,
    Attention,
    Floats,
    HeadVectors,
    Source,
    n_weights,
    to_bytes,
)

NAME = "explorer"
"""Our attention among transformers' own."""

CHANGE_WEIGHTS = ("softcap", "s_aux", "position_bias")
"""What an attention function may be given that makes more of scores than a softmax: capped scores (Gemma 2), a sink
(gpt-oss), a bias by distance (T5)."""

ROWS_AT_ONCE = 256
"""The square of a long text is much larger than what is kept of it."""

_catch: ContextVar[Catch | None] = ContextVar("catch", default=None)


def listen_to(module: Any) -> bool:
    """Have ``module`` pass its queries and keys by us; False where it cannot."""
    if module.config._attn_implementation == "sdpa" and module._can_set_attn_implementation():
        module.set_attn_implementation(NAME)
    return bool(module.config._attn_implementation == NAME)


def _attend(
    module: Any, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, mask: torch.Tensor | None, **options: Any
) -> tuple[torch.Tensor, torch.Tensor | None]:
    """transformers' fused attention, which a `Catch` may look at."""
    catch = _catch.get()
    if catch is not None:
        if changed := [name for name in CHANGE_WEIGHTS if options.get(name) is not None]:
            raise RuntimeError(f"{', '.join(changed)} of layer {module.layer_idx} make other weights of its scores")
        window = layer_windows(module.config)[module.layer_idx]
        catch.require_mask(mask, query.shape[2], window)
        catch.look(module.layer_idx, query[0], key[0], options.get("scaling"), window)
    return sdpa_attention_forward(module, query, key, value, mask, **options)


AttentionInterface.register(NAME, _attend)
AttentionMaskInterface.register(NAME, sdpa_mask)


def weights(
    query: torch.Tensor, key: torch.Tensor, scaling: float, first: int, window: int | None = None
) -> torch.Tensor:
    """Attention weights of the tokens from ``first`` on: softmax(q·k × scaling) over what each may see.

    Args:
        query: (n_head, n, head_dim) of n tokens in a row; key: (n_kv_head, first + n, head_dim) of all up to the last.
        window: how many tokens each sees, itself included; None for all up to itself.

    Returns:
        (n_head, n, first + n), at least float32; 0 for what a token does not see.
    """
    scores = _scores(query, key) * scaling
    return torch.softmax(scores.masked_fill(~_seen(query.shape[1], first, window, scores.device), -torch.inf), -1)


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


@dataclass
class Catch:
    """What is caught in one pass over the tokens from ``first`` on; lists are by layer.

    Attributes:
        exact: whether `rows` are weights, or bytes.
        queries: (n_head, n, head_dim).
        scaling: what the products are multiplied with.
        windows: how many tokens each sees; None for all.
    """

    first: int
    exact: bool
    queries: list[torch.Tensor] = field(default_factory=list)
    scaling: list[float] = field(default_factory=list)
    windows: list[int | None] = field(default_factory=list)
    _masks: dict[tuple[int, int | None], torch.Tensor] = field(default_factory=dict)
    _products: list[torch.Tensor] = field(default_factory=list)
    _rows: list[torch.Tensor] = field(default_factory=list)
    _entropy: list[torch.Tensor] = field(default_factory=list)

    def require_mask(self, mask: torch.Tensor | None, n: int, window: int | None) -> None:
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

    def look(
        self, layer: int, query: torch.Tensor, key: torch.Tensor, scaling: float | None, window: int | None
    ) -> None:
        if layer != len(self.queries):
            raise RuntimeError(f"layer {layer} attended where layer {len(self.queries)} was due")
        self.queries.append(query)
        self.scaling.append(query.shape[-1] ** -0.5 if scaling is None else scaling)
        self.windows.append(window)
        if query.shape[1] == 1:
            self._products.append(_scores(query, key))  # the rest of it is done for all layers at once, in `rows`
        else:
            self._keep(weights(query, key, self.scaling[-1], self.first, window))

    def rows(self) -> tuple[torch.Tensor, torch.Tensor]:
        """(n_layer, n_head, weights of the n rows) as in `Attention`, (n_layer, n_head, n) their entropy in bits."""
        if self._products:
            products = torch.stack(self._products)  # (n_layer, n_head, 1, first + 1)
            scores = products * products.new_tensor(self.scaling)[:, None, None, None]
            for layer, window in enumerate(self.windows):
                if window is not None:
                    scores[layer, ..., : max(0, self.first + 1 - window)] = -torch.inf
            caught = torch.softmax(scores, -1)
            rows = caught[:, :, 0]
            return rows if self.exact else _bytes(rows), _entropy(caught)
        return torch.stack(self._rows), torch.stack(self._entropy)

    def _keep(self, caught: torch.Tensor) -> None:
        packed = caught[:, _seen(caught.shape[1], self.first, None, caught.device)]
        self._rows.append(packed if self.exact else _bytes(packed))
        self._entropy.append(_entropy(caught))


def _entropy(rows: torch.Tensor) -> torch.Tensor:
    """(..., T) weights -> (...) bits."""
    bits: torch.Tensor = torch.special.entr(rows).sum(-1) / np.log(2)
    return bits


def _bytes(packed: torch.Tensor) -> torch.Tensor:
    """As `to_bytes`."""
    return (packed.sqrt() * 255).round().to(torch.uint8)


@contextmanager
def catching_into(rows: Rows | None, n_tokens: int) -> Iterator[None]:
    """Within its ``with``, the pass that makes ``rows`` ``n_tokens`` long is caught; None catches nothing."""
    if rows is None:
        yield
        return
    catch = Catch(len(rows), rows.will_be_exact(n_tokens))
    token = _catch.set(catch)
    try:
        yield
    finally:
        _catch.reset(token)
    rows.append(catch)


class Rows:
    """The attention of one text, that grows row by row.

    Records look at the arrays without copying them, so what they see is never written again: after a `crop`, the next
    `append` moves to arrays of its own.

    Attributes:
        scaling: of each layer, what its products of queries and keys are multiplied with.
        windows: of each layer, how many tokens each sees, itself included; None for all up to itself.
    """

    def __init__(self) -> None:
        self._exact = True
        self._weights = _Grown()  # (n_layer, n_head, T(T+1)/2)
        self._entropy = _Grown()  # (n_layer, n_head, T)
        self._queries: torch.Tensor | None = None  # (n_layer, n_head, room, head_dim), of which T are filled
        self.scaling: list[float] = []
        self.windows: list[int | None] = []

    def __len__(self) -> int:
        return self._entropy.length

    @property
    def n_bytes(self) -> int:
        queries = 0 if self._queries is None else self._queries.numel() * self._queries.element_size()
        return self._weights.n_bytes + self._entropy.n_bytes + queries

    def will_be_exact(self, n_tokens: int) -> bool:
        """Whether, grown to ``n_tokens``, it has weights as they were computed, or bytes."""
        return self._exact and n_tokens <= EXACT_TOKENS

    def append(self, caught: Catch) -> None:
        """Add what was caught in a pass over the tokens that follow."""
        if self._exact and not caught.exact:
            self._weights = _Grown(to_bytes(self._weights.array)) if len(self) else _Grown()
        self._exact = caught.exact
        queries = torch.stack(caught.queries)  # (n_layer, n_head, n, head_dim)
        old, new = len(self), len(self) + queries.shape[2]
        if self._queries is None or new > self._queries.shape[2]:
            grown = queries.new_empty((*queries.shape[:2], new + max(32, new // 8), queries.shape[3]))
            if self._queries is not None:
                grown[:, :, :old] = self._queries[:, :, :old]
            self._queries = grown
        self._queries[:, :, old:new] = queries
        rows, entropy = caught.rows()
        self._weights.append(rows.cpu().numpy())
        self._entropy.append(entropy.cpu().numpy())
        self.scaling, self.windows = caught.scaling, caught.windows

    def crop(self, length: int, keys: Sequence[torch.Tensor]) -> None:
        """Forget all but the first ``length`` tokens; ``keys``: (n_kv_head, at least length, head_dim) by layer."""
        self._entropy.crop(length)
        if not self._exact and length <= EXACT_TOKENS:
            self._weights, self._exact = _Grown(self._all_triangles(length, keys)), True
        else:
            self._weights.crop(n_weights(length))

    def fork(self, length: int, keys: Sequence[torch.Tensor]) -> Rows:
        """Rows of their own with the first ``length`` tokens."""
        copy = Rows()
        copy._exact, copy.scaling, copy.windows = self._exact, self.scaling, self.windows
        copy._weights, copy._entropy = self._weights.fork(), self._entropy.fork()
        copy._queries = None if self._queries is None else self._queries[:, :, :length].clone()
        copy.crop(length, keys)
        return copy

    def record(self, n_tokens: int, keys: Sequence[torch.Tensor], source: Source) -> Attention:
        """The attention of the first ``n_tokens``."""
        size = n_weights(n_tokens)
        if self._exact:
            exact, coarse = self._weights.array[:, :, :size], None
        elif n_tokens <= EXACT_TOKENS:
            exact, coarse = self._all_triangles(n_tokens, keys), None
        else:
            exact, coarse = None, self._weights.array[:, :, :size]
        return Attention(exact, coarse, self._entropy.array[:, :, :n_tokens], source)

    def triangles(self, layer: int, n_tokens: int, keys: torch.Tensor) -> Floats:
        """(n_head, T(T+1)/2) the weights of one layer, computed again from its queries and ``keys``."""
        assert self._queries is not None
        parts = []
        for first in range(0, n_tokens, ROWS_AT_ONCE):
            last = min(n_tokens, first + ROWS_AT_ONCE)
            queries, scaling, window = self._queries[layer, :, first:last], self.scaling[layer], self.windows[layer]
            rows = weights(queries, keys[:, :last], scaling, first, window)
            parts.append(rows[:, _seen(last - first, first, None, rows.device)])
        return np.asarray(torch.cat(parts, 1).cpu().numpy())

    def vectors(self, layer: int, head: int, n_tokens: int, keys: torch.Tensor, values: torch.Tensor) -> HeadVectors:
        """What the weights of one head are made of; ``keys`` and ``values``: (n_kv_head, T, head_dim) of its layer."""
        assert self._queries is not None
        shared = head * len(keys) // self._queries.shape[1]
        arrays = (self._queries[layer, head], keys[shared], values[shared])
        wide = torch.promote_types(keys.dtype, torch.float32)
        queries, keys_, values_ = (each[:n_tokens].to(wide).cpu().numpy().copy() for each in arrays)
        return HeadVectors(layer, head, queries, keys_, values_, self.scaling[layer], self.windows[layer])

    def _all_triangles(self, n_tokens: int, keys: Sequence[torch.Tensor]) -> Floats:
        return np.stack([self.triangles(layer, n_tokens, each) for layer, each in enumerate(keys)])


class _Grown:
    """An array that grows along its last axis and never writes again where a view of it may look."""

    def __init__(self, array: Any = None) -> None:
        self._buffer: Any = array
        self.length = 0 if array is None else array.shape[-1]

    @property
    def array(self) -> Any:
        """A view of all that is there."""
        return self._buffer[..., : self.length]

    @property
    def n_bytes(self) -> int:
        return 0 if self._buffer is None else int(self._buffer.nbytes)

    def append(self, more: Any) -> None:
        old, self.length = self.length, self.length + more.shape[-1]
        if self._buffer is None or self.length > self._buffer.shape[-1]:
            grown = np.empty((*more.shape[:-1], self.length + max(1024, self.length // 8)), more.dtype)
            if old:
                grown[..., :old] = self._buffer[..., :old]
            self._buffer = grown
        self._buffer[..., old : self.length] = more

    def crop(self, length: int) -> None:
        if length < self.length:
            self._buffer, self.length = self._buffer[..., :length], length

    def fork(self) -> _Grown:
        """Another that shares the array; each moves to its own before it writes."""
        return _Grown(self.array) if self._buffer is not None else _Grown()
