"""Is a file, or a model's folder, all there? By its hash where one is known, else by its own header."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from explorer.locales.messages import ExplorerError, Message
from explorer.models.model_files import read_header, read_json_object

_CHUNK_BYTES = 1 << 22

_WEIGHTS = "model.safetensors"
_INDEX = "model.safetensors.index.json"
_SETTINGS = ("generation_config.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json")
_TOKENIZER_FILES = (
    {"tokenizer.json"},
    {"vocab.json", "merges.txt"},
    {"tokenizer.model"},
    {"spiece.model"},
    {"sentencepiece.bpe.model"},
)
PICKLE_SUFFIXES = frozenset({".bin", ".ckpt", ".h5", ".msgpack", ".pkl", ".pt", ".pth"})
"""Weights that are code, or that no code of ours reads. They are never fetched and never opened."""


def sha256_of(path: Path, advance: Callable[[int], None] | None = None) -> str:
    """The SHA-256 of a file, in hex. ``advance`` is told the bytes read so far, and may raise."""
    return _digest(path, hashlib.sha256(), advance)


def git_sha1_of(path: Path) -> str:
    """The id git gives a file's content, in hex: how the hub names files that are not in large-file storage."""
    return _digest(path, hashlib.sha1(b"blob %d\0" % path.stat().st_size, usedforsecurity=False), None)


def _digest(path: Path, digest: hashlib._Hash, advance: Callable[[int], None] | None) -> str:
    done = 0
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
            done += len(chunk)
            if advance is not None:
                advance(done)
    return digest.hexdigest()


def is_whole_safetensors(path: Path) -> bool:
    """Whether the file is exactly as long as its header says. Reads the header only."""
    try:
        header, start = read_header(path)
        ends = [tensor["data_offsets"][1] for name, tensor in header.items() if name != "__metadata__"]
        return bool(ends) and start + max(ends) == path.stat().st_size
    except (OSError, ValueError, AttributeError, LookupError, TypeError):
        return False


def missing_part(folder: Path) -> Message | None:
    """What ``folder`` lacks to be a model that we can read, as a sentence; None when it has everything."""
    if not (folder / "config.json").is_file():
        return Message.of("folder-without-config", folder=str(folder))
    if not (folder / _WEIGHTS).is_file() and not (folder / _INDEX).is_file():
        pickled = any(file.suffix in PICKLE_SUFFIXES for file in folder.iterdir())
        return Message.of("folder-only-pickled" if pickled else "folder-without-weights", folder=str(folder))
    for weights in weight_files(folder):
        if not weights.is_file():
            return Message.of("folder-without-shard", folder=str(folder), file=weights.name)
    if not any(all((folder / name).is_file() for name in names) for names in _TOKENIZER_FILES):
        return Message.of("folder-without-tokenizer", folder=str(folder))
    return None


def weight_files(folder: Path) -> list[Path]:
    """The safetensors files that the model in ``folder`` consists of, there or not."""
    if (folder / _WEIGHTS).is_file():  # transformers, too, prefers the single file
        return [folder / _WEIGHTS]
    weight_map = (_json_object(folder / _INDEX) or {}).get("weight_map", {})
    names = {name for name in weight_map.values() if isinstance(name, str)} if isinstance(weight_map, dict) else set()
    return [folder / Path(name).name for name in sorted(names)]


def broken_files(folder: Path) -> list[Path]:
    """The files of the model in ``folder`` that are there but damaged: the wrong length, or no JSON."""
    needed = [path for path in (folder / "config.json", folder / _INDEX) if path.is_file()]
    settings = [path for path in (folder / name for name in _SETTINGS) if path.is_file()]  # may be empty
    weights = [path for path in weight_files(folder) if path.is_file()]
    return [
        *(path for path in needed if not _json_object(path)),
        *(path for path in settings if _json_object(path) is None),
        *(path for path in weights if not is_whole_safetensors(path)),
    ]


def is_ready(folder: Path) -> bool:
    """Whether a model can be read from ``folder``: nothing missing, nothing broken."""
    return missing_part(folder) is None and not broken_files(folder)


def _json_object(path: Path) -> dict[str, Any] | None:
    """The JSON object in a file, where there is one."""
    try:
        return read_json_object(path)
    except ExplorerError:
        return None
