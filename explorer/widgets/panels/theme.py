"""`theme_reporter`: what keeps the theme of a state true to the page."""

from __future__ import annotations

from dataclasses import replace

from explorer.state.state import ExplorerState
from explorer.widgets.elements.theme_reporter.widget import ThemeReporter


def theme_reporter(state: ExplorerState) -> ThemeReporter:
    """The widget that keeps the theme of ``state`` true to the page."""
    display = state.display
    reporter = ThemeReporter(dark=display.theme.dark, contrast=display.theme.contrast)

    def on_change(_change: object) -> None:
        display.theme = replace(display.theme, dark=reporter.dark, contrast=reporter.contrast)

    def on_browser(_change: object) -> None:
        display.browser = reporter.browser

    reporter.observe(on_change, ["dark", "contrast"])
    reporter.observe(on_browser, "browser")
    return reporter
