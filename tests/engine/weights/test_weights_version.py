"""One name for the same weights, however they are stored; another for others."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from explorer.engine.weights import weights_version as module
from explorer.engine.weights.weights_cache import known_folders
from explorer.engine.weights.weights_version import weights_version
from explorer.locales import ExplorerError
from explorer.models.bundled import ASSETS
from tests.engine.weights.conftest import CONFIG, some_tensors, write_model

GPT2_MINI = "e04511b0c78212b6be824dff0512e67793f700178f7e912aaf249980b0c7403c"


@pytest.fixture
def n_read(monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    """How many tensors were hashed so far."""
    described: list[str] = []
    hash_it = module._described
    monkeypatch.setattr(module, "_described", lambda tensor: (described.append(tensor.name), hash_it(tensor))[1])
    return lambda: len(described)


def test_of_the_bundled_model_on_every_machine() -> None:
    assert weights_version(ASSETS / "gpt2-mini") == GPT2_MINI


def test_by_its_definition(tmp_path: Path) -> None:
    a, b = np.float16([3]), np.float32([[1, 2]])
    folder = write_model(tmp_path / "model", {"b": b, "model.a": a}, {"n": 1, "dtype": 2})

    def line(content: Any) -> bytes:
        return json.dumps(content, separators=(",", ":")).encode() + b"\n"

    sums = [hashlib.sha256(tensor.tobytes()).hexdigest() for tensor in (a, b)]
    expected = line([1, {"n": 1}]) + line(["a", "F16", [1], sums[0]]) + line(["b", "F32", [1, 2], sums[1]])
    assert weights_version(folder) == hashlib.sha256(expected).hexdigest()


def head_of(tensors: dict[str, Any], factor: float = 1) -> dict[str, Any]:
    return {**tensors, "lm_head.weight": tensors["transformer.wte.weight"] * np.float32(factor)}


MASKS = {"transformer.h.0.attn.bias": np.ones((9, 9)), "transformer.h.0.attn.masked_bias": np.ones(1)}
FROM_ELSEWHERE = {"torch_dtype": "float32", "_name_or_path": "/x", **CONFIG, "transformers_version": "4.1"}

SAME = {
    "copied": lambda to: write_model(to, some_tensors()),
    "in another order": lambda to: write_model(to, dict(reversed(some_tensors().items()))),
    "in shards": lambda to: write_model(to, some_tensors(), n_shards=3),
    "without prefix": lambda to: write_model(to, some_tensors("")),
    "with the other prefix": lambda to: write_model(to, some_tensors("model.")),
    "with its tied head": lambda to: write_model(to, head_of(some_tensors())),
    "with masks": lambda to: write_model(to, {**some_tensors(), **MASKS}),
    "by another version": lambda to: write_model(to, some_tensors(), FROM_ELSEWHERE),
    "config in another order": lambda to: write_model(to, some_tensors(), dict(reversed(CONFIG.items()))),
}


def changed(**tensors: Any) -> dict[str, Any]:
    """The tensors, with others under the names of these, dots for double underscores."""
    return {**some_tensors(), **{f"transformer.{name.replace('__', '.')}": array for name, array in tensors.items()}}


NORM, Q0, Q1 = (some_tensors("")[name] for name in ("ln_f.weight", "h.0.q", "h.1.q"))

OTHER = {
    "a number": lambda to: write_model(to, changed(ln_f__weight=NORM * np.float32(1.0000001))),
    "two exchanged": lambda to: write_model(to, changed(h__0__q=Q1, h__1__q=Q0)),
    "a shape": lambda to: write_model(to, changed(h__0__q=Q0.reshape(7, 5))),
    "a dtype": lambda to: write_model(to, changed(h__0__q=Q0.astype("float64"))),
    "a dtype of the same bytes": lambda to: write_model(to, changed(h__0__q=Q0.view("int32"))),
    "one tensor more": lambda to: write_model(to, changed(bias=NORM)),
    "a name": lambda to: write_model(to, {name.replace("ln_f", "ln_g"): each for name, each in some_tensors().items()}),
    "its own head": lambda to: write_model(to, head_of(some_tensors(), 2)),
    "epsilon": lambda to: write_model(to, some_tensors(), {**CONFIG, "layer_norm_epsilon": 1e-6}),
    "a field nobody knows": lambda to: write_model(to, some_tensors(), {**CONFIG, "soft_cap": 30.0}),
    "a field deeper down": lambda to: write_model(to, some_tensors(), {**CONFIG, "rope": {"theta": 1.0}}),
}


@pytest.mark.parametrize("case", SAME)
def test_the_same_weights(folder: Path, tmp_path: Path, case: str) -> None:
    assert weights_version(SAME[case](tmp_path / "other")) == weights_version(folder)


@pytest.mark.parametrize("case", OTHER)
def test_other_weights(folder: Path, tmp_path: Path, case: str) -> None:
    assert weights_version(OTHER[case](tmp_path / "other")) != weights_version(folder)


def test_it_is_computed_once_while_the_files_stand(folder: Path, n_read: Callable[[], int]) -> None:
    first = weights_version(folder)
    assert n_read() == 6
    assert weights_version(folder) == weights_version(folder.parent / "." / folder.name) == first
    assert n_read() == 6, "the files stand as they did"
    for i, file in enumerate([folder / "model.safetensors", folder / "config.json"]):
        os.utime(file)
        assert weights_version(folder) == first
        assert n_read() == 12 + 6 * i, f"{file.name} may be another one"
    (folder / "config.json").write_text(json.dumps({**CONFIG, "n_layer": 3}))
    assert weights_version(folder) != first


def test_a_fine_tune_in_the_same_place_gets_its_own(folder: Path) -> None:
    first = weights_version(folder)
    tuned = {name: array + np.float32(0.01) for name, array in some_tensors().items()}
    write_model(folder, tuned)
    second = weights_version(folder)
    assert second != first
    write_model(folder, some_tensors())
    assert weights_version(folder) == first


def test_a_single_file_put_beside_shards_counts(tmp_path: Path) -> None:
    folder = write_model(tmp_path / "model", some_tensors(), n_shards=2)
    first = weights_version(folder)
    write_model(folder, head_of(some_tensors(), 2))  # as transformers would, we read this one now
    assert weights_version(folder) != first


@pytest.mark.parametrize(
    "damage",
    [
        lambda record: "",
        lambda record: "[" * 100_000,
        lambda record: json.dumps(record)[:-9],
        lambda record: json.dumps([record]),
        lambda record: json.dumps({**record, "definition": 0}),
        lambda record: json.dumps({**record, "files": []}),
        lambda record: json.dumps({**record, "weights_version": "../../x"}),
        lambda record: json.dumps({**record, "weights_version": None}),
    ],
)
def test_an_odd_record_is_not_trusted(folder: Path, n_read: Callable[[], int], damage: Callable[[Any], str]) -> None:
    first = weights_version(folder)
    (record,) = known_folders().folder.iterdir()
    record.write_text(damage(json.loads(record.read_text())))
    assert weights_version(folder) == first
    assert n_read() == 12


def test_without_a_cache_it_is_computed_each_time(folder: Path, cache: Path, n_read: Callable[[], int]) -> None:
    cache.write_text("a file, where the folder should be")
    assert weights_version(folder) == weights_version(folder)
    assert n_read() == 12


def test_files_written_to_meanwhile(folder: Path) -> None:
    with pytest.raises(ExplorerError, match="were written to while they were read"):
        weights_version(folder, report=lambda _: os.utime(folder / "model.safetensors"))
    assert not list(known_folders().folder.glob("*"))


def test_progress_counts_bytes(folder: Path) -> None:
    seen = []
    weights_version(folder, name="tiny", report=seen.append)
    assert str(seen[0].message).startswith("tiny: reading all weights")
    n_bytes = sum(array.nbytes for array in some_tensors().values())
    assert seen[0].done == 0
    assert 0 < seen[-1].done < seen[-1].total == n_bytes


@pytest.mark.parametrize(
    ("config", "sentence"),
    [("[" * 100_000, "damaged"), ("[]", "damaged"), ("{", "damaged"), (None, "no config")],
)
def test_a_config_that_is_none(folder: Path, config: str | None, sentence: str) -> None:
    (folder / "config.json").unlink()
    if config is not None:
        (folder / "config.json").write_text(config)
    with pytest.raises(ExplorerError, match=sentence):
        weights_version(folder)


def test_a_moved_folder_keeps_its_version(folder: Path) -> None:
    first = weights_version(folder)
    assert weights_version(Path(shutil.move(folder, folder.with_name("moved")))) == first


def test_a_config_as_deep_as_the_parser_allows(folder: Path) -> None:
    for depth in range(100, 1100, 50):  # where reading ends and going through it does not yet
        (folder / "config.json").write_text('{"a":' * depth + "1" + "}" * depth)
        with suppress(ExplorerError):
            weights_version(folder)
