"""Our cache folder: locks, scratch folders, publishing, full disks."""

from __future__ import annotations

import errno
import shutil
import threading
import time
from pathlib import Path

import pytest

from explorer.locales import ExplorerError
from explorer.models import storage
from explorer.models.progress import Progress
from tests.models.conftest import no_space


def test_the_cache_folder_can_be_chosen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXPLORER_CACHE", str(tmp_path / "mine"))
    assert storage.cache_folder() == tmp_path / "mine"
    monkeypatch.delenv("EXPLORER_CACHE")
    assert storage.cache_folder().name == "next-token-explorer"


def test_one_at_a_time_and_the_waiting_one_reports() -> None:
    order: list[str] = []
    waiting = threading.Event()

    def second() -> None:
        with storage.one_process_at_a_time("a/b", report):
            order.append("second")

    def report(progress: Progress) -> None:
        assert progress.message.id == "waiting-for-other-process"
        waiting.set()

    with storage.one_process_at_a_time("a/b"):
        thread = threading.Thread(target=second)
        thread.start()
        assert waiting.wait(5)
        time.sleep(0.3)
        order.append("first")
    thread.join(5)
    assert order == ["first", "second"]


def test_who_waits_can_be_interrupted() -> None:
    def report(_: Progress) -> None:
        raise KeyboardInterrupt

    def wait() -> None:
        with pytest.raises(KeyboardInterrupt), storage.one_process_at_a_time("key", report):
            raise AssertionError("two at a time")

    with storage.one_process_at_a_time("key"):
        thread = threading.Thread(target=wait)
        thread.start()
        thread.join(5)
        assert not thread.is_alive()


def test_a_scratch_folder_is_gone_after_an_error_and_clears_what_others_left(tmp_path: Path) -> None:
    target = tmp_path / "model"

    def interrupted() -> None:
        with storage.scratch_folder(target) as scratch:
            (scratch / "half").write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert list(tmp_path.glob(".model*")) == []
    (tmp_path / ".model.unfinished-killed").mkdir()
    (tmp_path / ".model-2.unfinished-alive").mkdir()
    with storage.scratch_folder(target) as scratch:
        assert [folder.name for folder in tmp_path.glob(".model.*")] == [scratch.name]
    assert (tmp_path / ".model-2.unfinished-alive").exists()


def test_publishing_replaces_all_of_a_folder(tmp_path: Path) -> None:
    target = tmp_path / "model"
    target.mkdir()
    (target / "old").write_text("old")
    with storage.scratch_folder(target) as scratch:
        (scratch / "new").write_text("new")
        storage.publish(scratch, target)
    assert [file.name for file in target.iterdir()] == ["new"]
    assert [file.name for file in tmp_path.glob(".model*")] == []


def test_space_is_asked_for_before_the_folder_exists(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(tmp_path)._replace(free=10_000_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    storage.require_space(tmp_path / "not" / "yet", 10_000_000)
    with pytest.raises(ExplorerError, match=r"has 10 MB free, and 11 MB are needed"):
        storage.require_space(tmp_path / "not" / "yet", 10_000_001)


def test_refusals_become_sentences(tmp_path: Path) -> None:
    with pytest.raises(ExplorerError, match=r"is full"), storage.disk_errors_as_sentences(tmp_path):
        no_space()
    with pytest.raises(ExplorerError, match=r"“/x” cannot be written"), storage.disk_errors_as_sentences(tmp_path):
        raise OSError(errno.EROFS, "read-only", "/x")
    with pytest.raises(FileNotFoundError), storage.disk_errors_as_sentences(tmp_path):
        (tmp_path / "nothing").read_text()
