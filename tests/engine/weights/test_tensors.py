"""Tensors as safetensors' own reader finds them; and files that lie about themselves."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path
from typing import Any

import hypothesis
import hypothesis.strategies as st
import numpy as np
import pytest
import safetensors.torch
import torch
from safetensors import SafetensorError, safe_open

from explorer.engine.weights.safetensors_header import HeaderError, read_header
from explorer.engine.weights.tensors import MissingTensor, open_tensors
from explorer.locales import ExplorerError
from tests.engine.weights.conftest import some_tensors, write_model, write_raw

DTYPES = {"F64": torch.float64, "F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16}


@pytest.mark.parametrize("stored", DTYPES)
@pytest.mark.parametrize("wanted", ["float32", "float64"])
def test_numbers_are_those_that_torch_reads(folder: Path, stored: str, wanted: str) -> None:
    """All 65,536 patterns of 16 bits, NaN, infinities and subnormal numbers among them, and some wider ones."""
    bits = torch.arange(-(2**15), 2**15, dtype=torch.int16)
    numbers = bits.view(DTYPES[stored]) if stored in ("F16", "BF16") else torch.randn(300, dtype=DTYPES[stored])
    safetensors.torch.save_file({"a": numbers.reshape(4, -1), "b": numbers[:7].clone()}, folder / "model.safetensors")
    found = open_tensors(folder).arrays(wanted)
    assert list(found) == ["a", "b"]
    for name, tensor in safetensors.torch.load_file(folder / "model.safetensors").items():
        expected = tensor.to(getattr(torch, wanted)).numpy()
        assert found[name].dtype == wanted
        np.testing.assert_array_equal(found[name], expected)


def test_what_has_the_right_dtype_is_mapped(folder: Path) -> None:
    tensors = open_tensors(folder)
    array = tensors["wte.weight"].array("float32")
    assert tensors.is_mapped(array)
    assert tensors.is_mapped(array[3:])
    assert not array.flags.writeable
    assert not tensors.is_mapped(array.T), "in another order"
    assert not tensors.is_mapped(array.copy())
    assert not tensors.is_mapped(tensors["wte.weight"].array("float64"))


def test_an_unaligned_file_is_read_but_not_mapped(folder: Path) -> None:
    header = b'{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}'
    header += b" " * (-len(header) % 8 + 1)  # files of the first versions of the format begin anywhere
    write_raw(folder / "model.safetensors", header, np.float32([1.5, -2]).tobytes())
    tensors = open_tensors(folder)
    assert tensors["a"].array("float32").tolist() == [1.5, -2]
    assert not tensors.is_mapped(tensors["a"].array("float32"))


def test_shards_are_one_model(tmp_path: Path) -> None:
    expected = some_tensors("")
    found = open_tensors(write_model(tmp_path / "shards", some_tensors(), n_shards=3)).arrays("float32")
    assert set(found) == set(expected)
    for name, array in expected.items():
        np.testing.assert_array_equal(found[name], array)


@pytest.mark.parametrize("prefix", ["", "transformer.", "model."])
def test_names_are_those_of_the_base_model(tmp_path: Path, prefix: str) -> None:
    tensors = open_tensors(write_model(tmp_path / "model", some_tensors(prefix)))
    assert "h.0.q" in tensors
    assert "h.0.q" in tensors.arrays("float32")
    with pytest.raises(MissingTensor, match=r"h\.9\.q"):
        tensors.arrays("float32")["h.9.q"]


def test_a_tensor_under_both_names_is_refused(tmp_path: Path) -> None:
    folder = write_model(tmp_path / "model", {**some_tensors("model."), **some_tensors("")})
    with pytest.raises(ExplorerError, match="damaged or cut off"):
        open_tensors(folder)


def test_other_dtypes_are_refused_by_name_when_they_are_asked_for(folder: Path) -> None:
    tensors = {"codes": np.arange(4, dtype=np.int64), "scale": np.float32([1])}
    write_model(folder, tensors)  # type: ignore[arg-type]
    opened = open_tensors(folder)
    assert opened["scale"].array("float32") == [1]
    with pytest.raises(ExplorerError, match=r"“codes”.* I64, and only F64, F32, F16, BF16"):
        opened["codes"].array("float32")


def tensor(shape: Any = (2,), offsets: Any = (0, 8), dtype: Any = "F32") -> dict[str, Any]:
    return {"dtype": dtype, "shape": shape, "data_offsets": offsets}


HOSTILE = {
    "nested": (b"[" * 100_000, "nested"),
    "nested in a tensor": (b'{"a":' * 100_000, "nested"),
    "no JSON": (b'{"a":', "no JSON"),
    "no UTF-8": (b'{"\xff":1}', "no JSON"),
    "a list": ([tensor()], "no JSON object"),
    "nothing": ({}, "do not fill"),
    "metadata only": ({"__metadata__": {}}, "do not fill"),
    "a number": ({"a": 1}, "not described"),
    "no shape": ({"a": {"dtype": "F32", "data_offsets": [0, 8]}}, "not described"),
    "three offsets": ({"a": tensor(offsets=[0, 4, 8])}, "not described"),
    "dtype": ({"a": tensor(dtype="F31")}, "unknown dtype 'F31'"),
    "negative shape": ({"a": tensor(shape=[-1, -2])}, "impossible"),
    "true": ({"a": tensor(shape=[True, 2])}, "impossible"),
    "fractions": ({"a": tensor(shape=[2.0])}, "impossible"),
    "infinity": (b'{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,1e999]}}', "impossible"),
    "many sides": ({"a": tensor(shape=[1] * 9 + [2])}, "impossible"),
    "huge": ({"a": tensor(shape=[2**62, 2**62], offsets=[0, 2**126])}, "too large"),
    "huge and empty": ({"a": tensor(shape=[2**62, 0], offsets=[0, 0]), "b": tensor()}, "too large"),
    "4,000 digits": (b'{"a":{"dtype":"F32","shape":[' + b"9" * 4000 + b'],"data_offsets":[0,8]}}', "too large"),
    "5,000 digits": (b'{"a":{"dtype":"F32","shape":[' + b"9" * 5000 + b'],"data_offsets":[0,8]}}', "no JSON"),
    "size": ({"a": tensor(shape=[3])}, "another size"),
    "backwards": ({"a": tensor(shape=[0], offsets=[8, 0])}, "another size"),
    "beyond the file": ({"a": tensor(shape=[4], offsets=[0, 16])}, "do not fill"),
    "before the end": ({"a": tensor(shape=[1], offsets=[0, 4])}, "do not fill"),
    "from later on": ({"a": tensor(shape=[1], offsets=[4, 8])}, "do not fill"),
    "overlap": ({"a": tensor(shape=[1], offsets=[0, 4]), "b": tensor()}, "overlaps"),
    "gap": ({"a": tensor([1], [0, 1], "U8"), "b": tensor([1], [4, 8])}, "gap"),
    "name twice": (b'{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"a":{}}', "twice"),
    "field twice": (b'{"a":{"dtype":"F32","dtype":"I32","shape":[2],"data_offsets":[0,8]}}', "twice"),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_a_header_that_lies_is_refused_for_what_it_is(folder: Path, case: str) -> None:
    header, reason = HOSTILE[case]
    file = write_raw(folder / "model.safetensors", header, bytes(8))  # type: ignore[arg-type]
    with pytest.raises(HeaderError, match=reason), file.open("rb") as opened:
        read_header(opened)
    with pytest.raises(ExplorerError, match=r"“model.safetensors”.* damaged or cut off"):
        open_tensors(folder)


@pytest.mark.parametrize("content", [b"", b"\x08", b"\xff" * 16, b"\0" * 64, b"version https://git-lfs"])
def test_no_safetensors_at_all(folder: Path, content: bytes) -> None:
    (folder / "model.safetensors").write_bytes(content)
    with pytest.raises(ExplorerError, match="damaged or cut off"):
        open_tensors(folder)


@hypothesis.given(st.data())
def test_what_is_accepted_is_what_safetensors_accepts(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """A sound header with a few bytes changed."""
    sound = json.dumps({"a": tensor(), "b": tensor([2, 2], [8, 16], "F16"), "__metadata__": {"x": "y"}}).encode()
    header = bytearray(sound)
    for _ in range(data.draw(st.integers(0, 3))):
        header[data.draw(st.integers(0, len(sound) - 1))] = data.draw(st.sampled_from(b'0123456789[]{},:"FUI'))
    content = len(header).to_bytes(8, "little") + bytes(header) + bytes(16)
    try:
        entries = read_header(io.BytesIO(content))
    except HeaderError:
        return
    file = tmp_path_factory.mktemp("file") / "a.safetensors"
    file.write_bytes(content)
    try:
        with safe_open(file, "numpy") as opened:
            expected = {name: tuple(opened.get_slice(name).get_shape()) for name in opened.keys()}  # noqa: SIM118
    except SafetensorError as error:
        pytest.fail(f"{bytes(header)!r}: {error}")
    assert {entry.name: entry.shape for entry in entries} == expected


@pytest.mark.parametrize(
    "index",
    [
        "[" * 100_000,
        "[]",
        "{}",
        '{"weight_map": []}',
        '{"weight_map": {}}',
        '{"weight_map": {"a": 1}}',
        '{"weight_map": {"a": []}}',
        '{"weight_map": {"a": "../model-00000.safetensors"}}',
        '{"weight_map": {"a": ""}}',
    ],
)
def test_an_index_that_cannot_be(tmp_path: Path, index: str) -> None:
    folder = write_model(tmp_path / "shards", some_tensors(), n_shards=2)
    (folder / "model.safetensors.index.json").write_text(index)
    with pytest.raises(ExplorerError, match=r"index.json”.* damaged or cut off"):
        open_tensors(folder)


def test_a_missing_or_cut_shard(tmp_path: Path) -> None:
    folder = write_model(tmp_path / "shards", some_tensors(), n_shards=2)
    shard = folder / "model-00001.safetensors"
    shard.write_bytes(shard.read_bytes()[:-4])
    with pytest.raises(ExplorerError, match=re.escape(f"“{shard.name}” in the folder")):
        open_tensors(folder)
    shard.unlink()
    with pytest.raises(ExplorerError, match=f"lacks “{shard.name}”"):
        open_tensors(folder)
    (folder / "model.safetensors.index.json").unlink()
    with pytest.raises(ExplorerError, match=r"has no model\.safetensors"):
        open_tensors(folder)
