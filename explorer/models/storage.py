"""Our own cache folder: one writer at a time, finished things only, and a full disk said in one sentence."""

from __future__ import annotations

import errno
import os
import re
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import filelock
import platformdirs

from explorer.locales.messages import ExplorerError, Message
from explorer.models.progress import Progress, Report

_LOOK_AGAIN_SECONDS = 0.2


def cache_folder() -> Path:
    """Where our own files lie: ``EXPLORER_CACHE``, else the user's cache folder of this system."""
    chosen = os.environ.get("EXPLORER_CACHE")
    return Path(chosen).expanduser().absolute() if chosen else platformdirs.user_cache_path("next-token-explorer")


@contextmanager
def one_process_at_a_time(key: str, report: Report | None = None) -> Iterator[None]:
    """Hold the machine-wide lock ``key``. Who waits keeps reporting, and so can still be interrupted."""
    folder = cache_folder() / "locks"
    folder.mkdir(parents=True, exist_ok=True)
    name = re.sub(r"[^\w.-]+", "--", key)[-200:]  # file systems end at 255
    lock = filelock.FileLock(folder / f"{name}.lock")
    while True:
        try:
            lock.acquire(timeout=_LOOK_AGAIN_SECONDS)
            break
        except filelock.Timeout:
            if report is not None:
                report(Progress(Message.of("waiting-for-other-process"), 0, None))
    try:
        yield
    finally:
        lock.release()


@contextmanager
def scratch_folder(target: Path) -> Iterator[Path]:
    """A new folder beside ``target`` to build it in; gone afterwards, whatever happened.

    Call it under the lock of ``target``: then every other scratch folder of ``target`` was left by a process that was
    killed, and is removed first.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    prefix = _unfinished(target)
    for abandoned in target.parent.glob(f"{prefix}*"):
        shutil.rmtree(abandoned, ignore_errors=True)
    folder = target.with_name(prefix + uuid.uuid4().hex[:8])
    folder.mkdir()  # not mkdtemp, whose folders nobody else may read: a class may share one cache
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def publish(finished: Path, target: Path) -> None:
    """Put the file or folder ``finished`` in the place of ``target`` by renaming it: readers see all of it or none."""
    if target.is_dir():
        # A folder that holds something cannot be renamed over. The old one leaves by the same door as scratch folders.
        discarded = target.with_name(f"{_unfinished(target)}old")
        os.replace(target, discarded)
        os.replace(finished, target)
        shutil.rmtree(discarded, ignore_errors=True)
    else:
        os.replace(finished, target)


def require_space(folder: Path, n_bytes: int) -> None:
    """Refuse to begin what cannot end.

    Raises:
        ExplorerError: the disk of ``folder`` has less than ``n_bytes`` bytes free.
    """
    existing = next(place for place in (folder, *folder.parents) if place.exists())
    free = shutil.disk_usage(existing).free
    if free < n_bytes:
        raise ExplorerError("disk-too-small", folder=str(folder), needed=_megabytes(n_bytes), free=free // 10**6)


@contextmanager
def disk_errors_as_sentences(folder: Path) -> Iterator[None]:
    """Turn the system's refusals to write into ``folder`` into an `ExplorerError`."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise disk_full(folder) from error
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST):
            refused = str(error.filename or folder)
            raise ExplorerError("folder-not-writable", folder=refused, reason=error.strerror or str(error)) from error
        raise


def disk_full(folder: Path) -> ExplorerError:
    return ExplorerError("disk-full", folder=str(folder))


def _unfinished(target: Path) -> str:
    return f".{target.name}.unfinished-"


def _megabytes(n_bytes: int) -> int:
    return -(-n_bytes // 10**6)
