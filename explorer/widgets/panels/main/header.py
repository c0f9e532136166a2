"""Which model answers, and in which language the screen speaks."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from explorer.locales import LANGUAGES, closest_language
from explorer.models.catalog import CATALOG
from explorer.models.download_permission import downloads_allowed
from explorer.state.model_choice import is_on_disk
from explorer.widgets import controls as w
from explorer.widgets.elements.status_line.widget import StatusLine
from explorer.widgets.panels.menus import set_options
from explorer.widgets.panels.panel import Panel

NONE = ""
"""The picker's value while there is no model; None would leave it blank."""


class HeaderPanel(Panel):
    """The model picker, facts about the model, and the language switch."""

    # A model whose GPU runs full moves to the CPU between two answers: so the facts follow the trace, too.
    follows = ("reader.model", "reader.trace", "models.loading", "models.to_confirm")

    def build(self) -> list[w.Widget]:
        self._listed: tuple[object, ...] = ()
        self._model = w.Dropdown(layout={"flex": "0 0 330px"}, style={"description_width": "initial"})
        # Two lines keep their place before they are there.
        self._facts = StatusLine(state="plain", layout={"min_height": "42px", "margin": "0 8px"})
        self._language_switch = w.ToggleButtons(
            options=[(name, tag) for tag, name in LANGUAGES.items()], value=self.state.display.theme.language,
            style={"button_width": "72px"}, layout={"width": "auto", "flex": "0 0 auto"},
        )  # fmt: skip
        self._model.observe(self._on_model, "value")
        self._language_switch.observe(self._on_language, "value")
        return [w.HBox([self._model, self._facts, self._language_switch], layout={"align_items": "center"})]

    def translate(self) -> None:
        self._model.description = self._model.tooltip = self.tr("model")

    def refresh(self) -> None:
        model, models, theme = self.state.reader.model, self.state.models, self.state.display.theme
        self._language_switch.value = theme.language
        present = model.info.name if model is not None else NONE
        chosen = models.loading or models.to_confirm or present
        listed = (present, chosen, theme.language)
        if listed != self._listed or self._model.value != chosen:  # which models are on the disk takes a look at it
            self._listed = listed
            self._list(present, chosen)
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
            self._facts.notes = [info.note.render(theme.language)] if info.note else []

    def _list(self, present: str, chosen: str) -> None:
        # Where others visit, only what is on the disk is offered.
        offered = [name for name in CATALOG if downloads_allowed() or name == chosen or is_on_disk(name)]
        names = [name for name in dict.fromkeys((present, chosen)) if name not in (NONE, *CATALOG)] + offered
        options = [(self.tr("model-choose"), NONE)] if chosen == NONE else []
        options += [(self._title(name), name) for name in names]
        set_options(self._model, options, chosen, self._on_model)

    def _title(self, name: str) -> str:
        entry, model = CATALOG.get(name), self.state.reader.model
        if entry is None:
            return model.info.title if model is not None and model.info.name == name else name
        if is_on_disk(name):
            return entry.title
        return self.tr("model-download", title=entry.title, megabytes=round(entry.download_bytes / 1e6))

    def _on_model(self, change: dict[str, Any]) -> None:
        if change["new"] != NONE:
            self.state.models.choose(change["new"])

    def _on_language(self, change: dict[str, Any]) -> None:
        display = self.state.display
        with display.lock:
            display.theme = replace(display.theme, language=closest_language(change["new"]) or "en")
