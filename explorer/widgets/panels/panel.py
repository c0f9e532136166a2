"""`Panel`: what all panels have in common."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, ClassVar

from explorer.language_model.model import Model
from explorer.locales import Argument, tr
from explorer.state.state import ExplorerState
from explorer.widgets import controls as w
from explorer.widgets.elements.theme_reporter.widget import ThemeReporter


class Panel(w.VBox):
    """Widgets that show a part of an `ExplorerState`.

    Args:
        source: the state to show; or a model, and the panel makes a state of its own with a prefix box above.
        prefix: the text to begin with, where the panel makes its own state.
        seen: whether it is in view from the start.

    A subclass builds its widgets in `build` and fills them in `refresh`, which is called when one of its `follows`
    changes. Titles and labels belong into `translate`, which is called at the start and when the language changes.
    A panel that nobody can see (`visible`) is refreshed when it comes into view.
    """

    follows: tuple[str, ...] = ()
    required_extras: frozenset[str] = frozenset()
    """Extras of the trace that it shows; see `ExplorerState.want`."""
    companions: ClassVar[tuple[type[Panel], ...]] = ()
    """What a panel alone in a cell has above it: something to type into, and what is going on."""

    def __init__(self, source: Model | ExplorerState, prefix: str = "", *, visible: bool = True) -> None:
        alone = not isinstance(source, ExplorerState)
        self.state = source if isinstance(source, ExplorerState) else ExplorerState(source, prefix)
        super().__init__()
        self.add_class("nte-panel")
        self._visible, self._missed = visible, not visible
        own = self.build()
        self.children = [*self.around(), *own] if alone else own
        with self.state.lock:  # an answer that comes between the two would never be shown
            self.translate()
            if visible:
                self.refresh()
            self.state.observe(self._on_state, [*self.follows, "theme"])
            self._say_required_extras()

    def build(self) -> list[w.Widget]:
        """Make the widgets, once."""
        raise NotImplementedError

    def translate(self) -> None:
        """Write all that does not depend on the model in the language of the look."""

    def refresh(self) -> None:
        """Fill the widgets from the state."""

    def tr(self, message_id: str, **arguments: Argument) -> str:
        return tr(message_id, self.state.theme.language, **arguments)

    def around(self) -> list[w.Widget]:
        """What the panel needs around it when it is alone in a cell."""
        return [theme_reporter(self.state), *(companion(self.state) for companion in self.companions)]

    def _on_state(self, change: dict[str, Any]) -> None:
        with self.state.lock:
            if change["name"] == "theme" and change["old"].language != change["new"].language:
                self.translate()
            if self._visible:
                self.refresh()
            self._missed = not self._visible

    @property
    def visible(self) -> bool:
        """Whether a reader can see the panel; what nobody sees is not drawn."""
        return self._visible

    @visible.setter
    def visible(self, visible: bool) -> None:
        with self.state.lock:
            self._visible = visible
            self._say_required_extras()
            if visible and self._missed:
                self._missed = False
                self.refresh()
            self.on_visible()

    def on_visible(self) -> None:
        """Tell the panels inside of this one that it came into view or went out of it."""

    def _say_required_extras(self) -> None:
        if self.required_extras:
            self.state.want(self, self.required_extras if self._visible else frozenset())


def set_options(
    menu: w.Dropdown, options: list[tuple[str, Any]], value: Any, on_value: Callable[[dict[str, Any]], None]
) -> None:
    """Put ``options`` into ``menu`` with ``value`` chosen, without calling its observer: nobody chose anything."""
    menu.unobserve(on_value, "value")
    menu.options = options
    menu.value = value
    menu.observe(on_value, "value")


def theme_reporter(state: ExplorerState) -> ThemeReporter:
    """The widget that keeps ``state.look`` true to the page."""
    reporter = ThemeReporter(dark=state.theme.dark, contrast=state.theme.contrast)

    def on_change(_change: object) -> None:
        state.theme = replace(state.theme, dark=reporter.dark, contrast=reporter.contrast)

    def on_browser(_change: object) -> None:
        state.browser = reporter.browser

    reporter.observe(on_change, ["dark", "contrast"])
    reporter.observe(on_browser, "browser")
    return reporter
