"""An independent oracle: transformers' own full pass, without a cache, and softmax in float64 by numpy."""

from __future__ import annotations

import os
import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from explorer.engine.local_model import LocalModel
from explorer.language_model.trace import Floats, Trace
from tests.modules import module_of

DEVICE = os.environ.get("EXPLORER_TEST_DEVICE", "cpu")
"""Where the models of the truth tests run."""


TOLERANCE = 1e-4
"""Nats by which float32 may differ from the oracle."""


def some_ids(n: int, seed: int = 0) -> list[int]:
    return np.random.default_rng(seed).integers(0, 500, n).tolist()


@dataclass(frozen=True)
class Reference:
    """``log_p``: (T - start, V) nats; row i is the distribution over what comes after the i-th token that is read."""

    ids: Sequence[int]
    start: int
    log_p: Floats

    def __post_init__(self) -> None:
        assert len(self.log_p) == len(self.ids) - self.start


def full_pass(module: Any, ids: Sequence[int]) -> Reference:
    """What the model makes of ``ids``: of as many of the last as design.md's window holds."""
    n_positions = module.config.max_position_embeddings
    start = 0
    while len(ids) - start > n_positions:
        start += n_positions // 4
    with torch.inference_mode():
        window = torch.tensor([list(ids[start:])], device=module.device)
        logits = module(window, use_cache=False).logits[0].double().cpu().numpy()
    shifted = logits - logits.max(axis=1, keepdims=True)
    return Reference(ids, start, shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True)))


def assert_same(trace: Trace, reference: Reference, tolerance: float) -> None:
    """The trace says of every token what the reference says, to within ``tolerance`` nats (and bits)."""
    start, n = reference.start, len(reference.ids)
    assert trace.ids.tolist() == list(reference.ids)
    assert trace.start == start
    wide = trace.logits.astype(np.float64)
    ours = wide - np.logaddexp.reduce(wide)
    theirs = reference.log_p[-1]
    likeliest = np.argsort(-theirs)[:1000]
    worst = np.abs(ours - theirs)[likeliest].max()
    assert worst < tolerance, f"log probabilities differ by {worst:.2g} after {n} tokens"

    assert np.isnan(trace.surprisal[: start + 1]).all()
    assert np.isnan(trace.entropy[: start + 1]).all()
    assert not trace.rank[: start + 1].any()
    bits = -reference.log_p[:-1] / np.log(2)  # (T - start - 1, V)
    entropy = (np.exp(reference.log_p[:-1]) * bits).sum(axis=1)
    typed = bits[np.arange(n - start - 1), list(reference.ids[start + 1 :])]
    np.testing.assert_allclose(trace.surprisal[start + 1 :], typed, rtol=tolerance, atol=tolerance)
    np.testing.assert_allclose(trace.entropy[start + 1 :], entropy, rtol=tolerance, atol=tolerance)
    # Tokens whose logits differ by less than rounding may stand in either order.
    fewest = 1 + (bits < typed[:, None] - tolerance).sum(axis=1)
    most = (bits < typed[:, None] + tolerance).sum(axis=1)
    assert (fewest <= trace.rank[start + 1 :]).all()
    assert (trace.rank[start + 1 :] <= np.maximum(fewest, most)).all()
    assert abs(trace.total_bits - typed.sum()) <= tolerance * max(1, n)


def assert_true(lm: LocalModel, ids: list[int]) -> None:
    """The trace of ``ids``, whatever was read before, is that of a fresh full pass."""
    assert_same(lm.trace(ids), full_pass(module_of(lm), ids), TOLERANCE)


def assert_follows(lm: LocalModel, texts: Iterable[str], tolerance: float) -> None:
    """After each of ``texts``, whatever was read before, the trace is that of a fresh full pass."""
    for text in texts:
        trace = lm.trace(text)
        assert_same(trace, full_pass(module_of(lm), lm.tokenize(text).ids), tolerance)


PIECES = [
    "The capital",
    " of",
    " France",
    " is",
    "\n",
    "    return n",
    " 42",
    "你好",
    "，",
    "🙂",
    "👨‍👩‍👧",
    "é",
    " the robot",
    ".",
]


def edited_texts(n: int, *, longest: int, seed: int) -> Iterator[str]:
    """What stands in the box after each of ``n`` random edits: typing, deleting, replacing, pasting, undoing.

    ``longest``: in characters; a longer text loses its end.
    """
    choose = random.Random(seed)
    text, before = "", [""]
    for _ in range(n):
        place = choose.randint(0, len(text))
        end = min(len(text), place + choose.randint(1, 8))
        edit = choose.choice(["append", "append", "backspace", "insert", "delete", "replace", "paste", "undo"])
        if edit == "undo":
            text = before[-choose.randint(1, min(6, len(before)))]
        elif edit == "append":
            text += choose.choice(PIECES)
        elif edit == "backspace":
            text = text[: -choose.randint(1, 6)]
        elif edit == "insert":
            text = text[:place] + choose.choice(PIECES) + text[place:]
        elif edit == "delete":
            text = text[:place] + text[end:]
        elif edit == "replace":
            text = text[:place] + choose.choice(PIECES) + text[end:]
        else:
            text += "".join(choose.choices(PIECES, k=choose.randint(5, 40)))
        text = text[:longest]
        before.append(text)
        yield text


def eager_attention(module: Any, ids: Sequence[int]) -> Floats:
    """(n_layer, n_head, T, T) of transformers' own eager pass over ``ids``, without a cache, at least float32."""
    usual = module.config._attn_implementation
    module.set_attn_implementation("eager")
    try:
        with torch.inference_mode():
            found = module(torch.tensor([list(ids)], device=module.device), use_cache=False, output_attentions=True)
    finally:
        module.set_attn_implementation(usual)
    return np.stack([layer[0].cpu().numpy() for layer in found.attentions])


def assert_same_attention(trace: Trace, module: Any, tolerance: float) -> None:
    """Every weight is that of the eager pass to within ``tolerance``; rows sum to 1, and have the entropy they say."""
    expected = eager_attention(module, trace.ids[trace.start :].tolist())
    got = trace.attention.dense()
    assert got.shape == expected.shape
    worst = np.abs(got - expected).max()
    assert worst < tolerance, f"attention differs by {worst:.2g} after {len(trace.ids)} tokens"
    np.testing.assert_allclose(got.sum(-1), 1, atol=1e-5)
    bits = -(expected * np.log2(np.where(expected > 0, expected, 1))).sum(-1)
    np.testing.assert_allclose(trace.attention.entropy, bits, atol=max(100 * tolerance, 1e-6))
