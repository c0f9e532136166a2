"""A cache of our own for every test here, and small folders of weights that no model need be made for."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from explorer.engine.weights.prepared_weights import Layout
from explorer.language_model.trace import Floats

CONFIG = {"model_type": "tiny", "n_layer": 2, "layer_norm_epsilon": 1e-5, "transformers_version": "5.23.0"}


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The cache folder, for us and for the processes we start; not there yet."""
    monkeypatch.setenv("EXPLORER_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A model's folder with tensors of 5 to 1,500 numbers, some larger than a sample of the checksum."""
    return write_model(tmp_path / "model", some_tensors())


def some_tensors(prefix: str = "transformer.", dtype: str = "float32") -> dict[str, Floats]:
    random = np.random.default_rng(1)
    shapes = {
        "wte.weight": (50, 30),
        "ln_f.weight": (30,),
        "h.0.q": (5, 7),
        "h.0.k": (3, 7),
        "h.1.q": (5, 7),
        "h.1.k": (3, 7),
    }
    return {prefix + name: random.standard_normal(shape).astype(dtype) for name, shape in shapes.items()}


def write_model(
    folder: Path, tensors: Mapping[str, Floats], config: Mapping[str, Any] = CONFIG, n_shards: int = 0
) -> Path:
    """A folder as `save_pretrained` lays it out: one file of weights, or ``n_shards`` and an index."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config))
    if not n_shards:
        save_file(dict(tensors), folder / "model.safetensors", metadata={"format": "pt"})
        return folder
    files = {name: f"model-{i % n_shards:05}.safetensors" for i, name in enumerate(tensors)}
    for file in set(files.values()):
        save_file({name: tensors[name] for name in tensors if files[name] == file}, folder / file)
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": files}))
    return folder


def write_raw(file: Path, header: bytes | Mapping[str, Any], data: bytes = b"") -> Path:
    """A safetensors file with whatever header one likes."""
    content = header if isinstance(header, bytes) else json.dumps(header).encode()
    file.write_bytes(len(content).to_bytes(8, "little") + content + data)
    return file


def joined(weights: Mapping[str, Floats]) -> Iterable[tuple[str, Floats]]:
    """q and k of each layer in one matrix, the embedding transposed."""
    yield "embedding", weights["wte.weight"].T
    for i in range(2):
        yield f"qk.{i}", np.concatenate([weights[f"h.{i}.q"], weights[f"h.{i}.k"]])
    yield "norm", weights["ln_f.weight"]


def picked(weights: Mapping[str, Floats]) -> Iterable[tuple[str, Floats]]:
    """Nothing but what lies in the file, and a part of it."""
    yield "embedding", weights["wte.weight"]
    yield "half", weights["h.0.q"][2:]


JOINED = Layout("joined", 1, joined)
PICKED = Layout("picked", 1, picked)


def expected(folder: Path) -> dict[str, Floats]:
    """What `JOINED` makes, from safetensors' own reader."""
    read = load_file(folder / "model.safetensors")
    return dict(JOINED.arrange({name.removeprefix("transformer."): array for name, array in read.items()}))


def require_equal(found: Mapping[str, Floats], wanted: Mapping[str, Floats]) -> None:
    assert list(found) == list(wanted)
    for name, array in found.items():
        np.testing.assert_array_equal(array, wanted[name])
        assert not array.flags.writeable
