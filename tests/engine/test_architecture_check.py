"""The check at load and the comparison with an oracle notice planted bugs: windows, frequencies, halves, pieces."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from explorer.engine import agreement, loading
from explorer.engine.check import Outcome
from explorer.engine.numpy_engine import engine as numpy_engine
from explorer.engine.numpy_engine.engine import shape_of
from explorer.engine.torch_engine import engine as torch_engine
from explorer.engine.torch_engine import length_regimes
from explorer.engine.torch_engine import loading as torch_loading
from explorer.engine.torch_engine.agreement import compare_with_transformers
from explorer.engine.torch_engine.attention_recorder import Recorder
from explorer.engine.torch_engine.layer_windows import layer_windows
from explorer.engine.torch_engine.length_regimes import regime_of
from explorer.engine.torch_engine.shortened import NEAR_POSITIONS, NEAR_SWITCH, NEAR_WINDOW
from explorer.locales import ExplorerError
from tests.engine.architectures import Oracle, ids_of
from tests.engine.every_way import (
    AROUND,
    assert_true_in_every_way,
    config_of,
    in_chunks,
    loaded,
)

pytestmark = pytest.mark.usefixtures("checked_anew")


def wrong_windows(monkeypatch: pytest.MonkeyPatch, windows_of: Callable[[Any], list[int | None]]) -> None:
    for module in (torch_loading, torch_engine):
        monkeypatch.setattr(module, "layer_windows", windows_of)


def windows_ignored_beside_the_mask(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong_windows(monkeypatch, lambda config: [None] * config.num_hidden_layers)


def windows_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    """And the mask that tells of them not looked at."""
    monkeypatch.setattr(Recorder, "_require_mask", lambda *_: None)
    windows_ignored_beside_the_mask(monkeypatch)


def windows_off_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Recorder, "_require_mask", lambda *_: None)
    wrong_windows(monkeypatch, lambda config: [each and each + 1 for each in layer_windows(config)])


def regime_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch_engine, "regime_of", lambda *_: 0)


def regime_changes_one_late(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch_engine, "regime_of", lambda config, n_tokens: regime_of(config, n_tokens - 1))


def length_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each piece of a text has the frequencies that transformers chooses for it."""
    monkeypatch.setattr(torch_engine, "follow_length", lambda _: None)


def rotary_halves_swapped(monkeypatch: pytest.MonkeyPatch) -> None:
    """In our passes alone, which have a cache."""
    from transformers.models.llama import modeling_llama
    from transformers.models.phi3 import modeling_phi3

    for modeling in (modeling_llama, modeling_phi3):
        rotate = modeling.rotate_half

        def swapped(x: torch.Tensor, rotate: Any = rotate) -> Any:
            return rotate(x) if length_regimes._length.get() is None else -rotate(x)

        monkeypatch.setattr(modeling, "rotate_half", swapped)


WRONG_ATTENTION = [
    ("mistral", windows_ignored),
    ("mistral", windows_off_by_one),
    ("mistral", windows_ignored_beside_the_mask),
    ("gemma3", windows_ignored),
    ("gemma3", windows_off_by_one),
]
WRONG_LOGITS = [
    ("phi3-longrope", regime_ignored),
    ("phi3-longrope", regime_changes_one_late),
    ("llama-longrope", regime_ignored),
    ("llama", rotary_halves_swapped),
]


