"""`explorer doctor --write-reference`: what transformers says under a model's weights, to travel with the package."""

from __future__ import annotations

from explorer.cli.terminal import progress_bar, say
from explorer.locales import Message
from explorer.models import sources


def write(name: str) -> None:
    """Write the reference of a model, see `explorer.engine.stored_reference`.

    Raises:
        ExplorerError: there is no such model, torch is not installed, or the file cannot be written.
    """
    from explorer.engine.loading import prepare, torch_needed

    with progress_bar() as report:
        files = sources.locate(name, report=report)
        prepare(files, report)
    with torch_needed(files.name):
        from explorer.engine.torch_engine.agreement import write_reference_of
    file = write_reference_of(files)
    say(Message.of("cli-reference-written", title=files.title, file=str(file)))
