"""A GGUF written on the spot, unpacked and compared with the model it was made from; and the real one where it is."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from gguf import GGMLQuantizationType, GGUFWriter, TokenType
from gguf.quants import dequantize, quantize
from numpy.typing import NDArray
from transformers import AutoModelForCausalLM, AutoTokenizer, LlamaConfig, LlamaForCausalLM, PreTrainedModel

from explorer.engine.torch_engine import convert
from explorer.engine.torch_engine.convert import convert_gguf
from explorer.locales import ExplorerError
from explorer.models import sources, storage
from explorer.models.progress import Progress
from tests.model_repositories import make_gpt2

HEADS, KV_HEADS = 4, 2
REAL_CACHE = storage.cache_folder()
NAMES = {
    "model.embed_tokens": "token_embd",
    "model.norm": "output_norm",
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
    "input_layernorm": "attn_norm",
    "post_attention_layernorm": "ffn_norm",
    "model.layers": "blk",
}
"""A part of the name in transformers, to the part of llama.cpp's."""


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXPLORER_CACHE", str(tmp_path / "cache"))


@pytest.fixture(scope="module")
def llama() -> PreTrainedModel:
    """The model that is written: tied embeddings, and key-value heads that query heads share."""
    torch.manual_seed(1)
    config = LlamaConfig(
        vocab_size=400,
        hidden_size=64,
        intermediate_size=96,
        num_hidden_layers=2,
        num_attention_heads=HEADS,
        num_key_value_heads=KV_HEADS,
        max_position_embeddings=96,
        rms_norm_eps=1e-5,
        tie_word_embeddings=True,
        rope_parameters={"rope_type": "default", "rope_theta": 50_000.0},
    )
    return LlamaForCausalLM(config).eval()


@pytest.fixture(scope="module")
def vocabulary(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[str], list[str]]:
    """(tokens by id, merges) of a byte-level vocabulary; ``<|endoftext|>`` is the first id, as SmolLM2 has it."""
    folder = make_gpt2(tmp_path_factory.mktemp("tokenizer") / "gpt2", vocab_size=400)
    model = json.loads((folder / "tokenizer.json").read_text())["model"]
    by_id = sorted(model["vocab"], key=model["vocab"].get)
    return ["<|endoftext|>", *by_id[:-1]], [" ".join(merge) for merge in model["merges"]]


def as_llama_cpp(name: str, weight: NDArray[np.float32]) -> NDArray[np.float32]:
    """llama.cpp rotates neighbouring pairs, transformers halves: it stores the rows of queries and keys interleaved."""
    n_head = HEADS if "q_proj" in name else KV_HEADS if "k_proj" in name else 0
    if not n_head:
        return weight
    halves = weight.reshape(n_head, 2, weight.shape[0] // n_head // 2, weight.shape[1])
    return np.ascontiguousarray(halves.swapaxes(1, 2).reshape(weight.shape))


def write_gguf(
    path: Path, model: PreTrainedModel, vocabulary: tuple[list[str], list[str]], *, pre: str, packed: bool
) -> dict[str, NDArray[np.float32]]:
    """Write ``model``, its matrices in 4-bit blocks when ``packed``; the weights that are then in the file."""
    tokens, merges = vocabulary
    config = model.config
    path.parent.mkdir(parents=True, exist_ok=True)
    writer = GGUFWriter(path, "llama")
    writer.add_name("tiny")
    writer.add_block_count(config.num_hidden_layers)
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KV_HEADS)
    writer.add_rope_freq_base(50_000.0)
    writer.add_rope_dimension_count(config.hidden_size // HEADS)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_vocab_size(len(tokens))
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(pre)
    writer.add_token_list(tokens)
    writer.add_token_types([TokenType.CONTROL] + [TokenType.NORMAL] * (len(tokens) - 1))
    writer.add_token_merges(merges)
    for add in (writer.add_bos_token_id, writer.add_eos_token_id, writer.add_unk_token_id):
        add(0)
    writer.add_add_bos_token(False)
    held = {}
    for name, parameter in model.named_parameters():
        weight = parameter.detach().numpy()
        renamed = name
        for ours, theirs in NAMES.items():
            renamed = renamed.replace(ours, theirs)
        stored = as_llama_cpp(name, weight)
        if packed and weight.ndim == 2:
            blocks = quantize(stored, GGMLQuantizationType.Q4_1)
            writer.add_tensor(renamed, blocks, raw_dtype=GGMLQuantizationType.Q4_1)
            rows = dequantize(blocks, GGMLQuantizationType.Q4_1)
            # Blocks lie within rows, so unpacking and putting rows back may be done in either order.
            order = as_llama_cpp(name, np.repeat(np.arange(len(rows), dtype=np.float32)[:, None], 1, axis=1))
            held[name] = np.empty_like(rows)
            held[name][order[:, 0].astype(int)] = rows
        else:
            writer.add_tensor(renamed, stored)
            held[name] = weight
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return held


@pytest.fixture
def written(
    tmp_path: Path, llama: PreTrainedModel, vocabulary: tuple[list[str], list[str]]
) -> Callable[..., tuple[Path, dict[str, NDArray[np.float32]]]]:
    def write(*, pre: str = "smollm", packed: bool = False) -> tuple[Path, dict[str, NDArray[np.float32]]]:
        path = tmp_path / "models" / "tiny.gguf"
        return path, write_gguf(path, llama, vocabulary, pre=pre, packed=packed)

    return write


@pytest.fixture
def gguf(written: Callable[..., tuple[Path, object]]) -> Path:
    return written()[0]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "models" / "safetensors"


def beside(folder: Path) -> list[str]:
    """What lies beside the GGUF."""
    return sorted(path.name for path in folder.parent.iterdir() if path.suffix != ".gguf")


@pytest.mark.parametrize("packed", [False, True])
def test_every_weight_is_the_files_to_the_last_bit(
    written: Callable[..., tuple[Path, dict[str, NDArray[np.float32]]]], folder: Path, packed: bool
) -> None:
    gguf, weights = written(packed=packed)
    convert_gguf(gguf, folder)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype="auto")
    found = dict(model.named_parameters())
    assert set(found) == set(weights)
    for name, weight in weights.items():
        assert found[name].dtype == torch.float32
        assert np.array_equal(found[name].detach().numpy(), weight), name
    assert not hasattr(model.config, "quantization_config")


