"""Widgets without a browser: what a page would be sent, and what it would send back."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import ipywidgets as w
from comm.base_comm import BaseComm

from explorer.state.state import ExplorerState

Kind = TypeVar("Kind", bound=w.Widget)

PATIENCE = 20
"""Seconds after which a test gives up waiting for something that takes milliseconds."""


@dataclass(frozen=True)
class Sent:
    """One message to the page. ``kind``: ``comm_open``, ``update``, ``echo_update`` or ``custom``."""

    widget_id: str
    kind: str
    data: dict[str, Any]
    n_bytes: int


class Page:
    """Takes the place of the browser: keeps every message, and answers as a person would."""

    def __init__(self) -> None:
        self.messages: list[Sent] = []

    def create_comm(self, *args: Any, **kwargs: Any) -> BaseComm:
        page = self

        class Comm(BaseComm):
            def publish_msg(
                self, msg_type: str, data: Any = None, metadata: Any = None, buffers: Any = None, **_: Any
            ) -> None:
                data = data or {}
                json.dumps(data, ensure_ascii=False).encode("utf-8", errors="surrogateescape")  # Jupyter cannot else
                size = len(json.dumps(data)) + sum(len(memoryview(buffer)) for buffer in buffers or [])
                page.messages.append(Sent(self.comm_id, data.get("method", msg_type), data, size))

        return Comm(*args, **kwargs)

    @property
    def n_bytes(self) -> int:
        return sum(message.n_bytes for message in self.messages)

    def to(self, widget: w.Widget) -> list[Sent]:
        """What was sent to ``widget``, but for the echoes of what it said itself."""
        return [m for m in self.messages if m.widget_id == widget.model_id and m.kind != "echo_update"]

    def set(self, widget: w.Widget, **state: Any) -> None:
        """Change synced traits as the page does: by a message, of JSON."""
        data = {"method": "update", "state": json.loads(json.dumps(state)), "buffer_paths": []}
        widget._handle_msg({"content": {"data": data}, "buffers": []})

    def send(self, widget: w.Widget, **content: Any) -> None:
        """Send a message of the widget's own kind."""
        self.deliver(widget, content)

    def deliver(self, widget: w.Widget, content: Any, buffers: Sequence[bytes] = ()) -> None:
        """Send any JSON as a message of the widget's own kind."""
        data = {"method": "custom", "content": json.loads(json.dumps(content))}
        widget._handle_msg({"content": {"data": data}, "buffers": [memoryview(buffer) for buffer in buffers]})


def all_widgets(root: w.Widget) -> Iterator[w.Widget]:
    yield root
    for child in getattr(root, "children", ()):
        yield from all_widgets(child)


def only(root: w.Widget, kind: type[Kind]) -> Kind:
    """The one widget of its kind under ``root``."""
    (found,) = (widget for widget in all_widgets(root) if isinstance(widget, kind))
    return found


def wait_until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"waited {PATIENCE} s in vain until {what}"
        time.sleep(0.002)


def settle(state: ExplorerState) -> None:
    """Wait until the latest question is answered and shown."""

    def settled() -> bool:
        with state.lock:  # all that follows from an answer is done under it
            return not state.stale

    wait_until(settled, "the question is answered")
