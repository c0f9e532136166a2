"""Every element, made as a panel makes it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from explorer.widgets.base import Element
from explorer.widgets.elements.attention_text.widget import AttentionText
from explorer.widgets.elements.choices.widget import Choices
from explorer.widgets.elements.downloads.widget import Downloads
from explorer.widgets.elements.draw_strip.widget import DrawStrip
from explorer.widgets.elements.file_buttons.widget import FileButtons
from explorer.widgets.elements.framed.widget import Framed
from explorer.widgets.elements.head_grid.widget import HeadGrid
from explorer.widgets.elements.kernel_banner.widget import KernelBanner
from explorer.widgets.elements.plot.widget import Plot
from explorer.widgets.elements.prefix_box.widget import PrefixBox
from explorer.widgets.elements.role_labels.widget import RoleLabels
from explorer.widgets.elements.sampler_controls.widget import SamplerControls
from explorer.widgets.elements.status_line.widget import StatusLine
from explorer.widgets.elements.step_buttons.widget import StepButtons
from explorer.widgets.elements.strategy_list.widget import StrategyList
from explorer.widgets.elements.text_columns.widget import TextColumns
from explorer.widgets.elements.theme_reporter.widget import ThemeReporter
from explorer.widgets.elements.token_chips.widget import TokenChips
from explorer.widgets.elements.tree_view.widget import TreeView


class Owner:
    """Gives its elements handlers of its own, as a panel does."""

    def hear(self, *_: object) -> Any:
        return None


ELEMENTS: dict[type[Element], Callable[[Owner], Element]] = {
    AttentionText: lambda owner: AttentionText(owner.hear, owner.hear, owner.hear),
    Choices: lambda owner: Choices(owner.hear),
    Downloads: lambda owner: Downloads({"csv": owner.hear}),
    DrawStrip: lambda owner: DrawStrip(owner.hear),
    FileButtons: lambda owner: FileButtons(owner.hear, owner.hear, owner.hear),
    Framed: lambda _owner: Framed(),
    HeadGrid: lambda owner: HeadGrid(owner.hear, owner.hear, owner.hear),
    KernelBanner: lambda _owner: KernelBanner(sentence="The kernel is gone."),
    Plot: lambda owner: Plot(owner.hear, on_cell=owner.hear, on_zoom=owner.hear),
    PrefixBox: lambda _owner: PrefixBox(),
    RoleLabels: lambda owner: RoleLabels(owner.hear, owner.hear),
    SamplerControls: lambda owner: SamplerControls(owner.hear),
    StatusLine: lambda _owner: StatusLine(),
    StepButtons: lambda owner: StepButtons(owner.hear),
    StrategyList: lambda owner: StrategyList({"take": owner.hear}, owner.hear, owner.hear),
    TextColumns: lambda owner: TextColumns(owner.hear, owner.hear),
    ThemeReporter: lambda _owner: ThemeReporter(),
    TokenChips: lambda owner: TokenChips(owner.hear),
    TreeView: lambda owner: TreeView(owner.hear, owner.hear, owner.hear),
}
