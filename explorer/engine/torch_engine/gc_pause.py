"""The garbage collector, out of the way of an import."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

FROZEN_BY_PYTHON = 1000
"""Objects at most that are frozen where nobody asked for it: Python 3.12 begins with 375. A program has far more."""


@contextmanager
def gc_paused() -> Iterator[None]:
    """No collection meanwhile, and none that looks through all that was made meanwhile right after it.

    transformers makes some 300,000 objects that stay. As they pile up, CPython's collector looks through all of them
    again and again: that is a quarter of the time it takes to import.
    """
    if not gc.isenabled() or gc.get_freeze_count() > FROZEN_BY_PYTHON:  # somebody else has plans for it
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        # Into the oldest generation, unseen; `unfreeze` leaves them there, and garbage among them is found in time.
        gc.freeze()
        gc.unfreeze()
        gc.enable()
