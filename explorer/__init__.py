"""See a language model choose its next token.

>>> import explorer
>>> lm = explorer.load()                                  # the best model on disk; asks no network
>>> trace = lm.trace("The capital of France is")          # one forward pass, as a frozen record
>>> trace.distribution(explorer.Sampling(temperature=0.7, top_p=0.9)).top(5)
>>> list(explorer.generate(lm, trace.ids, explorer.Sampling(top_k=40), seed=1))    # tokens, each with how it was drawn
>>> explorer.compare(lm, "Once upon", [explorer.Sampling(), explorer.Beam(4)], n=8, seed=1)    # strategies side by side
>>> lm.trace("a b a", attention=True).attention.head(3, 5)    # what one head looks at, (T, T)
>>> explorer.Explorer(lm)                                 # the app, in a notebook cell

The modules, in the order the data goes through them::

    locales         every sentence a person reads
    models          where weights come from
    language_model  the contract: tokens, requests, traces; what everything above knows of a model
    engine          what computes: text -> tokens -> trace
    sampling        trace -> distribution -> draw
    generation      many steps: a text, strategies side by side
    sessions        the tree of steps, its file
    probes          trace -> what heads do
    figures         records -> pictures
    state           what the app knows: the text, the model's answers, the sampler
    widgets         panels, the app
    training        books -> the bundled model
    cli             the command `explorer`
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from explorer.engine.loading import load
    from explorer.engine.local_model import LocalModel
    from explorer.engine.local_model import LocalModel as LanguageModel
    from explorer.figures.attention.bertviz_views import BertVizView, head_view, model_view, neuron_view
    from explorer.generation.compare import Comparison, compare
    from explorer.generation.generate import Stop, generate
    from explorer.generation.strategy import Beam, Strategy
    from explorer.language_model.attention import Attention, HeadVectors
    from explorer.language_model.interventions import Ablate
    from explorer.language_model.model import Model, ModelInfo
    from explorer.language_model.request import Extras, Request
    from explorer.language_model.states import States
    from explorer.language_model.tokens import Token
    from explorer.language_model.trace import Trace
    from explorer.locales import ExplorerError, Message, set_language
    from explorer.probes.roles import Roles, repeated_random, roles
    from explorer.probes.summaries import rollout
    from explorer.sampling.differences import Difference
    from explorer.sampling.distribution import Candidate, Distribution
    from explorer.sampling.sampling import Sampling
    from explorer.sessions.session import Session
    from explorer.state.state import ExplorerState
    from explorer.widgets.app import Explorer
    from explorer.widgets.panels.attention.attention import AttentionPanel
    from explorer.widgets.panels.attention.attention_text import AttentionTextPanel
    from explorer.widgets.panels.attention.bertviz import BertVizPanel
    from explorer.widgets.panels.attention.grid import GridPanel
    from explorer.widgets.panels.attention.head import HeadPanel
    from explorer.widgets.panels.attention.roles import RolesPanel
    from explorer.widgets.panels.attention.summary import SummaryPanel
    from explorer.widgets.panels.attention.weight import WeightPanel
    from explorer.widgets.panels.compare.compare import ComparePanel
    from explorer.widgets.panels.compare.two_prefixes import TwoPrefixesPanel
    from explorer.widgets.panels.history.history import HistoryPanel
    from explorer.widgets.panels.main.distribution import DistributionPanel
    from explorer.widgets.panels.main.draw import DrawHistogramPanel, DrawPanel
    from explorer.widgets.panels.main.draw import DrawHistogramPanel as TallyPanel
    from explorer.widgets.panels.main.funnel import FunnelPanel
    from explorer.widgets.panels.main.sampling import SamplingPanel
    from explorer.widgets.panels.main.stepping import SteppingPanel

__version__ = "0.1.0"

# Nothing below is imported before it is asked for: torch alone takes seconds.
_HOMES = {
    "Ablate": "explorer.language_model.interventions",
    "Attention": "explorer.language_model.attention",
    "AttentionPanel": "explorer.widgets.panels.attention.attention",
    "AttentionTextPanel": "explorer.widgets.panels.attention.attention_text",
    "Beam": "explorer.generation.strategy",
    "BertVizPanel": "explorer.widgets.panels.attention.bertviz",
    "BertVizView": "explorer.figures.attention.bertviz_views",
    "Candidate": "explorer.sampling.distribution",
    "ComparePanel": "explorer.widgets.panels.compare.compare",
    "Comparison": "explorer.generation.compare",
    "Difference": "explorer.sampling.differences",
    "Distribution": "explorer.sampling.distribution",
    "DistributionPanel": "explorer.widgets.panels.main.distribution",
    "DrawHistogramPanel": "explorer.widgets.panels.main.draw",
    "DrawPanel": "explorer.widgets.panels.main.draw",
    "Explorer": "explorer.widgets.app",
    "ExplorerError": "explorer.locales",
    "ExplorerState": "explorer.state.state",
    "Extras": "explorer.language_model.request",
    "FunnelPanel": "explorer.widgets.panels.main.funnel",
    "GridPanel": "explorer.widgets.panels.attention.grid",
    "HeadPanel": "explorer.widgets.panels.attention.head",
    "HeadVectors": "explorer.language_model.attention",
    "HistoryPanel": "explorer.widgets.panels.history.history",
    "LanguageModel": "explorer.engine.local_model",
    "LocalModel": "explorer.engine.local_model",
    "Message": "explorer.locales",
    "Model": "explorer.language_model.model",
    "ModelInfo": "explorer.language_model.model",
    "Request": "explorer.language_model.request",
    "Roles": "explorer.probes.roles",
    "RolesPanel": "explorer.widgets.panels.attention.roles",
    "Sampling": "explorer.sampling.sampling",
    "SamplingPanel": "explorer.widgets.panels.main.sampling",
    "Session": "explorer.sessions.session",
    "States": "explorer.language_model.states",
    "SteppingPanel": "explorer.widgets.panels.main.stepping",
    "Stop": "explorer.generation.generate",
    "Strategy": "explorer.generation.strategy",
    "SummaryPanel": "explorer.widgets.panels.attention.summary",
    "TallyPanel": "explorer.widgets.panels.main.draw",
    "Token": "explorer.language_model.tokens",
    "Trace": "explorer.language_model.trace",
    "TwoPrefixesPanel": "explorer.widgets.panels.compare.two_prefixes",
    "WeightPanel": "explorer.widgets.panels.attention.weight",
    "compare": "explorer.generation.compare",
    "generate": "explorer.generation.generate",
    "head_view": "explorer.figures.attention.bertviz_views",
    "load": "explorer.engine.loading",
    "model_view": "explorer.figures.attention.bertviz_views",
    "neuron_view": "explorer.figures.attention.bertviz_views",
    "repeated_random": "explorer.probes.roles",
    "roles": "explorer.probes.roles",
    "rollout": "explorer.probes.summaries",
    "set_language": "explorer.locales",
}

# Names of earlier versions that go on working.
_CALLED = {"LanguageModel": "LocalModel", "TallyPanel": "DrawHistogramPanel"}

__all__ = [
    "Ablate",
    "Attention",
    "AttentionPanel",
    "AttentionTextPanel",
    "Beam",
    "BertVizPanel",
    "BertVizView",
    "Candidate",
    "ComparePanel",
    "Comparison",
    "Difference",
    "Distribution",
    "DistributionPanel",
    "DrawHistogramPanel",
    "DrawPanel",
    "Explorer",
    "ExplorerError",
    "ExplorerState",
    "Extras",
    "FunnelPanel",
    "GridPanel",
    "HeadPanel",
    "HeadVectors",
    "HistoryPanel",
    "LanguageModel",
    "LocalModel",
    "Message",
    "Model",
    "ModelInfo",
    "Request",
    "Roles",
    "RolesPanel",
    "Sampling",
    "SamplingPanel",
    "Session",
    "States",
    "SteppingPanel",
    "Stop",
    "Strategy",
    "SummaryPanel",
    "TallyPanel",
    "Token",
    "Trace",
    "TwoPrefixesPanel",
    "WeightPanel",
    "compare",
    "generate",
    "head_view",
    "load",
    "model_view",
    "neuron_view",
    "repeated_random",
    "roles",
    "rollout",
    "set_language",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), _CALLED.get(name, name))
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
