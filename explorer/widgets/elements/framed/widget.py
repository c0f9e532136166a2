"""`Framed`: a page of its own within the page, for what must not reach anything else."""

from __future__ import annotations

import traitlets as t

from explorer.widgets.base import Element


class Framed(Element):
    """Shows HTML with scripts in a sandboxed frame; the one on show stays until the next one has drawn itself.

    A reader can drag it to another height than that of its ``layout``.

    Attributes:
        page: the HTML, "" before there is any.
        title: what a screen reader calls it.
        instead: a sentence in its place, "" where the page is to be seen.
        stale: a newer page is being computed.
    """

    page = t.Unicode("").tag(sync=True)
    title = t.Unicode("").tag(sync=True)
    instead = t.Unicode("").tag(sync=True)
    stale = t.Bool(False).tag(sync=True)

    def show(self, page: str, title: str) -> None:
        """Put ``page`` in the place of the one on show."""
        with self.hold_sync():
            self.page, self.title, self.instead = page, title, ""
