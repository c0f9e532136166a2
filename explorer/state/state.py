"""`ExplorerState`: what an app knows. Panels never talk to each other, only to this."""

from __future__ import annotations

import threading
from functools import cache
from typing import Any

import traitlets as t

from explorer.figures.shared.theme import Theme
from explorer.language_model.interventions import Interventions, canonical
from explorer.language_model.model import Model, ModelInfo
from explorer.language_model.record import short
from explorer.locales import ExplorerError
from explorer.sampling.sampling import Sampling
from explorer.state.comparison import StrategyComparison
from explorer.state.display import Display
from explorer.state.document import Document
from explorer.state.experiment import Experiment
from explorer.state.model_choice import ModelChoice
from explorer.state.persistence import Persistence
from explorer.state.playback import Playback
from explorer.state.reader import Reader
from explorer.state.refresher import Refresher
from explorer.state.sampler import Sampler
from explorer.state.selection import Selection
from explorer.state.slice import Slice
from explorer.state.status import StatusReport


class ExplorerState(Slice):
    """A model, a text and what was chosen after it, how it is sampled, and the latest answer: shared by panels.

    >>> state = explorer.ExplorerState(lm, "The capital of France is")
    >>> explorer.DistributionPanel(state)                                   # in one cell
    >>> explorer.AttentionPanel(state)                                      # in another, of the same text
    >>> state.document.prefix = "The capital of Italy is"                   # both follow

    Its parts are slices with traits that one can set and observe, on any thread; all share one lock. What is set is
    asked of the model in the background, and the slices that depend on it follow.

    Args:
        model: the model that answers; None until one is loaded, see `ModelChoice`.
        prefix: the text to begin with.
        sampling, seed, interventions: to begin with; an `ExplorerError` refuses what ``model`` cannot do.
        theme: colours and language; None takes the language of the environment.
        browser: see `Display.browser`.

    Attributes:
        status: what is going on; display: how things are shown; selection: heads, a token, pinned tokens.
        document: the text and the tree of what was chosen after it; experiment: interventions in force.
        reader: asks the model, and holds its answers; sampler: the distribution and the coming draw.
        playback: step, undo, play; comparison: strategies side by side; persistence: sessions on the disk.
        models: which model is being loaded.
        refresher: draws what follows the state.
        closed: nothing is asked and nothing is drawn any more.
    """

    closed = t.Bool(False)

    def __init__(
        self,
        model: Model | None = None,
        prefix: str = "",
        *,
        sampling: Sampling | None = None,
        seed: int = 1,
        interventions: Interventions = (),
        theme: Theme | None = None,
        browser: str = "",
    ) -> None:
        if model is not None:
            model.info.check(canonical(interventions))
        lock = threading.RLock()
        super().__init__(lock)
        self.refresher = Refresher(lock)
        self.status = StatusReport(lock)
        self.display = Display(lock, browser=browser, **({} if theme is None else {"theme": theme}))
        self.selection = Selection(lock, self._info)
        self.experiment = Experiment(lock, self._info, interventions)
        self.document = Document(lock, prefix)
        self.reader = Reader(lock, self.refresher, self.status, self.document, self.experiment, self.selection)
        self.sampler = Sampler(lock, self.status, self.reader, sampling or Sampling(), seed)
        self.playback = Playback(lock, self.refresher, self.status, self.document, self.reader, self.sampler)
        self.comparison = StrategyComparison(
            lock,
            self.status,
            self.display,
            self.experiment,
            self.document,
            self.reader,
            self.sampler,
            self.playback,
        )
        self.persistence = Persistence(lock, self.status, self.display, self.document, self.reader, self.playback)
        self.models = ModelChoice(lock, self.status, self.reader)
        self.reader.observe(self._on_model, "model")
        if model is not None:
            self.reader.model = model

    def __repr__(self) -> str:
        name = self.reader.model.info.name if self.reader.model is not None else None
        return f"ExplorerState({short(self.document.prefix)}, model={short(name)})"

    def resolved(self, error: ExplorerError) -> None:
        """What ``error`` was about is right now: if the status line still says it, it says that all is well."""
        with self.lock:
            if self.status.current.message == error.message:
                self.reader.say_ready()

    def close(self) -> None:
        """Ask nothing and draw nothing any more, and let the model go. Whoever shows this state says so."""
        with self.lock:
            if self.closed:
                return
            self.models.close()
            self.playback.halt()
            self.comparison.close()
            self.persistence.close()
            self.closed = True
            self.refresher.close()
            self.reader.close()

    def _on_model(self, change: dict[str, Any]) -> None:
        self.playback.halt()
        self.comparison.on_model()
        self.selection.on_model()
        self.experiment.on_model(first=change["old"] is None)
        if (info := self._info()) is not None:
            self.sampler.on_model()
            self.document.on_model(info)
        self.reader.on_model(change["old"])

    def _info(self) -> ModelInfo | None:
        """Of the model in use; the slices before the reader are made without one."""
        reader: Reader | None = getattr(self, "reader", None)
        return reader.model.info if reader is not None and reader.model is not None else None


@cache
def closed_state() -> ExplorerState:
    """The state of whatever was closed."""
    state = ExplorerState()
    state.close()
    return state
