"""`Cells`, alone: a cell that is run again closes what it displayed."""

from __future__ import annotations

import pytest

from explorer.widgets.cells import Cells


class Closing:
    """Counts how often it is closed."""

    def __init__(self) -> None:
        self.n_closed = 0

    def close(self) -> None:
        self.n_closed += 1


@pytest.fixture
def cells() -> Cells:
    return Cells()


def run(cells: Cells, cell_id: str | None, *widgets: Closing) -> None:
    """A cell runs, and displays these."""
    for widget in widgets:
        cells.display(widget)
    cells.on_run(cell_id)


def test_a_cell_that_is_run_again_closes_what_it_displayed_once(cells: Cells) -> None:
    widgets = [Closing() for _ in range(4)]
    for widget in widgets:
        run(cells, "a", widget)
    assert [widget.n_closed for widget in widgets] == [1, 1, 1, 0]


def test_other_cells_close_nothing_of_it(cells: Cells) -> None:
    a, b = Closing(), Closing()
    run(cells, "a", a)
    run(cells, "b", b)
    run(cells, "c")
    run(cells, "b", Closing())
    assert (a.n_closed, b.n_closed) == (0, 1)


def test_a_cell_that_displays_nothing_any_more_closes_it(cells: Cells) -> None:
    widget = Closing()
    run(cells, "a", widget)
    run(cells, "a")
    assert widget.n_closed == 1
    run(cells, "a")
    assert widget.n_closed == 1


def test_what_is_displayed_again_stays(cells: Cells) -> None:
    widget = Closing()
    run(cells, "a", widget)
    run(cells, "a", widget, widget)
    assert widget.n_closed == 0


@pytest.mark.parametrize("last", ["a", "b"])
def test_what_several_cells_display_is_closed_with_the_last_of_them(cells: Cells, last: str) -> None:
    widget = Closing()
    run(cells, "a", widget)
    run(cells, "b", widget)
    run(cells, "b" if last == "a" else "a")
    assert widget.n_closed == 0
    run(cells, last)
    assert widget.n_closed == 1


def test_a_cell_may_display_several(cells: Cells) -> None:
    kept, gone = Closing(), Closing()
    run(cells, "a", kept, gone)
    run(cells, "a", kept)
    assert (kept.n_closed, gone.n_closed) == (0, 1)


def test_without_the_id_of_a_cell_nothing_is_closed_and_nothing_is_kept(cells: Cells) -> None:
    widgets = [Closing() for _ in range(3)]
    for widget in widgets:
        run(cells, None, widget)
    run(cells, "a")
    assert [widget.n_closed for widget in widgets] == [0, 0, 0]
    assert not cells._displayed
    assert not cells._by_cell


def test_one_that_cannot_be_closed_does_not_keep_the_others_open(
    cells: Cells, caplog: pytest.LogCaptureFixture
) -> None:
    class Stuck(Closing):
        def close(self) -> None:
            raise ZeroDivisionError

    last = Closing()
    run(cells, "a", Stuck(), last)
    with caplog.at_level("CRITICAL"):
        run(cells, "a")
    assert last.n_closed == 1
    assert not cells._by_cell
