"""See a language model choose its next token.

>>> import explorer
>>> lm = explorer.load()                                  # the best model on disk; asks no network
>>> trace = lm.trace("The capital of France is")          # one forward pass, as a frozen record
>>> trace.distribution(explorer.Sampling(temperature=0.7, top_p=0.9)).top(5)
>>> list(explorer.generate(lm, trace.ids, explorer.Sampling(top_k=40), seed=1))    # tokens, each with how it was drawn
>>> explorer.Explorer(lm)                                 # the app, in a notebook cell

The rooms of the house, in the order the data goes through them::

    locales         every sentence a person reads
    models          where weights come from
    language_model  text -> tokens -> trace
    sampling        trace -> distribution -> text
    figures         records -> pictures
    widgets         state, panels, the app
    cli             the command `explorer`
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from explorer.language_model.forward import LanguageModel
    from explorer.language_model.loading import load
    from explorer.language_model.model import Model, ModelInfo
    from explorer.language_model.tokens import Token
    from explorer.language_model.trace import Trace
    from explorer.locales import ExplorerError, Message, set_language
    from explorer.sampling.distribution import Candidate, Distribution
    from explorer.sampling.generate import Stop, generate
    from explorer.sampling.sampling import Sampling
    from explorer.sampling.session import Session
    from explorer.widgets.app import Explorer
    from explorer.widgets.panels.distribution import DistributionPanel
    from explorer.widgets.panels.draw import DrawPanel, TallyPanel
    from explorer.widgets.panels.funnel import FunnelPanel
    from explorer.widgets.panels.history import HistoryPanel
    from explorer.widgets.panels.sampling import SamplingPanel
    from explorer.widgets.panels.stepping import SteppingPanel

# Nothing below is imported before it is asked for: torch alone takes seconds.
_HOMES = {
    "Candidate": "explorer.sampling.distribution",
    "Distribution": "explorer.sampling.distribution",
    "DistributionPanel": "explorer.widgets.panels.distribution",
    "DrawPanel": "explorer.widgets.panels.draw",
    "Explorer": "explorer.widgets.app",
    "ExplorerError": "explorer.locales",
    "FunnelPanel": "explorer.widgets.panels.funnel",
    "HistoryPanel": "explorer.widgets.panels.history",
    "LanguageModel": "explorer.language_model.forward",
    "Message": "explorer.locales",
    "Model": "explorer.language_model.model",
    "ModelInfo": "explorer.language_model.model",
    "Sampling": "explorer.sampling.sampling",
    "SamplingPanel": "explorer.widgets.panels.sampling",
    "Session": "explorer.sampling.session",
    "SteppingPanel": "explorer.widgets.panels.stepping",
    "Stop": "explorer.sampling.generate",
    "TallyPanel": "explorer.widgets.panels.draw",
    "Token": "explorer.language_model.tokens",
    "Trace": "explorer.language_model.trace",
    "generate": "explorer.sampling.generate",
    "load": "explorer.language_model.loading",
    "set_language": "explorer.locales",
}

__all__ = [
    "Candidate",
    "Distribution",
    "DistributionPanel",
    "DrawPanel",
    "Explorer",
    "ExplorerError",
    "FunnelPanel",
    "HistoryPanel",
    "LanguageModel",
    "Message",
    "Model",
    "ModelInfo",
    "Sampling",
    "SamplingPanel",
    "Session",
    "SteppingPanel",
    "Stop",
    "TallyPanel",
    "Token",
    "Trace",
    "generate",
    "load",
    "set_language",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
