"""`Choices`: toggle buttons."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import traitlets as t

from explorer.widgets.base import Element


class Choices(Element):
    """Toggle buttons; ``on_chosen`` is called with the key of the one that was pressed."""

    choices: t.List[dict[str, Any]] = t.List().tag(sync=True)

    def __init__(self, on_chosen: Callable[[str], None], **traits: Any) -> None:
        super().__init__(**traits)
        self._on_chosen = on_chosen
        self.on_msg(self._receive)

    def _receive(self, _widget: object, content: dict[str, Any], _buffers: object) -> None:
        if content.get("kind") == "chosen" and any(choice["key"] == content.get("key") for choice in self.choices):
            self._on_chosen(content["key"])
