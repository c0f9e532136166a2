"""What depends on the length of a text is right at every length, or refused in words: in forty tiny architectures.

``make soak`` tries every length from 1 to 80; the short form those around which something changes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import AutoConfig

from explorer.engine import agreement
from explorer.engine.check import Outcome
from explorer.engine.loading import load
from explorer.engine.local_model import LocalModel
from explorer.engine.torch_engine import engine as torch_engine
from explorer.engine.torch_engine import length_regimes
from explorer.engine.torch_engine import loading as torch_loading
from explorer.engine.torch_engine.agreement import compare_with_transformers
from explorer.engine.torch_engine.attention_recorder import Recorder
from explorer.engine.torch_engine.layer_windows import layer_windows
from explorer.engine.torch_engine.length_regimes import regime_of
from explorer.engine.torch_engine.shortened import NEAR_POSITIONS, NEAR_SWITCH, NEAR_WINDOW
from explorer.language_model.attention import EXACT_TOKENS
from explorer.language_model.trace import Ints
from explorer.locales import ExplorerError
from tests.engine.architectures import ARCHITECTURES, LONGEST, POSITIONS, SWITCH, WINDOW, Oracle, build, ids_of

NATS, WEIGHT = 1e-3, 1e-4
"""By which log probabilities and attention weights in float32 may differ from the oracle's."""

NO_ATTENTION = {"gpt-neo", "falcon", "gptj", "codegen", "gemma2", "gpt-oss"}
"""Shown without attention: they attend by code of their own, or make more of scores than a softmax."""

REFUSED = {"bloom", "mpt", "falcon-alibi", "gemma2-capped", "llama4", "mamba", "lfm2"}
"""Not shown: no number of positions in the config, logits that are capped, a state beside keys and values, or numbers
that depend on which of transformers' ways to attend is taken (its eager Falcon adds the bias by distance twice)."""

SHOWN = [name for name in ARCHITECTURES if name not in REFUSED]
LONGROPE = [name for name in SHOWN if "longrope" in name]
SLIDING = ["mistral", "qwen2", "gemma3", "phi3-longrope-sliding"]

AROUND = [1, 2, 3, *(at + step for at in (WINDOW, SWITCH, POSITIONS) for step in (-1, 0, 1, 2)), LONGEST]


@pytest.fixture(autouse=True)
def checked_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a check found is kept; here each model is checked by the code as it is meanwhile."""
    monkeypatch.setattr(agreement, "_kept", lambda *_: None)


@pytest.fixture(scope="module")
def folder_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    made: dict[str, Path] = {}

    def folder(name: str) -> Path:
        if name not in made:
            made[name] = build(tmp_path_factory.mktemp("architecture"), name)
        return made[name]

    return folder


def fresh(lm: LocalModel) -> LocalModel:
    """The same model, which has read nothing yet."""
    return in_chunks(lm, lm._chunk)


def in_chunks(lm: LocalModel, chunk: int) -> LocalModel:
    """The same model, which reads so many tokens in one pass, and has read nothing yet."""
    return LocalModel(lm.engine, lm.tokenizer, lm.info, chunk=chunk)


def config_of(lm: LocalModel) -> Any:
    return lm.engine.module.config  # type: ignore[attr-defined]


def loaded(folder: Path, engine: str = "torch") -> LocalModel:
    return load(str(folder), device="cpu", engine=engine)


def assert_true(lm: LocalModel, oracle: Oracle, ids: Ints) -> None:
    """The trace of ``ids``, whatever was read before, is that of one full pass over them."""
    trace, truth = lm.trace(ids, attention=lm.info.attention), oracle(ids)
    worst = np.abs(np.log(np.exp(trace.logits.astype(np.float64) - trace.logits.max())) - _shifted(truth.log_p[-1]))
    assert worst.max() < NATS, f"log probabilities differ by {worst.max():.2g} after {len(ids)} tokens"
    read = ids[trace.start :]
    bits = -truth.log_p[np.arange(len(read) - 1), read[1:]] / np.log(2)
    np.testing.assert_allclose(trace.surprisal[trace.start + 1 :], bits, atol=2 * NATS, err_msg="surprisal differs")
    if lm.info.attention:
        got = trace.attention.dense()
        assert truth.attention is not None
        worst = np.abs(got - truth.attention).max()
        assert worst < WEIGHT, f"attention differs by {worst:.2g} after {len(ids)} tokens"
        np.testing.assert_allclose(got.sum(-1), 1, atol=1e-5)


def _shifted(log_p: Any) -> Any:
    return log_p - log_p.max()


def assert_true_in_every_way(lm: LocalModel, oracle: Oracle, lengths: Iterable[int]) -> None:
    """Typed, read at once, and cut back to, with another last token each time so that no answer is remembered."""
    lengths, text, typed = sorted(lengths), ids_of(LONGEST), fresh(lm)
    for n in lengths:
        assert_true(typed, oracle, text[:n])
    for n in lengths:
        assert_true(fresh(lm), oracle, text[:n])
    for n in reversed(lengths):
        other = text[:n].copy()
        other[-1] = other[-1] % 100 + 1
        assert_true(typed, oracle, other)


def assert_true_in_batches(lm: LocalModel, oracle: Oracle, lengths: Iterable[int]) -> None:
    """Texts of many lengths together, and rows that are read on past every change."""
    rows = [ids_of(n, seed=n) for n in lengths]
    for row, logits in zip(rows, lm.next_logits(rows), strict=True):
        assert np.abs(_log_softmax(logits) - oracle(row).log_p[-1]).max() < NATS
    for at in (WINDOW, SWITCH):
        decoder = lm.decoder(ids_of(at - 2), 2)
        for token in range(5):
            logits = decoder.advance([token, token + 1])
            for row, got in zip(decoder.ids, logits, strict=True):
                worst = np.abs(_log_softmax(got) - oracle(row).log_p[-1]).max()
                assert worst < NATS, f"log probabilities differ by {worst:.2g} in a batch"


def _log_softmax(logits: Any) -> Any:
    return logits - np.logaddexp.reduce(logits.astype(np.float64))


# --- the table


@pytest.mark.parametrize("name", SHOWN)
def test_an_architecture_is_right_around_every_change(folder_of: Callable[[str], Path], name: str) -> None:
    lm = loaded(folder_of(name))
    assert lm.info.attention == (name not in NO_ATTENTION)
    oracle = Oracle(folder_of(name))
    assert_true_in_every_way(lm, oracle, AROUND)
    assert_true_in_batches(lm, oracle, AROUND)


@pytest.mark.soak
@pytest.mark.parametrize("name", SHOWN)
def test_an_architecture_is_right_at_every_length(folder_of: Callable[[str], Path], name: str) -> None:
    lm = loaded(folder_of(name))
    oracle = Oracle(folder_of(name))
    assert_true_in_every_way(lm, oracle, range(1, LONGEST + 1))
    assert_true_in_batches(lm, oracle, range(1, LONGEST + 1))


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


# --- the check, and that it and the tests notice


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
