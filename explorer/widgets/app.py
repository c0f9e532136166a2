"""`Explorer`: the app, composed of the panels."""

from __future__ import annotations

from explorer.generation.compare import Comparison
from explorer.language_model.attention import Attention
from explorer.language_model.model import Model
from explorer.language_model.trace import Trace
from explorer.locales import ExplorerError
from explorer.sampling.distribution import Distribution
from explorer.sampling.sampling import Sampling
from explorer.sessions.session import Session
from explorer.state.model_choice import BEST
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
from explorer.widgets.panels.panel import Panel
from explorer.widgets.panels.sections import SectionsPanel
from explorer.widgets.panels.theme import theme_reporter

FIRST_PREFIX = "The capital of France is"


class Explorer(Panel):
    """The app in a cell. The frame appears at once; without a model, one is loaded behind it.

    >>> app = explorer.Explorer()
    >>> app                                                   # type, step, look
    >>> app.distribution.top(5)                               # what is on the screen, as records

    Args:
        model: a loaded model, or the name of one (see `explorer.load`); None takes the best one on disk. Or a state
            that other panels show, too.
        prefix: the text to begin with.
    """

    def __init__(self, model: Model | str | ExplorerState | None = None, prefix: str = FIRST_PREFIX) -> None:
        if isinstance(model, ExplorerState):
            super().__init__(model)
        else:
            loaded = None if model is None or isinstance(model, str) else model
            super().__init__(ExplorerState(loaded, prefix))
            self._owns_state = True
            if model is None or isinstance(model, str):
                self.state.models.load(model or BEST)
        self.add_class("nte-app")

    @property
    def trace(self) -> Trace | None:
        """What the model made of the text on show, or of the one before while it is being read; None at first."""
        return self.state.reader.trace

    @property
    def distribution(self) -> Distribution | None:
        """Of the next token, after the sampler; None before the first answer, and where the sampler leaves no token."""
        return self.state.sampler.distribution

    @property
    def attention(self) -> Attention:
        """What every head looked at, while the section Attention is open.

        Raises:
            ExplorerError: it is not, or the model gives none; `explorer.Trace.attention`.
        """
        if (trace := self.trace) is None:
            raise ExplorerError("status-no-model")
        return trace.attention

    @property
    def sampling(self) -> Sampling:
        """The sampler as its controls stand; setting it moves them."""
        return self.state.sampler.sampling

    @sampling.setter
    def sampling(self, sampling: Sampling) -> None:
        self.state.sampler.sampling = sampling

    @property
    def session(self) -> Session | None:
        """Every token that was chosen, as trees over the prefixes; None before a model is there."""
        return self.state.document.session

    @property
    def comparison(self) -> Comparison | None:
        """The strategies side by side, as far as they have come; None before they were compared."""
        return self.state.comparison.comparison

    def build(self) -> list[w.Widget]:
        state = self.state
        status, examples, bars = StatusPanel(state), ExamplesPanel(state), DistributionPanel(state)
        controls = w.VBox([SteppingPanel(state), DrawPanel(state), SamplingPanel(state), AxisPanel(state)])
        status.layout.flex, examples.layout.flex = "1 1 0", "0 0 auto"
        bars.layout.flex, controls.layout.flex = "3 1 0", "2 1 0"
        for box in (status, bars, controls):
            box.layout.min_width = "0"  # a flex box is else as wide as its longest line
        return [
            theme_reporter(state),
            HeaderPanel(state),
            w.HBox([status, examples], layout={"align_items": "center"}),
            PrefixPanel(state),
            TokensPanel(state),
            w.HBox([bars, controls]),
            SectionsPanel(state),
        ]

    def refresh(self) -> None:
        """Its panels refresh themselves."""
