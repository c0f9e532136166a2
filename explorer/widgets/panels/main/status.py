"""What is going on: the state, the time an answer took, and what a reader must know about it."""

from __future__ import annotations

from explorer.widgets import controls as w
from explorer.widgets.elements.status_line.widget import StatusLine
from explorer.widgets.panels.panel import Panel


class StatusPanel(Panel):
    """The status line."""

    follows = ("status", "trace", "model")

    def build(self) -> list[w.Widget]:
        self._line = StatusLine()
        return [self._line]

    def refresh(self) -> None:
        status, trace, model = self.state.status, self.state.trace, self.state.model
        language = self.state.theme.language
        notices = [*(model.info.notices if model else ()), *(trace.notices if trace else ())]
        if trace is not None and trace.start:
            notes = [self.tr("window-notice", start=trace.start, n=len(trace.ids) - trace.start)]
        else:
            notes = []
        with self._line.hold_sync():
            self._line.state = status.state
            self._line.text = status.message.render(language)
            self._line.share = status.share
            self._line.notes = [notice.render(language) for notice in notices] + notes