def test_it_answers_as_the_model_it_was_made_from(gguf: Path, folder: Path, llama: PreTrainedModel) -> None:
    """Positions, head counts and norms come from the file's metadata: a wrong one shows in the logits."""
    convert_gguf(gguf, folder)
    ids = torch.arange(40)[None]
    model = AutoModelForCausalLM.from_pretrained(folder)
    with torch.no_grad():
        assert torch.allclose(model(ids).logits, llama(ids).logits, atol=1e-5)
    assert model.config.max_position_embeddings == 96


@pytest.mark.parametrize("pre", ["smollm", "gpt-2"])
def test_the_tokenizer_is_the_files(
    written: Callable[..., tuple[Path, object]], folder: Path, vocabulary: tuple[list[str], list[str]], pre: str
) -> None:
    gguf, _ = written(pre=pre)
    convert_gguf(gguf, folder)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    assert tokenizer.convert_ids_to_tokens(range(400)) == vocabulary[0]
    for text in ("The capital of France is", " leading", "a\tb\n\n12 🙂 \x00 é", "你好，世界", "1984"):
        ids = tokenizer(text).input_ids
        assert tokenizer.decode(ids) == text
        assert 0 not in ids, "nothing is put before or after"
    assert tokenizer("a<|endoftext|>b").input_ids[1:2] == [0]
    assert (tokenizer.bos_token, tokenizer.eos_token) == ("<|endoftext|>", "<|endoftext|>")
    assert tokenizer.model_max_length == 96
    pieces = [piece for piece, _ in tokenizer.backend_tokenizer.pre_tokenizer.pre_tokenize_str("x  12")]
    assert pieces == (["x", "ĠĠ", "1", "2"] if pre == "smollm" else ["x", "Ġ", "Ġ12"])


def test_a_second_time_costs_nothing(gguf: Path, folder: Path) -> None:
    convert_gguf(gguf, folder)
    before = (folder / "model.safetensors").stat().st_mtime_ns
    seen: list[Progress] = []
    convert_gguf(gguf, folder, report=seen.append)
    assert not seen
    assert (folder / "model.safetensors").stat().st_mtime_ns == before


def test_a_damaged_folder_is_made_again(gguf: Path, folder: Path) -> None:
    convert_gguf(gguf, folder)
    weights = folder / "model.safetensors"
    right = weights.read_bytes()
    weights.write_bytes(right[:-1])
    convert_gguf(gguf, folder)
    assert weights.read_bytes() == right
    assert beside(folder) == ["safetensors"]


