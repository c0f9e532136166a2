"""What depends on the length of a text is right at every length, or refused in words: in forty tiny architectures.

``make soak`` tries every length from 1 to 80; the short form those around which something changes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest
import torch
from packaging.version import Version
from transformers import AutoConfig

from explorer.engine.local_model import LocalModel
from explorer.engine.numpy_engine.engine import shape_of
from explorer.engine.torch_engine.layer_windows import layer_windows
from explorer.engine.torch_engine.length_regimes import regime_of
from explorer.language_model.attention import EXACT_TOKENS
from explorer.locales import ExplorerError
from explorer.models.model_files import read_json_object
from tests.engine.architectures import ARCHITECTURES, LONGEST, POSITIONS, SWITCH, WINDOW, Oracle, build, ids_of
from tests.engine.every_way import (
    AROUND,
    WEIGHT,
    assert_true_in_batches,
    assert_true_in_every_way,
    config_of,
    in_chunks,
    loaded,
)

pytestmark = pytest.mark.usefixtures("checked_anew")

NO_ATTENTION = {"gpt-neo", "falcon", "gemma2", "gpt-oss"}
if Version(version("transformers")) < Version("5.24"):  # from which on they compute it as the others do
    NO_ATTENTION |= {"gptj", "codegen"}
"""Shown without attention: they attend by code of their own, or make more of scores than a softmax."""

REFUSED = {"bloom", "mpt", "falcon-alibi", "gemma2-capped", "llama4", "mamba", "lfm2"}
"""Not shown: no number of positions in the config, logits that are capped, a state beside keys and values, or numbers
that depend on which of transformers' ways to attend is taken (its eager Falcon adds the bias by distance twice)."""

BY_NUMPY = ("gpt2", "llama", "llama-biased", "llama-linear", "llama-llama3", "mistral", "qwen2", "qwen3")
"""Read by the numpy engine as well."""

SHOWN = [name for name in ARCHITECTURES if name not in REFUSED]
CASES = [*(("torch", name) for name in SHOWN), *(("numpy", name) for name in BY_NUMPY)]
LONGROPE = [name for name in SHOWN if "longrope" in name]
SLIDING = ["mistral", "qwen2", "gemma3", "phi3-longrope-sliding"]


# --- the table


@pytest.mark.parametrize(("engine", "name"), CASES)
def test_an_architecture_is_right_around_every_change(folder_of: Callable[[str], Path], engine: str, name: str) -> None:
    lm, oracle = loaded(folder_of(name), engine), Oracle(folder_of(name))
    assert lm.info.attention == (name not in NO_ATTENTION)
    assert_true_in_every_way(lm, oracle, AROUND)
    assert_true_in_batches(lm, oracle, AROUND)


@pytest.mark.soak
@pytest.mark.parametrize(("engine", "name"), CASES)
def test_an_architecture_is_right_at_every_length(folder_of: Callable[[str], Path], engine: str, name: str) -> None:
    lm, oracle = loaded(folder_of(name), engine), Oracle(folder_of(name))
    assert_true_in_every_way(lm, oracle, range(1, LONGEST + 1))
    assert_true_in_batches(lm, oracle, range(1, LONGEST + 1))


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_numpy_reads_what_it_knows_and_no_more(folder_of: Callable[[str], Path], name: str) -> None:
    shape = shape_of(read_json_object(folder_of(name) / "config.json"))
    assert (shape is not None) == (name in BY_NUMPY)


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_an_architecture_that_cannot_be_followed_is_refused_in_words(
    folder_of: Callable[[str], Path], name: str
) -> None:
    with pytest.raises(ExplorerError, match="cannot follow exactly") as caught:
        loaded(folder_of(name))
    assert caught.value.message.id == "model-unsupported"


# --- rotary frequencies that depend on the length


@pytest.mark.parametrize("name", LONGROPE)
def test_a_text_that_is_read_in_pieces_has_the_frequencies_of_its_length(
    folder_of: Callable[[str], Path], name: str
) -> None:
    """As a text of Phi-3 is, whose frequencies change after 4,096 tokens."""
    lm = loaded(folder_of(name))
    lm = in_chunks(lm, 8)
    assert_true_in_every_way(lm, Oracle(folder_of(name)), AROUND)
    assert_true_in_batches(lm, Oracle(folder_of(name)), [SWITCH, SWITCH + 1])


