"""The files of a model, read as what they are: somebody else's data."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NoReturn

from explorer.locales.messages import ExplorerError
from explorer.models.user_files import read_at_most

MAX_JSON_BYTES = 16 << 20
"""The longest of these files seen, the index of a model in 160 shards, has 9 MB."""

MAX_HEADER_BYTES = 100_000_000
"""The safetensors format's own limit."""

Shapes = dict[str, tuple[int, ...]]


class UntrustedJsonError(ValueError):
    """Data that should be a JSON object and is none, or nested deeper than any that is meant well."""


def parse_json_object(data: bytes) -> dict[str, Any]:
    """The JSON object that ``data`` holds.

    Raises:
        UntrustedJsonError: it is none: other JSON, NaN or infinity, no UTF-8, nested deeper than Python's stack.
    """
    try:
        content = json.loads(data.decode("utf-8"), parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise UntrustedJsonError(str(error)) from error
    if not isinstance(content, dict):
        raise UntrustedJsonError(f"{type(content).__name__}, not an object")
    return content


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def read_bytes(path: Path, *, max_bytes: int = MAX_JSON_BYTES) -> bytes:
    """The content of one of a model's files.

    Raises:
        ExplorerError: it is too long, no regular file, or cannot be read.
    """
    try:
        data = read_at_most(path, max_bytes)
    except OSError as error:
        raise ExplorerError("folder-broken-file", folder=str(path.parent), file=path.name) from error
    if len(data) > max_bytes:
        raise ExplorerError("folder-file-too-long", folder=str(path.parent), file=path.name, most=max_bytes >> 20)
    return data


def read_json_object(path: Path) -> dict[str, Any]:
    """The JSON object in one of a model's files.

    Raises:
        ExplorerError: there is none, or it is too long.
    """
    try:
        return parse_json_object(read_bytes(path))
    except UntrustedJsonError as error:
        raise ExplorerError("folder-broken-file", folder=str(path.parent), file=path.name) from error


def read_optional(path: Path) -> dict[str, Any]:
    """As `read_json_object`; empty where there is no such file."""
    return read_json_object(path) if path.is_file() else {}


def read_header(path: Path) -> tuple[dict[str, Any], int]:
    """The header of a safetensors file as it stands there, and where in the file the tensors begin.

    Raises:
        UntrustedJsonError: it is damaged; an OSError where the file cannot be read.
    """
    with path.open("rb") as file:
        n_bytes = int.from_bytes(file.read(8), "little")
        if not 2 <= n_bytes <= min(MAX_HEADER_BYTES, path.stat().st_size - 8):
            raise UntrustedJsonError(f"a header of {n_bytes} bytes")
        return parse_json_object(file.read(n_bytes)), 8 + n_bytes


def tensor_shapes(path: Path) -> Shapes:
    """The name and shape of each tensor in a safetensors file, of which only the header is read.

    Raises:
        ExplorerError: the header is damaged.
    """
    try:
        entries = {name: entry for name, entry in read_header(path)[0].items() if name != "__metadata__"}
        shapes = {name: tuple(entry["shape"]) for name, entry in entries.items()}
        if not all(isinstance(size, int) for shape in shapes.values() for size in shape):
            raise UntrustedJsonError("a size that is no whole number")
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise ExplorerError("folder-broken-file", folder=str(path.parent), file=path.name) from error
    return shapes
