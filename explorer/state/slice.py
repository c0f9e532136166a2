"""`Slice`: a part of what an app knows, with traits that one can observe."""

from __future__ import annotations

import threading
from typing import Any

import traitlets as t


class Slice(t.HasTraits):
    """Traits that change under the lock that all slices of one state share, on whichever thread.

    So do its observers run: what they do is short. Nothing slow (a figure, a file, a model) belongs under it.
    """

    def __init__(self, lock: threading.RLock, **traits: Any) -> None:
        self.lock = lock
        super().__init__(**traits)

    def __setattr__(self, name: str, value: Any) -> None:
        lock = self.__dict__.get("lock")
        if lock is None or name.startswith("_"):
            super().__setattr__(name, value)
        else:
            with lock:
                super().__setattr__(name, value)
