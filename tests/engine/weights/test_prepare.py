"""Weights prepared once: right, shared, made anew when anything is odd, and read without a file where none can be."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from explorer.engine.weights import prepared_weights
from explorer.engine.weights.prepared_weights import prepare
from explorer.engine.weights.weights_version import weights_version
from explorer.language_model.memory import OutOfMemory
from explorer.language_model.trace import Floats
from explorer.locales import ExplorerError
from explorer.models import storage
from explorer.models.progress import Progress
from tests.engine.weights.conftest import JOINED, PICKED, expected, require_equal, some_tensors, write_model


def ids(notices: Iterable[object]) -> list[str]:
    return [notice.id for notice in notices]  # type: ignore[attr-defined]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_they_are_what_the_layout_makes_and_are_written_once(folder: Path, cache: Path, dtype: str) -> None:
    first = prepare(folder, "tiny", dtype, JOINED)
    require_equal(first.arrays, expected(folder))
    assert first.weights_version == weights_version(folder)
    assert first.notices == ()
    assert first.path == cache / "weights" / first.weights_version / f"joined-{dtype}.weights"
    facts = first.path.stat()
    second = prepare(folder, "tiny", dtype, replace(JOINED, arrange=never))
    require_equal(second.arrays, expected(folder))
    assert second == replace(first, arrays=second.arrays)
    assert first.path.stat().st_ino == facts.st_ino
    assert [file.name for file in first.path.parent.iterdir()] == [first.path.name]


def never(_: Mapping[str, Floats]) -> Iterable[tuple[str, Floats]]:
    raise AssertionError("laid out again")


def test_what_need_not_be_copied_is_mapped_where_it_lies(folder: Path, cache: Path) -> None:
    prepared = prepare(folder, "tiny", "float32", PICKED)
    tensors = some_tensors("")
    require_equal(prepared.arrays, {"embedding": tensors["wte.weight"], "half": tensors["h.0.q"][2:]})
    assert prepared.path is None
    assert prepared.notices == ()
    assert not list(cache.rglob("*.weights"))
    assert prepare(folder, "tiny", "float64", PICKED).path is not None, "in another dtype it is a copy"


def test_16_bits_are_prepared_as_float32(tmp_path: Path) -> None:
    folder = write_model(tmp_path / "model", some_tensors(dtype="float16"))
    prepared = prepare(folder, "tiny", "float32", PICKED)
    np.testing.assert_array_equal(prepared.arrays["embedding"], some_tensors("", "float16")["wte.weight"])
    assert prepared.arrays["embedding"].dtype == np.float32
    assert prepared.path is not None


def test_a_fine_tune_in_the_same_folder_is_prepared_anew_without_a_word(folder: Path) -> None:
    first = prepare(folder, "tiny", "float32", JOINED)
    write_model(folder, {name: -array for name, array in some_tensors().items()})
    second = prepare(folder, "tiny", "float32", JOINED)
    assert second.notices == ()
    np.testing.assert_array_equal(second.arrays["qk.0"], -first.arrays["qk.0"])


@pytest.mark.parametrize("damage", ["cut", "changed", "empty", "older", "other weights", "no file of ours"])
def test_a_file_that_is_not_as_it_was_is_made_anew_and_said(folder: Path, tmp_path: Path, damage: str) -> None:
    path = prepare(folder, "tiny", "float32", JOINED).path
    assert path is not None
    content = path.read_bytes()
    other = prepare(write_model(tmp_path / "other", some_tensors("", "float16")), "other", "float32", JOINED).path
    assert other is not None
    wrong = {
        "cut": content[:-1000],
        "changed": content[:3000] + b"?" + content[3001:],
        "empty": b"",
        "older": content[:8] + bytes(8) + content[16:],
        "other weights": other.read_bytes(),
        "no file of ours": b"\0" * len(content),
    }[damage]
    path.write_bytes(wrong)
    prepared = prepare(folder, "tiny", "float32", JOINED)
    require_equal(prepared.arrays, expected(folder))
    said = "prepared-outdated" if damage in ("older", "other weights") else "prepared-damaged"
    assert ids(prepared.notices) == [said]
    assert path.stat().st_size == len(content)
    assert prepare(folder, "tiny", "float32", JOINED).notices == ()


def test_a_later_version_of_the_layout_replaces_the_file(folder: Path) -> None:
    first = prepare(folder, "tiny", "float32", JOINED)
    second = prepare(folder, "tiny", "float32", replace(JOINED, version=2))
    assert ids(second.notices) == ["prepared-outdated"]
    assert second.path == first.path


def no_room(monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage("/")._replace(free=1000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)


def full_while_writing(monkeypatch: pytest.MonkeyPatch) -> None:
    def fsync(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", fsync)


def broken_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    def replace_file(*_: object) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(storage, "publish", replace_file)


def no_locks(monkeypatch: pytest.MonkeyPatch) -> None:
    def acquire(*_: object, **__: object) -> None:
        raise NotImplementedError("FileSystem does not appear to support flock")

    monkeypatch.setattr(storage.filelock.FileLock, "acquire", acquire)


def not_writable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXPLORER_CACHE", str(Path(__file__) / "below a file"))


@pytest.mark.parametrize(
    ("refusal", "reason", "words"),
    [
        (no_room, "disk-too-small", "has 0 MB free, and 1 MB are needed"),
        (full_while_writing, "disk-full", "is full"),
        (broken_disk, "folder-not-writable", "Input/output error"),
        (no_locks, "folder-not-writable", "flock"),
        (not_writable, "folder-not-writable", "below a file"),
    ],
)
def test_without_a_file_they_are_in_memory_and_it_is_said(
    folder: Path, cache: Path, monkeypatch: pytest.MonkeyPatch, refusal: object, reason: str, words: str
) -> None:
    refusal(monkeypatch)  # type: ignore[operator]
    prepared = prepare(folder, "tiny", "float32", JOINED)
    require_equal(prepared.arrays, expected(folder))
    assert prepared.path is None
    assert ids(prepared.notices) == ["prepared-not-kept", reason]
    assert words in prepared.notices[1].render("en")
    assert not list(cache.glob(f"weights/{prepared.weights_version}/*")), "nothing half done stays"
    assert prepared.weights_version == weights_version(folder)


def test_a_cache_that_can_only_be_read_is_used(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a class may share one: the files of another user, which we may not even touch."""
    prepare(folder, "tiny", "float32", JOINED)

    def refused(*_: object, **__: object) -> None:
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))

    for name in ("utime", "mkdir", "replace"):
        monkeypatch.setattr(os, name, refused)
    prepared = prepare(folder, "tiny", "float32", replace(JOINED, arrange=never))
    require_equal(prepared.arrays, expected(folder))
    assert prepared.notices == ()


