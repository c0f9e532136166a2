"""From a name to a local folder that holds a model: from this disk when it is there, else fetched."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from explorer.locales import ExplorerError, Message, shown
from explorer.models import hub, integrity, wheel
from explorer.models.bundled import bundled_folder, bundled_on_disk
from explorer.models.catalog import BUNDLED, CATALOG, BundledSource, HubSource, ModelEntry, WheelSource, nearest_names
from explorer.models.download_permission import downloads_allowed
from explorer.models.errors import UnavailableError
from explorer.models.progress import Report
from explorer.models.storage import cache_folder

__all__ = ["ModelFiles", "best_on_disk", "cache_folder", "fetch_auto", "locate", "on_disk"]

_HUB_NAME = re.compile(r"(?P<repo>[\w-][\w.-]*/[\w-][\w.-]*)(?:@(?P<revision>[\w][\w./-]*))?", re.ASCII)


@dataclass(frozen=True)
class ModelFiles:
    """A model on this disk.

    ``folder`` holds config, tokenizer and safetensors. Where ``gguf`` is set it does not yet: the weights still lie in
    that file, and `explorer.engine.torch_engine.convert` puts them into ``folder``. ``revision`` is a commit of the
    hub, or the version of a wheel or of a bundled model. ``note`` is what a reader should know about these weights.
    """

    name: str
    title: str
    folder: Path
    revision: str | None
    gguf: Path | None
    note: Message | None


def on_disk(name: str) -> ModelFiles | None:
    """The model, if it lies on this disk whole. Asks no network. ``name`` as in `locate`."""
    source = _resolve(name)
    if isinstance(source, ModelEntry):
        return _entry_on_disk(source)
    if isinstance(source, Path):
        return _in_folder(name, source) if integrity.is_ready(source) else None
    snapshot = hub.cached_snapshot(source)
    return _in_snapshot(name, source.repo, snapshot) if snapshot is not None else None


def best_on_disk() -> ModelFiles:
    """The first of the catalogue's models that lies on this disk; the last one came with the package. Asks no network.

    Raises:
        ExplorerError: not even the bundled model is whole; which file is damaged, and how to restore it.
    """
    here = (found for entry in CATALOG.values() if (found := _entry_on_disk(entry)) is not None)
    return next(here, None) or locate(BUNDLED)


def locate(name: str | os.PathLike[str], *, report: Report | None = None) -> ModelFiles:
    """The model ``name`` on this disk, fetched when it is not there yet.

    Args:
        name: a name of the catalogue, a folder (a `Path` too), or ``org/name`` or ``org/name@revision`` on the hub.
        report: is told how far a download has come; what it raises stops the download.

    Raises:
        ExplorerError: no such model; it cannot be fetched, or may not be (`downloads_allowed`); it is not one we read.
            The sentence says what to do.
    """
    source, name = _resolve(name), os.fspath(name)
    if isinstance(source, Path):
        if (missing := integrity.missing_part(source)) is not None:
            raise ExplorerError(missing.id, **dict(missing.arguments))
        for broken in integrity.broken_files(source):
            raise ExplorerError("folder-broken-file", folder=str(source), file=broken.name)
        return _in_folder(name, source)
    if (found := on_disk(name)) is not None:  # before any lock: a cache may be somebody else's, and read-only
        return found
    bundled = isinstance(source, ModelEntry) and isinstance(source.source, BundledSource)
    if not bundled and not downloads_allowed():
        raise ExplorerError("download-not-allowed", name=name)
    if isinstance(source, HubSource):
        return _in_snapshot(name, source.repo, hub.fetch_snapshot(source, source.repo, report))
    if isinstance(source.source, HubSource):
        return _in_snapshot(source.name, source.title, hub.fetch_snapshot(source.source, source.title, report))
    if isinstance(source.source, BundledSource):
        return _bundled(source, source.source, bundled_folder(source.source))
    gguf = wheel.fetch_gguf(
        source.name, source.title, source.source, download_bytes=source.download_bytes, report=report
    )
    return _from_wheel(source, source.source, gguf)


def fetch_auto(*, report: Report | None = None) -> ModelFiles:
    """The model a new machine starts with: gpt2 where the hub answers, else smollm2-135m, else the best one here.

    Raises:
        ExplorerError: none can be had, and the bundled one is not whole; or the disk is full.
    """
    for name in ("gpt2", "smollm2-135m"):
        with suppress(UnavailableError):
            return locate(name, report=report)
    return best_on_disk()


def check_name(name: str | os.PathLike[str]) -> None:
    """Refuse what no model can be called. Whether the hub has one of this name is not asked.

    Raises:
        ExplorerError: it is no name, or there is no such folder.
    """
    _resolve(name)


def _resolve(name: str | os.PathLike[str]) -> ModelEntry | Path | HubSource:
    """What ``name`` names: the catalogue first, then folders, then the hub."""
    if not isinstance(name, str | os.PathLike) or not isinstance(os.fspath(name), str):
        raise ExplorerError("argument-of-another-kind", name="name", value=shown(name), kind="model-name")
    name = os.fspath(name)
    if name in CATALOG:
        return CATALOG[name]
    folder = Path(name).expanduser()
    if name and os.path.isdir(folder):  # unlike the method, it takes any text
        return folder.absolute()
    if folder.is_absolute() or name.startswith((".", "~")):
        raise ExplorerError("no-such-folder", folder=name)
    match = _HUB_NAME.fullmatch(name)
    if match is None or "--" in name or ".." in name:  # the hub has no such names, and its cache cannot hold them
        raise ExplorerError("unknown-model", name=name[:60], nearest=", ".join(nearest_names(name)))
    return HubSource(match["repo"], match["revision"] or "main")


def _entry_on_disk(entry: ModelEntry) -> ModelFiles | None:
    if isinstance(entry.source, HubSource):
        snapshot = hub.cached_snapshot(entry.source)
        return _in_snapshot(entry.name, entry.title, snapshot) if snapshot is not None else None
    if isinstance(entry.source, BundledSource):
        folder = bundled_on_disk(entry.source)
        return _bundled(entry, entry.source, folder) if folder is not None else None
    if integrity.is_ready(wheel.converted_folder(entry.name, entry.source)):
        return _from_wheel(entry, entry.source, None)
    gguf = wheel.gguf_on_disk(entry.name, entry.source)
    return _from_wheel(entry, entry.source, gguf) if gguf is not None else None


def _in_snapshot(name: str, title: str, snapshot: Path) -> ModelFiles:
    return ModelFiles(name, title, snapshot, revision=snapshot.name, gguf=None, note=None)


def _in_folder(name: str, folder: Path) -> ModelFiles:
    return ModelFiles(name, folder.name, folder, revision=None, gguf=None, note=None)


def _bundled(entry: ModelEntry, source: BundledSource, folder: Path) -> ModelFiles:
    return ModelFiles(entry.name, entry.title, folder, source.version, gguf=None, note=Message.of("bundled-model"))


def _from_wheel(entry: ModelEntry, source: WheelSource, gguf: Path | None) -> ModelFiles:
    folder = wheel.converted_folder(entry.name, source)
    return ModelFiles(entry.name, entry.title, folder, source.version, gguf, Message.of("four-bit-source"))
