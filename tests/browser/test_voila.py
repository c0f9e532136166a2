"""The same notebook as a page without code."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page

from tests.browser.lab import PATIENCE, Screen
from tests.browser.reference import Reference
from tests.servers import serve_app


def test_the_app_is_a_page(
    environment: dict[str, str], new_page: Callable[[], Page], reference: Reference, tmp_path: Path
) -> None:
    with serve_app(tmp_path, environment) as app:
        screen = Screen(new_page())
        screen.page.goto(app.url, timeout=PATIENCE)
        screen.wait_ready()
        screen.type(" and the")
        text = "The capital of France is and the"
        screen.wait_chips(reference.labels(text))
        screen.wait_first_bar(reference.top(text, 1)[0][0])
        plot = screen.page.locator(".nte-bars").bounding_box()
        assert plot["y"] + plot["height"] <= 720, "a projector's screen does not show all of it"
        assert new_page.asked == []
        screen.page.close()
