"""`explorer doctor`: what works here, one line for each thing that can be missing."""

from __future__ import annotations

import platform
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

import psutil

from explorer.cli.notebooks import record_file
from explorer.cli.options import ModelOptions
from explorer.cli.terminal import print_json, visible
from explorer.locales import ExplorerError, Message, numbers, tr
from explorer.models import hub, sources
from explorer.models.catalog import BUNDLED, CATALOG, HubSource

PACKAGES = ("torch", "transformers", "jupyterlab", "voila", "ipywidgets", "anywidget", "plotly", "huggingface_hub")
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
TRIAL = "The capital of France is"
ENOUGH_DISK = ENOUGH_MEMORY = 2 * 10**9  # bytes: the default model, with room to spare


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at: whether it is as it should be, and a sentence about it."""

    ok: bool
    sentence: Message


def examine(*, as_json: bool, model: ModelOptions) -> None:
    """Print every finding; with a model, device or dtype, also whether that model answers here."""
    checks = dict(CHECKS)
    if model.model or model.device or model.dtype or model.engine:
        checks["model"] = lambda: _model_answers(model)
    if as_json:
        found = {name: check() for name, check in checks.items()}
        print_json(checks=[{"name": n, "ok": f.ok, "sentence": visible(str(f.sentence))} for n, f in found.items()])
    else:
        _print_lines(checks)


def _print_lines(checks: dict[str, Callable[[], Finding]]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(highlight=False)
    n_bad = 0
    for check in checks.values():
        # A line as soon as it is known: the hub alone may take five seconds.
        finding = check()
        n_bad += not finding.ok
        mark = Text("✓ ", style="green") if finding.ok else Text("! ", style="yellow")
        line = Table.grid()  # so that a long sentence goes on under itself, not under the mark
        line.add_row(mark, Text(visible(str(finding.sentence))))
        console.print(line)
    console.print(tr("cli-doctor-summary", n=n_bad), markup=False, style="dim")


def _python() -> Finding:
    return Finding(
        True,
        Message.of("cli-doctor-python", version=platform.python_version(), system=platform.platform(terse=True)),
    )


def _packages() -> Finding:
    versions, missing = [], []
    for name in PACKAGES:
        try:
            versions.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            missing.append(name)
    if missing:
        return Finding(False, Message.of("cli-doctor-packages-missing", names=", ".join(missing)))
    return Finding(True, Message.of("cli-doctor-packages", versions=", ".join(versions)))


def _devices() -> Finding:
    from explorer.engine.loading import devices

    return Finding(True, Message.of("cli-doctor-devices", names=", ".join(devices())))


def _memory() -> Finding:
    free = psutil.virtual_memory().available
    ok = free >= ENOUGH_MEMORY
    return Finding(ok, Message.of("cli-doctor-memory" if ok else "cli-doctor-memory-low", gigabytes=_gigabytes(free)))


def _disk() -> Finding:
    folder = sources.cache_folder()
    existing = next(place for place in (folder, *folder.parents) if place.exists())
    free = shutil.disk_usage(existing).free
    ok = free >= ENOUGH_DISK
    message_id = "cli-doctor-disk" if ok else "cli-doctor-disk-low"
    return Finding(ok, Message.of(message_id, folder=str(folder), gigabytes=_gigabytes(free)))


def _kept() -> Finding:
    """What there is to remove by whoever wants to be rid of the explorer."""
    folders = {"cache": sources.cache_folder(), "data": record_file().parent, "hub": hub.cache_folder()}
    return Finding(True, Message.of("cli-doctor-kept", **{name: str(folder) for name, folder in folders.items()}))


def _gigabytes(n_bytes: int) -> str:
    return numbers.count(n_bytes / 10**9)


def _models() -> Finding:
    names = [name for name in CATALOG if sources.on_disk(name) is not None]
    try:
        sources.locate(BUNDLED)
    except ExplorerError as error:
        return Finding(False, error.message)
    return Finding(True, Message.of("cli-doctor-models", names=", ".join(names)))


def _hub() -> Finding:
    (source, *_) = (entry.source for entry in CATALOG.values() if isinstance(entry.source, HubSource))
    try:
        hub.list_repository(source)
    except ExplorerError as error:
        return Finding(False, error.message)
    return Finding(True, Message.of("cli-doctor-hub"))


def _pip() -> Finding:
    ok = find_spec("pip") is not None
    return Finding(ok, Message.of("cli-doctor-pip" if ok else "cli-doctor-pip-missing"))


def _kernel() -> Finding:
    """JupyterLab starts the kernel called python3: is that this Python, or one that somebody registered before?"""
    from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

    try:
        folder = Path(KernelSpecManager().get_kernel_spec("python3").resource_dir)
    except NoSuchKernel:
        return Finding(False, Message.of("cli-doctor-kernel-missing"))
    if not folder.resolve().is_relative_to(Path(sys.prefix).resolve()):
        return Finding(False, Message.of("cli-doctor-kernel-foreign", folder=str(folder)))
    return Finding(True, Message.of("cli-doctor-kernel"))


def _browser() -> Finding:
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if found is None:
        return Finding(False, Message.of("cli-doctor-browser-missing"))
    return Finding(True, Message.of("cli-doctor-browser", path=found))


def _model_answers(model: ModelOptions) -> Finding:
    try:
        lm = model.load()
        milliseconds = lm.trace(TRIAL).milliseconds
    except ExplorerError as error:
        return Finding(False, error.message)
    info = lm.info
    return Finding(
        True,
        Message.of(
            "cli-doctor-answers",
            title=info.title,
            device=info.device,
            dtype=info.dtype,
            engine=info.engine,
            milliseconds=numbers.milliseconds(milliseconds),
        ),
    )


CHECKS: dict[str, Callable[[], Finding]] = {
    "python": _python,
    "packages": _packages,
    "devices": _devices,
    "memory": _memory,
    "disk": _disk,
    "kept": _kept,
    "models": _models,
    "hub": _hub,
    "pip": _pip,
    "kernel": _kernel,
    "browser": _browser,
}
