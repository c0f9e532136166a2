"""Widgets without a browser: what a page would be sent, and what it would send back."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import ipywidgets as w
from comm.base_comm import BaseComm

from explorer.state.refresher import Refresher
from tests.state.waiting import PATIENCE, drawn, settle, wait_until

__all__ = ["PATIENCE", "Page", "Sent", "all_widgets", "drawn", "only", "settle", "wait_until"]

Kind = TypeVar("Kind", bound=w.Widget)


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
        self._refreshers: list[tuple[threading.RLock, Refresher]] = []

    def refresher(self, lock: threading.RLock) -> Refresher:
        """One that `rest` waits for."""
        self._refreshers.append((lock, Refresher(lock)))
        return self._refreshers[-1][1]

    def rest(self) -> None:
        """Wait until what became due by what was said so far is on the page."""
        if threading.current_thread() is threading.main_thread():
            free = [refresher for lock, refresher in self._refreshers if not lock._is_owned()]
            wait_until(lambda: all(refresher.idle for refresher in free), "the panels are refreshed")

    def rests_after(self, say: Callable[..., None]) -> Callable[..., None]:
        """``say``, after which the test goes on when what follows is on the page."""

        def say_and_rest(subject: Any, *said: Any) -> None:
            say(subject, *said)
            if not str(said[0]).startswith("_"):
                self.rest()

        return say_and_rest

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
        self.rest()

    def send(self, widget: w.Widget, **content: Any) -> None:
        """Send a message of the widget's own kind."""
        self.deliver(widget, content)

    def deliver(self, widget: w.Widget, content: Any, buffers: Sequence[bytes] = ()) -> None:
        """Send any JSON as a message of the widget's own kind."""
        data = {"method": "custom", "content": json.loads(json.dumps(content))}
        widget._handle_msg({"content": {"data": data}, "buffers": [memoryview(buffer) for buffer in buffers]})
        self.rest()


def all_widgets(root: w.Widget) -> Iterator[w.Widget]:
    yield root
    for child in getattr(root, "children", ()):
        yield from all_widgets(child)


def only(root: w.Widget, kind: type[Kind]) -> Kind:
    """The one widget of its kind under ``root``."""
    (found,) = (widget for widget in all_widgets(root) if isinstance(widget, kind))
    return found
