"""`PrefixBox`: a box to type a text into."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import traitlets as t
from pydantic import Field

from explorer.widgets.base import Element
from explorer.widgets.page_message import PageMessage


class Here(PageMessage):
    """A page shows the box; ``page`` is a random number of its own."""

    kind: Literal["here"]
    page: Annotated[str, Field(max_length=40)]


class PrefixBox(Element):
    """A text area that sends every change, but nothing half-composed by an input method.

    The page knows whether its text is ahead of the pictures: it numbers what it sends (`edit`), and marks everything
    that belongs to the box as old until `answered` says that number. So it does where the kernel is busy with something
    else, or where the text has no answer.

    Attributes:
        value: the text.
        edit: names the change that brought `value`, where a page did: the page, and how many it sent.
        answered: the `edit` of the text that the pictures are of.
        label: what the box is for; waiting: said while its text is ahead.
        whole: whether all of the app belongs to the box, or only the panel in which it stands.
    """

    page_writes = frozenset({"value", "edit"})
    longest_text = None  # of a long text the end is read

    # Not echoed while there is one page: with a megabyte in the box, every key press would send it back.
    value = t.Unicode("").tag(sync=True, echo_update=False)
    edit = t.Unicode("").tag(sync=True, echo_update=False)
    answered = t.Unicode("").tag(sync=True)
    label = t.Unicode("").tag(sync=True)
    waiting = t.Unicode("").tag(sync=True)
    whole = t.Bool(True).tag(sync=True)

    def __init__(self, **traits: Any) -> None:
        super().__init__(**traits)
        self._pages = set[str]()

    def receive(self, message: Here) -> None:
        self._pages.add(message.page)

    def set_state(self, sync_data: dict[str, Any]) -> None:
        """As a page typed it; where there are several, the others type along."""
        super().set_state(sync_data)
        if len(self._pages) > 1 and "value" in sync_data:
            # The page that it comes from knows it by its header, and leaves it alone.
            state = {"value": self.value, "edit": self.edit}
            self._send({"method": "echo_update", "state": state, "buffer_paths": []})
