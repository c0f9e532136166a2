"""Files and folders that are whole, cut off, or something else altogether."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from explorer.models import integrity
from tests.model_repositories import hub_hash


@pytest.fixture
def folder(repository: Path, tmp_path: Path) -> Path:
    """A copy to damage."""
    return Path(shutil.copytree(repository, tmp_path / "copy"))


def shard(folder: Path) -> Path:
    """Replace the weights by two shards and an index; the second shard."""
    (folder / "model.safetensors").unlink()
    names = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"]
    for name in names:
        save_file({name: np.arange(8, dtype=np.float32)}, folder / name)
    index = {"metadata": {}, "weight_map": {name: name for name in names}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    return folder / names[1]


def missing(folder: Path) -> str | None:
    message = integrity.missing_part(folder)
    return message.id if message is not None else None


def test_a_whole_folder(folder: Path) -> None:
    assert integrity.is_ready(folder)
    shard(folder)
    assert integrity.is_ready(folder)


@pytest.mark.parametrize("change", [-1, 1, -100_000])
def test_weights_of_another_length_are_broken(folder: Path, change: int) -> None:
    weights = folder / "model.safetensors"
    content = weights.read_bytes()
    weights.write_bytes(content[:change] if change < 0 else content + b"\0" * change)
    assert integrity.broken_files(folder) == [weights]
    assert not integrity.is_ready(folder)


@pytest.mark.parametrize(
    "content",
    [b"", b"\x08", b"\xff" * 16, b"version https://git-lfs", (2).to_bytes(8, "little") + b"{}", b"\0" * 64],
    ids=["empty", "one byte", "endless header", "a pointer", "no tensors", "zeros"],
)
def test_no_safetensors_at_all(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "model.safetensors"
    path.write_bytes(content)
    assert not integrity.is_whole_safetensors(path)


def test_headers_that_are_json_but_no_header(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    for header in (b"[1]", b'{"a":1}', b'{"a":{"data_offsets":[]}}', b'{"a":{"data_offsets":[0,"x"]}}', b'"text"'):
        path.write_bytes(len(header).to_bytes(8, "little") + header)
        assert not integrity.is_whole_safetensors(path), header


def test_what_is_missing(folder: Path) -> None:
    second = shard(folder)
    assert missing(folder) is None
    second.unlink()
    assert missing(folder) == "folder-without-shard"
    (folder / "model.safetensors.index.json").unlink()
    assert missing(folder) == "folder-without-weights"
    (folder / "pytorch_model.bin").write_bytes(b"pickle")
    assert missing(folder) == "folder-only-pickled"
    (folder / "config.json").unlink()
    assert missing(folder) == "folder-without-config"


def test_a_tokenizer_is_needed(folder: Path) -> None:
    (folder / "tokenizer.json").unlink()
    assert missing(folder) == "folder-without-tokenizer"
    (folder / "vocab.json").write_text("{}")
    assert missing(folder) == "folder-without-tokenizer"
    (folder / "merges.txt").write_text("")
    assert missing(folder) is None


def test_a_broken_shard_config_or_index(folder: Path) -> None:
    second = shard(folder)
    second.write_bytes(second.read_bytes()[:-4])
    (folder / "config.json").write_text('{"model_type": "gp')
    assert integrity.broken_files(folder) == [folder / "config.json", second]


def test_an_index_cannot_point_outside(folder: Path, tmp_path: Path) -> None:
    shard(folder)
    index = {"weight_map": {"a": "../../model-outside.safetensors"}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    assert [path.parent for path in integrity.weight_files(folder)] == [folder]


def test_hashes_are_the_hubs(folder: Path) -> None:
    seen: list[int] = []
    weights = folder / "model.safetensors"
    assert integrity.sha256_of(weights, seen.append) == hub_hash(weights)
    assert seen[-1] == weights.stat().st_size
    assert integrity.git_sha1_of(folder / "config.json") == hub_hash(folder / "config.json")
