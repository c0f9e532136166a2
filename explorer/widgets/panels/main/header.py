"""Which model answers, and in which language the screen speaks."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from explorer.locales import LANGUAGES, ExplorerError, Message, closest_language
from explorer.models import sources
from explorer.models.catalog import CATALOG
from explorer.state.state import Status
from explorer.state.worker import in_background
from explorer.widgets import controls as w
from explorer.widgets.elements.status_line.widget import StatusLine
from explorer.widgets.panels.panel import Panel, set_options

NONE = ""
"""The picker's value while there is no model; None would leave it blank."""


class HeaderPanel(Panel):
    """The model picker, facts about the model, and the language switch."""

    follows = ("model",)

    def build(self) -> list[w.Widget]:
        self._model = w.Dropdown(layout={"flex": "0 0 330px"}, style={"description_width": "initial"})
        # Two lines keep their place before they are there.
        self._facts = StatusLine(state="plain", layout={"min_height": "42px", "margin": "0 8px"})
        self._language = w.ToggleButtons(
            options=[(name, tag) for tag, name in LANGUAGES.items()], value=self.state.theme.language,
            style={"button_width": "72px"}, layout={"width": "auto", "flex": "0 0 auto"},
        )  # fmt: skip
        self._model.observe(self._on_model, "value")
        self._language.observe(self._on_language, "value")
        # A model whose GPU runs full moves to the CPU between two answers.
        self.state.observe(lambda _change: self._show_facts(), "trace")
        return [w.HBox([self._model, self._facts, self._language], layout={"align_items": "center"})]

    def translate(self) -> None:
        self._model.description = self._model.tooltip = self.tr("model")

    def refresh(self) -> None:
        model = self.state.model
        self._show_options(model.info.name if model is not None else None)
        self._show_facts()

    def _show_facts(self) -> None:
        model = self.state.model
        if model is not None:
            info = model.info
            self._facts.text = self.tr(
                "model-facts",
                device=info.device,
                dtype=info.dtype,
                engine=info.engine,
                positions=info.n_positions,
                layers=info.n_layer,
                heads=info.n_head,
            )
            self._facts.notes = [info.note.render(self.state.theme.language)] if info.note else []

    def load(self, name: str | None) -> None:
        """Fetch (if need be) and load a model in the background; the one in use answers until the new one is ready."""
        in_background(lambda: self._load(name))

    def _load(self, name: str | None) -> None:
        state = self.state
        with state.lock:
            state.status = Status("busy", Message.of("status-loading"), -1.0)
        try:
            from explorer.engine.loading import load  # torch takes seconds: the frame is there before

            state.model = load(name, report=state.progress)
        except Exception as error:
            state.fail(error)
            with state.lock:
                self.refresh()

    def _show_options(self, current: str | None) -> None:
        names = list(CATALOG) if current is None or current in CATALOG else [current, *CATALOG]
        options = [(self.tr("model-choose"), NONE)] if current is None else []
        options += [(self._title(name), name) for name in names]
        set_options(self._model, options, current or NONE, self._on_model)

    def _title(self, name: str) -> str:
        entry = CATALOG.get(name)
        if entry is None:
            return self.state.model.info.title if self.state.model is not None else name
        if _is_on_disk(name):
            return entry.title
        return self.tr("model-download", title=entry.title, megabytes=round(entry.download_bytes / 1e6))

    def _on_model(self, change: dict[str, Any]) -> None:
        current = self.state.model.info.name if self.state.model is not None else None
        if change["new"] not in (NONE, current):
            self.load(change["new"])

    def _on_language(self, change: dict[str, Any]) -> None:
        self.state.theme = replace(self.state.theme, language=closest_language(change["new"]) or "en")


def _is_on_disk(name: str) -> bool:
    try:
        return sources.on_disk(name) is not None
    except ExplorerError:
        return False
