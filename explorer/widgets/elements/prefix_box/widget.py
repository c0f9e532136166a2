"""`PrefixBox`: a box to type the text into."""

from __future__ import annotations

import traitlets as t

from explorer.widgets.base import Element


class PrefixBox(Element):
    """A text area that sends every change, but nothing half-composed by an input method."""

    page_writes = frozenset({"value"})
    longest_text = None  # of a long text the end is read

    # Not echoed: with a megabyte in the box, every key press would send it back.
    value = t.Unicode("").tag(sync=True, echo_update=False)
    label = t.Unicode("").tag(sync=True)