@pytest.fixture(params=["real lengths", "lengths brought near"])
def reach(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """How the check gets past the lengths at which something changes."""
    if request.param == "lengths brought near":
        monkeypatch.setattr("explorer.engine.check.MAX_WORK", 0)
    return str(request.param)


@pytest.mark.parametrize(("name", "planted"), WRONG_ATTENTION)
def test_the_check_shows_a_model_without_attention_that_would_be_wrong(
    folder_of: Callable[[str], Path], name: str, planted: Callable[..., None], reach: str, monkeypatch: Any
) -> None:
    assert loaded(folder_of(name)).info.attention
    planted(monkeypatch)
    lm = loaded(folder_of(name))
    assert not lm.info.attention
    with pytest.raises(ExplorerError, match="no attention weights that can be trusted"):
        _ = lm.trace(ids_of(12), attention=True).attention


@pytest.mark.parametrize(("name", "planted"), WRONG_LOGITS)
def test_the_check_refuses_a_model_whose_numbers_would_be_wrong(
    folder_of: Callable[[str], Path], name: str, planted: Callable[..., None], reach: str, monkeypatch: Any
) -> None:
    loaded(folder_of(name))
    planted(monkeypatch)
    with pytest.raises(ExplorerError, match="cannot follow exactly"):
        loaded(folder_of(name))


@pytest.mark.parametrize("name", ["mistral", "qwen2"])
def test_the_check_notices_windows_of_numpy_that_are_off_by_one(
    folder_of: Callable[[str], Path], name: str, reach: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def wrong(config: Any) -> Any:
        shape = shape_of(config)
        assert shape is not None
        return replace(
            shape, rules=tuple(replace(rule, window=rule.window and rule.window + 1) for rule in shape.rules)
        )

    assert loaded(folder_of(name), "numpy").info.attention
    for module in (loading, numpy_engine):
        monkeypatch.setattr(module, "shape_of", wrong)
    with pytest.raises(ExplorerError, match="numpy") as caught:
        loaded(folder_of(name), "numpy")
    assert caught.value.message.id == "numpy-differs"


def test_the_check_notices_a_chunk_with_frequencies_of_its_own(
    folder_of: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    length_ignored(monkeypatch)
    loaded(folder_of("phi3-longrope"))  # 32 tokens are less than a chunk
    monkeypatch.setattr("explorer.engine.check.MAX_WORK", 0)
    with pytest.raises(ExplorerError, match="cannot follow exactly"):
        loaded(folder_of("phi3-longrope"))


@pytest.mark.parametrize(("name", "planted"), [*WRONG_ATTENTION[:2], *WRONG_ATTENTION[3:], *WRONG_LOGITS])
def test_the_comparison_with_the_oracle_notices(
    folder_of: Callable[[str], Path], name: str, planted: Callable[..., None], monkeypatch: Any
) -> None:
    monkeypatch.setattr(agreement, "_kept", lambda *_: Outcome(True, True))  # of a check that noticed nothing
    planted(monkeypatch)
    lm = loaded(folder_of(name))
    with pytest.raises(AssertionError, match="differ"):
        assert_true_in_every_way(lm, Oracle(folder_of(name)), AROUND)


def test_the_comparison_notices_a_chunk_with_frequencies_of_its_own(
    folder_of: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    length_ignored(monkeypatch)
    lm = loaded(folder_of("phi3-longrope"))
    lm = in_chunks(lm, 8)
    with pytest.raises(AssertionError, match="differ"):
        assert_true_in_every_way(lm, Oracle(folder_of("phi3-longrope")), AROUND)


@pytest.mark.parametrize("name", ["phi3-longrope-sliding", "gemma3-longrope", "mistral"])
def test_lengths_that_were_brought_near_are_as_they_were(
    folder_of: Callable[[str], Path], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("explorer.engine.check.MAX_WORK", 0)
    lm = loaded(folder_of(name))
    before = config_of(lm).to_dict()
    outcome = compare_with_transformers(lm, lm.engine.module, lm.engine.with_config)  # type: ignore[attr-defined]
    assert outcome.attention
    assert NEAR_WINDOW + 1 in outcome.lengths
    assert ("longrope" in name) == (NEAR_SWITCH + 1 in outcome.lengths)
    assert max(outcome.lengths) == NEAR_POSITIONS + 2
    assert config_of(lm).to_dict() == before
    assert_true_in_every_way(lm, Oracle(folder_of(name)), AROUND)
