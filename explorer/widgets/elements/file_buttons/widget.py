"""`FileButtons`: sessions as files, to and from the reader's own machine."""

from __future__ import annotations

import re
from collections.abc import Callable
from os.path import splitext
from typing import Annotated, Any, Literal

import traitlets as t
from pydantic import Field

from explorer.locales import ExplorerError, tr
from explorer.sessions.session_file import MAX_BYTES
from explorer.widgets.base import Element
from explorer.widgets.page_message import Name, PageMessage, Text

LONGEST_FILE_NAME = 80


class Save(PageMessage):
    """The session is wanted as a file."""

    kind: Literal["save"]


class Open(PageMessage):
    """A file was chosen; its bytes are the only buffer."""

    kind: Literal["open"]
    name: Text
    buffers: Annotated[list[Annotated[bytes, Field(max_length=MAX_BYTES)]], Field(min_length=1, max_length=1)]


class OpenEarlier(PageMessage):
    """An earlier session was chosen."""

    kind: Literal["earlier"]
    key: Name


class FileButtons(Element):
    """“Save session”, “Open session…” and a menu of earlier ones.

    Files travel over the widget's own channel, so that it works wherever widgets do and no server need know of them;
    tornado, under every Jupyter server, passes on twice `MAX_BYTES` in one message.
    An `ExplorerError` of one of the three functions is shown beside the buttons.

    Args:
        on_save: gives a file's name and bytes, which the browser then downloads.
        on_open: called with the name and the bytes of the file that somebody chose; at most `MAX_BYTES`.
        on_earlier: called with the key of an earlier session.

    Attributes:
        earlier: dicts of ``key`` and ``label``.
    """

    earlier: t.List[dict[str, str]] = t.List().tag(sync=True)
    words = t.Dict().tag(sync=True)
    most_bytes = t.Int(MAX_BYTES).tag(sync=True)

    def __init__(
        self,
        on_save: Callable[[], tuple[str, bytes]],
        on_open: Callable[[str, bytes], None],
        on_earlier: Callable[[str], None],
        **traits: Any,
    ) -> None:
        super().__init__(**traits)
        self._on_save, self._on_open, self._on_earlier = on_save, on_open, on_earlier
        self._language: str | None = None
        self.on_error = self._show_error

    def translate(self, language: str) -> None:
        """Write the buttons, and from now on what goes wrong, in a language."""
        self._language = language
        self.words = {
            "save": tr("files-save", language),
            "open": tr("files-open", language),
            "earlier": tr("files-earlier", language),
            "too_big": tr("files-too-big", language, megabytes=MAX_BYTES // 1_000_000),
            "unreadable": tr("files-unreadable", language),
        }

    def receive(self, message: Save | Open | OpenEarlier) -> None:
        match message:
            case Save():
                name, data = self._on_save()
                self.send({"kind": "file", "name": safe_file_name(name)}, buffers=[data])
            case Open(name=name, buffers=[data]):
                self._on_open(safe_file_name(name), data)
            case OpenEarlier(key=key) if any(key == choice["key"] for choice in self.earlier):
                self._on_earlier(key)
            case _:
                self.ignore()

    def _show_error(self, error: ExplorerError) -> None:
        self.send({"kind": "problem", "text": error.message.render(self._language)})


def safe_file_name(name: str) -> str:
    """``name`` as every system takes it: no folders, no signs with a meaning, nothing invisible, at most 80 characters.

    The ending is kept.
    """
    name = re.sub(r"[^\w.-]+", " ", re.split(r"[/\\]", name)[-1]).strip(" .-")
    stem, ending = splitext(name)
    stem = stem[: max(1, LONGEST_FILE_NAME - len(ending))].strip()
    return (stem + ending)[:LONGEST_FILE_NAME] or "session"
