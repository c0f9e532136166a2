"""The check of a model against a reference: where it looks, what it finds, and how that is written down."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from explorer.engine.check import MAX_WORK, SHORT, Outcome, check, crossings, texts_around, within_reach
from explorer.engine.local_model import LocalModel
from explorer.engine.torch_engine.agreement import compare_with_transformers
from explorer.language_model.model import ATTENTION, ModelInfo
from explorer.language_model.trace import Floats, Ints, Trace
from explorer.locales import ExplorerError
from tests.passes import Passes

INFO = ModelInfo("m", "M", None, 12, 12, 768, 1024, 50257, 124_000_000, "cpu", "float32")


class Told:
    """A model that says of a text what `told` makes of the truth."""

    def __init__(self, lm: LocalModel) -> None:
        self.lm, self.asked = lm, list[Ints]()

    @property
    def info(self) -> ModelInfo:
        return self.lm.info

    def trace(self, asked: Any, *, attention: bool = False) -> Trace:
        self.asked.append(asked)
        return self.told(self.lm.trace(asked, attention=attention))

    def told(self, trace: Trace) -> Trace:
        return trace

    def reference(self, ids: Ints, attention: bool) -> tuple[Floats, Floats | None]:
        """From the same model: what is compared here is the comparison."""
        logits = np.stack([self.lm.trace(ids[: n + 1]).logits for n in range(len(ids))])
        return logits, self.lm.trace(ids, attention=True).attention.dense() if attention else None


@pytest.fixture
def told(lm: LocalModel) -> Told:
    return Told(lm)


def test_a_model_that_says_the_truth_is_right(told: Told) -> None:
    outcome = check(told, told.reference, (10, 20))
    assert outcome == Outcome(True, True, (12, 10, 11, 22, 20, 21))
    assert [len(ids) for ids in told.asked] == [12, 10, 11, 22, 20, 21]


def test_a_single_wrong_logit_after_one_text_is_noticed(told: Told) -> None:
    def wrong_after_20(trace: Trace) -> Trace:
        logits = trace.logits.copy()
        logits[7] += 0.1 * (len(trace.ids) == 20)
        return replace(trace, logits=logits)

    told.told = wrong_after_20  # type: ignore[method-assign]
    assert check(told, told.reference, (10,)).right
    outcome = check(told, told.reference, (10, 20, 30))
    assert not outcome.right
    assert not outcome.attention
    assert outcome.nats == pytest.approx(0.1, rel=0.1)
    assert outcome.lengths[-1] == 20  # and nothing is read after that


def test_a_wrong_surprisal_is_noticed(told: Told) -> None:
    def wrong_at_4(trace: Trace) -> Trace:
        surprisal = trace.surprisal.copy()
        surprisal[4] += 0.5
        return replace(trace, surprisal=surprisal)

    told.told = wrong_at_4  # type: ignore[method-assign]
    assert not check(told, told.reference, (10,)).right


def test_a_wrong_weight_costs_the_attention_only(told: Told) -> None:
    def wrong_weight(trace: Trace) -> Trace:
        if trace.recorded_attention is None or trace.recorded_attention.exact is None:
            return trace
        weights = trace.recorded_attention.exact.copy()
        weights[1, 2, -1] += 0.01
        return replace(trace, recorded_attention=replace(trace.recorded_attention, exact=weights))

    told.told = wrong_weight  # type: ignore[method-assign]
    outcome = check(told, told.reference, (10,))
    assert outcome.right
    assert not outcome.attention
    assert outcome.weight == pytest.approx(0.01, rel=0.01)


def test_a_model_that_breaks_over_attention_predicts_on(told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    trace = told.trace

    def breaking(asked: Any, *, attention: bool = False) -> Trace:
        if attention:
            raise KeyError("layer_idx")
        return trace(asked)

    monkeypatch.setattr(told, "trace", breaking)
    outcome = check(told, told.reference, (10,))
    assert (outcome.right, outcome.attention) == (True, False)


def test_a_reference_without_attention_or_of_another_shape_gives_none(told: Told) -> None:
    for weights in (None, np.zeros((2, 4, 3, 3))):
        outcome = check(told, lambda ids, _: (told.reference(ids, False)[0], weights), (10,))  # noqa: B023
        assert (outcome.right, outcome.attention) == (True, False)


def test_a_model_that_breaks_is_not_right(told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaking(*_: Any, **__: Any) -> Trace:
        raise AttributeError("last_hidden_state")

    monkeypatch.setattr(told, "trace", breaking)
    outcome = check(told, told.reference, (10,))
    assert not outcome.right
    with pytest.raises(ExplorerError, match=r"“m” \(type lfm2\) works in a way"):
        outcome.require_right("m", "lfm2")
    Outcome(True, False).require_right("m", "gpt2")


def test_attention_is_not_asked_of_a_model_that_has_none(told: Told) -> None:
    told.lm.info = replace(told.lm.info, capabilities=told.lm.info.capabilities - {ATTENTION})
    outcome = check(told, told.reference, (10,))
    assert (outcome.right, outcome.attention) == (True, False)


def test_an_outcome_is_json() -> None:
    outcome = Outcome(True, False, (12, 10, 11), 1e-6, 0.5)
    assert Outcome.of(json.loads(json.dumps(outcome.record()))) == outcome
    both = outcome.together_with(Outcome(True, True, (11, 40), 1e-3, 0.0))
    assert both == Outcome(True, False, (10, 11, 12, 40), 1e-3, 0.5)


def test_every_length_that_a_config_names_is_crossed() -> None:
    config = {
        "vocab_size": 100,
        "sliding_window": 512,
        "max_position_embeddings": 2048,
        "use_sliding_window": True,
        "rope_parameters": {"full_attention": {"rope_type": "longrope", "original_max_position_embeddings": 600}},
        "window_size": None,
    }
    assert crossings(config, INFO, 256) == (SHORT, 256, 512, 600, 1024)  # never past the end of the positions
    assert crossings({}, replace(INFO, n_positions=4), 256) == (4,)
    assert crossings({}, replace(INFO, n_positions=1), 256) == (1,)


def test_what_would_take_long_is_not_read() -> None:
    assert within_reach(64, INFO)
    assert not within_reach(256, INFO)
    assert within_reach(100, replace(INFO, n_parameters=10**6))
    assert not within_reach(256, replace(INFO, n_parameters=10**6))  # 9.6 million weights
    large = replace(INFO, n_parameters=70 * 10**9)
    assert within_reach(SHORT, large)
    assert not within_reach(SHORT + 1, large)
    assert MAX_WORK // INFO.n_parameters > SHORT


@pytest.mark.parametrize("length", [1, 2, 3, 10, 256])
def test_texts_go_past_a_length_back_to_it_and_past_it_by_a_token(length: int) -> None:
    past, back, typed = texts_around(length, 512, seed=3)
    assert len(past) == length + 2
    assert len(back) <= length or length == 1
    assert len(typed) == len(back) + 1
    np.testing.assert_array_equal(typed[:-1], back)
    shared = max(0, length - 2)
    np.testing.assert_array_equal(past[:shared], back[:shared])
    assert past[shared] != back[shared]
    assert all(0 <= i < 512 for i in [*past, *typed])
    other = next(iter(texts_around(length, 512, seed=4)))
    assert other[0] != past[0]


def test_the_check_of_a_model_reads_on_from_what_it_knows(torch_lm: LocalModel) -> None:
    """Two of three texts of ours at each length, besides the three of the reference."""
    module = torch_lm.engine.module  # type: ignore[attr-defined]
    assert crossings(module.config.to_dict(), torch_lm.info, 256) == (SHORT, 128)
    with Passes(torch_lm) as passes:
        compare_with_transformers(torch_lm, module, torch_lm.engine.with_config)  # type: ignore[attr-defined]
    # Of 128 positions: 130 and 129 tokens are read from the 33rd on, a window of 98 and 97 that has moved by 32.
    assert passes.tokens == [12, 2, 1, 98, 128, 3]
