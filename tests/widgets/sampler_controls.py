"""The sampling panel as a page sees it: what it asks, and the rows it is told."""

from __future__ import annotations

from typing import Any

from explorer.widgets.elements.sampler_controls.widget import SamplerControls
from tests.widgets.page import Page

Change = tuple[str, str, Any]


def ask(page: Page, controls: SamplerControls, *changes: Change) -> None:
    """As the page does: with the next number."""
    page.set(controls, asked={"number": controls.asked["number"] + 1, "changes": changes})
    assert controls.shown["answered"] == controls.asked["number"]


def row(controls: SamplerControls, stage: str) -> dict[str, Any]:
    (found,) = (row for row in controls.shown["rows"] if row["stage"] == stage)
    return dict(found)


def in_view(controls: SamplerControls) -> list[str]:
    return [row["stage"] for row in controls.shown["rows"] if row["in_view"]]


def line(controls: SamplerControls) -> str:
    return str(controls.shown["line"]["note"])
