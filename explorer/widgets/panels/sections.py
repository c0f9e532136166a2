"""The sections below the bars."""

from __future__ import annotations

from explorer.widgets.panels.attention.attention import AttentionPanel
from explorer.widgets.panels.compare.compare import ComparePanel
from explorer.widgets.panels.compare.two_prefixes import TwoPrefixesPanel
from explorer.widgets.panels.history.history import HistoryPanel
from explorer.widgets.panels.main.draw import DrawHistogramPanel
from explorer.widgets.panels.main.funnel import FunnelPanel
from explorer.widgets.panels.main.search import SearchPanel
from explorer.widgets.panels.tabs import TabsPanel


class SectionsPanel(TabsPanel):
    """What there is besides the bars, one section at a time."""

    follows = ("display.section",)
    chosen = "display.section"
    tabs = {  # noqa: RUF012
        "funnel": ("section-funnel", FunnelPanel),
        "attention": ("section-attention", AttentionPanel),
        "compare": ("section-compare", ComparePanel),
        "second": ("section-second", TwoPrefixesPanel),
        "history": ("section-history", HistoryPanel),
        "histogram": ("section-histogram", DrawHistogramPanel),
        "search": ("section-search", SearchPanel),
    }
