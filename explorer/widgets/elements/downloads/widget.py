"""`Downloads`: buttons that save files on the reader's own machine."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal

import traitlets as t

from explorer.widgets.base import Element
from explorer.widgets.elements.file_buttons.widget import safe_file_name
from explorer.widgets.page_message import Name, PageMessage

File = Callable[[], tuple[str, bytes]]
"""Gives a file's name and what is in it."""


class Save(PageMessage):
    """The button of a file was pressed."""

    kind: Literal["save"]
    key: Name


class Downloads(Element):
    """A button for each file, which the browser downloads; it travels over the widget's own channel.

    Args:
        files: by the key of a button.

    Attributes:
        words: what each button says, in their order.
    """

    styled_like = ("file_buttons",)
    words = t.Dict().tag(sync=True)
    disabled = t.Bool(False).tag(sync=True)

    def __init__(self, files: Mapping[str, File], **traits: Any) -> None:
        super().__init__(**traits)
        self._files = files

    def receive(self, message: Save) -> None:
        if message.key in self._files and not self.disabled:
            name, data = self._files[message.key]()
            self.send({"kind": "file", "name": safe_file_name(name)}, buffers=[data])
        else:
            self.ignore()