def test_progress_counts_the_files_bytes(gguf: Path, folder: Path) -> None:
    seen: list[Progress] = []
    convert_gguf(gguf, folder, report=seen.append)
    stages = list(dict.fromkeys(progress.message.id for progress in seen))
    assert stages == ["converting-tokenizer", "converting-weights", "converting-saving"]
    done = [progress.done for progress in seen if progress.message.id == "converting-weights"]
    assert done == sorted(done)
    assert done[0] == 0
    assert 0 < done[-1] < gguf.stat().st_size


@pytest.mark.parametrize("stage", ["converting-tokenizer", "converting-weights", "converting-saving"])
@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
def test_what_report_raises_leaves_nothing(gguf: Path, folder: Path, stage: str, error: type[BaseException]) -> None:
    def report(progress: Progress) -> None:
        if progress.message.id == stage and (progress.total is None or progress.done > 0):
            raise error("stop")

    with pytest.raises(error, match="stop"):
        convert_gguf(gguf, folder, report=report)
    assert beside(folder) == []


def test_others_may_read_it(gguf: Path, folder: Path) -> None:
    """A class shares one cache; safetensors and `mkdtemp` write for their owner alone."""
    convert_gguf(gguf, folder)
    (folder.parent / "plain").write_text("")
    plain = (folder.parent / "plain").stat().st_mode & 0o777
    assert {file.stat().st_mode & 0o777 for file in folder.iterdir()} == {plain}


@pytest.mark.parametrize("keep", [0, 3, 1_000, 60_000])
def test_a_file_that_is_cut_off(gguf: Path, folder: Path, keep: int) -> None:
    gguf.write_bytes(gguf.read_bytes()[:keep])
    with pytest.raises(ExplorerError, match=r"tiny.gguf” cannot be unpacked: .+"):
        convert_gguf(gguf, folder)
    assert beside(folder) == []


def test_a_tokenizer_rule_we_do_not_know_is_refused(written: Callable[..., tuple[Path, object]], folder: Path) -> None:
    gguf, _ = written(pre="deepseek-coder")
    with pytest.raises(ExplorerError, match=r"tokenizer.ggml.pre = deepseek-coder"):
        convert_gguf(gguf, folder)


def test_no_space(gguf: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage("/")._replace(free=100_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    with pytest.raises(ExplorerError, match=r"MB are needed"):
        convert_gguf(gguf, folder)
    assert beside(folder) == []


def test_a_disk_that_fills_up(gguf: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def run_out(*_: object, **__: object) -> None:
        raise convert.SafetensorError("Error while serializing: I/O error: No space left on device (os error 28)")

    monkeypatch.setattr(PreTrainedModel, "save_pretrained", run_out)
    with pytest.raises(ExplorerError, match="is full"):
        convert_gguf(gguf, folder)
    assert beside(folder) == []


@pytest.fixture
def smollm2(monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the real smollm2-135m."""
    monkeypatch.setenv("EXPLORER_CACHE", str(REAL_CACHE))
    local = sources.on_disk("smollm2-135m")
    if local is None:
        pytest.skip("smollm2-135m is not on this disk")
    if local.gguf is not None:
        convert_gguf(local.gguf, local.folder)
    return local.folder


def test_smollm2_knows_the_capital_of_france(smollm2: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(smollm2)
    model = AutoModelForCausalLM.from_pretrained(smollm2, dtype=torch.float32)
    ids = tokenizer("The capital of France is", return_tensors="pt").input_ids
    assert ids.shape == (1, 5)
    with torch.no_grad():
        probabilities = model(ids).logits[0, -1].softmax(-1)
    assert tokenizer.decode(probabilities.argmax()) == " Paris"
    assert probabilities.max().item() == pytest.approx(0.773, abs=0.002)


def test_smollm2s_tokenizer(smollm2: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(smollm2)
    special = {token for token in tokenizer.added_tokens_decoder.values() if token.special}
    assert {str(token) for token in special} >= {"<|endoftext|>", "<|im_start|>", "<|im_end|>"}
    assert len(special) == 17
    assert (tokenizer.bos_token, tokenizer.eos_token) == ("<|im_start|>", "<|im_end|>")
    assert len(tokenizer) == 49_152
    for text in ("", " ", "Hello, world!", "\n\n12 apples and 1984", "日本語 🙂👩‍👩‍👧", "a  1\t9\r\n", "½ Ⅷ ٣"):
        ids = tokenizer(text).input_ids
        assert tokenizer.decode(ids) == text
        assert not set(ids) & set(range(17)), "nothing is put before or after"
    assert tokenizer.convert_ids_to_tokens(tokenizer("a  12").input_ids) == ["a", "ĠĠ", "1", "2"]
