"""`StatusLine`: a line of text with a sign of its state."""

from __future__ import annotations

import traitlets as t

from explorer.widgets.base import Element


class StatusLine(Element):
    """A line of text with a sign of its ``state``: ``ready``, ``busy``, ``error``, or ``plain`` for none.

    ``share`` is 0..1 of a piece of work, -1 for unknown, None for no bar; ``notes`` are lines of their own below.
    """

    state = t.Unicode("ready").tag(sync=True)
    text = t.Unicode("").tag(sync=True)
    share = t.Float(None, allow_none=True).tag(sync=True)
    notes = t.List(t.Unicode()).tag(sync=True)
