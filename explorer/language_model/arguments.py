"""What people pass to functions, checked at the door: a sentence that names the argument, the value and the remedy."""

from __future__ import annotations

from operator import index
from typing import Any

from explorer.locales import ExplorerError, shown

_OF_A_MODEL = ("info", "vocabulary", "tokenize", "trace")


def require(name: str, value: object, kind: str, *types: type) -> None:
    """Refuse an argument that is none of ``types``.

    Args:
        kind: of these; the sentence ``argument-of-another-kind`` says how to get one.

    Raises:
        ExplorerError: it is something else.
    """
    if not isinstance(value, types):
        raise ExplorerError("argument-of-another-kind", name=name, value=shown(value), kind=kind)


def require_model(value: object, name: str = "model") -> None:
    """Refuse what is no `Model`.

    Raises:
        ExplorerError: it is something else.
    """
    if isinstance(value, type) or not all(hasattr(value, attribute) for attribute in _OF_A_MODEL):
        raise ExplorerError("argument-of-another-kind", name=name, value=shown(value), kind="model")


def whole(value: Any) -> int | None:
    """A whole number as Python's own; None for what is none, and for True and False, which Python takes for 1 and 0."""
    try:
        return None if isinstance(value, bool) else index(value)
    except Exception:  # whatever a stranger's object raises, it is no whole number
        return None


def is_place(value: Any, n: int) -> bool:
    """Whether a value is a place among ``n``, from 0."""
    found = whole(value)
    return found is not None and 0 <= found < n


def check_head(layer: Any, head: Any, n_layer: int, n_head: int) -> None:
    """
    Raises:
        ExplorerError: there is no such layer, or no such head in it.
    """
    if not is_place(layer, n_layer):
        raise ExplorerError("unknown-layer", layer=shown(layer), last=n_layer - 1)
    if not is_place(head, n_head):
        raise ExplorerError("unknown-head", head=shown(head), last=n_head - 1)
