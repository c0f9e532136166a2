"""`TabsPanel`: several panels in one place, of which one is open."""

from __future__ import annotations

from functools import partial
from typing import Any, ClassVar

from explorer.state.refresher import Paint
from explorer.widgets import controls as w
from explorer.widgets.panels.panel import Panel


class TabsPanel(Panel):
    """A tab for each panel. A panel is made when it is opened for the first time; only the open one is drawn, and only
    what it wants is computed.

    Attributes:
        tabs: by name, the message that is the title, and the panel.
        chosen: the trait of the state that names the open one; any other value opens the first.
    """

    tabs: ClassVar[dict[str, tuple[str, type[Panel]]]]
    chosen: ClassVar[str]

    def build(self) -> list[w.Widget]:
        self._panels: dict[str, Panel] = {}
        self._boxes = {name: w.VBox() for name in self.tabs}
        self._tabs = w.Tab(list(self._boxes.values()))
        self._tabs.observe(self._on_chosen, "selected_index")
        return [self._tabs]

    def translate(self) -> None:
        self._tabs.titles = [self.tr(title) for title, _ in self.tabs.values()]

    def refresh(self) -> Paint | None:
        name = self._name
        self._tabs.selected_index = list(self.tabs).index(name)
        self.on_visible()
        return partial(self._open, name) if name not in self._panels else None

    def _open(self, name: str) -> None:
        """Make the panel that was never open before; its first picture is drawn here, too."""
        panel = self.tabs[name][1](self.state)
        with self.state.lock:
            if self.closed:
                panel.close()
                return
            self._panels[name] = panel
            self._boxes[name].children = [panel]
            self.on_visible()

    def on_visible(self) -> None:
        for name, panel in self._panels.items():
            panel.visible = self.visible and name == self._name

    @property
    def _name(self) -> str:
        """Of the open one."""
        part, _, trait = self.chosen.partition(".")
        name: str = getattr(getattr(self.state, part), trait)
        return name if name in self.tabs else next(iter(self.tabs))

    def _on_chosen(self, change: dict[str, Any]) -> None:
        if change["new"] is not None:
            part, _, trait = self.chosen.partition(".")
            setattr(getattr(self.state, part), trait, list(self.tabs)[change["new"]])
