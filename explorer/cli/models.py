"""`explorer models`: what the catalogue has, what lies on this disk, and fetching."""

from __future__ import annotations

from explorer.cli.tables import TableColumn, print_table
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

    from rich.console import Console
    from rich.text import Text

    entries = CATALOG.values()
    sizes = [tr("cli-megabytes", n=entry.download_bytes // 10**6) if entry.download_bytes else "" for entry in entries]
    console = Console(highlight=False)
    print_table(
        console,
        [
            TableColumn(tr("cli-column-name"), [Text(entry.name, style="bold") for entry in entries]),
            TableColumn(tr("cli-column-title"), [Text(entry.title) for entry in entries], narrowest=16, left_out=1),
            TableColumn(tr("cli-column-licence"), [Text(entry.licence) for entry in entries], left_out=0),
            TableColumn(tr("cli-column-download"), sizes, left_out=2, looks={"justify": "right"}),
            TableColumn(
                tr("cli-column-on-disk"),
                [Text("✓", style="green") if here[entry.name] else "" for entry in entries],
                looks={"justify": "center"},
            ),
        ],
    )
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
