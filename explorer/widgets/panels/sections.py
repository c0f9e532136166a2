"""The sections below the bars."""

from __future__ import annotations

from explorer.widgets.panels.attention import AttentionPanel
from explorer.widgets.panels.compare import ComparePanel
from explorer.widgets.panels.draw import TallyPanel
from explorer.widgets.panels.funnel import FunnelPanel
from explorer.widgets.panels.history import HistoryPanel
from explorer.widgets.panels.search import SearchPanel
from explorer.widgets.panels.tabs import TabsPanel
from explorer.widgets.panels.two_prefixes import TwoPrefixesPanel


class SectionsPanel(TabsPanel):
    """What there is besides the bars, one section at a time."""

    follows = ("section",)
    chosen = "section"
    tabs = {  # noqa: RUF012
        "funnel": ("section-funnel", FunnelPanel),
        "attention": ("section-attention", AttentionPanel),
        "compare": ("section-compare", ComparePanel),
        "second": ("section-second", TwoPrefixesPanel),
        "history": ("section-history", HistoryPanel),
        "tally": ("section-tally", TallyPanel),
        "search": ("section-search", SearchPanel),
    }
