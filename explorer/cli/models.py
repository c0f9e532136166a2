"""`explorer models`: what the catalogue has, what lies on this disk, and fetching."""

from __future__ import annotations

from explorer.cli.terminal import print_json, progress_bar, say
from explorer.locales import Message, tr
from explorer.models import sources
from explorer.models.catalog import BUNDLED, CATALOG, HubSource, ModelEntry, Source, WheelSource

AUTO = "auto"


def list_models(*, as_json: bool) -> None:
    """Print the catalogue. Asks no network."""
    here = {name: sources.on_disk(name) is not None for name in CATALOG}
    if as_json:
        print_json(models=[_record(entry, here[entry.name]) for entry in CATALOG.values()])
        return

    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column(tr("cli-column-name"))
    table.add_column(tr("cli-column-title"))
    table.add_column(tr("cli-column-licence"))
    table.add_column(tr("cli-column-download"), justify="right")
    table.add_column(tr("cli-column-on-disk"), justify="center")
    for entry in CATALOG.values():
        table.add_row(
            Text(entry.name, style="bold"),
            Text(entry.title),
            Text(entry.licence),
            tr("cli-megabytes", n=entry.download_bytes // 10**6) if entry.download_bytes else "",
            Text("✓", style="green") if here[entry.name] else "",
        )
    console = Console(highlight=False)
    console.print(table)
    console.print(tr("cli-models-hint"), markup=False, style="dim")


def fetch(name: str) -> None:
    """Fetch a model and make it ready to load; ``auto`` is the best one within reach."""
    from explorer.engine.loading import make_ready

    with progress_bar() as report:
        local = sources.fetch_auto(report=report) if name == AUTO else sources.locate(name, report=report)
        make_ready(local, report)
    if name == AUTO and local.name == BUNDLED:
        say(Message.of("cli-only-bundled"))
    say(Message.of("cli-model-here", title=local.title, folder=str(local.folder)))


def _record(entry: ModelEntry, here: bool) -> dict[str, str | int | bool]:
    return {
        "name": entry.name,
        "title": entry.title,
        "source": _origin(entry.source),
        "licence": entry.licence,
        "n_parameters": entry.n_parameters,
        "download_bytes": entry.download_bytes,
        "on_disk": here,
    }


def _origin(source: Source) -> str:
    """Where a model comes from, the exact version included."""
    if isinstance(source, HubSource):
        return f"{source.repo}@{source.revision}"
    if isinstance(source, WheelSource):
        return f"{source.distribution}=={source.version}"
    return f"assets/{source.folder}@{source.version}"
