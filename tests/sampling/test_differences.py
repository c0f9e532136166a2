"""Divergences against torch's, and against what they must be."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from explorer.engine.local_model import LocalModel
from explorer.locales import ExplorerError
from explorer.sampling.differences import Difference
from explorer.sampling.sampling import Sampling

LOGITS = st.lists(st.floats(-8, 8), min_size=5, max_size=5)


def of(logits: list[float], **parameters: float) -> object:
    return Sampling(**parameters).apply(np.array(logits, np.float64), [])  # type: ignore[arg-type]


@given(LOGITS, LOGITS)
def test_divergences_are_torchs(a: list[float], b: list[float]) -> None:
    found = Difference(of(a), of(b))  # type: ignore[arg-type]
    log_p, log_q = (torch.tensor(each, dtype=torch.float64).log_softmax(-1) for each in (a, b))
    kl = torch.nn.functional.kl_div
    there, back = (kl(*pair, reduction="sum", log_target=True).item() for pair in ((log_q, log_p), (log_p, log_q)))
    assert found.kl_bits == pytest.approx(there / math.log(2), abs=1e-9)
    assert found.kl_back_bits == pytest.approx(back / math.log(2), abs=1e-9)
    middle = torch.logaddexp(log_p, log_q) - math.log(2)
    js = sum(kl(middle, each, reduction="sum", log_target=True).item() for each in (log_p, log_q)) / 2 / math.log(2)
    assert found.js_bits == pytest.approx(js, abs=1e-9)
    assert 0 <= found.js_bits <= 1 + 1e-12
    assert found.total_variation == pytest.approx((log_p.exp() - log_q.exp()).abs().sum().item() / 2)


@given(LOGITS)
def test_a_distribution_does_not_differ_from_itself(a: list[float]) -> None:
    found = Difference(of(a), of(a))  # type: ignore[arg-type]
    assert found.kl_bits == found.kl_back_bits == found.js_bits == found.total_variation == 0


def test_a_token_that_one_removed_makes_the_divergence_infinite() -> None:
    found = Difference(of([2, 1, 0]), of([2, 1, 0], top_k=2))  # type: ignore[arg-type]
    assert found.kl_bits == math.inf
    assert 0 < found.kl_back_bits < math.inf
    assert 0 < found.js_bits < 1


def test_the_largest_movers_come_first() -> None:
    found = Difference(of([3, 0, 0, 0]), of([0, 3, 0, 0]))  # type: ignore[arg-type]
    assert found.movers(2).tolist() == [0, 1], "equal ones by lower id"
    assert found.change[found.movers(1)[0]] < 0
    assert found.change.sum() == pytest.approx(0, abs=1e-12)


def test_two_vocabularies_cannot_be_compared() -> None:
    with pytest.raises(ExplorerError, match="3 tokens and 4"):
        Difference(of([1, 2, 3]), of([1, 2, 3, 4]))  # type: ignore[arg-type]


def test_two_prefixes_of_a_model(peaked: LocalModel) -> None:
    france, italy = (peaked.trace(f"The capital of {name} is").distribution(Sampling()) for name in ("France", "Italy"))
    found = Difference(france, italy)
    assert found.js_bits > 0.05
    assert {peaked.vocabulary[int(i)].text for i in found.movers(2)} & {" Paris", " Rome"}
