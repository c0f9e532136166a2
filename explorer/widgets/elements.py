"""Our own small widgets: the browser half of each is a file of the same name in ``static``.

Text reaches the page through ``textContent`` only: tokens and prompts are data, never HTML. Strings that people read
come from here, already in their language.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import anywidget
import traitlets as t

from explorer.sessions.session import ROOT

_STATIC = Path(__file__).parent / "static"


def static(name: str) -> str:
    """The contents of a file in ``static``."""
    return (_STATIC / name).read_text(encoding="utf-8")


class PrefixBox(anywidget.AnyWidget):
    """A text area that sends every change, but nothing half-composed by an input method."""

    _esm = static("prefix.js")
    _css = static("prefix.css")
    # Not echoed: with a megabyte in the box, every key press would send it back.
    value = t.Unicode("").tag(sync=True, echo_update=False)
    label = t.Unicode("").tag(sync=True)


class TokenChips(anywidget.AnyWidget):
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

    _esm = static("tokens.js")
    _css = static("tokens.css")
    key = t.Unicode("").tag(sync=True)
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
        super().__init__(key=uuid4().hex[:8], **traits)
        self._on_go = on_go
        self.on_msg(self._receive)

    def _receive(self, _widget: object, content: object, _buffers: object) -> None:
        match content:
            case {"kind": "go", "node": str(node)} if self._on_go is not None and self._known(node):
                self._on_go(node)

    def _known(self, node: str) -> bool:
        return bool(self.after) and (node == str(ROOT) or any(chip["node"] == node for chip in self.after))


class StatusLine(anywidget.AnyWidget):
    """A line of text with a sign of its ``state``: ``ready``, ``busy``, ``error``, or ``plain`` for none.

    ``share`` is 0..1 of a piece of work, -1 for unknown, None for no bar; ``notes`` are lines of their own below.
    """

    _esm = static("status.js")
    _css = static("status.css")
    state = t.Unicode("ready").tag(sync=True)
    text = t.Unicode("").tag(sync=True)
    share = t.Float(None, allow_none=True).tag(sync=True)
    notes = t.List(t.Unicode()).tag(sync=True)


class Choices(anywidget.AnyWidget):
    """Toggle buttons; ``on_chosen`` is called with the key of the one that was pressed."""

    _esm = static("choices.js")
    _css = static("choices.css")
    choices: t.List[dict[str, Any]] = t.List().tag(sync=True)

    def __init__(self, on_chosen: Callable[[str], None], **traits: Any) -> None:
        super().__init__(**traits)
        self._on_chosen = on_chosen
        self.on_msg(self._receive)

    def _receive(self, _widget: object, content: dict[str, Any], _buffers: object) -> None:
        if content.get("kind") == "chosen" and any(choice["key"] == content.get("key") for choice in self.choices):
            self._on_chosen(content["key"])


class LookReporter(anywidget.AnyWidget):
    """Tells what the page looks like and in which browser it is; takes no place on it.

    Attributes:
        browser: 16 hexadecimal digits that a browser drew once and keeps: the owner of the sessions that are saved by
            themselves, and nothing else. "" until a page is there.
    """

    _esm = static("look.js")
    _css = static("app.css")
    dark = t.Bool(False).tag(sync=True)
    contrast = t.Bool(False).tag(sync=True)
    browser = t.Unicode("").tag(sync=True)

    @t.validate("browser")
    def _valid_browser(self, proposal: dict[str, Any]) -> str:
        # It comes from a page, and may become part of a file's name.
        value: str = proposal["value"]
        return value if re.fullmatch("[0-9a-f]{16}", value) else ""