def test_each_length_may_have_frequencies_of_its_own(folder_of: Callable[[str], Path]) -> None:
    """``dynamic`` scaling begins where the positions of the config end, and so does the window that is read: here the
    window is longer."""
    folder = folder_of("llama-dynamic")
    lm = loaded(folder)
    longer = LocalModel(lm.engine, lm.tokenizer, replace(lm.info, n_positions=LONGEST), chunk=16)
    oracle = Oracle(folder, LONGEST)
    assert [regime_of(config_of(lm), n) > 0 for n in (1, POSITIONS, POSITIONS + 1)] == [False, False, True]
    assert_true_in_every_way(longer, oracle, [1, 40, *range(POSITIONS - 1, LONGEST + 1)])
    assert_true_in_batches(longer, oracle, [3, POSITIONS, POSITIONS + 1, POSITIONS + 9])


def test_greedy_text_of_phi3_is_that_of_generate(folder_of: Callable[[str], Path]) -> None:
    folder = folder_of("phi3-longrope")
    lm, begun, n = loaded(folder), ids_of(SWITCH - 5), 20
    theirs = (
        Oracle(folder)
        ._module.generate(torch.from_numpy(begun)[None], max_new_tokens=n, do_sample=False, eos_token_id=None)[0]
        .tolist()
    )
    decoder, typed = lm.decoder(begun, 1), begun.tolist()
    token = int(lm.trace(begun).logits.argmax())
    for _ in range(n):
        assert token == int(lm.trace(typed).logits.argmax())
        typed.append(token)
        token = int(decoder.advance([token])[0].argmax())
    assert typed == theirs


def test_models_whose_frequencies_stay_have_one_regime(folder_of: Callable[[str], Path]) -> None:
    for name in ("gpt2", "llama", "llama-yarn", "llama-llama3", "llama-linear", "gemma3"):
        config = AutoConfig.from_pretrained(folder_of(name))
        assert {regime_of(config, n) for n in (1, SWITCH, SWITCH + 1, 5000)} == {0}
    for name in LONGROPE:
        config = AutoConfig.from_pretrained(folder_of(name))
        assert [regime_of(config, n) for n in (1, SWITCH, SWITCH + 1, 5000)] == [0, 0, 1, 1]


# --- windows


def test_the_windows_of_layers_are_those_of_the_config(folder_of: Callable[[str], Path]) -> None:
    expected = {
        "llama": [None, None, None],
        "mistral": [WINDOW, WINDOW, WINDOW],
        "qwen2": [None, WINDOW, WINDOW],
        "gemma3": [WINDOW, None, WINDOW],
    }
    for name, windows in expected.items():
        assert list(layer_windows(AutoConfig.from_pretrained(folder_of(name)))) == windows


@pytest.mark.parametrize("name", SLIDING)
def test_a_weight_follows_from_its_queries_and_keys(folder_of: Callable[[str], Path], name: str) -> None:
    lm = loaded(folder_of(name))
    attention = lm.trace(ids_of(40), attention=True).attention
    for layer, window in enumerate(layer_windows(config_of(lm))):
        vectors = attention.vectors(layer, 1)
        for query in (0, WINDOW - 1, WINDOW, 39):
            row = np.exp(vectors.scores(query) - vectors.scores(query).max())
            np.testing.assert_allclose(attention.row(layer, 1, query), row / row.sum(), atol=WEIGHT)
            hidden = 0 if window is None else max(0, query + 1 - window)
            assert vectors.first_key(query) == hidden
            assert not attention.row(layer, 1, query)[:hidden].any()


def test_a_long_text_has_windows_as_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Past `EXACT_TOKENS`, where weights are bytes and a layer's exact ones are computed again."""
    monkeypatch.setitem(
        ARCHITECTURES, "gemma3", ("gemma3_text", ARCHITECTURES["gemma3"][1] | {"max_position_embeddings": 400})
    )
    folder = build(tmp_path / "long", "gemma3")
    lm, oracle, text = loaded(folder), Oracle(folder, 400), ids_of(400)
    for n in (EXACT_TOKENS, EXACT_TOKENS + 1, 300, 400, 390, 299, 257, 255, 256):
        trace = lm.trace([*text[: n - 1], 1 + n % 7], attention=True)
        truth = oracle(trace.ids)
        assert truth.attention is not None
        for layer in range(lm.info.n_layer):
            np.testing.assert_allclose(trace.attention.head(layer, 2), truth.attention[layer, 2], atol=WEIGHT)
            rows = trace.attention.rows(n - 1)
            np.testing.assert_allclose(rows[layer], truth.attention[layer, :, n - 1], atol=0.004)
