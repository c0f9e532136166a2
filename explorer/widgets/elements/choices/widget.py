"""`Choices`: toggle buttons."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import traitlets as t

from explorer.widgets.base import Element
from explorer.widgets.page_message import Name, PageMessage


class Chosen(PageMessage):
    """A button was pressed."""

    kind: Literal["chosen"]
    key: Name


class Choices(Element):
    """Toggle buttons; ``on_chosen`` is called with the key of the one that was pressed."""

    choices: t.List[dict[str, Any]] = t.List().tag(sync=True)

    def __init__(self, on_chosen: Callable[[str], None], **traits: Any) -> None:
        super().__init__(**traits)
        self._on_chosen = on_chosen

    def receive(self, message: Chosen) -> None:
        if any(choice["key"] == message.key for choice in self.choices):
            self._on_chosen(message.key)
        else:
            self.ignore()
