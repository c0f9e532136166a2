"""The prefix: a box to type into."""

from __future__ import annotations

from typing import Any

from explorer.widgets import controls as w
from explorer.widgets.elements.prefix_box.widget import PrefixBox
from explorer.widgets.panels.panel import Panel


class PrefixPanel(Panel):
    """The prefix box; every change of the text becomes the document's prefix."""

    follows = ("document.prefix", "reader.trace")

    def build(self) -> list[w.Widget]:
        self._box = PrefixBox(value=self.state.document.prefix)
        self._box.observe(self._on_typed, "value")
        return [self._box]

    def translate(self) -> None:
        self._box.label, self._box.waiting = self.tr("prefix-label"), self.tr("prefix-waiting")

    def refresh(self) -> None:
        reader, box = self.state.reader, self._box
        box.value = self.state.document.prefix
        if reader.ready:
            box.answered = box.edit

    def _on_typed(self, change: dict[str, Any]) -> None:
        self.state.document.prefix = change["new"]
