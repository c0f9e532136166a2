"""Which architectures give states is tried at load: those that do say what transformers says, and planted bugs cost a
model its states."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from explorer.engine import agreement
from explorer.engine.check import Outcome
from explorer.engine.numpy_engine import states as numpy_states
from explorer.engine.states_check import heads_attend, states_hold, sums_close
from explorer.engine.torch_engine import states_recorder as torch_states
from explorer.engine.weights.json_folder import JsonFolder
from explorer.language_model.attention import Attention
from explorer.language_model.memory import OutOfMemory
from explorer.language_model.model import ABLATION, ATTENTION, STATES
from explorer.language_model.request import Extras, Request
from explorer.language_model.sites import ATTENTION_OUT, BLOCK, EMBEDDING, HEADS, MLP_OUT, OF_LAYERS, SITES
from explorer.language_model.states import States
from explorer.locales import ExplorerError
from tests.engine.architectures import ids_of
from tests.engine.every_way import loaded
from tests.engine.site_oracle import asked, assert_same_states, expected_states
from tests.engine.test_architectures import BY_NUMPY, NO_ATTENTION, SHOWN
from tests.engine.test_check import INFO
from tests.modules import module_of, unread
from tests.passes import Passes

pytestmark = pytest.mark.usefixtures("checked_anew")

NO_STATES = NO_ATTENTION | {"gptj", "codegen", "opt", "gemma3", "gemma3-longrope", "olmo2"}
"""Their MLP is no module (OPT), or what attention and MLP give is normed before it is added; or their heads' outputs
cannot be held against their attention."""

CASES = [*(("torch", name) for name in SHOWN), *(("numpy", name) for name in BY_NUMPY)]
RECORDERS = {"numpy": numpy_states.StatesRecorder, "torch": torch_states.StatesRecorder}


@pytest.mark.parametrize(("engine", "name"), CASES)
def test_an_architecture_gives_true_states_or_none(folder_of: Callable[[str], Path], engine: str, name: str) -> None:
    lm, ids = loaded(folder_of(name), engine), ids_of(40).tolist()
    assert (STATES in lm.info.capabilities) == (name not in NO_STATES)
    if name in NO_STATES:
        with pytest.raises(ExplorerError, match="gives no states that can be trusted"):
            _ = lm.trace(asked(ids)).states
        return
    for n in (1, 12, 13, 40, 39, 17):  # typed, pasted, cut back, past a window
        read = [*ids[: n - 1], 1 + n]
        assert_same_states(lm.trace(asked(read)).states, expected_states(module_of(lm), read), 1e-4)


# --- the check must notice


def off_by_one_layer(site: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda found: {**found, site: np.roll(found[site], 1, 1)}


def without_a_bias(found: dict[str, Any]) -> dict[str, Any]:
    return {**found, ATTENTION_OUT: found[ATTENTION_OUT] - 0.01}


def scaled(found: dict[str, Any]) -> dict[str, Any]:
    return {**found, MLP_OUT: found[MLP_OUT] * 1.001}


def heads_swapped(found: dict[str, Any]) -> dict[str, Any]:
    return {**found, HEADS: found[HEADS][:, :, [1, 0, 2, 3]]}


def not_numbers(found: dict[str, Any]) -> dict[str, Any]:
    return {**found, BLOCK: found[BLOCK] * np.nan}


def a_layer_too_few(found: dict[str, Any]) -> dict[str, Any]:
    return {**found, MLP_OUT: found[MLP_OUT][:, 1:]}


PLANTED = [
    *(off_by_one_layer(site) for site in OF_LAYERS),
    without_a_bias,
    scaled,
    heads_swapped,
    not_numbers,
    a_layer_too_few,
]


@pytest.mark.parametrize("name", ["gpt2", "llama"])
@pytest.mark.parametrize("change", PLANTED)
def test_a_model_whose_states_are_not_what_they_are_called_gives_none(
    folder_of: Callable[[str], Path], engine: str, name: str, change: Callable[..., Any], monkeypatch: Any
) -> None:
    kind: Any = RECORDERS[engine]
    found = kind.states
    monkeypatch.setattr(kind, "states", lambda recorder: change(found(recorder)))
    lm = loaded(folder_of(name), engine)
    assert lm.info.engine == engine
    assert lm.info.capabilities == {ATTENTION, ABLATION}
    assert lm.trace(ids_of(5), attention=True).attention.n_tokens == 5


def test_what_was_found_is_kept(
    folder_of: Callable[[str], Path], engine: str, tmp_path: Path, monkeypatch: Any
) -> None:
    monkeypatch.undo()  # of what checks each model anew
    monkeypatch.setattr(agreement, "facts_of", lambda _: JsonFolder(tmp_path / "facts"))
    assert STATES in loaded(folder_of("gpt2"), engine).info.capabilities
    monkeypatch.setattr(agreement, "states_hold", lambda _: pytest.fail("tried again"))
    assert STATES in loaded(folder_of("gpt2"), engine).info.capabilities


def test_a_model_that_breaks_gives_none_and_a_full_memory_is_said(
    folder_of: Callable[[str], Path], engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    lm = loaded(folder_of("gpt2"), engine)
    assert states_hold(unread(lm))

    def breaking(error: Exception) -> Callable[..., Any]:
        def states(_: Any) -> Any:
            raise error

        return states

    monkeypatch.setattr(RECORDERS[engine], "states", breaking(AttributeError("hidden_states")))
    assert not states_hold(unread(lm))
    monkeypatch.setattr(RECORDERS[engine], "states", breaking(OutOfMemory()))
    with pytest.raises(OutOfMemory):
        states_hold(unread(lm))


def test_it_costs_one_pass(folder_of: Callable[[str], Path], engine: str) -> None:
    lm = unread(loaded(folder_of("gpt2"), engine))
    with Passes(lm) as passes:
        assert states_hold(lm)
    assert passes.tokens == [12]


def test_rounding_is_no_difference_in_any_dtype() -> None:
    """Sums of numbers of one dtype, rounded as it rounds; a change that rounding cannot make is one."""
    random = np.random.default_rng(0)
    for dtype in ("float32", "float64"):
        made = states_of(random, dtype)
        assert sums_close(made, dtype)
        made[BLOCK].flags.writeable = True
        made[BLOCK][1, 2, 3] *= 1 + 1e-4
        assert not sums_close(made, dtype)


def states_of(random: Any, dtype: str) -> States:
    """Of two layers, 5 tokens and 7 features."""
    embedding = (1e3 * random.standard_normal((5, 7))).astype(dtype)
    attention, mlp = random.standard_normal((2, 2, 5, 7)).astype(dtype)
    first = embedding + attention[0] + mlp[0]
    blocks = np.stack([first, first + attention[1] + mlp[1]])
    return States({EMBEDDING: embedding, ATTENTION_OUT: attention, MLP_OUT: mlp, BLOCK: blocks})


def test_heads_are_held_against_the_attention(folder_of: Callable[[str], Path], engine: str) -> None:
    lm = loaded(folder_of("llama"), engine)
    trace = lm.trace(Request(tuple(ids_of(9).tolist()), extras=Extras(attention=True, states=SITES)))
    other: Attention = lm.trace(ids_of(9, seed=1), attention=True).attention
    assert heads_attend(trace.states, trace.attention, "float32")
    assert not heads_attend(trace.states, other, "float32")


def test_only_what_holds_is_left_of_what_a_model_can() -> None:
    info = Outcome(True, True, states=True).without_what_is_wrong(INFO)
    assert info == INFO  # what it does not claim is not given
    assert Outcome(True, False).without_what_is_wrong(INFO).capabilities == {ABLATION}
    both = Outcome(True, True, states=True)
    assert both.together_with(both).states
    assert not both.together_with(Outcome(True, True)).states