def test_the_model_may_be_deleted_while_it_is_used(folder: Path) -> None:
    prepared = prepare(folder, "tiny", "float32", JOINED)
    in_place = prepare(folder, "tiny", "float32", PICKED)
    wanted = expected(folder)
    assert prepared.path is not None
    shutil.rmtree(folder)
    prepared.path.unlink()
    require_equal(prepared.arrays, wanted)
    np.testing.assert_array_equal(in_place.arrays["embedding"], some_tensors("")["wte.weight"])


def test_stopped_by_who_watches(folder: Path, cache: Path) -> None:
    def stop(progress: Progress) -> None:
        if progress.message.id == "preparing-weights" and progress.done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        prepare(folder, "tiny", "float32", JOINED, stop)
    assert not list(cache.rglob("*unfinished*"))
    assert not list(cache.rglob("*.weights"))


def test_progress(folder: Path) -> None:
    seen: list[Progress] = []
    prepare(folder, "tiny", "float32", JOINED, seen.append)
    preparing = [each for each in seen if each.message.id == "preparing-weights"]
    assert len(preparing) == 4
    assert preparing[0].message.render("en") == "tiny: preparing the weights for fast reading (once)"
    assert (
        0
        == preparing[0].done
        < preparing[-1].done
        <= preparing[-1].total
        == sum(  # type: ignore[operator]
            array.nbytes for array in some_tensors().values()
        )
    )


@pytest.mark.parametrize("kept", [True, False])
def test_weights_written_to_meanwhile_are_not_kept_under_the_old_version(
    folder: Path, cache: Path, monkeypatch: pytest.MonkeyPatch, kept: bool
) -> None:
    if not kept:
        no_room(monkeypatch)

    def touch(progress: Progress) -> None:
        if progress.message.id == "preparing-weights":
            os.utime(folder / "model.safetensors")

    with pytest.raises(ExplorerError, match="were written to while they were read"):
        prepare(folder, "tiny", "float32", JOINED, touch)
    assert not list(cache.rglob("*.weights"))


def test_a_tensor_that_is_missing(folder: Path) -> None:
    tensors = some_tensors()
    del tensors["transformer.h.1.k"]
    write_model(folder, tensors)
    with pytest.raises(ExplorerError, match=r"“tiny” lack 1 part, for example h\.1\.k"):
        prepare(folder, "tiny", "float32", JOINED)


def test_a_dtype_that_is_none_of_ours(folder: Path) -> None:
    with pytest.raises(ExplorerError, match="“float16” is not a number format"):
        prepare(folder, "tiny", "float16", JOINED)


def test_a_full_memory(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(prepared_weights, "write_prepared", full)
    with pytest.raises(OutOfMemory):
        prepare(folder, "tiny", "float32", JOINED)
