"""What was at stake at each token of a text, and what came of it."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from explorer.language_model.trace import Floats, Ints

ROWS = 16
"""Rows of logits that are looked at together: few enough to stay in the processor's cache, 3 times faster than all."""


def token_statistics(logits: torch.Tensor, chosen: torch.Tensor, *, n_tokens: int) -> tuple[Floats, Floats, Ints]:
    """What was at stake at each token and what came of it.

    ``logits`` (n, V) belong to the last n of ``n_tokens`` tokens, which are ``chosen`` (n,): one fewer than n_tokens
    at the beginning of a text, where nothing foretells the first.

    Returns:
        (n_tokens,) surprisal in bits, entropy in bits, rank from 1: NaN, NaN, 0 for a token that nothing foretells.
    """
    if not len(chosen):
        nothing: Floats = np.full(n_tokens, np.nan, np.float64 if logits.dtype == torch.float64 else np.float32)
        return nothing, nothing.copy(), np.zeros(n_tokens, np.int64)
    parts = [
        _of_rows(rows.contiguous(), ids)
        for rows, ids in zip(torch.split(logits, ROWS), torch.split(chosen, ROWS), strict=True)
    ]
    surprisal, entropy, rank = (torch.cat(part) for part in zip(*parts, strict=True))
    missing = n_tokens - len(chosen)
    return (
        _padded(surprisal.cpu().numpy(), missing, np.nan),
        _padded(entropy.cpu().numpy(), missing, np.nan),
        _padded(rank.cpu().numpy(), missing, 0),
    )


def _of_rows(logits: torch.Tensor, chosen: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """(n, V) and (n,) -> (n,) surprisal in bits, entropy in bits, rank from 1."""
    log_p = torch.log_softmax(logits, dim=-1)
    surprisal = -log_p.gather(1, chosen[:, None])[:, 0] / np.log(2)
    entropy = torch.special.entr(log_p.exp()).sum(-1) / np.log(2)
    mark = logits.gather(1, chosen[:, None])
    lower_id = torch.arange(logits.shape[1], device=logits.device) < chosen[:, None]
    rank = 1 + (logits > mark).sum(-1) + ((logits == mark) & lower_id).sum(-1)
    return surprisal, entropy, rank


def _padded(array: Any, missing: int, value: float) -> Any:
    """(n,) with ``missing`` times ``value`` before it."""
    return np.concatenate([np.full(missing, value, array.dtype), array]) if missing else array
