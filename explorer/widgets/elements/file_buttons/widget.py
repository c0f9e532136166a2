"""`FileButtons`: sessions as files, to and from the reader's own machine."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from os.path import splitext
from typing import Any

import traitlets as t

from explorer.locales import ExplorerError, tr
from explorer.sessions.session_file import MAX_BYTES
from explorer.widgets.base import Element

LONGEST_FILE_NAME = 80


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
        self.on_msg(self._receive)

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

    def _receive(self, _widget: object, content: object, buffers: Sequence[memoryview | bytes]) -> None:
        try:
            match content:
                case {"kind": "save"}:
                    name, data = self._on_save()
                    self.send({"kind": "file", "name": safe_file_name(name)}, buffers=[data])
                case {"kind": "open", "name": str(name)} if len(buffers) == 1 and len(buffers[0]) <= MAX_BYTES:
                    self._on_open(safe_file_name(name), bytes(buffers[0]))
                case {"kind": "earlier", "key": str(key)} if any(key == choice["key"] for choice in self.earlier):
                    self._on_earlier(key)
        except ExplorerError as error:
            self.send({"kind": "problem", "text": error.message.render(self._language)})


def safe_file_name(name: str) -> str:
    """``name`` as every system takes it: no folders, no signs with a meaning, nothing invisible, at most 80 characters.

    The ending is kept.
    """
    name = re.sub(r"[^\w.-]+", " ", re.split(r"[/\\]", name)[-1]).strip(" .-")
    stem, ending = splitext(name)
    stem = stem[: max(1, LONGEST_FILE_NAME - len(ending))].strip()
    return (stem + ending)[:LONGEST_FILE_NAME] or "session"
