"""The numbers are true: after any edits they are those of a fresh full pass of transformers, without our cache.

``EXPLORER_TEST_DEVICE=cuda`` runs these on another device.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from explorer.engine.loading import load
from explorer.engine.local_model import LocalModel
from explorer.engine.numpy_engine import gpt2, llama
from explorer.engine.numpy_engine.cache import NumpyKeysValues
from explorer.engine.numpy_engine.engine import NumpyEngine
from explorer.engine.prefix_cache import Entry
from explorer.models import sources
from explorer.models.catalog import BUNDLED
from tests.engine.reference import DEVICE, assert_follows, assert_same, edited_texts, full_pass
from tests.modules import module_of

N_EDITS = 200
GOLDEN = json.loads((Path(__file__).parents[1] / "golden" / "gpt2-small.json").read_text(encoding="utf-8"))

FLOAT32 = 1e-3
FLOAT64 = 1e-9
LLAMA_FLOAT64 = 1e-6
"""transformers' Llama keeps norms and rotary angles in float32 whatever the dtype: a difference of 1e-16 before such a
step can fall on either side of a rounding, and be one of 1e-7 after it. numpy is held to norms that round nothing
(`module_of`); cosines and sines of float32 are left, of which numpy and torch round the last bit in ways of their
own."""


def loaded(folder: Path, dtype: str = "float32", engine: str | None = None) -> LocalModel:
    return load(str(folder), device=DEVICE, dtype=dtype, engine=engine)


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize(
    ("model", "dtype", "tolerance"),
    [
        ("gpt2", "float32", FLOAT32),
        ("gpt2", "float64", FLOAT64),
        ("llama", "float32", FLOAT32),
        ("llama", "float64", LLAMA_FLOAT64),
    ],
)
def test_after_each_of_200_edits_the_numbers_are_those_of_a_full_pass(
    attending: dict[str, Path], engine: str, model: str, dtype: str, tolerance: float, seed: int
) -> None:
    lm = loaded(attending[model], dtype, engine=engine)
    texts = list(edited_texts(N_EDITS, longest=400, seed=seed))
    lengths = [len(lm.tokenize(text).ids) for text in texts]
    assert min(lengths) < lm.info.n_positions < max(lengths)  # the window moves
    assert_follows(lm, texts, tolerance)


def test_after_each_of_200_edits_the_bundled_models_numbers_are_those_of_a_full_pass() -> None:
    lm = load(BUNDLED, device=DEVICE)
    assert_follows(lm, edited_texts(N_EDITS, longest=120, seed=4), FLOAT32)


def test_after_each_of_200_edits_smollm2s_numbers_are_those_of_a_full_pass() -> None:
    if sources.on_disk("smollm2-135m") is None:
        pytest.skip("smollm2-135m is not on this disk")
    lm = load("smollm2-135m", device=DEVICE)
    assert_follows(lm, edited_texts(N_EDITS, longest=40, seed=3), FLOAT32)


def test_a_batch_of_rows_has_the_numbers_of_full_passes(attending: dict[str, Path], engine: str) -> None:
    lm = loaded(attending["gpt2"], "float64", engine=engine)
    rows = [list(lm.tokenize(text).ids) for text in edited_texts(40, longest=400, seed=5)]
    for row, logits in zip(rows, lm.next_logits(rows), strict=True):
        ours = logits - np.logaddexp.reduce(logits)
        np.testing.assert_allclose(ours, full_pass(module_of(lm), row).log_p[-1], atol=FLOAT64)


# --- the comparison above must notice


def crop_too_little(crop: Callable[[Entry, int], None], entry: Entry, length: int) -> None:
    """One key and value too many stays."""
    cache = entry.cache
    kept = [(layer.keys[..., : length + 1, :], layer.values[..., : length + 1, :]) for layer in _layers(cache)]
    crop(entry, length)
    if isinstance(cache, NumpyKeysValues):
        cache._length = length + 1
    for layer, (keys, values) in zip(_layers(cache), kept, strict=True):
        layer.keys, layer.values = keys, values


def _layers(cache: Any) -> list[Any]:
    return getattr(cache, "layers", [])


def crop_too_much(crop: Callable[[Entry, int], None], entry: Entry, length: int) -> None:
    """One key and value too many goes."""
    crop(entry, length)
    entry.cache.crop(length - 1)


@pytest.mark.parametrize("model", ["gpt2", "llama"])
@pytest.mark.parametrize("planted", [crop_too_little, crop_too_much])
def test_a_crop_that_is_off_by_one_is_noticed(
    attending: dict[str, Path], engine: str, model: str, planted: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    lm = loaded(attending[model], engine=engine)
    crop, crops = Entry.crop, []

    def planted_crop(entry: Entry, length: int) -> None:
        crops.append(length)
        planted(crop, entry, length)

    monkeypatch.setattr(Entry, "crop", planted_crop)
    texts = ["The capital of France is", "The capital of France?"]
    with pytest.raises(AssertionError, match="log probabilities differ"):
        assert_follows(lm, texts, FLOAT32)
    assert crops


@pytest.mark.parametrize("model", ["gpt2", "llama"])
def test_a_wrong_position_is_noticed(
    attending: dict[str, Path], engine: str, model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tokens after a beginning that was read before are taken to stand one place earlier."""
    lm = loaded(attending[model], engine=engine)

    def one_too_early(_module: torch.nn.Module, args: Any, kwargs: dict[str, Any]) -> Any:
        positions = kwargs.get("position_ids")
        if positions is not None and positions.min() > 0:
            kwargs["position_ids"] = positions - 1
        return args, kwargs

    if isinstance(lm.engine, NumpyEngine):
        turns, read = llama.turns, gpt2.GPT2.read
        monkeypatch.setattr(llama, "turns", lambda f, first, n, dtype: turns(f, max(0, first - 1), n, dtype))
        monkeypatch.setattr(gpt2.GPT2, "read", lambda m, ids, cache, *rest: read(_earlier(m, cache), ids, cache, *rest))
    else:
        module_of(lm).base_model.register_forward_pre_hook(one_too_early, with_kwargs=True)
    texts = ["The capital of France is", "The capital of France is Paris"]
    with pytest.raises(AssertionError, match="log probabilities differ"):
        assert_follows(lm, texts, FLOAT32)


