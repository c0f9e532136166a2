"""What is going on: the state, the time an answer took, and what a reader must know about it."""

from __future__ import annotations

from explorer.models.catalog import CATALOG
from explorer.state.status import BUSY, READY
from explorer.widgets import controls as w
from explorer.widgets.elements.status_line.widget import StatusLine
from explorer.widgets.panels.panel import Panel


class StatusPanel(Panel):
    """The status line; beside it, what can be done about a model that is to be downloaded or is being loaded."""

    follows = ("status.current", "reader.trace", "reader.late", "reader.model", "models.loading", "models.to_confirm")

    def build(self) -> list[w.Widget]:
        models = self.state.models
        self._line = StatusLine(layout={"flex": "1 1 0", "min_width": "0"})
        self._download, self._cancel = (
            w.Button(button_style=style, layout={"width": "auto", "display": "none"}) for style in ("primary", "")
        )
        self._download.on_click(lambda _button: models.confirm())
        self._cancel.on_click(lambda _button: models.cancel())
        return [w.HBox([self._line, self._download, self._cancel], layout={"align_items": "center"})]

    def refresh(self) -> None:
        state = self.state
        status, trace, model, models = state.status.current, state.reader.trace, state.reader.model, state.models
        language = state.display.theme.language
        notices = [*(model.info.notices if model else ()), *(trace.notices if trace else ())]
        notes = [notice.render(language) for notice in notices]
        if trace is not None and trace.start:
            notes.append(self.tr("window-notice", start=trace.start, n=len(trace.ids) - trace.start))
        with self._line.hold_sync():
            if models.to_confirm is not None:
                entry = CATALOG[models.to_confirm]
                megabytes = round(entry.download_bytes / 1e6)
                self._line.text = self.tr("model-confirm", title=entry.title, megabytes=megabytes)
                self._line.state, self._line.share = BUSY, None
            else:
                self._line.text = status.message.render(language)
                self._line.state = BUSY if state.reader.late and status.state == READY else status.state
                self._line.share = status.share
            self._line.notes = notes
        self._download.description = self.tr("model-fetch")
        self._cancel.description = self.tr("model-not-now" if models.to_confirm is not None else "model-cancel")
        self._download.layout.display = None if models.to_confirm is not None else "none"
        asked = models.to_confirm is not None or models.loading is not None
        self._cancel.layout.display = None if asked else "none"
