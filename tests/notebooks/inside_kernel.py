"""Runs inside a kernel that is tested: what is alive there, and waiting until it is at rest."""

from __future__ import annotations

import ctypes
import gc
import json
import sys
import threading
import time

import psutil
from ipywidgets.widgets.widget import _instances

import explorer
from explorer.engine.local_model import LocalModel
from explorer.state.state import ExplorerState
from explorer.widgets.panels.panel import Panel


def _found(kind: type) -> list:
    return [each for each in gc.get_objects() if issubclass(type(each), kind)]  # asks nothing of lazy modules


def states() -> list[ExplorerState]:
    """Those that are not closed."""
    return [state for state in _found(ExplorerState) if not state.closed]


def panels() -> list[Panel]:
    """Those that are not closed."""
    return [panel for panel in _found(Panel) if not panel.closed]


def trimmed_megabytes() -> float:
    if sys.platform == "linux":
        ctypes.CDLL(None).malloc_trim(0)
    return psutil.Process().memory_info().rss / 2**20


def alive() -> str:
    gc.collect()
    return json.dumps(
        {
            "models": len(_found(LocalModel)),
            "states": len(states()),
            "apps": sum(isinstance(panel, explorer.Explorer) for panel in panels()),
            "panels": len(panels()),
            "widgets": len(_instances),
            "threads": sum(thread.name == "explorer" for thread in threading.enumerate()),
            "megabytes": trimmed_megabytes(),
        }
    )


def at_rest(state: ExplorerState) -> bool:
    with state.lock:
        reader = state.reader
        waits = state.models.loading is not None or (reader.model is not None and reader.trace is None)
        return not (waits or reader.waiting) and state.refresher.idle


def settle(seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not all(map(at_rest, states())):
        if time.monotonic() > deadline:
            raise TimeoutError("the app does not come to rest")
        time.sleep(0.002)


def type_texts(state: ExplorerState, n: int) -> None:
    """As somebody who writes, and takes back, letter by letter: ``n`` times a key."""
    text = "Once upon a time there was a little girl who lived in a small house near the wood. "
    for i in range(n):
        place = i % (2 * len(text))
        state.document.prefix = text[: place if place < len(text) else 2 * len(text) - place]
        while not at_rest(state):
            time.sleep(0.0005)


def make_and_close_panels(model: LocalModel, n: int) -> None:
    kinds = [explorer.DistributionPanel, explorer.SamplingPanel, explorer.HeadPanel, explorer.ComparePanel]
    for i in range(n):
        panel = kinds[i % len(kinds)](model, "Once upon a time")
        settle(60)
        panel.close()
