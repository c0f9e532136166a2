"""`Panel`: what all panels have in common."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, ClassVar

import traitlets as t

from explorer.language_model.model import Model
from explorer.locales import Argument, ExplorerError, Message, tr
from explorer.state.refresher import Paint
from explorer.state.state import ExplorerState, closed_state
from explorer.widgets import controls as w
from explorer.widgets.base import guarded_widgets
from explorer.widgets.cells import displayed
from explorer.widgets.elements.kernel_banner.widget import KernelBanner
from explorer.widgets.elements.status_line.widget import StatusLine
from explorer.widgets.elements.theme_reporter.widget import ThemeReporter
from explorer.widgets.panels.theme import theme_reporter

log = logging.getLogger(__name__)

LATE = "reader.late"
THEME = "display.theme"


class Panel(w.VBox):
    """Widgets that show a part of an `ExplorerState`.

    Args:
        source: the state to show; or a model, and the panel makes a state of its own with a prefix box above.
        prefix: the text to begin with, where the panel makes its own state.
        visible: whether it is in view from the start.

    A subclass builds its widgets in `build` and fills them in `refresh`, which is called once for all that changed
    meanwhile of what it `follows`. Titles and labels belong into `translate`, which is called at the start and when the
    language changes. A panel that nobody can see (`visible`) is refreshed when it comes into view.

    Attributes:
        follows: traits of the state, as ``slice.trait``.
        required_extras: extras of the trace that it shows; see `Reader.require`.
        companions: what a panel alone in a cell has above it: something to type into, and what is going on.
        dimmed: its widgets that are marked while a newer picture is being computed.
    """

    follows: ClassVar[tuple[str, ...]] = ()
    required_extras: frozenset[str] = frozenset()
    companions: ClassVar[tuple[type[Panel], ...]] = ()
    dimmed: tuple[Any, ...] = ()

    def __init__(self, source: Model | ExplorerState, prefix: str = "", *, visible: bool = True) -> None:
        self._owns_state = not isinstance(source, ExplorerState)
        self.state = source if isinstance(source, ExplorerState) else ExplorerState(source, prefix)
        super().__init__()
        self.add_class("nte-panel")
        self._visible = visible
        self._pending = {""}  # what of it, since the last refresh
        self._failed = False  # the last refresh raised
        self._notice: StatusLine | None = None  # why there are no pictures, or no more
        self._language = ""
        self._making = True  # what changes meanwhile is drawn at the end
        self._links: list[tuple[t.HasTraits, Callable[..., object], str]] = []
        own = self.build()
        self._own = tuple([*self.around(), *own] if self._owns_state else own)
        self.children = self._own
        for widget in guarded_widgets(self):
            widget.lock = self.state.lock
        with self.state.lock:
            self._translate()
            for name in (*self.follows, THEME, *([LATE] if self.dimmed else [])):
                self.follow(name)
            self._link(self.state, self._on_closed, "closed")
            self._require()
        if visible:
            self._first_refresh()
        with self.state.lock:
            self._making = False
            self._due()
            if self.state.closed:
                self._on_closed()
            if visible:
                self.on_visible()

    # --- what a panel is ----------------------------------------------------------------------------------------------

    def build(self) -> list[w.Widget]:
        """Make the widgets, once."""
        raise NotImplementedError

    def translate(self) -> None:
        """Write all that does not depend on the model in the language of the theme."""

    def refresh(self) -> Paint | None:
        """Fill the widgets from the state, whose lock is held; return what can be done without the lock."""

    def tr(self, message_id: str, **arguments: Argument) -> str:
        return tr(message_id, self.state.display.theme.language, **arguments)

    def around(self) -> list[w.Widget]:
        """What the panel needs around it when it is alone in a cell."""
        return [theme_reporter(self.state), *(companion(self.state) for companion in self.companions)]

    @property
    def is_stale(self) -> bool:
        """Whether its pictures are not those of the present text, and have not been for a while."""
        return self.state.reader.late and self.state.reader.trace is not None

    # --- when it is drawn ---------------------------------------------------------------------------------------------

    def follow(self, name: str, owner: t.HasTraits | None = None) -> None:
        """Be refreshed when a trait changes: ``slice.trait`` of the state, or ``trait`` of ``owner``."""
        part, _, trait = name.rpartition(".")

        def on_change(_change: object) -> None:
            with self.state.lock:
                self._pending.add(name)
                self._due()

        self._link(owner if owner is not None else getattr(self.state, part), on_change, trait)

    def redraw(self) -> None:
        """Have the panel refreshed, though nothing of what it follows has changed."""
        with self.state.lock:
            self._pending.add("")
            self._due()

    def on_due(self) -> Paint | None:
        """Called by the `Refresher`, under the lock of the state."""
        if self.closed or not self._visible or not self._pending:  # it was refreshed meanwhile for all of it
            return None
        self._translate()
        return self._refresh()

    def failed(self, error: BaseException) -> None:
        """Say in this place that the panel could not be drawn; the others go on, and it comes back with its next
        refresh that succeeds."""
        self._failed = True
        if isinstance(error, ExplorerError):
            message = error.message
        else:
            log.exception("%s could not be drawn", type(self).__name__, exc_info=error)
            message = Message.of("panel-failed", kind=type(error).__name__)
        with self.state.lock:
            if not self.state.closed:  # else that is said
                self._say_above(message)

    def _first_refresh(self) -> None:
        try:
            with self.state.lock:
                paint = self._refresh()
            paint()
        except Exception as error:
            self.failed(error)

    def _due(self) -> None:
        if self._pending and self._visible and not self._making:
            self.state.refresher.due(self)

    def _refresh(self) -> Paint:
        """`refresh`, as far as it is needed; then mark what is old."""
        pending, self._pending = self._pending, set()
        paint = self.refresh() if pending != {LATE} or self._failed else None

        def finish() -> None:
            if paint is not None:
                paint()
            with self.state.lock:
                stale, self._failed = self.is_stale, False
                if not self.state.closed:
                    self._say_above(None)
            for widget in self.dimmed:
                widget.stale = stale

        return finish

    def _translate(self) -> None:
        language = self.state.display.theme.language
        if language != self._language:
            self._language = language
            self.translate()
            for widget in self._own:
                if isinstance(widget, KernelBanner):
                    widget.sentence = self.tr("kernel-gone")

    def _link(self, owner: t.HasTraits, handler: Callable[..., object], trait: str) -> None:
        owner.observe(handler, trait)
        self._links.append((owner, handler, trait))

    # --- whether it is seen -------------------------------------------------------------------------------------------

    @property
    def visible(self) -> bool:
        """Whether a reader can see the panel; what nobody sees is not drawn."""
        return self._visible

    @visible.setter
    def visible(self, visible: bool) -> None:
        with self.state.lock:
            if visible != self._visible:
                self._visible = visible
                self._require()
                self._due()
            self.on_visible()

    def on_visible(self) -> None:
        """Tell the panels inside of this one that it came into view or went out of it."""

    def _require(self) -> None:
        self.state.reader.require(self, self.required_extras if self._visible else frozenset())

    # --- a cell -------------------------------------------------------------------------------------------------------

    def _repr_mimebundle_(self, **options: Any) -> Any:
        if self.closed:
            return {"text/plain": Message.of("panel-closed").render(self.state.display.theme.language)}
        self._stand_alone()
        displayed(self)
        return super()._repr_mimebundle_(**options)

    def _stand_alone(self) -> None:
        """Displayed by a cell, and not as a part of another panel: bring what a page needs once."""
        inside = list(guarded_widgets(self))
        missing: list[w.Widget] = []
        if not any(isinstance(widget, ThemeReporter) for widget in inside):
            missing.append(theme_reporter(self.state))
        if not any(isinstance(widget, KernelBanner) for widget in inside):
            missing.append(KernelBanner(sentence=self.tr("kernel-gone")))
        if missing:
            self.add_class("nte-root")
            self._own = (*missing, *self._own)
            self.children = (*missing, *self.children)

    # --- the end ------------------------------------------------------------------------------------------------------

    def close(self) -> None:
        """Take the panel off the page, and end what it asked for. A state that it made itself ends with it."""
        if self.closed:
            return
        state = self.state
        with state.lock:
            self._making = True
            for owner, handler, trait in self._links:
                owner.unobserve(handler, trait)
            self._links.clear()
            state.reader.require(self, frozenset())
            self.state = closed_state()  # who still has this panel keeps no model alive
            if self._owns_state:
                state.close()
            super().close()
            self.__dict__.pop("_repr_mimebundle_", None)  # ipywidgets put None there; who displays this is told

    def __del__(self) -> None:
        """Nothing: ipywidgets would close it here, at the end of the process, when half of that is gone already."""

    def _on_closed(self, _change: object = None) -> None:
        """The state was closed: there will be no more pictures."""
        self._say_above(Message.of("panel-closed"))

    def _say_above(self, message: Message | None) -> None:
        """A sentence above the widgets, in the place of the one before; None: no more."""
        before = self._notice
        if self.closed or (message is None and before is None):
            return
        language = self.state.display.theme.language
        self._notice = StatusLine(state="error", text=message.render(language)) if message is not None else None
        self.children = (*([self._notice] if self._notice is not None else []), *self._own)
        if before is not None:
            before.close()
