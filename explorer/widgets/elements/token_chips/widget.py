"""`TokenChips`: a text as its tokens."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import traitlets as t

from explorer.sessions.session import ROOT
from explorer.widgets.base import Element
from explorer.widgets.page_message import Name, PageMessage


class Go(PageMessage):
    """The chip of a node was clicked."""

    kind: Literal["go"]
    node: Name


class TokenChips(Element):
    """Tokens as coloured chips, what came after them as more, and a line that explains the one pointed at.

    Attributes:
        chips: dicts of ``label``, ``note``, ``kind``, ``back``, ``ink`` and ``joined`` (the character that this token
            and the following ones spell only together, else "").
        after: dicts of the same, ``node`` (a click on the chip calls ``on_go`` with it) and ``mark`` (a character that
            tells how it was chosen, or ""). ``kind`` may hold ``current``, the end of the text on show, and ``ahead``,
            what redo would come to.
        after_label: stands before them, and leads to the node `ROOT`, the text without them; root_note: says so.
        after_hint: stands there while there are none.
        way: what the colours tell, one of the keys of ``ways``, whose values name them to the reader.
        scale: ``least`` and ``most`` as text and the ``colours`` between them.
        summary: the line when no chip is pointed at.
        stale: newer chips are being computed.
    """

    page_writes = frozenset({"way"})
    chips: t.List[dict[str, str]] = t.List().tag(sync=True)
    way = t.Unicode("").tag(sync=True)
    ways = t.Dict().tag(sync=True)
    scale = t.Dict().tag(sync=True)
    summary = t.Unicode("").tag(sync=True)
    stale = t.Bool(False).tag(sync=True)
    description = t.Unicode("").tag(sync=True)
    after: t.List[dict[str, str]] = t.List().tag(sync=True)
    after_label = t.Unicode("").tag(sync=True)
    after_hint = t.Unicode("").tag(sync=True)
    root_note = t.Unicode("").tag(sync=True)

    def __init__(self, on_go: Callable[[str], None] | None = None, **traits: Any) -> None:
        super().__init__(**traits)
        self._on_go = on_go

    def receive(self, message: Go) -> None:
        if self._on_go is not None and self._known(message.node):
            self._on_go(message.node)
        else:
            self.ignore()

    def _may_write(self, name: str, value: object) -> bool:
        return (name != "way" or value in list(self.ways)) and super()._may_write(name, value)

    def _known(self, node: str) -> bool:
        return bool(self.after) and (node == str(ROOT) or any(chip["node"] == node for chip in self.after))
