"""A pass that breaks off: an error in the middle of it, weights that are no numbers, a full memory."""

from __future__ import annotations

import gc
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from explorer.engine.loading import load
from explorer.engine.local_model import LocalModel
from explorer.language_model.memory import OutOfMemory
from explorer.locales import ExplorerError
from tests.engine.reference import TOLERANCE, assert_same, assert_true, full_pass, some_ids
from tests.modules import module_of
from tests.passes import Passes


class Broken:
    """Within its ``with``, a submodule of the model raises ``error`` the first ``times`` times it runs."""

    def __init__(self, submodule: torch.nn.Module, error: Callable[[], Exception], times: int = 1) -> None:
        self._submodule, self._error, self._left = submodule, error, times

    def __enter__(self) -> None:
        self._hook = self._submodule.register_forward_pre_hook(self._raise)

    def __exit__(self, *_: object) -> None:
        self._hook.remove()

    def _raise(self, *_: object) -> None:
        if self._left:
            self._left -= 1
            raise self._error()


@pytest.mark.parametrize("layer", [0, 1])
def test_a_pass_that_breaks_off_in_the_middle_leaves_no_half_read_tokens(torch_lm: LocalModel, layer: int) -> None:
    lm = torch_lm
    ids = some_ids(60)
    lm.trace(ids[:40])
    with Broken(module_of(lm).base_model.h[layer], lambda: RuntimeError("broke off")), pytest.raises(RuntimeError):
        lm.trace(ids)
    assert_true(lm, ids)


def test_damaged_weights_are_said(torch_lm: LocalModel) -> None:
    lm = torch_lm
    with torch.no_grad():
        module_of(lm).get_output_embeddings().weight[5] = float("nan")
    with pytest.raises(ExplorerError, match="logits are not numbers"):
        lm.trace("The capital")


def out_of_memory() -> torch.OutOfMemoryError:
    return torch.OutOfMemoryError("out of memory")


def cpu_out_of_memory() -> RuntimeError:
    """As torch makes it, which cannot give what was asked for."""
    with pytest.raises(RuntimeError) as raised:
        torch.empty(2**46)
    assert not isinstance(raised.value, torch.OutOfMemoryError)
    return raised.value


@pytest.fixture
def on_accelerator(torch_lm: LocalModel) -> LocalModel:
    """On a device of another name than the CPU's, which torch knows all the same."""
    torch_lm.info = replace(torch_lm.info, device="cpu:0")
    torch_lm.engine.device = "cpu:0"
    return torch_lm


def test_memory_that_is_full_once_costs_the_cache_and_nothing_else(on_accelerator: LocalModel) -> None:
    lm, ids = on_accelerator, some_ids(60)
    lm.trace(ids[:40])
    with Passes(lm) as passes, Broken(module_of(lm).base_model.h[1], out_of_memory):
        lm.trace(ids)
    assert passes.tokens == [20, 60]
    assert (lm.info.device, lm.info.notices) == ("cpu:0", ())
    assert_true(lm, ids)


@pytest.mark.parametrize("error", [RuntimeError("shapes differ"), ValueError("out of memory")])
def test_no_other_error_is_taken_for_a_full_memory(on_accelerator: LocalModel, error: Exception) -> None:
    broken = Broken(module_of(on_accelerator).base_model.h[1], lambda: error)
    with broken, pytest.raises(type(error), match=str(error)):
        on_accelerator.trace(some_ids(60))


def test_memory_that_stays_full_moves_the_model_to_the_cpu_and_says_so(on_accelerator: LocalModel) -> None:
    lm, ids = on_accelerator, some_ids(60)
    lm.trace(ids[:40])
    with Broken(module_of(lm).base_model.h[1], out_of_memory, times=2):
        trace = lm.trace(ids)
    assert lm.info.device == "cpu"
    assert [notice.id for notice in lm.info.notices] == ["gpu-memory-full"]
    assert "cpu:0" in str(lm.info.notices[0])
    assert_same(trace, full_pass(module_of(lm), ids), TOLERANCE)
    assert_true(lm, [*ids, 1, 2])


def test_a_batch_survives_full_memory_too(on_accelerator: LocalModel) -> None:
    rows = [some_ids(10), some_ids(20, seed=1)]
    with Broken(module_of(on_accelerator).base_model.h[1], out_of_memory, times=4):  # both rows, then one; and again
        got = on_accelerator.next_logits(rows)
    assert on_accelerator.info.device == "cpu"
    for row, logits in zip(rows, got, strict=True):
        np.testing.assert_allclose(logits, on_accelerator.trace(row).logits, atol=TOLERANCE)


def test_a_full_cpu_is_an_error_after_which_the_next_question_is_answered(torch_lm: LocalModel) -> None:
    lm = torch_lm
    ids = some_ids(60)
    with Broken(module_of(lm).base_model.h[1], cpu_out_of_memory, times=2), pytest.raises(OutOfMemory):
        lm.trace(ids)
    assert_true(lm, ids)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")
def test_a_gpu_whose_memory_is_full_hands_over_to_the_cpu(long_gpt2: Any) -> None:
    lm = load(str(long_gpt2), device="cuda")
    ids = some_ids(1000)
    expected = full_pass(module_of(lm), ids)
    gc.collect()
    torch.cuda.empty_cache()
    ballast = []
    for exponent in range(34, 8, -1):  # ever smaller pieces, until nothing fits any more
        try:
            while True:
                ballast.append(torch.empty(2**exponent, dtype=torch.uint8, device="cuda"))
        except torch.OutOfMemoryError:
            continue
    trace = lm.trace(ids)
    del ballast
    torch.cuda.empty_cache()
    assert lm.info.device == "cpu"
    assert [notice.id for notice in lm.info.notices] == ["gpu-memory-full"]
    assert_same(trace, expected, 1e-3)
