"""What the tests of attention share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from explorer.engine.loading import load
from explorer.engine.local_model import LocalModel
from explorer.engine.torch_engine.attention_recorder import Recorder
from tests.engine.reference import DEVICE
from tests.modules import unread


def loaded(folder: Path, dtype: str = "float32", engine: str | None = None) -> LocalModel:
    """A model that has read nothing yet."""
    found = load(str(folder), device=DEVICE, dtype=dtype, engine=engine)
    return unread(found)


def heads_swapped(look: Callable[..., None], recorder: Recorder, layer: int, query: Any, *rest: Any) -> None:
    """The first two heads in each other's place."""
    look(recorder, layer, query[[1, 0, *range(2, len(query))]], *rest)
