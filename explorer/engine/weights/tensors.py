"""`open_tensors`: the tensors of a model's folder by name, mapped into memory as they lie in its safetensors files."""

from __future__ import annotations

import json
import mmap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from explorer.engine.weights.safetensors_header import HeaderError, TensorEntry, read_header
from explorer.language_model.trace import Floats
from explorer.locales import ExplorerError

CONFIG = "config.json"
WEIGHTS = "model.safetensors"
INDEX = "model.safetensors.index.json"
MAX_JSON_BYTES = 16 << 20

BASE_PREFIXES = ("transformer.", "model.")
"""What `save_pretrained` of a causal language model puts before the names of its base model. Files of the base model
alone, such as GPT-2's on the hub, lack it: names are taken without it."""

STORED_AS = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "<u2"}
"""The dtypes that are read, and how numpy sees their bytes. BF16 is the upper half of a float32."""

MappedBytes = NDArray[np.uint8]


class MissingTensor(KeyError):
    """A tensor that the files lack; its only argument is the name."""


@dataclass(frozen=True, eq=False)
class Tensor:
    """A tensor as it lies in its file: ``dtype`` as safetensors writes it, ``content`` its bytes, mapped, read-only."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    file: Path
    content: MappedBytes

    def array(self, dtype: str) -> Floats:
        """It in ``float32`` or ``float64``: the mapped file itself, read-only, where that is its dtype, else a copy.

        Raises:
            ExplorerError: its dtype is none that we read.
        """
        if self.dtype not in STORED_AS:
            known = ", ".join(STORED_AS)
            raise ExplorerError(
                "tensor-unknown-dtype", tensor=self.name[:80], file=str(self.file), dtype=self.dtype, known=known
            )
        stored = self.content.view(STORED_AS[self.dtype]).reshape(self.shape)
        if self.dtype == "BF16":
            stored = (stored.astype(np.uint32) << 16).view(np.float32)
        # A float64 may not fit, a NaN is a NaN: `Trace` says so of logits that are not numbers.
        with np.errstate(over="ignore", invalid="ignore"):
            return stored.astype(dtype, copy=False)


class Tensors(Mapping[str, Tensor]):
    """The tensors of a folder, by their names in the base model (``h.0.attn.c_attn.weight``)."""

    def __init__(self, tensors: dict[str, Tensor], files: tuple[MappedBytes, ...]) -> None:
        self._tensors = tensors
        self._files = files

    def __getitem__(self, name: str) -> Tensor:
        try:
            return self._tensors[name]
        except KeyError:
            raise MissingTensor(name) from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._tensors)

    def __len__(self) -> int:
        return len(self._tensors)

    def arrays(self, dtype: str) -> TensorArrays:
        """The same tensors as arrays of ``float32`` or ``float64``, each read when it is asked for."""
        return TensorArrays(self, dtype)

    def is_mapped(self, array: Floats) -> bool:
        """Whether ``array`` is a piece of a mapped file as it lies there: nothing was computed or copied."""
        as_it_lies = array.flags.c_contiguous and array.flags.aligned
        return as_it_lies and any(np.may_share_memory(array, file) for file in self._files)


class TensorArrays(Mapping[str, Floats]):
    """`Tensors` as arrays of one dtype, see `Tensor.array`."""

    def __init__(self, tensors: Tensors, dtype: str) -> None:
        self._tensors = tensors
        self.dtype = dtype

    def __getitem__(self, name: str) -> Floats:
        return self._tensors[name].array(self.dtype)

    def __iter__(self) -> Iterator[str]:
        return iter(self._tensors)

    def __len__(self) -> int:
        return len(self._tensors)

    def __contains__(self, name: object) -> bool:
        return name in self._tensors  # `Mapping` would read it to find out


def open_tensors(folder: Path) -> Tensors:
    """The tensors of ``model.safetensors``, or of the files that ``model.safetensors.index.json`` names.

    Reads the headers only.

    Raises:
        ExplorerError: a file is missing, damaged or cut off, or cannot be opened.
    """
    found: dict[str, Tensor] = {}
    files: list[MappedBytes] = []
    for file in weight_files(folder):
        content, entries = _map_file(folder, file)
        files.append(content)
        for entry in entries:
            name = base_name(entry.name)
            if name in found:
                raise _broken(folder, file) from HeaderError(f"{name!r:.80} stands there twice")
            found[name] = Tensor(name, entry.dtype, entry.shape, file, content[entry.begin : entry.end])
    return Tensors(found, tuple(files))


def weight_files(folder: Path) -> tuple[Path, ...]:
    """The safetensors files that the model in ``folder`` consists of; all of them are there.

    Raises:
        ExplorerError: one is missing, or the index that lists them is damaged.
    """
    if (folder / WEIGHTS).is_file():  # transformers, too, prefers the single file
        return (folder / WEIGHTS,)
    if not (folder / INDEX).is_file():
        raise ExplorerError("folder-without-weights", folder=str(folder))
    weight_map = read_json_object(folder, INDEX).get("weight_map")
    names = set(weight_map.values()) if isinstance(weight_map, dict) and _all_text(weight_map) else set()
    if not all(names) or not names or any(Path(name).name != name for name in names):  # none may lie elsewhere
        raise _broken(folder, folder / INDEX)
    for name in sorted(names):
        if not (folder / name).is_file():
            raise ExplorerError("folder-without-shard", folder=str(folder), file=name)
    return tuple(folder / name for name in sorted(names))


def read_json_object(folder: Path, name: str) -> dict[str, Any]:
    """The JSON object in a file of a model.

    Raises:
        ExplorerError: it is none, or larger than any that describes a model.
    """
    file = folder / name
    try:
        with file.open("rb") as opened:
            content = opened.read(MAX_JSON_BYTES + 1)
        described = json.loads(content.decode("utf-8")) if len(content) <= MAX_JSON_BYTES else None
    except (OSError, ValueError, RecursionError) as error:
        raise _broken(folder, file) from error
    if not isinstance(described, dict):
        raise _broken(folder, file)
    return described


def base_name(name: str) -> str:
    """The name of a tensor in the base model, see `BASE_PREFIXES`."""
    for prefix in BASE_PREFIXES:
        if name.startswith(prefix):
            return name.removeprefix(prefix)
    return name


def map_read_only(file: Path) -> MappedBytes:
    """(n_bytes,) the file as memory. Processes that map the same file share it, and it outlives the file's name.

    A plain array over `mmap`, not `numpy.memmap`, whose subclass costs time in every operation.
    """
    with file.open("rb") as opened:
        return np.frombuffer(mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ), np.uint8)


def _map_file(folder: Path, file: Path) -> tuple[MappedBytes, tuple[TensorEntry, ...]]:
    try:
        with file.open("rb") as opened:
            entries = read_header(opened)
        content = map_read_only(file)
    except HeaderError as error:
        raise _broken(folder, file) from error
    except OSError as error:
        reason = error.strerror or str(error)
        raise ExplorerError("model-unreadable", name=str(file), reason=reason) from error
    if len(content) != entries[-1].end:
        raise _broken(folder, file)
    return content, entries


def _all_text(weight_map: dict[str, Any]) -> bool:
    return all(isinstance(name, str) for name in weight_map.values())


def _broken(folder: Path, file: Path) -> ExplorerError:
    return ExplorerError("folder-broken-file", folder=str(folder), file=file.name)