def _earlier(model: gpt2.GPT2, cache: NumpyKeysValues) -> gpt2.GPT2:
    earlier = copy.copy(model)
    earlier._wpe = np.roll(model._wpe, 1, axis=0) if len(cache) else model._wpe
    return earlier


def test_a_rotary_half_that_is_swapped_is_noticed(attending: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    lm = loaded(attending["llama"], engine="numpy")
    rotate = llama.rotate
    monkeypatch.setattr(llama, "rotate", lambda x, cosines, sines: rotate(x, cosines, -sines))
    with pytest.raises(AssertionError, match="log probabilities differ"):
        assert_follows(lm, ["The capital of France is"], FLOAT32)


# --- figures that others published


@pytest.mark.parametrize("case", GOLDEN["cases"], ids=lambda case: case["text"])
def test_gpt2_has_its_published_numbers(case: dict[str, Any]) -> None:
    if sources.on_disk("gpt2") is None:
        pytest.skip("gpt2 is not on this disk")
    lm = load("gpt2", device=DEVICE)
    trace = lm.trace(case["text"])
    assert trace.ids.tolist() == case["ids"]
    assert [token.text for token in trace.tokens] == case["tokens"]
    for token_id, logit in case["top"]:
        assert trace.logits[token_id] == pytest.approx(logit, abs=0.02)
    assert np.logaddexp.reduce(trace.logits.astype(np.float64)) == pytest.approx(case["logsumexp"], abs=0.02)
    # The twenty largest are the twenty largest, but for those that 0.02 can exchange.
    likeliest = {int(i) for i in np.argsort(-trace.logits)[: len(case["top"])]}
    smallest = case["top"][-1][1]
    assert all(trace.logits[i] < smallest + 0.02 for i in likeliest - {i for i, _ in case["top"]})
    assert_same(trace, full_pass(module_of(lm), case["ids"]), FLOAT32)
