"""`explorer train`: the bundled model, or one by a recipe of your own, from a folder of books."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from explorer.cli.terminal import progress_bar, say
from explorer.locales import Message
from explorer.models.progress import Progress, Report

_SECONDS_BETWEEN_LINES = 60.0


def train(*, corpus: Path, work: Path, recipe: Path | None, device: str | None) -> None:
    """Train, then export and measure; the same command goes on where an earlier one was stopped."""
    from explorer.engine.loading import choose_device
    from explorer.training import config
    from explorer.training.export import export, measure
    from explorer.training.train import train

    chosen = choose_device(device)
    numbers = config.read_recipe(recipe or config.RECIPE)
    folder = work / "model"
    try:
        with _told() as report:
            trained = train(corpus, work, numbers, report=report, device=chosen)
            export(trained, folder)
            measure(trained, folder, corpus, numbers, report=report)
    except KeyboardInterrupt:
        say(Message.of("training-stopped", folder=str(work)))
        raise
    say(Message.of("training-done", folder=str(folder)))


@contextmanager
def _told() -> Iterator[Report]:
    """A bar on a terminal; elsewhere, as in a log file, a line for each kind of work and then a line a minute."""
    with progress_bar() as bar:
        told, told_at = "", 0.0

        def report(progress: Progress) -> None:
            nonlocal told, told_at
            bar(progress)
            due = progress.message.id != told or time.monotonic() - told_at >= _SECONDS_BETWEEN_LINES
            if due and not sys.stderr.isatty():
                told, told_at = progress.message.id, time.monotonic()
                place = f" ({progress.done}/{progress.total})" if progress.total else ""
                print(f"{progress.message.render()}{place}", file=sys.stderr, flush=True)

        yield report
