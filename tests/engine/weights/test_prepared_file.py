"""The file of prepared weights: mapped as it was written, and never used when it is not."""

from __future__ import annotations

import json
import math
import os
import shutil
import zlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from explorer.engine.weights import prepared_file
from explorer.engine.weights.prepared_file import (
    Contents,
    DamagedFile,
    OutdatedFile,
    UnusableFile,
    open_prepared,
    write_prepared,
)
from explorer.language_model.trace import Floats

CONTENTS = Contents("0" * 64, "float32", "layout", 1)


@pytest.fixture
def arrays() -> dict[str, Floats]:
    """One longer than the samples of its two ends together, one shorter, one empty, one number."""
    random = np.random.default_rng(0)
    shapes = {"long": (100, 33), "short": (7,), "none": (0, 3), "one": ()}
    return {name: random.standard_normal(shape).astype("float32") for name, shape in shapes.items()}


@pytest.fixture
def file(tmp_path: Path, arrays: dict[str, Floats]) -> Path:
    write_prepared(tmp_path / "file.weights", CONTENTS, arrays.items())
    return tmp_path / "file.weights"


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_what_is_written_is_mapped(tmp_path: Path, arrays: dict[str, Floats], dtype: str) -> None:
    file, contents = tmp_path / "file.weights", replace(CONTENTS, dtype=dtype)
    arrays["turned"] = arrays["long"].T
    write_prepared(file, contents, arrays.items())
    found = open_prepared(file, contents)
    assert found is not None
    assert list(found) == list(arrays)
    for name, array in found.items():
        np.testing.assert_array_equal(array, arrays[name])
        assert type(array) is np.ndarray
        assert array.dtype == dtype
        assert array.shape == arrays[name].shape
        assert array.flags.c_contiguous
        assert not array.flags.owndata
        assert not array.flags.writeable
        assert array.ctypes.data % 64 == 0


def test_no_file(tmp_path: Path) -> None:
    assert open_prepared(tmp_path / "none.weights", CONTENTS) is None


def test_it_is_not_written_over(file: Path, arrays: dict[str, Floats]) -> None:
    with pytest.raises(FileExistsError):
        write_prepared(file, CONTENTS, arrays.items())


def test_cut_off_anywhere(file: Path) -> None:
    content = file.read_bytes()
    modified = file.stat().st_mtime_ns
    for length in (*range(0, len(content), 97), len(content) - 1):
        file.write_bytes(content[:length])
        os.utime(file, ns=(modified, modified))
        with pytest.raises(DamagedFile):
            open_prepared(file, CONTENTS)
    file.write_bytes(content + b"\0")
    with pytest.raises(DamagedFile):
        open_prepared(file, CONTENTS)


def test_a_byte_changed_anywhere(file: Path) -> None:
    """Whoever writes to a file moves its time. Bytes between the arrays may change: nobody reads them."""
    content = file.read_bytes()
    rows = prepared_file._table(np.frombuffer(content, np.uint8))["arrays"]
    ends = [row["offset"] + 4 * math.prod(row["shape"]) for row in rows]
    spans = [(0, 16), *zip([row["offset"] for row in rows], ends, strict=True), (ends[-1], len(content))]
    for begin, end in spans:
        for place in sorted({*range(begin, end, 53), end - 1} if end > begin else ()):
            changed = bytearray(content)
            changed[place] ^= 1
            file.write_bytes(changed)
            with pytest.raises(UnusableFile):
                open_prepared(file, CONTENTS)


@pytest.mark.parametrize("place", [64, 64 + 4095, 64 + 13200 - 4096, 64 + 13199])
def test_the_ends_of_an_array_changed_under_the_same_time(file: Path, arrays: dict[str, Floats], place: int) -> None:
    assert arrays["long"].nbytes == 13200
    facts = file.stat()
    with file.open("r+b") as opened:
        opened.seek(place)
        opened.write(b"!?")
    os.utime(file, ns=(facts.st_atime_ns, facts.st_mtime_ns))
    with pytest.raises(DamagedFile, match="checksum of"):
        open_prepared(file, CONTENTS)


def test_zeros_of_the_right_length(file: Path) -> None:
    """What a power cut can leave."""
    facts = file.stat()
    file.write_bytes(bytes(facts.st_size))
    os.utime(file, ns=(facts.st_atime_ns, facts.st_mtime_ns))
    with pytest.raises(DamagedFile):
        open_prepared(file, CONTENTS)


def test_opening_reads_the_ends_of_arrays_and_a_copy_all_of_them(
    file: Path, arrays: dict[str, Floats], monkeypatch: pytest.MonkeyPatch
) -> None:
    n_read: list[int] = []
    crc32 = zlib.crc32
    monkeypatch.setattr(zlib, "crc32", lambda content, *rest: (n_read.append(content.nbytes), crc32(content, *rest))[1])
    open_prepared(file, CONTENTS)
    n_bytes = sum(array.nbytes for array in arrays.values())
    ends = sum(n_read)
    assert ends < n_bytes
    copy = Path(shutil.copyfile(file, file.with_name("copy.weights")))
    n_read.clear()
    assert open_prepared(copy, CONTENTS) is not None
    assert sum(n_read) == ends + n_bytes
    n_read.clear()
    open_prepared(copy, CONTENTS)
    assert sum(n_read) == ends, "its time says now that it is whole"


def test_being_opened_is_being_used(file: Path) -> None:
    modified = file.stat().st_mtime_ns
    os.utime(file, ns=(0, modified))
    open_prepared(file, CONTENTS)
    facts = file.stat()
    assert facts.st_atime > 0
    assert facts.st_mtime_ns == modified


def test_another_format(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[8:16] = (0).to_bytes(8, "little")
    file.write_bytes(content)
    with pytest.raises(OutdatedFile, match="format"):
        open_prepared(file, CONTENTS)


@pytest.mark.parametrize(
    "wanted",
    [
        replace(CONTENTS, weights_version="1" * 64),
        replace(CONTENTS, dtype="float64"),
        replace(CONTENTS, layout="other"),
        replace(CONTENTS, layout_version=2),
    ],
)
def test_other_contents(file: Path, wanted: Contents) -> None:
    with pytest.raises(OutdatedFile):
        open_prepared(file, wanted)


@pytest.mark.parametrize(
    "change",
    [
        {"arrays": [{"name": "a", "shape": [2**62], "offset": 64, "ends": 0, "whole": 0}]},
        {"arrays": [{"name": "a", "shape": [2], "offset": 2**62, "ends": 0, "whole": 0}]},
        {"arrays": [{"name": "a", "shape": [2], "offset": 2**70, "ends": 0, "whole": 0}]},
        {"arrays": [{"name": "a", "shape": ["x"], "offset": 64, "ends": 0, "whole": 0}]},
        {"arrays": [{"name": "a"}]},
        {"arrays": 3},
        {"contents": None},
    ],
)
def test_a_table_that_cannot_be(file: Path, change: dict[str, object], monkeypatch: pytest.MonkeyPatch) -> None:
    """Right by its checksum, as a bug of ours could write it."""
    table = prepared_file._table
    monkeypatch.setattr(prepared_file, "_table", lambda mapped: {**json.loads(json.dumps(table(mapped))), **change})
    with pytest.raises(UnusableFile):
        open_prepared(file, CONTENTS)
