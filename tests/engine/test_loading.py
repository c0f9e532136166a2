"""From a name to a model that answers, or to one sentence that says why not."""

from __future__ import annotations

import json
import shutil
import socket
from collections.abc import Callable
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from typing import Any

import huggingface_hub
import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import (
    AutoModelForCausalLM,
    BertConfig,
    CohereConfig,
    Gemma2Config,
    GraniteConfig,
    Lfm2Config,
    MambaConfig,
    MistralConfig,
    OPTConfig,
    PreTrainedConfig,
    Qwen3Config,
    RwkvConfig,
)

import explorer
from explorer.engine.loading import load
from explorer.engine.torch_engine.agreement import compare_with_transformers
from explorer.generation.compare import compare
from explorer.locales import ExplorerError
from explorer.models import bundled
from explorer.models.catalog import CATALOG, HubSource
from explorer.models.progress import Progress
from explorer.sampling.sampling import Sampling
from tests.engine.reference import assert_same, full_pass
from tests.model_repositories import make_gpt2, put_in_hub_cache
from tests.modules import module_of

SIZES: dict[str, Any] = {
    "vocab_size": 512,
    "hidden_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "max_position_embeddings": 128,
    "bos_token_id": 511,
    "eos_token_id": 511,
    "pad_token_id": 511,
}
LLAMA_LIKE: dict[str, Any] = SIZES | {"intermediate_size": 64, "num_key_value_heads": 2, "head_dim": 16}


@pytest.fixture(autouse=True)
def empty_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No model but those of the test."""
    monkeypatch.setenv("EXPLORER_CACHE", str(tmp_path / "explorer"))
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "hub"))


@pytest.fixture
def copy_of_gpt2(tiny_gpt2: Path, tmp_path: Path) -> Path:
    """A folder to damage."""
    return Path(shutil.copytree(tiny_gpt2, tmp_path / "copy"))


@pytest.fixture
def folder_of(tiny_gpt2: Path, tmp_path: Path) -> Callable[[PreTrainedConfig], Path]:
    """Makes the folder of a model of any architecture, with tiny_gpt2's tokenizer."""

    def make(config: PreTrainedConfig) -> Path:
        folder = tmp_path / config.model_type
        shutil.copytree(tiny_gpt2, folder, ignore=shutil.ignore_patterns("config.json", "*.safetensors"))
        torch.manual_seed(0)
        model = AutoModelForCausalLM.from_config(config)
        with torch.no_grad():
            for weight in model.parameters():
                if weight.dim() > 1:
                    weight *= 3  # of a size that training gives: what an architecture does must show
        model.save_pretrained(folder)
        return folder

    return make


