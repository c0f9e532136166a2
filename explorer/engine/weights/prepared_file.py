"""The file of prepared weights: arrays as a forward pass reads them, to be mapped into memory.

::

    64 bytes    MAGIC, FORMAT (8 bytes, little-endian), zeros
    arrays      each from a multiple of 64 bytes on, C order, little-endian
    table       JSON: what the arrays are of, and name, shape, place and checksums of each
    48 bytes    length of the table (8 bytes), its SHA-256, MAGIC

The table comes last, so that the arrays are written as they are made. The time of the file (mtime) is set to a time the
table names: while the two agree nobody wrote to the file, and opening it looks at the ends of each array only. Where
they differ (it was copied, or changed) every byte is looked at. Checksums are CRC-32: against accidents, not against
people who may write into the cache of another.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import time
import zlib
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from explorer.engine.weights.tensors import MappedBytes, map_read_only
from explorer.language_model.trace import Floats

MAGIC = b"NTEXPWTS"
FORMAT = 1
ALIGNMENT = 64  # a line of the processor's cache
SAMPLE_BYTES = 4096
_END_BYTES = 8 + 32 + len(MAGIC)
_TIME_STEP = 2 * 10**9  # nanoseconds; the coarsest time of a file system (FAT's)


class UnusableFile(ValueError):
    """Prepared weights that cannot be used, and are to be made anew; the reason is for the log."""


class DamagedFile(UnusableFile):
    """They were cut off or changed."""


class OutdatedFile(UnusableFile):
    """They are of another format, layout or model than is asked for."""


@dataclass(frozen=True)
class Contents:
    """What prepared weights are of; ``dtype`` is ``float32`` or ``float64``."""

    weights_version: str
    dtype: str
    layout: str
    layout_version: int


@dataclass(frozen=True)
class _Row:
    """A row of the table: where an array lies, and the CRC-32 of its two ends and of all of it."""

    name: str
    shape: tuple[int, ...]
    offset: int
    ends: int
    whole: int


def write_prepared(file: Path, contents: Contents, arrays: Iterable[tuple[str, Floats]]) -> None:
    """Write a new file. The arrays are taken one after the other, and none is kept."""
    modified = time.time_ns() // _TIME_STEP * _TIME_STEP
    with file.open("xb") as opened:
        opened.write(MAGIC + FORMAT.to_bytes(8, "little"))
        rows = [_append(opened, name, array, contents.dtype) for name, array in arrays]
        described = {"contents": asdict(contents), "mtime_ns": modified, "arrays": [asdict(row) for row in rows]}
        table = json.dumps(described, separators=(",", ":")).encode("ascii")
        opened.write(table + len(table).to_bytes(8, "little") + hashlib.sha256(table).digest() + MAGIC)
        opened.flush()
        os.fsync(opened.fileno())  # else a power cut can leave a file of the right length, full of zeros
    os.utime(file, ns=(time.time_ns(), modified))


def open_prepared(file: Path, contents: Contents) -> dict[str, Floats] | None:
    """The arrays by name, in the order in which they lie, mapped and read-only; None where there is no file.

    Raises:
        UnusableFile: it is damaged, or of something else than ``contents``.
    """
    try:
        modified = file.stat().st_mtime_ns
        mapped = map_read_only(file)
    except FileNotFoundError:
        return None
    except ValueError:  # mmap's answer to an empty file
        raise DamagedFile("empty") from None
    table = _table(mapped)
    try:
        if table["contents"] != asdict(contents):
            raise OutdatedFile(f"{table['contents']}")
        rows = [_Row(**row) for row in table["arrays"]]
        arrays = {row.name: _view(mapped, row, contents.dtype) for row in rows}
        unchanged = modified == table["mtime_ns"]
    except OutdatedFile:
        raise
    except (LookupError, OverflowError, TypeError, ValueError) as error:
        raise DamagedFile(f"table: {error}") from error
    for row in rows:
        content = _bytes_of(arrays[row.name])
        if _ends(content) != row.ends or not (unchanged or zlib.crc32(content.data) == row.whole):
            raise DamagedFile(f"checksum of {row.name}")
    with suppress(OSError):  # it may be somebody else's
        os.utime(file, ns=(time.time_ns(), table["mtime_ns"]))  # the access time says when it was last used
    return arrays


def _append(opened: BinaryIO, name: str, array: Floats, dtype: str) -> _Row:
    opened.write(bytes(-opened.tell() % ALIGNMENT))
    offset = opened.tell()
    content = _bytes_of(np.ascontiguousarray(array, np.dtype(dtype).newbyteorder("<")))
    opened.write(content.data)
    return _Row(name, array.shape, offset, _ends(content), zlib.crc32(content.data))


def _table(mapped: MappedBytes) -> dict[str, Any]:
    """The table, which is as it was written.

    Raises:
        UnusableFile: this is no file of ours, or one of another format, or it was cut off.
    """
    start = mapped[: len(MAGIC) + 8].tobytes()
    if start[: len(MAGIC)] != MAGIC:
        raise DamagedFile("start")
    if int.from_bytes(start[len(MAGIC) :], "little") != FORMAT:
        raise OutdatedFile(f"format {start[len(MAGIC) :].hex()}")
    end = mapped[-_END_BYTES:].tobytes()
    if not end.endswith(MAGIC):
        raise DamagedFile("end")
    table_start = len(mapped) - _END_BYTES - int.from_bytes(end[:8], "little")
    if table_start < 0:
        raise DamagedFile("length of the table")
    content = mapped[table_start : len(mapped) - _END_BYTES].tobytes()
    if hashlib.sha256(content).digest() != end[8:40]:
        raise DamagedFile("checksum of the table")
    table: dict[str, Any] = json.loads(content)
    return table


def _view(mapped: MappedBytes, row: _Row, dtype: str) -> Floats:
    stored = np.dtype(dtype).newbyteorder("<")
    view: Floats = np.frombuffer(mapped, stored, math.prod(row.shape), row.offset).reshape(row.shape)
    return view


def _bytes_of(array: Floats) -> MappedBytes:
    return array.reshape(-1).view(np.uint8)


def _ends(content: MappedBytes) -> int:
    return zlib.crc32(content[-SAMPLE_BYTES:].data, zlib.crc32(content[:SAMPLE_BYTES].data))
