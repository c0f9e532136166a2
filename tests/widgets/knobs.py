"""The sampling panel as a page sees it: what it asks, and the rows it is told."""

from __future__ import annotations

from typing import Any

from explorer.widgets.knobs import Knobs
from tests.widgets.page import Page

Change = tuple[str, str, Any]


def ask(page: Page, knobs: Knobs, *changes: Change) -> None:
    """As the page does: with the next number."""
    page.set(knobs, asked={"number": knobs.asked["number"] + 1, "changes": changes})
    assert knobs.shown["answered"] == knobs.asked["number"]


def row(knobs: Knobs, stage: str) -> dict[str, Any]:
    (found,) = (row for row in knobs.shown["rows"] if row["stage"] == stage)
    return dict(found)


def in_view(knobs: Knobs) -> list[str]:
    return [row["stage"] for row in knobs.shown["rows"] if row["in_view"]]


def line(knobs: Knobs) -> str:
    return str(knobs.shown["line"]["note"])