@pytest.fixture
def connections(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Every address that is looked up or connected to."""
    asked: list[object] = []

    def refuse(*args: object, **_: object) -> None:
        asked.append(args)
        raise OSError("no network")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    return asked


def refusal(name: Path | str, **options: Any) -> ExplorerError:
    with pytest.raises(ExplorerError) as caught:
        load(str(name), **options)
    sentence = str(caught.value)
    assert len(sentence.splitlines()) == 1
    assert caught.value.message.id not in sentence  # written out
    return caught.value


# --- what is loaded


@pytest.mark.parametrize("fixture", ["tiny_gpt2", "tiny_llama"])
def test_a_folder_is_a_model_and_tells_what_it_is(fixture: str, request: pytest.FixtureRequest) -> None:
    folder = request.getfixturevalue(fixture)
    info = load(str(folder), device="cpu").info
    config = json.loads((folder / "config.json").read_text())
    module = AutoModelForCausalLM.from_pretrained(folder, local_files_only=True)
    assert (info.name, info.title) == (str(folder), folder.name)
    assert (info.n_layer, info.n_head, info.n_embd, info.n_positions) == (2, 4, 64, 128)
    assert info.vocab_size == config["vocab_size"]
    assert info.n_parameters == sum(weight.numel() for weight in module.parameters())
    assert (info.device, info.dtype, info.revision, info.notices) == ("cpu", "float32", None, ())


@pytest.mark.parametrize("stored", [torch.float16, torch.float32])
def test_weights_are_float32_whatever_the_file_holds(tmp_path: Path, stored: torch.dtype) -> None:
    lm = load(str(make_gpt2(tmp_path / "stored", dtype=stored)), device="cpu", engine="torch")
    module = module_of(lm)
    assert {weight.dtype for weight in module.parameters()} == {torch.float32}
    assert not any(weight.requires_grad for weight in module.parameters())
    assert not module.training


@pytest.mark.parametrize(
    ("dtype", "of_logits"),
    [("float32", "float32"), ("float64", "float64"), ("bfloat16", "float32"), ("float16", "float32")],
)
def test_the_number_format_is_what_was_asked_for(tiny_gpt2: Path, dtype: str, of_logits: str) -> None:
    lm = load(str(tiny_gpt2), device="cpu", dtype=dtype)
    assert (lm.info.dtype, lm.info.engine) == (dtype, "numpy" if dtype in ("float32", "float64") else "torch")
    assert {weight.dtype for weight in module_of(lm).parameters()} == {getattr(torch, dtype)}
    trace = lm.trace("The capital")
    assert [trace.logits.dtype, trace.surprisal.dtype, trace.entropy.dtype] == [of_logits] * 3


def test_variables_of_the_environment_stand_in_for_what_is_not_given(
    tiny_gpt2: Path, tiny_llama: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EXPLORER_MODEL", str(tiny_gpt2))
    monkeypatch.setenv("EXPLORER_DEVICE", "cpu")
    monkeypatch.setenv("EXPLORER_DTYPE", "float64")
    info = load().info
    assert (info.name, info.device, info.dtype) == (str(tiny_gpt2), "cpu", "float64")
    info = load(str(tiny_llama), dtype="float32").info
    assert (info.name, info.dtype) == (str(tiny_llama), "float32")
    monkeypatch.setenv("EXPLORER_DEVICE", "abacus")
    with pytest.raises(ExplorerError, match="abacus"):
        load()


def test_progress_is_told_to_its_end(tiny_gpt2: Path) -> None:
    told: list[Progress] = []
    load(str(tiny_gpt2), device="cpu", report=told.append)
    for _, of_one_kind in groupby(told, lambda progress: progress.message.id):
        shares = [progress.done / progress.total for progress in of_one_kind if progress.total]
        assert shares == sorted(shares)
    assert (told[-1].message.id, shares) == ("model-ready", [1])
    assert all(tiny_gpt2.name in str(progress.message) for progress in told)


def test_load_takes_the_best_model_on_disk_and_asks_no_network(
    tiny_gpt2: Path, tmp_path: Path, connections: list[object]
) -> None:
    for name in ("distilgpt2", "gpt2"):
        source = CATALOG[name].source
        assert isinstance(source, HubSource)
        put_in_hub_cache(tiny_gpt2, tmp_path / "hub", source.repo, source.revision)
        lm = explorer.load()
        assert lm.info.name == name
        assert lm.info.revision == source.revision
        assert_same(lm.trace("The capital"), full_pass(module_of(lm), lm.tokenize("The capital").ids), 1e-4)
    assert connections == []


def test_load_without_any_model_says_how_to_get_one(
    connections: list[object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bundled, "ASSETS", tmp_path)
    with pytest.raises(ExplorerError, match="explorer models fetch auto"):
        explorer.load()
    assert connections == []


# --- what is not


def test_an_unknown_device_is_an_error_that_names_those_that_are_there(tiny_gpt2: Path) -> None:
    assert "“abacus”" in str(refusal(tiny_gpt2, device="abacus"))
    assert "cpu" in str(refusal(tiny_gpt2, device="abacus"))
    if not torch.cuda.is_available():
        assert refusal(tiny_gpt2, device="cuda").message.id == "unknown-device"


@pytest.mark.parametrize("dtype", ["int8", "float", "Float32"])
def test_an_unknown_number_format_is_an_error_that_names_the_known_ones(tiny_gpt2: Path, dtype: str) -> None:
    assert "float32, float64, bfloat16, float16" in str(refusal(tiny_gpt2, dtype=dtype))


def rewrite(file: Path, **changes: Any) -> None:
    file.write_text(json.dumps(json.loads(file.read_text()) | changes))


@pytest.mark.parametrize(
    "damage",
    [
        lambda folder: (folder / "config.json").write_text("{"),
        lambda folder: (folder / "config.json").write_text("[]"),
        lambda folder: rewrite(folder / "config.json", model_type="abacus"),
        lambda folder: rewrite(folder / "config.json", n_layer="two"),
        lambda folder: rewrite(folder / "config.json", n_embd=60),
        lambda folder: rewrite(folder / "config.json", vocab_size=100),
        lambda folder: (folder / "tokenizer.json").write_text('{"model": 1}'),
        lambda folder: (folder / "model.safetensors").write_bytes((folder / "model.safetensors").read_bytes()[:5000]),
        lambda folder: (folder / "model.safetensors").write_bytes(b"\0" * 1000),
        lambda folder: (folder / "model.safetensors").unlink(),
    ],
    ids=[
        "config cut off", "config no object", "unknown type", "layers no number", "width wrong", "vocabulary wrong",
        "tokenizer", "weights cut off", "weights zero", "no weights",
    ],
)  # fmt: skip
def test_a_damaged_folder_is_one_sentence(copy_of_gpt2: Path, damage: Callable[[Path], object]) -> None:
    damage(copy_of_gpt2)
    assert str(copy_of_gpt2) in str(refusal(copy_of_gpt2))


def test_weights_that_are_not_there_are_refused(copy_of_gpt2: Path) -> None:
    # transformers fills what a file lacks with random numbers, and says so only in its log.
    weights = load_file(copy_of_gpt2 / "model.safetensors")
    del weights["transformer.h.1.mlp.c_fc.bias"]
    save_file(weights, copy_of_gpt2 / "model.safetensors", {"format": "pt"})
    error = refusal(copy_of_gpt2)
    assert error.message.id == "weights-incomplete"
    assert "h.1.mlp.c_fc.bias" in str(error)


@pytest.mark.parametrize("field", ["n_layer", "vocab_size", "n_positions"])
def test_a_config_that_promises_too_much_is_refused_before_anything_is_built(
    copy_of_gpt2: Path, monkeypatch: pytest.MonkeyPatch, field: str
) -> None:
    monkeypatch.setattr(AutoModelForCausalLM, "from_pretrained", lambda *_, **__: pytest.fail("it was built"))
    rewrite(copy_of_gpt2 / "config.json", **{field: 100_000})
    assert f"says {field} = 100000, but the weights beside it have" in str(refusal(copy_of_gpt2))


@pytest.mark.parametrize("name", ["config.json", "generation_config.json", "tokenizer_config.json", "tokenizer.json"])
def test_brackets_without_end_are_a_sentence(copy_of_gpt2: Path, name: str) -> None:
    (copy_of_gpt2 / name).write_text("[" * 100_000)
    assert refusal(copy_of_gpt2).message.id in ("folder-broken-file", "tokenizer-unreadable")


def test_a_header_of_brackets_without_end_is_a_sentence(copy_of_gpt2: Path) -> None:
    (copy_of_gpt2 / "model.safetensors").write_bytes((100_000).to_bytes(8, "little") + b"[" * 100_000)
    assert refusal(copy_of_gpt2).message.id == "folder-broken-file"


@pytest.mark.parametrize("fixture", ["tiny_gpt2", "tiny_llama"])
@pytest.mark.parametrize("text", ["hello", "hello there", " hello", "  hello", "a</s>b", "<|endoftext|>", "你好"])
def test_the_text_of_a_trace_is_read_as_its_ids(fixture: str, text: str, request: pytest.FixtureRequest) -> None:
    model = load(str(request.getfixturevalue(fixture)), device="cpu")
    trace = model.trace(text)
    assert tuple(trace.ids) == model.tokenize(trace.text).ids == model.tokenize(text).ids
    made = compare(model, text, Sampling(greedy=True), n=1, max_new_tokens=1, seed=0)
    assert model.tokenize(made.text).ids == made.ids
    if fixture == "tiny_llama":
        assert trace.tokens[0].text == "<s>"  # which is still shown
        assert not trace.text.startswith("<s>")


def test_a_model_says_which_tokens_of_its_tokenizer_it_lacks(copy_of_gpt2: Path) -> None:
    tokenizer = json.loads((copy_of_gpt2 / "tokenizer.json").read_text())
    tokenizer["added_tokens"].append({**tokenizer["added_tokens"][0], "id": 2**31, "content": "<user>"})
    (copy_of_gpt2 / "tokenizer.json").write_text(json.dumps(tokenizer))
    model = load(str(copy_of_gpt2), device="cpu")
    assert [notice.id for notice in model.info.notices] == ["tokens-without-embedding"]
    with pytest.raises(ExplorerError, match="<user>"):
        model.trace("hello <user>")
    assert model.trace("hello").text == "hello"


@pytest.mark.parametrize(
    "config",
    [
        Gemma2Config(**LLAMA_LIKE, final_logit_softcapping=0.05),
        GraniteConfig(**LLAMA_LIKE, logits_scaling=8.0),
        CohereConfig(**LLAMA_LIKE, logit_scale=0.0625),
        OPTConfig(**SIZES, ffn_dim=64, word_embed_proj_dim=32),
        Lfm2Config(**LLAMA_LIKE, layer_types=["conv", "full_attention"]),
        MambaConfig(vocab_size=512, hidden_size=64, num_hidden_layers=2, state_size=4),
        RwkvConfig(vocab_size=512, hidden_size=64, num_hidden_layers=2),
        BertConfig(**SIZES, intermediate_size=64, is_decoder=True),
    ],
    ids=lambda config: config.model_type,
)
def test_an_architecture_we_would_get_wrong_is_refused(
    folder_of: Callable[[PreTrainedConfig], Path], config: PreTrainedConfig
) -> None:
    error = refusal(folder_of(config), device="cpu")
    assert error.message.id == "model-unsupported"
    assert config.model_type in str(error)


@pytest.mark.parametrize(
    "config",
    [MistralConfig(**LLAMA_LIKE, sliding_window=16), Qwen3Config(**LLAMA_LIKE)],
    ids=lambda config: config.model_type,
)
def test_an_architecture_that_is_not_refused_is_right_beyond_the_check(
    folder_of: Callable[[PreTrainedConfig], Path], config: PreTrainedConfig
) -> None:
    lm = load(str(folder_of(config)), device="cpu")
    ids = np.random.default_rng(0).integers(0, 500, 200).tolist()
    for n in (10, 60, 58, 59, 100, 90, 128, 129, 200):
        assert_same(lm.trace(ids[:n]), full_pass(module_of(lm), ids[:n]), 1e-3)


def test_the_check_notices_logits_that_are_not_the_unembedding_of_the_last_states(
    tiny_gpt2: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lm = load(str(tiny_gpt2), device="cpu", engine="torch")
    module = module_of(lm)
    assert compare_with_transformers(lm, module, lm.engine.with_config).right
    forward = module.forward

    def scaled(*args: Any, **kwargs: Any) -> Any:
        output = forward(*args, **kwargs)
        output.logits = output.logits * 1.5
        return output

    monkeypatch.setattr(module, "forward", scaled)
    assert not compare_with_transformers(lm, module, lm.engine.with_config).right


def test_damaged_weights_are_refused_when_they_are_loaded(tmp_path: Path) -> None:
    folder = make_gpt2(tmp_path / "damaged")
    module = AutoModelForCausalLM.from_pretrained(folder)
    with torch.no_grad():
        module.transformer.h[0].mlp.c_fc.weight[:] = float("nan")
    module.save_pretrained(folder)
    assert refusal(folder).message.id == "bad-logits"


def test_a_gpu_too_small_for_the_check_hands_over_to_the_cpu(tiny_gpt2: Path) -> None:
    lm = load(str(tiny_gpt2), device="cpu", engine="torch")
    # Of another name than the CPU's, which torch knows all the same.
    lm.info, lm.engine.device = replace(lm.info, device="cpu:0"), "cpu:0"
    left = [2]

    def full(*_: object) -> None:
        if left[0]:
            left[0] -= 1
            raise torch.OutOfMemoryError("out of memory")

    with module_of(lm).base_model.h[0].register_forward_pre_hook(full):
        assert compare_with_transformers(lm, module_of(lm), lm.engine.with_config).right
    assert lm.info.device == "cpu"
    assert [notice.id for notice in lm.info.notices] == ["gpu-memory-full"]
