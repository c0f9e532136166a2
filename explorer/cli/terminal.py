"""What every command shares: sentences on stderr, progress bars, JSON on stdout."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from explorer import locales
from explorer.locales import Message

if TYPE_CHECKING:
    from explorer.models.progress import Progress, Report

SCHEMA = 1
"""Of every JSON object that is printed; it changes when the meaning of a field does."""


def say(message: Message) -> None:
    """One sentence on stderr, in the reader's language. stdout is for what was asked for."""
    with suppress(OSError):  # whoever does not listen to sentences may want the rest all the same
        print(visible(message.render()), file=sys.stderr, flush=True)


def say_what_is_not_read(n_tokens: int, n_positions: int) -> None:
    """That a text is longer than the model reads, where it is."""
    from explorer.language_model.window import window_start

    if start := window_start(n_tokens, n_positions):
        say(Message.of("window-notice", start=start, n=n_tokens - start))


def visible(text: str) -> str:
    """``text`` without anything that moves a terminal's cursor, changes its colours or turns text around."""
    return locales.visible(text, keep="\n")


def print_json(**fields: Any) -> None:
    """One object on stdout, Chinese as Chinese where the stream can carry it."""
    ascii_only = not (sys.stdout.encoding or "").lower().startswith("utf")
    print(json.dumps({"schema": SCHEMA, **fields}, ensure_ascii=ascii_only, allow_nan=False))


@contextmanager
def progress_bar() -> Iterator[Report]:
    """A bar on stderr that is gone when the work is done; nothing where stderr is no terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, TaskProgressColumn, TextColumn
    from rich.progress import Progress as Bars

    console = Console(stderr=True)
    if not console.is_terminal:  # rich before 14.3 ends even a bar that is off with a line break
        yield lambda _: None
        return
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), TaskProgressColumn())
    with Bars(*columns, console=console, transient=True) as bars:
        bar = bars.add_task("", total=None)

        def report(progress: Progress) -> None:
            bars.update(
                bar, description=visible(progress.message.render()), completed=progress.done, total=progress.total
            )

        yield report
