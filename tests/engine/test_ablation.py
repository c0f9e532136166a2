"""A head that is switched off has the output 0 before the output projection; held to a hook on transformers' own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from explorer.engine import local_model
from explorer.engine.loading import load
from explorer.engine.local_model import LocalModel
from explorer.engine.numpy_engine import gpt2, llama
from explorer.engine.torch_engine import attention_recorder
from explorer.language_model.interventions import Ablate, Head, ablated_heads
from explorer.locales import ExplorerError
from tests.engine.reference import DEVICE, assert_same, assert_same_attention, edited_texts, full_pass, some_ids
from tests.modules import module_of, unread
from tests.passes import Passes

HEADS: list[Head] = [(0, 1), (1, 0), (1, 3)]
OFF = [Ablate(HEADS)]
PROJECTIONS = ("attn.c_proj", "self_attn.o_proj")
SHAPES = ("gpt2", "llama", "llama-biased", "mistral", "qwen2", "qwen3")
TOLERANCE = {"float32": 1e-3, "float64": 1e-5}
"""In float64 what is left are cosines and sines of float32, in models whose large weights make much of them."""


def loaded(folder: Path, engine: str, dtype: str = "float32") -> LocalModel:
    return unread(load(str(folder), device=DEVICE, engine=engine, dtype=dtype))


@contextmanager
def heads_off(module: Any, heads: Mapping[int, Sequence[int]]) -> Iterator[None]:
    """Within its ``with``, the columns of these heads are 0 in what goes into the output projection of their layer."""
    projections = [part for name, part in module.named_modules() if name.endswith(PROJECTIONS)]
    n_head = module.config.num_attention_heads
    hooks = []
    for layer, off in heads.items():

        def zeroed(_: Any, args: tuple[torch.Tensor, ...], off: Sequence[int] = off) -> tuple[torch.Tensor, ...]:
            outputs = args[0].unflatten(-1, (n_head, -1)).clone()
            outputs[..., list(off), :] = 0
            return (outputs.flatten(-2),)

        hooks.append(projections[layer].register_forward_pre_hook(zeroed))
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


def assert_ablated(lm: LocalModel, ids: Sequence[int], heads: Sequence[Head] = HEADS) -> None:
    """The trace of ``ids`` without ``heads`` is that of a full pass of transformers without them."""
    off, module = [Ablate(tuple(heads))], module_of(lm)
    tolerance = TOLERANCE[lm.info.dtype]
    trace = lm.trace(list(ids), interventions=off, attention=True)
    with heads_off(module, ablated_heads(trace.interventions)):
        assert_same(trace, full_pass(module, list(ids)), tolerance)
        assert_same_attention(trace, module, 1e-4)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", SHAPES)
def test_heads_that_are_off_are_off_in_transformers_too(
    folder_of: Callable[[str], Path], name: str, engine: str, dtype: str
) -> None:
    lm, ids = loaded(folder_of(name), engine, dtype), some_ids(60, seed=3)
    ids = [i % lm.info.vocab_size for i in ids]
    for n in (1, 2, 3, 20, 21, 19, 40, 39, 60):  # typed, pasted, cut back
        assert_ablated(lm, ids[:n])
        lm.trace(ids[:n])  # the intact pass in between
    for heads in ([(0, 0)], [(2, 3)], [(1, head) for head in range(lm.info.n_head)]):
        assert_ablated(lm, ids[:12], heads)


def test_the_bundled_model_without_heads(engine: str) -> None:
    lm = load("gpt2-mini", device=DEVICE, engine=engine)
    for text in edited_texts(20, longest=100, seed=9):
        assert_ablated(lm, lm.tokenize(text).ids, [(2, 0), (3, 1), (7, 5)])


def test_batches_are_without_the_heads_too(folder_of: Callable[[str], Path], engine: str) -> None:
    for name in ("gpt2", "llama-biased"):
        lm = loaded(folder_of(name), engine)
        rows = [[i % lm.info.vocab_size for i in some_ids(n, seed=n)] for n in (3, 9, 30)]
        lm.next_logits(rows)
        decoder = lm.decoder(rows[1], 1, interventions=OFF)
        decoder.select([0, 0])
        stepped = decoder.advance([4, 5])
        module = module_of(lm)
        with heads_off(module, ablated_heads((Ablate(HEADS),))):
            for got, ids in zip(lm.next_logits(rows, interventions=OFF), rows, strict=True):
                np.testing.assert_allclose(_log_softmax(got), full_pass(module, ids).log_p[-1], atol=1e-3)
            for got, token in zip(stepped, (4, 5), strict=True):
                expected = full_pass(module, [*rows[1], token]).log_p[-1]
                np.testing.assert_allclose(_log_softmax(got), expected, atol=1e-3)


def _log_softmax(logits: Any) -> Any:
    return logits - np.logaddexp.reduce(logits.astype(np.float64))


def test_an_ablated_text_costs_its_new_tokens_and_the_way_back_nothing(lm: LocalModel) -> None:
    ids = some_ids(30)
    intact = lm.trace(ids).logits.copy()
    with Passes(lm) as passes:
        off = lm.trace(ids, interventions=OFF)
        lm.trace([*ids, 3], interventions=OFF)
        np.testing.assert_array_equal(lm.trace(ids).logits, intact)
        lm.trace(ids, interventions=[Ablate([(1, 3), (1, 0)]), Ablate([(0, 1)])])  # the same, said otherwise
    assert passes.tokens == [30, 1]
    assert np.abs(off.logits - intact).max() > 1e-3


@pytest.mark.parametrize("head", [(2, 0), (0, 4), (99, 99)])
def test_a_head_that_there_is_not_is_refused(lm: LocalModel, head: Head) -> None:
    for ask in (
        lambda: lm.trace("The", interventions=[Ablate([head])]),
        lambda: lm.next_logits([[1]], interventions=[Ablate([head])]),
        lambda: lm.decoder([1], 1, interventions=[Ablate([head])]),
    ):
        with pytest.raises(ExplorerError, match=r"There is no (layer|head)"):
            ask()


def test_a_model_whose_heads_cannot_be_switched_off_says_so(lm: LocalModel) -> None:
    lm.info = replace(lm.info, capabilities=frozenset())
    with pytest.raises(ExplorerError) as caught:
        lm.trace("The", interventions=OFF)
    assert caught.value.message.id == "no-ablation"


# --- the comparison above must notice


def next_layer(heads: Mapping[int, Sequence[int]]) -> dict[int, Sequence[int]]:
    return {(layer + 1) % 3: off for layer, off in heads.items()}


def next_head(heads: Mapping[int, Sequence[int]]) -> dict[int, Sequence[int]]:
    return {layer: [(head + 1) % 4 for head in off] for layer, off in heads.items()}


@pytest.mark.parametrize("planted", [next_layer, next_head])
@pytest.mark.parametrize("name", ["gpt2", "llama"])
def test_another_head_is_noticed(
    folder_of: Callable[[str], Path],
    engine: str,
    name: str,
    planted: Callable[[Any], Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lm = loaded(folder_of(name), engine)
    if engine == "numpy":
        kind = gpt2.GPT2 if name == "gpt2" else llama.Llama
        read = kind.read
        monkeypatch.setattr(kind, "read", lambda m, ids, cache, off, *rest: read(m, ids, cache, planted(off), *rest))
    else:
        made = attention_recorder._Pass
        monkeypatch.setattr(
            attention_recorder, "_Pass", lambda recorder, off, *rest: made(recorder, planted(off), *rest)
        )
    with pytest.raises(AssertionError, match="differ"):
        assert_ablated(lm, range(1, 13), [(0, 1)])


def test_an_answer_from_the_cache_of_the_intact_pass_is_noticed(
    lm: LocalModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = local_model.CacheKey
    monkeypatch.setattr(local_model, "CacheKey", lambda version, dtype, _, *rest: made(version, dtype, (), *rest))
    ids = some_ids(12)
    lm.trace(ids)
    with pytest.raises(AssertionError, match="differ"):
        assert_ablated_numbers(lm, ids)


def assert_ablated_numbers(lm: LocalModel, ids: list[int]) -> None:
    module = module_of(lm)
    trace = lm.trace(ids, interventions=OFF)
    with heads_off(module, ablated_heads((Ablate(HEADS),))):
        assert_same(trace, full_pass(module, ids), 1e-3)
