"""One panel a file; each reads the state, calls pure code, and sets its widgets. Each is usable alone in a cell."""

from __future__ import annotations

from explorer.widgets.panels.main.prefix import PrefixPanel
from explorer.widgets.panels.main.status import StatusPanel
from explorer.widgets.panels.panel import Panel

# Said here, because these two are panels themselves.
Panel.companions = (StatusPanel, PrefixPanel)
