"""The header of a safetensors file: which tensor lies where.

Eight bytes of length (little-endian), a JSON object of that length, then the tensors without a gap. Whatever is wrong
with it is found here, before a byte of data is read.
"""

from __future__ import annotations

import json
import math
import os
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, BinaryIO

MAX_HEADER_BYTES = 16 << 20
"""The format allows 100 MB. A tensor takes about 100 bytes: this is room for 160,000."""

MAX_DIMENSIONS = 8
MAX_ELEMENTS = 1 << 40

BITS = {
    **dict.fromkeys(("F4",), 4),
    **dict.fromkeys(("F6_E2M3", "F6_E3M2"), 6),
    **dict.fromkeys(("BOOL", "U8", "I8", "F8_E5M2", "F8_E4M3", "F8_E8M0"), 8),
    **dict.fromkeys(("U16", "I16", "F16", "BF16"), 16),
    **dict.fromkeys(("U32", "I32", "F32"), 32),
    **dict.fromkeys(("U64", "I64", "F64", "C64"), 64),
}
"""Bits of a number, by the names that the format gives to dtypes."""


class HeaderError(ValueError):
    """What is wrong with a header; for the log."""


@dataclass(frozen=True)
class TensorEntry:
    """Where a tensor lies: bytes ``begin`` to ``end`` of the file, C order, little-endian."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    begin: int
    end: int


def read_header(file: BinaryIO) -> tuple[TensorEntry, ...]:
    """The tensors of a file, in the order in which they lie in it; one at least.

    Raises:
        HeaderError: it is no safetensors file, or tensors overlap, leave gaps, have a wrong size or a name twice.
    """
    n_bytes = file.seek(0, os.SEEK_END)
    file.seek(0)
    length = int.from_bytes(file.read(8), "little")
    if not 2 <= length <= min(MAX_HEADER_BYTES, n_bytes - 8):
        raise HeaderError(f"a header of {length} bytes in a file of {n_bytes}")
    described = _json_object(file.read(length))
    described.pop("__metadata__", None)
    entries = [_entry(name, description, 8 + length) for name, description in described.items()]
    entries.sort(key=lambda entry: (entry.begin, entry.end))
    _require_no_gaps(entries, 8 + length, n_bytes)
    return tuple(entries)


def _json_object(content: bytes) -> dict[str, Any]:
    try:
        described = json.loads(content.decode("utf-8"), object_pairs_hook=_unique)
    except RecursionError:
        raise HeaderError("brackets nested too deeply") from None
    except HeaderError:
        raise
    except ValueError as error:
        raise HeaderError(f"no JSON: {error}") from None
    if not isinstance(described, dict):
        raise HeaderError("no JSON object")
    return described


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    described = dict(pairs)
    if len(described) < len(pairs):
        raise HeaderError("a name stands there twice")
    return described


def _entry(name: str, description: Any, data_start: int) -> TensorEntry:
    match description:
        case {"dtype": str(dtype), "shape": [*shape], "data_offsets": [first, last]}:
            numbers = [*shape, first, last]
        case _:
            raise HeaderError(f"{name!r:.80} is not described as a tensor")
    if dtype not in BITS:
        raise HeaderError(f"{name!r:.80} has the unknown dtype {dtype!r:.80}")
    if any(type(number) is not int or number < 0 for number in numbers) or len(shape) > MAX_DIMENSIONS:
        raise HeaderError(f"{name!r:.80} has an impossible shape or place")
    if math.prod(max(1, side) for side in shape) > MAX_ELEMENTS:  # numpy has limits even for empty arrays
        raise HeaderError(f"{name!r:.80} is too large")
    if 8 * (last - first) != math.prod(shape) * BITS[dtype]:
        raise HeaderError(f"{name!r:.80} has another size than its shape says")
    return TensorEntry(name, dtype, tuple(shape), data_start + first, data_start + last)


def _require_no_gaps(entries: list[TensorEntry], data_start: int, n_bytes: int) -> None:
    if not entries or entries[0].begin != data_start or entries[-1].end != n_bytes:
        raise HeaderError("the tensors do not fill the file")
    for before, after in pairwise(entries):
        if before.end != after.begin:
            raise HeaderError(f"{after.name!r:.80} overlaps {before.name!r:.80}, or leaves a gap after it")
