"""The history: every token that was tried, as a tree; other prefixes that have one; sessions saved and opened."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from explorer.locales import ExplorerError
from explorer.sessions.autosave import Earlier
from explorer.state.refresher import Paint
from explorer.widgets import controls as w
from explorer.widgets.elements.file_buttons.widget import FileButtons
from explorer.widgets.elements.tree_view.widget import TreeView, node_note
from explorer.widgets.panels.main.stepping import SteppingPanel
from explorer.widgets.panels.main.tokens import TokensPanel
from explorer.widgets.panels.menus import set_options
from explorer.widgets.panels.panel import Panel

LONGEST_PREFIX = 60

HERE = "\0"
"""The menu's value for the prefix on show: no other text, and not None, which would leave the menu blank."""


class HistoryPanel(Panel):
    """The tree over the prefix as a picture one can click, and the files."""

    follows = ("document.tree_version", "document.prefix", "reader.trace", "display.browser", "reader.model")

    def build(self) -> list[w.Widget]:
        state = self.state
        self._tree = TreeView(
            lambda number: state.status.attempt(state.playback.go, number),
            lambda number, name: state.status.attempt(state.document.rename, number, name),
            self._note,
        )
        self._files = FileButtons(
            state.persistence.save,
            lambda _name, data: state.persistence.open(data),
            state.persistence.open_earlier,
        )
        self._listed: tuple[object, ...] = ()
        self._prefixes = w.Dropdown(
            layout={"width": "auto", "flex": "1 1 200px"}, style={"description_width": "initial"}
        )
        self._prefixes.observe(self._on_prefix, "value")
        files = w.HBox([self._prefixes, self._files], layout={"align_items": "center", "flex_flow": "row wrap"})
        return [self._tree, files]

    def translate(self) -> None:
        self._prefixes.description = self._prefixes.tooltip = self.tr("history-prefixes")
        self._files.translate(self.state.display.theme.language)

    def refresh(self) -> Paint | None:
        state = self.state
        if state.document.tree is not None:
            self._tree.show(state.document.tree, self.state.display.theme.language)
        trees = state.document.session.trees.values() if state.document.session is not None else ()
        grown = {tree.prefix: len(tree) for tree in trees if len(tree) and tree is not state.document.tree}
        here = self.tr("history-here")
        options = [(here, HERE), *((self._title(prefix, n), prefix) for prefix, n in grown.items())]
        set_options(self._prefixes, options, HERE, self._on_prefix)
        self._prefixes.layout.display = None if grown else "none"
        # All earlier sessions are read for their list, which takes too long to be done on every step.
        listed = (state.display.browser, state.document.session, state.display.theme.language)
        if listed == self._listed:
            return None
        self._listed = listed
        return self._list_earlier

    def _list_earlier(self) -> None:
        earlier = self.state.persistence.earlier()
        self._files.earlier = [{"key": each.path.name, "label": self._earlier(each)} for each in earlier]

    def _title(self, prefix: str, n: int) -> str:
        shown = prefix if len(prefix) <= LONGEST_PREFIX else "…" + prefix[-LONGEST_PREFIX:]
        return self.tr("history-prefix", prefix=shown.replace("\n", "⏎"), n=n)

    def _earlier(self, session: Earlier) -> str:
        when = datetime.fromtimestamp(session.time).strftime("%Y-%m-%d %H:%M")
        prefix = session.prefix[:LONGEST_PREFIX].replace("\n", "⏎")
        return self.tr("history-earlier", time=when, model=session.model, n=session.n_tokens, prefix=prefix)

    def _note(self, number: int) -> tuple[str, float | None]:
        tree = self.state.document.tree
        if tree is None:
            return "", None
        try:
            return node_note(tree, number, self.state.display.theme.language)
        except ExplorerError:
            return "", None  # of a tree that was on show a moment ago

    def around(self) -> list[w.Widget]:
        return [*super().around(), TokensPanel(self.state), SteppingPanel(self.state)]

    def _on_prefix(self, change: dict[str, Any]) -> None:
        if change["new"] != HERE:
            self.state.document.prefix = change["new"]
