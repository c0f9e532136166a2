"""`explorer compare`: strategies side by side, in the terminal, as JSON, as a table, as a figure."""

from __future__ import annotations

from pathlib import Path
from secrets import randbelow
from typing import TYPE_CHECKING

import typer

from explorer.cli.generate import RANDOM_SEEDS
from explorer.cli.options import ModelOptions
from explorer.cli.sampling_options import number
from explorer.cli.tables import TableColumn, print_table
from explorer.cli.terminal import print_json, progress_bar, say, say_what_is_not_read, visible
from explorer.language_model.tokens import as_read
from explorer.locales import Message, language, numbers, tr

if TYPE_CHECKING:
    from explorer.generation.compare import Comparison

SHOWN = ("surprisal", "distinct-2", "repetition-4", "self-bleu", "first-choices")
"""Measures that the terminal has room for; the others are in the JSON and the table."""

NAME_WIDTH = 12
"""Characters that a strategy's name has at least."""

MEASURE_WIDTH = 10
"""Characters; with the five measures a terminal of 80 leaves 20 for the names."""


def compare(
    text: str,
    *,
    model: ModelOptions,
    strategies_file: Path | None,
    max_new_tokens: str,
    n: str,
    seed: str | None,
    stop_text: str,
    through_end: bool,
    as_json: bool,
    table: Path | None,
    figure: Path | None,
) -> None:
    """Print what each strategy writes after ``text``; what there is when Ctrl-C comes is kept."""
    from explorer.generation.compare import checked_length, checked_samples, compare
    from explorer.generation.export import to_csv, to_record
    from explorer.generation.strategies_file import read_strategies
    from explorer.models.user_files import require_writable
    from explorer.sampling.draw import checked_seed
    from explorer.sampling.spelling import unescaped

    given = None if strategies_file is None else read_strategies(strategies_file)
    if figure is not None:
        from explorer.figures.comparison.comparison import require_savable, save

        require_savable(figure)
    if table is not None:
        require_writable(table)
    count, longest = checked_samples(number(n, whole=True)), checked_length(number(max_new_tokens, whole=True))
    key = randbelow(RANDOM_SEEDS) if seed is None else checked_seed(number(seed, whole=True))
    lm = model.load()
    with progress_bar() as report:
        comparison = compare(
            lm,
            as_read(text),
            given,
            n=count,
            max_new_tokens=longest,
            seed=key,
            stop_text=as_read(unescaped(stop_text)),
            through_end=through_end,
            report=report,
        )
    for notice in (*lm.info.notices, *comparison.notices):
        say(notice)
    say_what_is_not_read(len(comparison.ids), lm.info.n_positions)
    if as_json:
        print_json(**{name: value for name, value in to_record(comparison).items() if name != "schema"})
    else:
        _print(comparison, as_read(text))
    if table is not None:
        _write(table, to_csv(comparison))
    if figure is not None:
        save(comparison, lm.vocabulary, language(), figure)
        say(Message.of("cli-saved", file=str(figure)))


def _write(file: Path, content: str) -> None:
    from explorer.models.user_files import write_file

    write_file(file, content.encode("utf-8-sig"))  # the mark tells spreadsheets that it is UTF-8
    say(Message.of("cli-saved", file=str(file)))


def _print(comparison: Comparison, prefix: str) -> None:
    from rich.console import Console
    from rich.text import Text

    from explorer.figures.comparison.measure_names import measure_name

    for written in comparison.strategies:
        typer.secho(f"\n{visible(written.name)}", bold=True)
        for sample in written.samples:
            typer.echo(f"  {visible(prefix)}", nl=False)
            typer.secho(visible(sample.text).replace("\n", "⏎"), fg="cyan")
    strategies = comparison.strategies
    console = Console(highlight=False)
    columns = [
        TableColumn(tr("compare-strategy"), [Text(written.name) for written in strategies], narrowest=NAME_WIDTH)
    ]
    columns += [
        TableColumn(
            measure_name(name),
            [numbers.measured(comparison.measures[written.name][name].value) for written in strategies],
            width=MEASURE_WIDTH,
            left_out=len(SHOWN) - i if i else None,
            looks={"justify": "right"},
        )
        for i, name in enumerate(SHOWN)
    ]
    print_table(console, columns)
    console.print(
        tr("cli-compare-line", model=comparison.model[0], n=comparison.n_samples, seed=str(comparison.seed)),
        markup=False, style="dim",
    )  # fmt: skip
