"""Files that somebody else wrote: read, or refused in a sentence, quickly."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from explorer.locales import ExplorerError
from explorer.models import integrity
from explorer.models.model_files import (
    UntrustedJsonError,
    parse_json_object,
    read_bytes,
    read_json_object,
    read_optional,
    tensor_shapes,
)

NOT_OBJECTS = {
    "deep": b"[" * 100_000,
    "deep object": b'{"a":' * 100_000,
    "a list": b"[1]",
    "a number": b"1",
    "nothing": b"",
    "cut off": b'{"a": 1',
    "no UTF-8": b'{"a": "\xff"}',
    "NaN": b'{"a": NaN}',
    "infinity": b'{"a": [-Infinity]}',
    "endless number": b'{"a": ' + b"1" * 10_000 + b"}",
}


@pytest.mark.parametrize("data", NOT_OBJECTS.values(), ids=NOT_OBJECTS)
def test_what_is_no_json_object(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(UntrustedJsonError):
        parse_json_object(data)
    path = tmp_path / "config.json"
    path.write_bytes(data)
    for read in (read_json_object, read_optional):
        with pytest.raises(ExplorerError, match=r"“config\.json” in the folder .* is damaged"):
            read(path)


def test_what_is_one(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_text('{"a": {"b": [1, 2.5, "你", null]}}', encoding="utf-8")
    assert read_json_object(path) == {"a": {"b": [1, 2.5, "你", None]}}
    assert read_optional(tmp_path / "none.json") == {}
    with pytest.raises(ExplorerError, match="damaged"):
        read_json_object(tmp_path / "none.json")


def test_a_file_that_is_too_long_is_not_read_to_its_end(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_bytes(b" " * (1 << 20) + b"{}")
    assert read_bytes(path, max_bytes=2 << 20) == path.read_bytes()
    with pytest.raises(ExplorerError, match=r"has more than 1 MB"):
        read_bytes(path, max_bytes=1 << 20)


@pytest.mark.parametrize("header", NOT_OBJECTS.values(), ids=NOT_OBJECTS)
def test_a_header_that_is_no_json_object(tmp_path: Path, header: bytes) -> None:
    path = tmp_path / "model.safetensors"
    path.write_bytes(len(header).to_bytes(8, "little") + header)
    assert not integrity.is_whole_safetensors(path)
    with pytest.raises(ExplorerError, match="damaged"):
        tensor_shapes(path)


@pytest.mark.parametrize("entry", [{}, 7, {"shape": 7}, {"shape": ["x"]}, {"shape": [1.5]}, {"shape": None}], ids=str)
def test_a_header_without_shapes(tmp_path: Path, entry: object) -> None:
    path = tmp_path / "model.safetensors"
    header = json.dumps({"a": entry}).encode()
    path.write_bytes(len(header).to_bytes(8, "little") + header)
    with pytest.raises(ExplorerError, match="damaged"):
        tensor_shapes(path)


def test_settings_that_are_there_must_be_json(repository: Path, tmp_path: Path) -> None:
    settings = "generation_config.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json"
    for file in repository.iterdir():
        (tmp_path / file.name).symlink_to(file)
    for name in settings:
        (tmp_path / name).unlink(missing_ok=True)
        (tmp_path / name).write_text("{}")
        assert integrity.is_ready(tmp_path)
        (tmp_path / name).write_bytes(NOT_OBJECTS["deep"])
        assert integrity.broken_files(tmp_path) == [tmp_path / name]
        (tmp_path / name).write_text("{}")
