"""`TokenChips`: a text as its tokens."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import traitlets as t

from explorer.sessions.session import ROOT
from explorer.widgets.base import Element


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
        self.on_msg(self._receive)

    def _receive(self, _widget: object, content: object, _buffers: object) -> None:
        match content:
            case {"kind": "go", "node": str(node)} if self._on_go is not None and self._known(node):
                self._on_go(node)

    def _known(self, node: str) -> bool:
        return bool(self.after) and (node == str(ROOT) or any(chip["node"] == node for chip in self.after))
