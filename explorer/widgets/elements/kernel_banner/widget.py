"""`KernelBanner`: says that the kernel is gone, when it is."""

from __future__ import annotations

import traitlets as t

from explorer.widgets.base import Element


class KernelBanner(Element):
    """Lies over the top of the app once the page has lost the kernel, and greys the rest; takes no place before.

    Attributes:
        sentence: what it says then; the kernel can say nothing any more, so it is there from the start.
    """

    sentence = t.Unicode("").tag(sync=True)
