"""What every panel does: be refreshed, fail in its own place, and be closed."""

from __future__ import annotations

import threading
from collections.abc import Callable

from explorer.state.state import ExplorerState
from explorer.widgets.panels.panel import Panel
from tests.widgets.page import PATIENCE, drawn


class NumberPanel(Panel):
    """Shows one number; ``meanwhile`` happens after the first look at it."""

    follows = ("display.n_bars",)
    meanwhile: Callable[[ExplorerState], None]

    def build(self) -> list[object]:
        self.shown = 0
        return []

    def refresh(self) -> None:
        first, self.shown = self.shown == 0, self.state.display.n_bars
        if first:
            self.meanwhile(self.state)


def test_what_changes_while_a_panel_is_made_is_shown() -> None:
    threads = []

    def answer_from_another_thread(_panel: object, state: ExplorerState) -> None:
        def answer() -> None:
            state.display.n_bars = 20

        threads.append(threading.Thread(target=answer))
        threads[0].start()
        threads[0].join(0.2)

    class Made(NumberPanel):
        meanwhile = answer_from_another_thread  # type: ignore[assignment]

    panel = Made(ExplorerState())
    threads[0].join(PATIENCE)
    drawn(panel.state)
    assert panel.shown == 20
