"""`Explorer`: the app, composed of the panels."""

from __future__ import annotations

from explorer.language_model.model import Model
from explorer.state.state import ExplorerState
from explorer.widgets import controls as w
from explorer.widgets.panels.main.axis import AxisPanel
from explorer.widgets.panels.main.distribution import DistributionPanel
from explorer.widgets.panels.main.draw import DrawPanel
from explorer.widgets.panels.main.examples import ExamplesPanel
from explorer.widgets.panels.main.header import HeaderPanel
from explorer.widgets.panels.main.prefix import PrefixPanel
from explorer.widgets.panels.main.sampling import SamplingPanel
from explorer.widgets.panels.main.status import StatusPanel
from explorer.widgets.panels.main.stepping import SteppingPanel
from explorer.widgets.panels.main.tokens import TokensPanel
from explorer.widgets.panels.panel import theme_reporter
from explorer.widgets.panels.sections import SectionsPanel

FIRST_PREFIX = "The capital of France is"


class Explorer(w.VBox):
    """The app in a cell. The frame appears at once; without a model, one is loaded behind it.

    Args:
        model: a loaded model, or the name of one (see `explorer.load`); None takes the best one on disk.
        prefix: the text to begin with.
    """

    def __init__(self, model: Model | str | None = None, prefix: str = FIRST_PREFIX) -> None:
        loaded = None if model is None or isinstance(model, str) else model
        self.state = ExplorerState(loaded, prefix)
        header = HeaderPanel(self.state)
        status, examples = StatusPanel(self.state), ExamplesPanel(self.state)
        bars = DistributionPanel(self.state)
        controls = w.VBox(
            [SteppingPanel(self.state), DrawPanel(self.state), SamplingPanel(self.state), AxisPanel(self.state)]
        )
        status.layout.flex, examples.layout.flex = "1 1 0", "0 0 auto"
        bars.layout.flex, controls.layout.flex = "3 1 0", "2 1 0"
        for box in (status, bars, controls):
            box.layout.min_width = "0"  # a flex box is else as wide as its longest line
        super().__init__(
            [
                theme_reporter(self.state),
                header,
                w.HBox([status, examples], layout={"align_items": "center"}),
                PrefixPanel(self.state),
                TokensPanel(self.state),
                w.HBox([bars, controls]),
                SectionsPanel(self.state),
            ]
        )
        self.add_class("nte-app")
        if loaded is None:
            header.load(model if isinstance(model, str) else None)
