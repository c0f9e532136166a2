"""The attention: all heads, and beside them views of those that are chosen."""

from __future__ import annotations

from explorer.widgets import controls as w
from explorer.widgets.panels.attention.attention_text import AttentionTextPanel
from explorer.widgets.panels.attention.bertviz import BertVizPanel
from explorer.widgets.panels.attention.grid import GridPanel
from explorer.widgets.panels.attention.head import HeadPanel
from explorer.widgets.panels.attention.roles import RolesPanel
from explorer.widgets.panels.attention.summary import SummaryPanel
from explorer.widgets.panels.attention.weight import WeightPanel
from explorer.widgets.panels.panel import Panel
from explorer.widgets.panels.tabs import TabsPanel


class AttentionViewsPanel(TabsPanel):
    """Views of the chosen heads, one at a time."""

    follows = ("display.view",)
    chosen = "display.view"
    tabs = {  # noqa: RUF012
        "head": ("view-head", HeadPanel),
        "text": ("view-text", AttentionTextPanel),
        "weight": ("view-weight", WeightPanel),
        "roles": ("view-roles", RolesPanel),
        "summary": ("view-summary", SummaryPanel),
        "bertviz": ("view-bertviz", BertVizPanel),
    }


class AttentionPanel(Panel):
    """The grid of all heads and the views, beside each other where there is room."""

    def build(self) -> list[w.Widget]:
        self._grid = GridPanel(self.state, visible=False)
        self._views = AttentionViewsPanel(self.state, visible=False)
        self._grid.layout = {"flex": "5 1 440px", "min_width": "0", "padding": "0 12px 0 0"}
        self._views.layout = {"flex": "6 1 560px", "min_width": "0"}
        return [w.HBox([self._grid, self._views], layout={"flex_flow": "row wrap", "align_items": "flex-start"})]

    def on_visible(self) -> None:
        self._grid.visible = self._views.visible = self.visible
