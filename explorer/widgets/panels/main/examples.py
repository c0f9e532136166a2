"""Prefixes worth trying: each teaches something."""

from __future__ import annotations

from typing import Any

from explorer.widgets import controls as w
from explorer.widgets.panels.menus import set_options
from explorer.widgets.panels.panel import Panel

EXAMPLES = {
    "example-fact": "The capital of France is",
    "example-ambiguity": "She walked along the river until she reached the bank",
    "example-quotation": "To be, or not to be, that is the",
    "example-arithmetic": "One plus one is two. Two plus two is",
    "example-rhyme": "Roses are red, violets are",
    "example-code": "def add(a, b):\n    return a +",
    "example-chinese": "中国的首都是",
    "example-emoji": "I am so happy today 😀",
    "example-pattern": "red green blue red green blue red green",
    "example-name": "Alice gave the book to Bob. Then Bob gave the book back to",
    "example-word": "The scientists were absolutely astoni",
    "example-empty": "",
}
"""What each example shows, as a message id, and its text."""

NONE = ""
"""The menu's value while nothing is chosen; None would leave it blank."""


class ExamplesPanel(Panel):
    """A menu; the prefix becomes what one chooses."""

    follows = ("document.prefix",)

    def build(self) -> list[w.Widget]:
        self._menu = w.Dropdown(layout={"width": "260px"}, style={"description_width": "initial"})
        self._menu.observe(self._on_chosen, "value")
        return [self._menu]

    def translate(self) -> None:
        self._menu.description = self._menu.tooltip = self.tr("examples")
        options = [(self.tr("examples-choose"), NONE), *((self.tr(name), name) for name in EXAMPLES)]
        set_options(self._menu, options, NONE, self._on_chosen)

    def refresh(self) -> None:
        # Once the text is no longer the example's, choosing the same example again must do something.
        if self._menu.value != NONE and EXAMPLES[self._menu.value] != self.state.document.prefix:
            self._menu.value = NONE

    def _on_chosen(self, change: dict[str, Any]) -> None:
        if change["new"] != NONE:
            self.state.document.prefix = EXAMPLES[change["new"]]
