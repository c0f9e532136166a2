"""States are true at every site, on both engines: whole, typed, cut back, edited and ablated; and what they cost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from explorer.engine import growing, local_model
from explorer.engine.local_model import LocalModel
from explorer.engine.numpy_engine import states as numpy_states
from explorer.engine.states_buffer import StatesBuffer
from explorer.engine.torch_engine import states_recorder as torch_states
from explorer.language_model import states as record_module
from explorer.language_model.interventions import Ablate
from explorer.language_model.request import Extras, Request
from explorer.language_model.sites import ATTENTION_OUT, BLOCK, EMBEDDING, FINAL, HEADS, MLP_OUT, OF_LAYERS, SITES
from explorer.locales import ExplorerError
from tests.engine.attending import loaded
from tests.engine.reference import assert_same_attention, edited_texts, some_ids
from tests.engine.site_oracle import PROJECTIONS, asked, assert_true_states, expected_states
from tests.engine.test_breaking_off import Broken
from tests.modules import module_of
from tests.passes import Passes

FLOAT32 = 1e-5
CASES = [
    ("gpt2", "float32", FLOAT32),
    ("gpt2", "float64", 1e-12),
    ("llama", "float32", FLOAT32),
    ("llama", "float64", 1e-6),  # transformers keeps norms and angles in float32 whatever the dtype
]
OFF = [Ablate([(0, 1), (1, 0), (1, 3)])]


# --- the truth


@pytest.mark.parametrize(("model", "dtype", "tolerance"), CASES)
def test_states_are_those_of_transformers_whole_typed_and_cut_back(
    attending: dict[str, Path], engine: str, model: str, dtype: str, tolerance: float
) -> None:
    lm, ids = loaded(attending[model], dtype, engine=engine), some_ids(90)
    for n in (1, 2, 3, 4, 9, 30, 64, 65, 90, 60, 59, 40, 1):  # 64 positions: the window moves
        assert_true_states(lm, [*ids[: n - 1], 7 + n], tolerance)


@pytest.mark.parametrize(("model", "dtype", "tolerance"), CASES)
def test_after_each_of_100_edits_the_states_are_those_of_transformers(
    attending: dict[str, Path], engine: str, model: str, dtype: str, tolerance: float
) -> None:
    lm = loaded(attending[model], dtype, engine=engine)
    for i, text in enumerate(edited_texts(100, longest=250, seed=11)):
        if i % 5 == 2:
            lm.trace(text[: len(text) // 2], attention=i % 2 == 0)  # questions without states come in between
        assert_true_states(lm, list(lm.tokenize(text).ids), tolerance, OFF if i % 3 == 0 else ())


def test_a_text_that_is_read_in_chunks_has_states(attending: dict[str, Path], engine: str) -> None:
    lm = loaded(attending["long"], engine=engine)
    for n in (257, 700, 256, 300):
        assert_true_states(lm, [*some_ids(n - 1), 3], FLOAT32)


def test_looking_on_changes_no_number(attending: dict[str, Path], engine: str) -> None:
    for name in ("gpt2", "llama"):
        plain, watched = loaded(attending[name], engine=engine), loaded(attending[name], engine=engine)
        for text in edited_texts(30, longest=200, seed=8):
            a, b = plain.trace(text), watched.trace(asked(watched.tokenize(text).ids))
            np.testing.assert_array_equal(a.logits, b.logits)
            np.testing.assert_array_equal(a.surprisal, b.surprisal)


def test_a_head_that_is_off_gives_0_and_later_layers_are_those_without_it(lm: LocalModel) -> None:
    ids = some_ids(20)
    intact, off = lm.trace(asked(ids)).states, assert_true_states(lm, ids, FLOAT32, OFF).states
    for layer, head in OFF[0].heads:
        assert not off[HEADS][layer, head].any()
        assert intact[HEADS][layer, head].any()
    np.testing.assert_array_equal(off[EMBEDDING], intact[EMBEDDING])
    np.testing.assert_array_equal(off[HEADS][0, 2], intact[HEADS][0, 2])  # beside it, nothing has changed yet
    for site in (ATTENTION_OUT, MLP_OUT, BLOCK):
        assert np.abs(off[site] - intact[site]).max() > 1e-3


def test_attention_and_states_come_together(attending: dict[str, Path], engine: str) -> None:
    lm = loaded(attending["llama"], engine=engine)
    for text in edited_texts(20, longest=200, seed=12):
        ids = lm.tokenize(text).ids
        trace = lm.trace(Request(ids, extras=Extras(attention=True, states=(HEADS, BLOCK))))
        assert_same_attention(trace, module_of(lm), 1e-5)
        values = trace.attention.vectors(1, 2).values
        np.testing.assert_allclose(trace.states[HEADS][1, 2], trace.attention.head(1, 2) @ values, atol=1e-5)


def test_states_in_half_precision_are_the_models_own(attending: dict[str, Path]) -> None:
    lm = loaded(attending["gpt2"], "bfloat16", engine="torch")
    ids = some_ids(12)
    trace = lm.trace(asked(ids))
    assert {trace.states[site].dtype for site in SITES} == {np.dtype("float32")}
    module = module_of(lm).float()
    for site, expected in expected_states(module, ids).items():
        assert np.abs(trace.states[site] - expected).max() < 0.05 * np.abs(expected).max()


# --- what it costs


def test_a_step_costs_one_pass_of_one_token(attending: dict[str, Path], engine: str) -> None:
    lm, ids = loaded(attending["gpt2"], engine=engine), some_ids(30)
    lm.trace(asked(ids[:20]))
    with Passes(lm) as passes:
        for n in range(21, 31):
            assert lm.trace(asked(ids[:n])).states.n_tokens == n
    assert passes.tokens == [1] * 10


def test_a_text_that_was_read_without_states_is_read_again_once(attending: dict[str, Path], engine: str) -> None:
    lm, ids = loaded(attending["gpt2"], engine=engine), some_ids(25)
    lm.trace(ids)
    with Passes(lm) as passes:
        assert lm.trace(asked(ids)).computed == 25
        assert lm.trace(asked(ids)).computed == 0
        assert lm.trace(asked([*ids, 3])).computed == 1
        lm.trace([*ids, 3, 4])
        assert lm.trace(asked([*ids, 3, 4])).computed == 0
        assert lm.trace(asked([*ids, 3, 4], (BLOCK,))).computed == 0  # a part of what is there
    assert passes.tokens == [25, 1, 1]


def test_other_sites_than_before_are_read_once(attending: dict[str, Path], engine: str) -> None:
    lm, ids = loaded(attending["gpt2"], engine=engine), some_ids(25)
    lm.trace(asked(ids, (BLOCK,)))
    with Passes(lm) as passes:
        lm.trace(asked(ids, (MLP_OUT,)))
        lm.trace(asked(ids, (MLP_OUT,)))
        lm.trace(asked(ids, (BLOCK,)))
    assert passes.tokens == [25]


def test_attention_and_states_are_one_pass(attending: dict[str, Path], engine: str) -> None:
    lm, ids = loaded(attending["gpt2"], engine=engine), some_ids(25)
    with Passes(lm) as passes:
        for n in (20, 21, 22):
            trace = lm.trace(Request(tuple(ids[:n]), extras=Extras(attention=True, states=SITES)))
            assert trace.attention.n_tokens == trace.states.n_tokens == n
    assert passes.tokens == [20, 1, 1]


def test_final_states_are_there_of_every_text(attending: dict[str, Path], engine: str) -> None:
    lm, ids = loaded(attending["gpt2"], engine=engine), some_ids(25)
    lm.trace(ids)
    with Passes(lm) as passes:
        assert_true_states(lm, ids, FLOAT32, sites=(FINAL,))
    assert passes.tokens == []


def test_undo_costs_nothing(attending: dict[str, Path], engine: str) -> None:
    lm, ids = loaded(attending["llama"], engine=engine), some_ids(30)
    for n in range(1, 31):
        lm.trace(asked(ids[:n]))
    with Passes(lm) as passes:
        for n in range(30, 0, -1):
            assert lm.trace(asked(ids[:n])).states.n_tokens == n
    assert passes.tokens == []


def test_what_nobody_asked_for_is_not_kept(attending: dict[str, Path], engine: str) -> None:
    lm, ids = loaded(attending["gpt2"], engine=engine), some_ids(30)
    lm.trace(asked(ids, (BLOCK,)))
    lm.trace([1, *ids])
    lm.trace([*ids[:10], 1, 2])  # parts from the first in the middle
    assert [each.states is not None for each in lm._cache.entries] == [True, False, False]
    (entry,) = [each for each in lm._cache.entries if each.states is not None]
    assert entry.states is not None
    assert entry.states.sites == {BLOCK}
    shown = lm.trace(asked(ids, (BLOCK,))).states[BLOCK]
    plain = entry.n_bytes - entry.states.n_bytes
    assert shown.nbytes <= entry.states.n_bytes <= 3 * shown.nbytes  # with the room to grow
    entry.states = None
    assert entry.n_bytes == plain


def test_hooks_are_there_while_states_are_recorded_and_no_longer(torch_lm: LocalModel) -> None:
    lm, parts = torch_lm, list(module_of(torch_lm).modules())
    before = [(len(part._forward_hooks), len(part._forward_pre_hooks)) for part in parts]
    lm.trace(asked(some_ids(9)))
    with Broken(module_of(lm).base_model.h[1], lambda: RuntimeError("broke off")), pytest.raises(RuntimeError):
        lm.trace(asked(some_ids(9, seed=1)))
    assert [(len(part._forward_hooks), len(part._forward_pre_hooks)) for part in parts] == before
    assert_true_states(lm, some_ids(9, seed=1), FLOAT32)


# --- what a record is


def test_a_record_outlives_what_is_read_after_it(attending: dict[str, Path], engine: str) -> None:
    assert_records_last(loaded(attending["gpt2"], engine=engine))


def test_a_record_that_is_written_over_is_noticed(
    attending: dict[str, Path], engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(growing.GrowingArray, "crop", lambda grown, length: setattr(grown, "length", length))
    with pytest.raises(AssertionError, match="Arrays are not equal"):
        assert_records_last(loaded(attending["gpt2"], engine=engine))


def assert_records_last(lm: LocalModel) -> None:
    ids, kept = some_ids(40), []
    for n in (40, 39, 37, 20, 40, 10, 30):
        states = lm.trace(asked([*ids[: n - 1], n])).states
        kept.append((states, {site: states[site].copy() for site in SITES}))
    lm.forget()
    for states, before in kept:
        for site in SITES:
            np.testing.assert_array_equal(states[site], before[site])


@pytest.mark.parametrize("site", SITES)
def test_arrays_are_read_only_and_of_the_shapes_that_are_said(lm: LocalModel, site: str) -> None:
    states, info = lm.trace(asked(some_ids(7))).states[site], lm.info
    layers = (info.n_layer,) if site in OF_LAYERS else ()
    width = (info.n_head, 7, lm.engine.head_dim) if site == HEADS else (7, info.n_embd)
    assert states.shape == (*layers, *width)
    with pytest.raises(ValueError, match="read-only"):
        states[..., 0] = 1


# --- where there is none


def test_a_model_without_states_says_so(lm: LocalModel) -> None:
    lm.info = replace(lm.info, capabilities=frozenset())
    trace = lm.trace(asked([1, 2]))
    assert trace.logits.any()
    with pytest.raises(ExplorerError, match="gives no states that can be trusted"):
        _ = trace.states


def test_a_text_past_the_limit_says_so_and_has_its_distribution(
    lm: LocalModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    info = lm.info
    monkeypatch.setattr(record_module, "MAX_BYTES", 20 * 4 * (2 * info.n_layer + 1) * info.n_embd)
    two, one = (EMBEDDING, MLP_OUT, BLOCK), (BLOCK,)
    ids = some_ids(30)
    assert lm.trace(asked(ids[:20], two)).states.n_tokens == 20
    trace = lm.trace(asked(ids[:21], two))
    assert trace.computed == 1
    with pytest.raises(ExplorerError, match=r"21 tokens, .* at embedding, mlp_out, block are kept for at most 20"):
        _ = trace.states
    assert_true_states(lm, ids, FLOAT32, sites=one)  # of fewer sites there are more


def test_what_can_be_kept_of_a_long_text_goes_on(lm: LocalModel, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = some_ids(30)
    lm.trace(asked(ids[:20], (MLP_OUT, BLOCK)))
    monkeypatch.setattr(record_module, "MAX_BYTES", 25 * 4 * 2 * lm.info.n_layer * lm.info.n_embd)
    with Passes(lm) as passes:
        assert_true_states(lm, ids, FLOAT32, sites=(BLOCK,))
    assert passes.tokens == [10]
    assert [each.states.sites for each in lm._cache.entries if each.states is not None] == [{BLOCK}]


# --- the comparison above must notice

RECORDERS = {"numpy": numpy_states.StatesRecorder, "torch": torch_states.StatesRecorder}


def plant(monkeypatch: pytest.MonkeyPatch, engine: str, change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """Have what a pass records changed: (n, n_layer, ...) by site."""
    kind: Any = RECORDERS[engine]
    found = kind.states
    monkeypatch.setattr(kind, "states", lambda recorder: change(found(recorder)))


def assert_noticed(lm: LocalModel, site: str) -> None:
    with pytest.raises(AssertionError, match=f"the states at {site} differ"):
        assert_true_states(lm, some_ids(12), FLOAT32, sites=(site,))


@pytest.mark.parametrize("site", OF_LAYERS)
@pytest.mark.parametrize("model", ["gpt2", "llama"])
def test_a_site_off_by_one_layer_is_noticed(
    attending: dict[str, Path], engine: str, model: str, site: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    lm = loaded(attending[model], engine=engine)
    plant(monkeypatch, engine, lambda found: {**found, site: np.roll(found[site], 1, 1)})
    assert_noticed(lm, site)


def test_heads_in_each_others_place_are_noticed(
    attending: dict[str, Path], engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    lm = loaded(attending["gpt2"], engine=engine)
    plant(monkeypatch, engine, lambda found: {HEADS: found[HEADS][:, :, [1, 0, 2, 3]]})
    assert_noticed(lm, HEADS)


def test_attention_out_without_its_bias_is_noticed(
    attending: dict[str, Path], engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    lm = loaded(attending["gpt2"], engine=engine)
    projections = [part for name, part in module_of(lm).named_modules() if name.endswith(PROJECTIONS)]
    biases = np.stack([part.bias.numpy() for part in projections])
    assert np.abs(biases).max() > 0.01
    plant(monkeypatch, engine, lambda found: {ATTENTION_OUT: found[ATTENTION_OUT] - biases})
    assert_noticed(lm, ATTENTION_OUT)


def test_a_residual_stream_that_is_not_copied_is_noticed(
    attending: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def add(recorder: Any, **states: Any) -> None:
        for site, array in states.items():
            if site in recorder._found:
                recorder._found[site].append(array)

    lm = loaded(attending["gpt2"], engine="numpy")
    monkeypatch.setattr(numpy_states.StatesRecorder, "add", add)
    assert_noticed(lm, BLOCK)
    assert_noticed(lm, EMBEDDING)


def test_states_of_the_intact_text_for_an_ablated_one_are_noticed(
    lm: LocalModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = local_model.CacheKey
    monkeypatch.setattr(local_model, "CacheKey", lambda version, dtype, _, *rest: made(version, dtype, (), *rest))
    ids = some_ids(12)
    lm.trace(asked(ids))
    with pytest.raises(AssertionError, match="the states at heads differ"):
        assert_true_states(lm, ids, FLOAT32, OFF)


def test_states_a_token_late_are_noticed(lm: LocalModel, monkeypatch: pytest.MonkeyPatch) -> None:
    arrays = StatesBuffer.arrays

    def late(buffer: StatesBuffer, *args: Any) -> dict[str, Any]:
        return {site: np.roll(states, 1, -2) for site, states in arrays(buffer, *args).items()}

    monkeypatch.setattr(StatesBuffer, "arrays", late)
    assert_noticed(lm, BLOCK)


def test_a_crop_that_is_off_by_one_is_noticed(lm: LocalModel, monkeypatch: pytest.MonkeyPatch) -> None:
    crop = StatesBuffer.crop
    monkeypatch.setattr(StatesBuffer, "crop", lambda buffer, length: crop(buffer, length + 1))
    lm.trace(asked([*some_ids(12)[:10], 1, 2], (BLOCK,)))
    assert_noticed(lm, BLOCK)
