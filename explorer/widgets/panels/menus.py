"""`set_options`: what a menu offers, written without choosing for anybody."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from explorer.widgets import controls as w


def set_options(
    menu: w.Dropdown, options: list[tuple[str, Any]], value: Any, on_value: Callable[[dict[str, Any]], None]
) -> None:
    """Put ``options`` into ``menu`` with ``value`` chosen, without calling its observer: nobody chose anything."""
    menu.unobserve(on_value, "value")
    menu.options = options
    menu.value = value
    menu.observe(on_value, "value")
