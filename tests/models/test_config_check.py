"""A config is compared with the weights before anything is built from it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

from explorer.locales import ExplorerError
from explorer.models import config_check
from explorer.models.bundled import bundled_on_disk
from explorer.models.catalog import BUNDLED, CATALOG
from explorer.models.config_check import check_config


@pytest.fixture
def gpt2(tiny_gpt2: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(tiny_gpt2, tmp_path / "gpt2"))


@pytest.fixture
def llama(tiny_llama: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(tiny_llama, tmp_path / "llama"))


def change(folder: Path, **fields: Any) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **fields}))


def refused(folder: Path) -> str:
    with pytest.raises(ExplorerError) as caught:
        check_config(folder)
    return str(caught.value)


def test_real_models_pass(gpt2: Path, llama: Path) -> None:
    check_config(gpt2)
    check_config(llama)
    change(llama, sliding_window=None, head_dim=None)
    check_config(llama)
    bundled = bundled_on_disk(CATALOG[BUNDLED].source)  # type: ignore[arg-type]
    assert bundled is not None
    check_config(bundled)


@pytest.mark.parametrize("value", [0, -1, 1.0, "12", True, None, [2], 2**70, 10**4000])
@pytest.mark.parametrize("name", ["n_layer", "n_head", "n_embd", "n_positions", "vocab_size"])
def test_a_size_that_is_none_is_named(gpt2: Path, name: str, value: Any) -> None:
    change(gpt2, **{name: value})
    assert f"says {name} = {repr(value)[:40]}" in refused(gpt2)


@pytest.mark.parametrize("name", ["num_key_value_heads", "intermediate_size", "head_dim"])
def test_a_size_that_may_be_left_out_must_be_one_where_it_is_given(llama: Path, name: str) -> None:
    change(llama, **{name: -3})
    assert f"says {name} = -3" in refused(llama)


@pytest.mark.parametrize(
    ("name", "value", "there"),
    [("n_layer", 100_000, 2), ("n_layer", 3, 2), ("vocab_size", 10**12, 512), ("vocab_size", 511, 512),
     ("n_positions", 10**12, 128), ("n_embd", 32, 64)],
)  # fmt: skip
def test_more_than_there_are_weights_of_is_refused(gpt2: Path, name: str, value: int, there: int) -> None:
    change(gpt2, **{name: value})
    assert f"says {name} = {value}, but the weights beside it have {there}" in refused(gpt2)


def test_of_llamas_too(llama: Path) -> None:
    change(llama, num_hidden_layers=100_000)
    assert "num_hidden_layers = 100000, but the weights beside it have 2" in refused(llama)


def test_layers_by_any_other_name_are_at_most_as_many_as_tensors(gpt2: Path) -> None:
    save_file({"one": np.zeros(1, np.float32), "two": np.zeros(1, np.float32)}, gpt2 / "model.safetensors")
    change(gpt2, n_layer=2)
    check_config(gpt2)
    change(gpt2, n_layer=3)
    assert "have 2" in refused(gpt2)


def test_all_shards_count(llama: Path) -> None:
    from safetensors.numpy import load_file

    tensors = load_file(llama / "model.safetensors")
    (llama / "model.safetensors").unlink()
    weight_map = {}
    for name, tensor in tensors.items():
        weight_map[name] = file = f"model-{1 + ('layers.1.' in name)}.safetensors"
        shard = {key: value for key, value in tensors.items() if ("layers.1." in key) == ("layers.1." in name)}
        save_file(shard, llama / file)
        del tensor
    (llama / "model.safetensors.index.json").write_text(json.dumps({"weight_map": weight_map}))
    check_config(llama)
    change(llama, num_hidden_layers=3)
    assert "have 2" in refused(llama)


@pytest.mark.parametrize(
    ("fields", "whole", "part"),
    [({"num_key_value_heads": 3}, "num_attention_heads", "num_key_value_heads"),
     ({"num_attention_heads": 5, "num_key_value_heads": 5, "head_dim": None}, "hidden_size", "num_attention_heads")],
)  # fmt: skip
def test_heads_that_do_not_divide_are_refused(llama: Path, fields: dict[str, Any], whole: str, part: str) -> None:
    change(llama, **fields)
    sentence = refused(llama)
    assert f"says {whole} = " in sentence
    assert f"and {part} = " in sentence


def test_heads_of_a_width_of_their_own_need_not_divide(llama: Path) -> None:
    change(llama, num_attention_heads=5, num_key_value_heads=5, head_dim=16)
    check_config(llama)


def test_the_sizes_of_the_language_part_count(llama: Path) -> None:
    change(llama, num_hidden_layers=7, text_config={"num_hidden_layers": 2})
    check_config(llama)
    change(llama, text_config={"num_hidden_layers": 9})
    assert "= 9, but" in refused(llama)


def test_only_headers_are_read(gpt2: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = gpt2 / "model.safetensors"
    read, tensor_shapes = [], config_check.tensor_shapes

    def counted(path: Path) -> Any:
        with whole.open("r+b") as file:  # without the tensors the header is all there is
            n_bytes = int.from_bytes(file.read(8), "little")
            file.truncate(8 + n_bytes)
        read.append(path)
        return tensor_shapes(path)

    monkeypatch.setattr(config_check, "tensor_shapes", counted)
    check_config(gpt2)
    assert read == [whole]
