"""`DrawStrip`: the draw, shown: the distribution laid out from 0 to 1, and where u falls on it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import traitlets as t

from explorer.widgets.base import Element
from explorer.widgets.page_message import PageMessage


class Command(PageMessage):
    """Draw again at this place (``again``); draw a thousand times and count (``histogram``)."""

    kind: Literal["command"]
    name: Literal["again", "histogram"]


class DrawStrip(Element):
    """The cumulative distribution as a strip with a mark at u; ``on_command`` is called with the name of a `Command`.

    Attributes:
        segments: in the order of the draw, dicts of ``label``, ``share`` (0..1, together 1), ``note``, ``colour`` and
            ``ink`` ("" for the strip's own tints). The last is always that of all other tokens, be there any or not.
        mark: what stands at u.
        u: in [0, 1); None where nothing is drawn, because the sampler is greedy.
        chosen: index of the segment that u falls on, -1 for none.
        chosen_at: start and end of the chosen token's own share, where it has no segment of its own; else empty.
        line: what the draw came to; the note of the segment pointed at takes its place.
        words: ``again`` and ``histogram`` name the buttons; ``tip_again`` and ``tip_histogram`` say more of them.
        stale: a newer draw is being computed.
    """

    segments: t.List[dict[str, Any]] = t.List().tag(sync=True)
    mark = t.Unicode("").tag(sync=True)
    u = t.Float(None, allow_none=True).tag(sync=True)
    chosen = t.Int(-1).tag(sync=True)
    chosen_at: t.List[float] = t.List().tag(sync=True)
    line = t.Unicode("").tag(sync=True)
    words = t.Dict().tag(sync=True)
    stale = t.Bool(False).tag(sync=True)
    description = t.Unicode("").tag(sync=True)

    def __init__(self, on_command: Callable[[str], None], **traits: Any) -> None:
        super().__init__(**traits)
        self._on_command = on_command

    def receive(self, message: Command) -> None:
        self._on_command(message.name)
