"""How far a long piece of work has come."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from explorer.locales.messages import Message


@dataclass(frozen=True)
class Progress:
    """One look at the work: what is being done, and how much of it is ``done`` out of ``total``.

    Both count bytes where bytes move (fetching, unpacking) and steps elsewhere. ``total`` is None while nobody knows
    how much there is; ``done`` may then stay 0.
    """

    message: Message
    done: int
    total: int | None


Report = Callable[[Progress], None]
"""Is told of every step, several times a second. What it raises stops the work, which then cleans up behind itself."""
