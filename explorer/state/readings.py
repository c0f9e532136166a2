"""What is asked of a model, each as a function that its thread calls: a text, a request, heads on random tokens."""

from __future__ import annotations

from dataclasses import replace

from explorer.language_model.interventions import Interventions
from explorer.language_model.model import Model, Watch
from explorer.language_model.request import Extras, Request
from explorer.language_model.trace import NOT_ASKED, Trace
from explorer.locales import Message
from explorer.probes.roles import Roles, repeated_random
from explorer.state.document import NodeRef


def read_node(
    model: Model,
    node: NodeRef,
    notices: tuple[Message, ...],
    interventions: Interventions,
    extras: Extras,
    watch: Watch,
) -> Trace:
    """What the model makes of the text that ends at ``node``. ``notices``: of its prefix, where its ids are known."""
    if node.tree is None:
        encoding = model.tokenize(node.prefix)
        ids, notices = encoding.ids, encoding.notices
    else:
        ids = node.tree.ids(node.number)
    return replace(model.trace(Request(ids, interventions, extras), watch=watch), notices=notices)


def read_text(model: Model, text: str, interventions: Interventions, watch: Watch) -> Trace:
    return model.trace(text, interventions=interventions, watch=watch)


def read_request(model: Model, request: Request, _interventions: Interventions, watch: Watch) -> Trace:
    return model.trace(request, watch=watch)


def read_random(model: Model, n: int, interventions: Interventions, _watch: Watch) -> Roles:
    return repeated_random(model, n=n, interventions=interventions)


def tokenize(model: Model, text: str, _interventions: Interventions, _watch: Watch) -> tuple[int, ...]:
    return model.tokenize(text).ids


def has_extras(trace: Trace, extras: Extras) -> bool:
    """Whether ``trace`` holds them, or says why it does not."""
    recorded = trace.recorded_attention
    if recorded is None:
        return not extras.attention or trace.attention_unavailable != NOT_ASKED
    layer, vectors = extras.layer, extras.vectors
    return recorded.problem is not None or (
        (layer is None or recorded.has(layer)) and (vectors is None or recorded.has_vectors(*vectors))
    )
