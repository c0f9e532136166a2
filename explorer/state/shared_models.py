"""`shared_model`: within one process, a model asked for by the same name is loaded once."""

from __future__ import annotations

import os
import threading
from collections import defaultdict
from weakref import WeakValueDictionary

from explorer.language_model.model import Model
from explorer.models import sources
from explorer.models.progress import Report

Key = tuple[str, ...]
_SETTINGS = ("EXPLORER_DEVICE", "EXPLORER_DTYPE", "EXPLORER_ENGINE")

_models: WeakValueDictionary[Key, Model] = WeakValueDictionary()
_loading: defaultdict[Key, threading.Lock] = defaultdict(threading.Lock)
_lock = threading.Lock()


def shared_model(name: str | None, report: Report) -> Model:
    """The model that `explorer.load` gives, or the one that it gave somebody who still uses it.

    Args:
        name: as for `explorer.load`; with it, the device, dtype and engine that the environment asks for.

    Raises:
        ExplorerError: as `explorer.load`; whatever ``report`` raises.
    """
    from explorer.engine.loading import load  # torch takes seconds: the frame is there before

    name = name or os.environ.get("EXPLORER_MODEL") or sources.best_on_disk().name
    key = _key(name)
    with _lock:
        one_at_a_time = _loading[key]
    with one_at_a_time:
        model = _models.get(key)
        if model is None:
            model = load(name, report=report)
            _models[key] = _models[_key(model.info.name)] = model
        return model


def _key(name: str) -> Key:
    return (name, *(os.environ.get(setting, "") for setting in _SETTINGS))
