"""`Attention`: what it answers, and what bad input gets."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from explorer.engine import agreement
from explorer.engine.loading import load
from explorer.engine.torch_engine import attention_recorder
from explorer.engine.torch_engine.attention_recorder import Recorder
from explorer.engine.weights.json_folder import JsonFolder
from explorer.language_model import attention as record_module
from explorer.language_model.attention import EXACT_TOKENS, FROM_BYTE, n_weights, to_bytes
from explorer.locales import ExplorerError
from tests.attention import attention_of, random_weights
from tests.engine.attending import heads_swapped, loaded
from tests.engine.reference import assert_same_attention, some_ids
from tests.modules import module_of


def test_a_trace_without_attention_says_how_to_ask(attending: dict[str, Path]) -> None:
    with pytest.raises(ExplorerError, match=r"Ask for it: lm.trace\(text, attention=True\)"):
        loaded(attending["gpt2"]).trace("a robot").attention  # noqa: B018


def test_a_model_without_attention_says_so(attending: dict[str, Path]) -> None:
    lm = loaded(attending["gpt2"])
    lm.info = replace(lm.info, capabilities=frozenset())
    trace = lm.trace("a robot", attention=True)
    assert trace.recorded_attention is None
    with pytest.raises(ExplorerError, match="gives no attention weights"):
        trace.attention  # noqa: B018


def test_a_model_whose_attention_differs_from_transformers_is_marked(
    attending: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert load(str(attending["gpt2"]), device="cpu", engine="torch").info.attention
    monkeypatch.setattr(agreement, "facts_of", lambda _: JsonFolder(tmp_path))  # as if nobody had checked it before
    look = Recorder.look
    monkeypatch.setattr(Recorder, "look", lambda *args: heads_swapped(look, *args))
    lm = load(str(attending["gpt2"]), device="cpu", engine="torch")
    assert not lm.info.attention
    assert lm.trace("a robot").logits.any()  # its distributions are as good as before


def test_a_text_past_the_limit_says_so_and_has_its_distribution(
    attending: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    lm = loaded(attending["long"])
    most = 290
    monkeypatch.setattr(record_module, "MAX_BYTES", lm.info.n_layer * lm.info.n_head * n_weights(most))
    lm.trace(some_ids(most), attention=True).attention.head(0, 0)
    trace = lm.trace(some_ids(most + 10), attention=True)
    assert trace.computed == 10
    with pytest.raises(ExplorerError, match=f"300 tokens, and of this model attention is kept for at most {most}"):
        trace.attention  # noqa: B018
    assert_same_attention(lm.trace(some_ids(200), attention=True), module_of(lm), 1e-5)


@pytest.mark.parametrize(("layer", "head"), [(-1, 0), (2, 0), (0, -1), (0, 3)])
def test_layers_and_heads_out_of_range(layer: int, head: int) -> None:
    record = attention_of(random_weights(2, 3, 5))
    what = "layer" if layer not in (0, 1) else "head"
    for ask in (record.head, record.vectors, lambda i, j: record.row(i, j, 0)):
        with pytest.raises(ExplorerError, match=f"There is no {what} -?[0-9]. The {what}s of this model go from 0 to"):
            ask(layer, head)


@pytest.mark.parametrize("position", [-1, 5])
def test_places_out_of_range(position: int) -> None:
    record = attention_of(random_weights(2, 3, 5))
    for ask in (record.rows, lambda place: record.row(0, 0, place)):
        with pytest.raises(ExplorerError, match="The places of this text go from 0 to 4"):
            ask(position)


def test_all_of_a_long_text_is_refused_with_a_remedy(attending: dict[str, Path]) -> None:
    dense = np.zeros((1, 1, 2, 2), np.float32) + np.eye(2, dtype=np.float32)
    record = attention_of(dense)
    assert record.dense().shape == dense.shape
    lm = loaded(attending["long"])
    many = replace(lm.trace(some_ids(300), attention=True).attention)
    record_module_limit = many.n_layer * many.n_head * 300**2 * 4 - 1
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(record_module, "DENSE_BYTES", record_module_limit)
        with pytest.raises(ExplorerError, match=r"single heads with head\(layer, head\), or at most 299 tokens"):
            many.dense()
    assert many.dense().shape == (3, 4, 300, 300)


def test_rows_that_are_no_numbers_are_said() -> None:
    dense = random_weights(2, 3, 5)
    assert attention_of(dense).problem is None
    dense[1, 2, 3] = np.nan
    problem = attention_of(dense).problem
    assert problem is not None
    assert str(problem).startswith("One row of attention weights is not made of numbers (the first in layer 1, head 2)")


def test_full_memory_forgets_attention_too(attending: dict[str, Path]) -> None:
    lm = loaded(attending["gpt2"], engine="torch")
    ids, failed = some_ids(30), []
    lm.trace(ids[:20], attention=True)

    def fail_once(*_: object) -> None:
        if not failed:
            failed.append(True)
            raise torch.OutOfMemoryError("out of memory")

    hook = module_of(lm).base_model.h[1].register_forward_pre_hook(fail_once)
    trace = lm.trace(ids, attention=True)
    hook.remove()
    assert trace.computed == 30
    assert_same_attention(trace, module_of(lm), 1e-5)


def test_bytes_are_at_most_0_004_off() -> None:
    weights = np.linspace(0, 1, 100_001)
    assert np.abs(FROM_BYTE[to_bytes(weights)] - weights).max() < 0.004
    assert to_bytes(np.array([0.0, 1.0])).tolist() == [0, 255]
    np.testing.assert_array_equal(attention_recorder._bytes(torch.from_numpy(weights)).numpy(), to_bytes(weights))


def test_pairs_are_looked_up_where_they_stand() -> None:
    dense = random_weights(2, 3, 9)
    queries, keys = np.tril_indices(9)
    np.testing.assert_array_equal(attention_of(dense).at(queries, keys), dense[:, :, queries, keys])
    long = random_weights(1, 2, EXACT_TOKENS + 5)
    queries, keys = np.tril_indices(EXACT_TOKENS + 5)
    assert np.abs(attention_of(long).at(queries, keys) - long[:, :, queries, keys]).max() < 0.004
