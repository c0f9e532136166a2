"""Attention is true: after any edits and steps it is that of transformers' eager pass; and what it costs."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from explorer.engine import growing
from explorer.engine.loading import load
from explorer.engine.local_model import LocalModel
from explorer.engine.numpy_engine.attention import AttentionRecorder
from explorer.engine.torch_engine.attention_recorder import Recorder
from explorer.language_model.attention import (
    EXACT_TOKENS,
    FROM_BYTE,
    attention_weights,
    most_tokens,
    n_weights,
    square,
)
from explorer.models import sources
from explorer.models.catalog import BUNDLED
from tests.engine.attending import heads_swapped, loaded
from tests.engine.reference import DEVICE, assert_same_attention, eager_attention, edited_texts, some_ids
from tests.modules import module_of
from tests.passes import Passes

GOLDEN = json.loads((Path(__file__).parents[1] / "golden" / "gpt2-small.json").read_text(encoding="utf-8"))


# --- the truth


@pytest.mark.parametrize(
    ("model", "dtype", "tolerance"),
    [
        ("gpt2", "float32", 1e-4),
        ("gpt2", "float64", 1e-9),
        ("llama", "float32", 1e-5),
        ("llama", "float64", 1e-6),
    ],
)
def test_after_200_edits_and_steps_the_weights_are_those_of_an_eager_pass(
    attending: dict[str, Path], engine: str, model: str, dtype: str, tolerance: float
) -> None:
    lm = loaded(attending[model], dtype, engine=engine)
    rng = np.random.default_rng(4)
    for i, text in enumerate(edited_texts(200, longest=300, seed=6)):
        if i % 7 == 3:
            lm.trace(text[: len(text) // 2])  # questions without attention come in between
        trace = lm.trace(text, attention=True)
        assert_same_attention(trace, module_of(lm), tolerance)
        if i % 10 == 0:
            ids = trace.ids.tolist()
            for _ in range(3):
                ids = [*ids, int(rng.integers(lm.info.vocab_size))]
                assert_same_attention(lm.trace(ids, attention=True), module_of(lm), tolerance)


def test_the_bundled_models_weights_are_those_of_an_eager_pass() -> None:
    lm = load(BUNDLED, device=DEVICE)
    for text in edited_texts(50, longest=300, seed=7):
        assert_same_attention(lm.trace(text, attention=True), module_of(lm), 1e-4)


def test_smollm2s_weights_are_those_of_an_eager_pass() -> None:
    if sources.on_disk("smollm2-135m") is None:
        pytest.skip("smollm2-135m is not on this disk")
    lm = load("smollm2-135m", device=DEVICE)
    for text in edited_texts(25, longest=60, seed=7):
        assert_same_attention(lm.trace(text, attention=True), module_of(lm), 1e-4)


def rows_off_by_one(look: Callable[..., None], recorder: Recorder, layer: int, query: Any, *rest: Any) -> None:
    """Each row belongs to the token before."""
    look(recorder, layer, query.roll(1, dims=1), *rest)


def unscaled(look: Callable[..., None], recorder: Recorder, layer: int, *rest: Any) -> None:
    recorder.rules = tuple(replace(rule, scaling=1.0) for rule in recorder.rules)
    look(recorder, layer, *rest)


@pytest.mark.parametrize("model", ["gpt2", "llama"])
@pytest.mark.parametrize("planted", [rows_off_by_one, heads_swapped, unscaled])
def test_wrong_rows_are_noticed(
    attending: dict[str, Path], model: str, planted: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    lm = loaded(attending[model], engine="torch")
    look = Recorder.look
    monkeypatch.setattr(Recorder, "look", lambda *args: planted(look, *args))
    with pytest.raises(AssertionError, match="attention differs"):
        assert_same_attention(lm.trace("The capital of France is Paris", attention=True), module_of(lm), 1e-4)


def weights_off_by_one(add: Callable[..., None], recorder: Any, queries: Any, weights: Any) -> None:
    add(recorder, queries, np.roll(weights, 1, axis=1))


def weights_of_other_heads(add: Callable[..., None], recorder: Any, queries: Any, weights: Any) -> None:
    add(recorder, queries, weights[[1, 0, *range(2, len(weights))]])


@pytest.mark.parametrize("model", ["gpt2", "llama"])
@pytest.mark.parametrize("planted", [weights_off_by_one, weights_of_other_heads])
def test_wrong_rows_of_numpy_are_noticed(
    attending: dict[str, Path], model: str, planted: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    lm = loaded(attending[model], engine="numpy")
    add = AttentionRecorder.add
    monkeypatch.setattr(AttentionRecorder, "add", lambda *args: planted(add, *args))
    with pytest.raises(AssertionError, match="attention differs"):
        assert_same_attention(lm.trace("The capital of France is Paris", attention=True), module_of(lm), 1e-4)


def test_looking_on_changes_no_number(attending: dict[str, Path], engine: str) -> None:
    for name in ("gpt2", "llama"):
        plain, watched = loaded(attending[name], engine=engine), loaded(attending[name], engine=engine)
        for text in edited_texts(30, longest=200, seed=8):
            a, b = plain.trace(text), watched.trace(text, attention=True)
            np.testing.assert_array_equal(a.logits, b.logits)
            np.testing.assert_array_equal(a.surprisal, b.surprisal)


@pytest.mark.parametrize("case", GOLDEN["cases"], ids=lambda case: case["text"])
def test_gpt2_has_its_published_rows(case: dict[str, Any]) -> None:
    if sources.on_disk("gpt2") is None:
        pytest.skip("gpt2 is not on this disk")
    attention = load("gpt2", device=DEVICE).trace(case["ids"], attention=True).attention
    for where, rows in case["attention"].items():
        layer, head = map(int, where.split(","))
        np.testing.assert_allclose(attention.head(layer, head), rows, atol=0.002)


# --- long texts


def test_a_long_text_is_bytes_and_one_exact_layer(attending: dict[str, Path], engine: str) -> None:
    lm = loaded(attending["long"], engine=engine)
    for n in (EXACT_TOKENS, EXACT_TOKENS + 1, 300, 700, 1024, 1100, 900):
        trace = lm.trace(some_ids(n), attention=True)
        record, expected = trace.attention, eager_attention(module_of(lm), trace.ids[trace.start :].tolist())
        assert (record.exact is None) == (record.coarse is not None) == (record.n_tokens > EXACT_TOKENS)
        assert np.abs(square(FROM_BYTE[record.packed()]) - expected).max() < 0.004
        for layer in (2, 0, 2):
            np.testing.assert_allclose(record.head(layer, 1), expected[layer, 1], atol=1e-5)
        np.testing.assert_allclose(record.row(1, 3, 200), expected[1, 3, 200, :201], atol=1e-5)
        np.testing.assert_allclose(record.rows(250), expected[:, :, 250, :251], atol=0.004)


def test_a_text_may_cross_the_border_to_bytes_and_come_back(attending: dict[str, Path], engine: str) -> None:
    lm = loaded(attending["long"], engine=engine)
    ids = some_ids(400)
    for n in (250, 255, 256, 257, 259, 256, 258, 320, 100, 256, 257):
        trace = lm.trace([*ids[: n - 2], 7, n], attention=True)  # each with an end of its own: the cache is cropped
        assert (trace.attention.exact is not None) == (n <= EXACT_TOKENS)
        assert np.abs(FROM_BYTE[trace.attention.packed()] - square_inverse(eager(lm, trace))).max() < 0.004
        if n <= EXACT_TOKENS:
            assert_same_attention(trace, module_of(lm), 1e-5)


def eager(lm: LocalModel, trace: Any) -> Any:
    return eager_attention(module_of(lm), trace.ids.tolist())


def square_inverse(dense: Any) -> Any:
    return dense[..., *np.tril_indices(dense.shape[-1])]


def test_attention_takes_less_than_250_megabytes_at_1024_tokens() -> None:
    """Of the models that people have: GPT-2 small, and SmolLM2 with more heads. Weights, queries and the open layer."""
    for n_layer, n_head, width in ((12, 12, 64), (30, 9, 64)):
        assert most_tokens(n_layer, n_head) >= 1024
        coarse, queries = n_layer * n_head * n_weights(1024), 4 * n_layer * n_head * 1024 * width
        entropy, open_layer = 4 * n_layer * n_head * 1024, 4 * n_head * n_weights(1024)
        assert coarse + queries + entropy + open_layer < 250e6


# --- what it costs


def test_a_step_costs_one_pass_of_one_token_and_another_head_none(attending: dict[str, Path], engine: str) -> None:
    lm = loaded(attending["gpt2"], engine=engine)
    ids = some_ids(30)
    lm.trace(ids[:20], attention=True)
    with Passes(lm) as passes:
        for n in range(21, 31):
            record = lm.trace(ids[:n], attention=True).attention
            for layer in range(record.n_layer):
                for head in range(record.n_head):
                    record.head(layer, head)
                    record.vectors(layer, head)
    assert passes.tokens == [1] * 10


def test_another_layer_of_a_long_text_costs_no_pass(attending: dict[str, Path], engine: str) -> None:
    lm = loaded(attending["long"], engine=engine)
    record = lm.trace(some_ids(600), attention=True).attention
    with Passes(lm) as passes:
        opened = record.fetched(2, 1)
        assert not record.has(2)  # a record does not change
        assert opened.has(2)
        assert opened.has_vectors(2, 1)
        assert not opened.has(0)
        np.testing.assert_array_equal(opened.head(2, 1), record.head(2, 1))
        other = opened.fetched(0)
        assert other.has(0)
        assert not other.has(2)  # one layer at a time
        assert opened.fetched(2, 1) is opened
    assert passes.tokens == []


def test_a_text_that_was_read_without_attention_is_read_again_once(attending: dict[str, Path], engine: str) -> None:
    lm = loaded(attending["gpt2"], engine=engine)
    ids = some_ids(25)
    lm.trace(ids)
    with Passes(lm) as passes:
        assert lm.trace(ids, attention=True).computed == 25
        assert lm.trace(ids, attention=True).computed == 0
        assert lm.trace([*ids, 3], attention=True).computed == 1
        lm.trace([*ids, 3])
        lm.trace([*ids, 3, 4])
        lm.trace([*ids, 3, 4], attention=True)
    assert passes.tokens == [25, 1, 1]


def test_undo_with_attention_costs_nothing(attending: dict[str, Path], engine: str) -> None:
    lm = loaded(attending["llama"], engine=engine)
    ids = some_ids(30)
    for n in range(1, 31):
        lm.trace(ids[:n], attention=True)
    with Passes(lm) as passes:
        for n in range(30, 0, -1):
            assert lm.trace(ids[:n], attention=True).attention.n_tokens == n
    assert passes.tokens == []


def test_the_same_text_has_the_same_record(attending: dict[str, Path], engine: str) -> None:
    lm = loaded(attending["gpt2"], engine=engine)
    assert lm.trace("a robot", attention=True).attention is lm.trace("a robot", attention=True).attention


def test_a_record_outlives_what_is_read_after_it(attending: dict[str, Path], engine: str) -> None:
    assert_records_last(loaded(attending["gpt2"], engine=engine))


def test_a_record_that_is_written_over_is_noticed(
    attending: dict[str, Path], engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(growing.GrowingArray, "crop", lambda grown, length: setattr(grown, "length", length))
    with pytest.raises(AssertionError, match="Arrays are not equal"):
        assert_records_last(loaded(attending["gpt2"], engine=engine))


def assert_records_last(lm: LocalModel) -> None:
    ids = some_ids(40)
    kept = []
    for n in (40, 39, 37, 20, 40, 10, 30):
        trace = lm.trace([*ids[: n - 1], n], attention=True)
        kept.append((trace, trace.attention.dense(), trace.attention.entropy.copy()))
    for trace, dense, entropy in kept:
        np.testing.assert_array_equal(trace.attention.dense(), dense)
        np.testing.assert_array_equal(trace.attention.entropy, entropy)
        assert_same_attention(trace, module_of(lm), 1e-5)


def test_a_record_needs_no_model(attending: dict[str, Path], engine: str) -> None:
    lm = loaded(attending["long"], engine=engine)
    trace = lm.trace(some_ids(300), attention=True)
    expected = eager(lm, trace)[1, 2]
    lm.forget()
    lm.trace(some_ids(300, seed=1), attention=True)
    with Passes(lm) as passes:
        got = trace.attention.head(1, 2)
    assert passes.tokens == []
    np.testing.assert_allclose(got, expected, atol=1e-5)


# --- what a weight is made of


@pytest.mark.parametrize("model", ["gpt2", "llama"])
def test_vectors_give_the_weights_and_the_heads_output(attending: dict[str, Path], engine: str, model: str) -> None:
    lm = loaded(attending[model], engine=engine)
    ids = some_ids(24)
    trace = lm.trace(ids, attention=True)
    outputs = head_outputs(lm, ids)
    for layer in range(lm.info.n_layer):
        for head in range(lm.info.n_head):
            vectors = trace.attention.vectors(layer, head)
            for query in (0, 1, 23):
                scores = vectors.scores(query).astype(np.float64)
                softmax = np.exp(scores) / np.exp(scores).sum()
                np.testing.assert_allclose(softmax, trace.attention.row(layer, head, query), atol=1e-5)
            output = trace.attention.head(layer, head) @ vectors.values
            np.testing.assert_allclose(output, outputs[layer][:, head], atol=1e-4)


def head_outputs(lm: LocalModel, ids: list[int]) -> list[Any]:
    """(T, n_head, head_dim) of each layer: what goes into the projection after attention, in a pass of its own."""
    caught = []
    projections = [
        part for name, part in module_of(lm).named_modules() if name.endswith(("attn.c_proj", "self_attn.o_proj"))
    ]
    hooks = [part.register_forward_pre_hook(lambda _, args: caught.append(args[0][0])) for part in projections]
    with torch.inference_mode():
        module_of(lm)(torch.tensor([ids], device=lm.info.device), use_cache=False)
    for hook in hooks:
        hook.remove()
    return [each.reshape(len(ids), lm.info.n_head, -1).cpu().numpy() for each in caught]


def test_weights_of_a_worked_case() -> None:
    """Two heads that share their keys; softmax([1, 0] x 0.5) by hand."""
    query = np.array([[[9.0, 9.0], [1.0, 0.0]], [[9.0, 9.0], [0.0, 2.0]]])
    key = np.array([[[1.0, 0.0], [0.0, 1.0]]])
    got = attention_weights(query, key, 0.5, 0)
    e = np.exp(0.5) / (np.exp(0.5) + 1)
    np.testing.assert_allclose(got, [[[1, 0], [e, 1 - e]], [[1, 0], [1 / (1 + np.e), np.e / (1 + np.e)]]], rtol=1e-6)
