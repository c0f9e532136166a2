"""`TabsPanel`: several panels in one place, of which one is open."""

from __future__ import annotations

from typing import Any, ClassVar

import ipywidgets as w

from explorer.widgets.panels.panel import Panel


class TabsPanel(Panel):
    """A tab for each panel; only the open one is drawn, and only what it wants is computed.

    Attributes:
        tabs: by name, the message that is the title, and the panel.
        chosen: the trait of the state that names the open one; any other value opens the first.
    """

    tabs: ClassVar[dict[str, tuple[str, type[Panel]]]]
    chosen: ClassVar[str]

    def build(self) -> list[w.Widget]:
        self._panels = [panel(self.state, seen=False) for _, panel in self.tabs.values()]
        self._tabs = w.Tab(self._panels)
        self._tabs.observe(self._on_chosen, "selected_index")
        return [self._tabs]

    def translate(self) -> None:
        self._tabs.titles = [self.tr(title) for title, _ in self.tabs.values()]

    def refresh(self) -> None:
        names, name = list(self.tabs), getattr(self.state, self.chosen)
        self._tabs.selected_index = names.index(name) if name in names else 0
        self.on_seen()

    def on_seen(self) -> None:
        for i, panel in enumerate(self._panels):
            panel.seen = self.seen and i == self._tabs.selected_index

    def _on_chosen(self, change: dict[str, Any]) -> None:
        if change["new"] is not None:
            setattr(self.state, self.chosen, list(self.tabs)[change["new"]])
