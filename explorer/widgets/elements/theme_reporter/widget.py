"""`ThemeReporter`: what the page looks like."""

from __future__ import annotations

import re
from typing import Any

import traitlets as t

from explorer.widgets.base import Element


class ThemeReporter(Element):
    """Tells what the page looks like and in which browser it is; takes no place on it.

    Attributes:
        browser: 16 hexadecimal digits that a browser drew once and keeps: the owner of the sessions that are saved by
            themselves, and nothing else. "" until a page is there.
    """

    page_writes = frozenset({"dark", "contrast", "browser"})
    dark = t.Bool(False).tag(sync=True)
    contrast = t.Bool(False).tag(sync=True)
    browser = t.Unicode("").tag(sync=True)

    @t.validate("browser")
    def _valid_browser(self, proposal: dict[str, Any]) -> str:
        # It comes from a page, and may become part of a file's name.
        value: str = proposal["value"]
        return value if re.fullmatch("[0-9a-f]{16}", value) else ""
