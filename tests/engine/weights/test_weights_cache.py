"""What is kept beside prepared weights, and when they are removed again."""

from __future__ import annotations

import errno
import json
import os
import shutil
import time
from pathlib import Path

import numpy as np
import pytest

from explorer.engine.weights import weights_cache
from explorer.engine.weights.prepared_weights import Layout, prepare
from explorer.engine.weights.weights_cache import facts_of
from explorer.engine.weights.weights_version import weights_version
from tests.engine.weights.conftest import JOINED, some_tensors, write_model


def test_facts_are_kept_beside_them_and_damage_is_no_fact(folder: Path, cache: Path) -> None:
    version = weights_version(folder)
    facts = facts_of(version)
    assert facts.read_json("check") is None
    facts.write_json("check", {"agrees": True})
    assert facts_of(version).read_json("check") == {"agrees": True}
    (file,) = (cache / "weights" / version).iterdir()
    for content in (b"", b"{", b"\xff", b"[" * 100_000):
        file.write_bytes(content)
        assert facts.read_json("check") is None
    facts.write_json("check", [1])
    assert facts.read_json("check") == [1]
    assert [each.name for each in file.parent.iterdir()] == ["check.json"]


def test_facts_that_cannot_be_kept(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    facts = facts_of("0" * 64)

    def refused(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", refused)
        facts.write_json("check", 1)
    assert list(facts.folder.iterdir()) == []
    assert facts.read_json("check") is None
    shutil.rmtree(cache)
    cache.write_text("a file, where the folder should be")
    facts.write_json("check", 1)
    assert facts.read_json("check") is None


def test_facts_of_something_that_is_no_version() -> None:
    for wrong in ("", "../x", "0" * 63):
        with pytest.raises(ValueError, match="no SHA-256"):
            facts_of(wrong)


DAY = 24 * 60 * 60


def unused_for(path: Path, days: float) -> None:
    facts = path.stat()
    os.utime(path, ns=(time.time_ns() - int(days * DAY * 1e9), facts.st_mtime_ns))


def prepared_of(folder: Path, number: int, layout: Layout = JOINED) -> Path:
    tensors = some_tensors() | {"transformer.ln_f.weight": np.full(30, number, np.float32)}
    path = prepare(write_model(folder, tensors), "tiny", "float32", layout).path
    assert path is not None
    return path


def test_what_is_not_used_for_long_is_removed(tmp_path: Path) -> None:
    old, recent = prepared_of(tmp_path / "a", 1), prepared_of(tmp_path / "b", 2)
    unused_for(old, 61)
    unused_for(recent, 59)
    prepared_of(tmp_path / "c", 3)
    assert not old.exists()
    assert recent.exists()


@pytest.mark.parametrize("how", ["deleted", "trained on"])
def test_what_has_no_source_any_more_is_removed_after_a_day(tmp_path: Path, how: str) -> None:
    yesterday, today, kept = (prepared_of(tmp_path / name, i) for i, name in enumerate("abc"))
    for name in "ab":
        if how == "deleted":
            shutil.rmtree(tmp_path / name)
        else:
            prepared_of(tmp_path / name, 10 + ord(name))
    unused_for(yesterday, 2)
    unused_for(kept, 2)
    prepared_of(tmp_path / "d", 3)
    assert not yesterday.exists()
    assert today.exists()
    assert kept.exists()


def test_all_together_stay_below_a_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = [prepared_of(tmp_path / str(i), i) for i in range(4)]
    for i, file in enumerate(files):
        unused_for(file, i + 1)
    size = files[0].stat().st_size
    monkeypatch.setattr(weights_cache, "MAX_BYTES", int(3.5 * size))
    new = prepared_of(tmp_path / "new", 9)
    assert [file.exists() for file in (new, *files)] == [True, True, True, False, False]
    monkeypatch.setattr(weights_cache, "MAX_BYTES", 1)
    newest = prepared_of(tmp_path / "newest", 10)
    assert [file.exists() for file in (newest, new, *files)] == [True] + 5 * [False]


def test_what_a_killed_process_left_is_removed_after_a_day(folder: Path, cache: Path) -> None:
    left = [cache / "weights" / ("0" * 64) / f".x.unfinished-{i}" for i in range(2)]
    for each in left:
        each.mkdir(parents=True)
        (each / "half").write_text("half")
    os.utime(left[0], (time.time() - 2 * DAY,) * 2)
    prepare(folder, "tiny", "float32", JOINED)
    assert [each.exists() for each in left] == [False, True]


def test_records_of_folders_that_are_gone_are_forgotten(tmp_path: Path, cache: Path) -> None:
    prepared_of(tmp_path / "a", 1)
    shutil.rmtree(tmp_path / "a")
    prepared_of(tmp_path / "b", 2)
    records = [json.loads(file.read_text())["folder"] for file in (cache / "weights" / "folders").iterdir()]
    assert records == [str(tmp_path / "b")]
