"""`displayed`: a cell that is run again closes what it displayed before."""

from __future__ import annotations

import logging
from collections import defaultdict
from typing import Any, Protocol

from IPython import get_ipython

log = logging.getLogger(__name__)


class Closable(Protocol):
    """What a cell displays."""

    def close(self) -> None: ...


class Cells:
    """Which widgets each cell of a notebook displays.

    A cell is known by the id that the front end gives it, which the kernel passes on. Where there is none, as in plain
    IPython, nothing is closed by itself. A widget that several cells display is closed with the last of them.
    """

    def __init__(self) -> None:
        self._displayed: list[Closable] = []  # by the cell that is running
        self._by_cell: defaultdict[str, list[Closable]] = defaultdict(list)

    def display(self, widget: Closable) -> None:
        """``widget`` is displayed by the cell that is running."""
        self._displayed.append(widget)

    def on_run(self, cell_id: str | None) -> None:
        """The cell has run: close what it displayed the last time and does not display any more."""
        now, self._displayed = self._displayed, []
        if cell_id is None:
            return
        before, self._by_cell[cell_id] = self._by_cell[cell_id], now
        if not now:
            del self._by_cell[cell_id]
        shown = [widget for widgets in self._by_cell.values() for widget in widgets]
        for widget in before:
            if not any(widget is other for other in shown):
                _close(widget)


def _close(widget: Closable) -> None:
    try:
        widget.close()
    except Exception:  # the others are closed all the same
        log.exception("%s could not be closed", type(widget).__name__)


_cells: dict[int, Cells] = {}


def displayed(widget: Closable) -> None:
    """Called by ``widget`` when it is displayed."""
    shell = get_ipython()
    if shell is None:
        return
    if id(shell) not in _cells:
        cells = _cells[id(shell)] = Cells()

        def on_run(result: Any) -> None:
            cells.on_run(result.info.cell_id)

        shell.events.register("post_run_cell", on_run)
    _cells[id(shell)].display(widget)
