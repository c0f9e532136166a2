"""The prefix: a box to type into, and examples worth trying."""

from __future__ import annotations

from typing import Any

import ipywidgets as w

from explorer.widgets.elements import PrefixBox
from explorer.widgets.panels.panel import Panel, set_options

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


class PrefixPanel(Panel):
    """The prefix box and the menu of examples."""

    follows = ("prefix",)

    def build(self) -> list[w.Widget]:
        self._box = PrefixBox(value=self.state.prefix)
        self._examples = w.Dropdown(layout={"width": "340px"}, style={"description_width": "initial"})
        self._box.observe(self._on_typed, "value")
        self._examples.observe(self._on_example, "value")
        return [self._box, self._examples]

    def translate(self) -> None:
        self._box.label = self.tr("prefix-label")
        self._box.placeholder = self.tr("prefix-placeholder")
        self._examples.description = self.tr("examples")
        examples = [(self.tr("examples-choose"), None), *((self.tr(name), name) for name in EXAMPLES)]
        set_options(self._examples, examples, None, self._on_example)

    def refresh(self) -> None:
        self._box.value = self.state.prefix

    def _on_typed(self, change: dict[str, Any]) -> None:
        self.state.prefix = change["new"]

    def _on_example(self, change: dict[str, Any]) -> None:
        if change["new"] is not None:
            self.state.prefix = EXAMPLES[change["new"]]
