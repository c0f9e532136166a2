"""The sections below the bars: one is open at a time, and only that one is drawn."""

from __future__ import annotations

from typing import Any

import ipywidgets as w

from explorer.widgets.panels.draw import TallyPanel
from explorer.widgets.panels.funnel import FunnelPanel
from explorer.widgets.panels.history import HistoryPanel
from explorer.widgets.panels.panel import Panel
from explorer.widgets.panels.search import SearchPanel

SECTIONS: dict[str, tuple[str, type[Panel]]] = {
    "funnel": ("section-funnel", FunnelPanel),
    "history": ("section-history", HistoryPanel),
    "tally": ("section-tally", TallyPanel),
    "search": ("section-search", SearchPanel),
}
"""By name: the message that is the title, and the panel."""


class SectionsPanel(Panel):
    """A tab for each section; the state's ``section`` names the open one."""

    follows = ("section",)

    def build(self) -> list[w.Widget]:
        self._panels = [panel(self.state, seen=False) for _, panel in SECTIONS.values()]
        self._tabs = w.Tab(self._panels)
        self._tabs.observe(self._on_chosen, "selected_index")
        return [self._tabs]

    def translate(self) -> None:
        self._tabs.titles = [self.tr(title) for title, _ in SECTIONS.values()]

    def refresh(self) -> None:
        names = list(SECTIONS)
        chosen = names.index(self.state.section) if self.state.section in names else 0
        self._tabs.selected_index = chosen
        for i, panel in enumerate(self._panels):
            panel.seen = i == chosen

    def _on_chosen(self, change: dict[str, Any]) -> None:
        if change["new"] is not None:
            self.state.section = list(SECTIONS)[change["new"]]
