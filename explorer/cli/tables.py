"""Tables for a terminal of any width: text is folded, columns are left out, and no number is ever cut."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from explorer.locales import tr

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

GAP = 2  # characters that a column needs besides: a space, and the line between two or at the edge

MOST_CHARACTERS = 10_000
"""Wider than any cell."""


@dataclass(frozen=True)
class TableColumn:
    """A column with all its cells.

    Args:
        header: above it; it may be folded where ``width`` is given.
        cells: one a row, numbers as they are to be read.
        narrowest: characters to which its text may be folded; None: its cells stay whole.
        width: characters that it has at least; None: as its cells and header need.
        left_out: of the columns that have such a number, the one with the lowest is the first to go; None: it stays.
        looks: what `rich.table.Column` takes besides.
    """

    header: str
    cells: Sequence[RenderableType]
    narrowest: int | None = None
    width: int | None = None
    left_out: int | None = None
    looks: dict[str, Any] | None = None

    def least(self, console: Console) -> int:
        """The characters that it must have."""
        unlimited = console.options.update(width=MOST_CHARACTERS)
        needed = max((console.measure(cell, options=unlimited).maximum for cell in self.cells), default=0)
        if self.width is not None:
            return max(needed, self.width)
        needed = max(needed, console.measure(self.header, options=unlimited).maximum)
        return needed if self.narrowest is None else min(needed, self.narrowest)


def print_table(console: Console, columns: Sequence[TableColumn]) -> None:
    """Print what the console has room for, and say what it has not."""
    from rich import box
    from rich.table import Column, Table

    shown = list(columns)
    least = {column.header: column.least(console) for column in shown}

    def needed() -> int:
        return sum(least[column.header] + GAP for column in shown)

    while needed() > console.width and (optional := [column for column in shown if column.left_out is not None]):
        shown.remove(min(optional, key=lambda column: column.left_out or 0))
    console.width = max(console.width, needed())  # the terminal wraps lines, but loses nothing
    table = Table(
        *(
            Column(
                column.header,
                width=least[column.header] if column.width is not None else None,
                no_wrap=column.width is None and column.narrowest is None,
                overflow="fold",
                **(column.looks or {}),
            )
            for column in shown
        ),
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        padding=(0, 1, 0, 0),
    )
    for row in zip(*(column.cells for column in shown), strict=True):
        table.add_row(*row)
    console.print(table)
    if names := ", ".join(column.header for column in columns if column not in shown and column.header):
        console.print(tr("cli-columns-left-out", names=names), markup=False, style="dim")
