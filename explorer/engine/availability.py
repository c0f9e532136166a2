"""What can be had of a text besides its distributions: of this model, and of a text of this length."""

from __future__ import annotations

from collections.abc import Iterable

from explorer.engine.prefix_cache import Contents
from explorer.language_model.attention import most_tokens
from explorer.language_model.model import STATES, ModelInfo
from explorer.language_model.request import Extras
from explorer.language_model.sites import FINAL, canonical_sites
from explorer.language_model.states import most_tokens_with_states
from explorer.locales import Message


def lacks_attention(info: ModelInfo, n_tokens: int) -> Message | None:
    """Why the attention of a text of ``n_tokens`` cannot be had; None where it can."""
    if not info.attention:
        return Message.of("no-attention", name=info.name)
    most = most_tokens(info.n_layer, info.n_head)
    return Message.of("attention-too-long", n=n_tokens, most=most) if n_tokens > most else None


def lacks_states(info: ModelInfo, head_dim: int, sites: Iterable[str], n_tokens: int) -> Message | None:
    """Why the states of a text of ``n_tokens`` at ``sites``, one at least, cannot be had; None where they can."""
    if STATES not in info.capabilities:
        return Message.of("no-states", name=info.name)
    named, itemsize = canonical_sites(sites), 8 if info.dtype == "float64" else 4
    most = most_tokens_with_states(named, info.n_layer, info.n_embd, info.n_head, head_dim, itemsize)
    if n_tokens <= most:
        return None
    return Message.of("states-too-long", n=n_tokens, most=most, sites=", ".join(named))


def contents_for(extras: Extras, info: ModelInfo, head_dim: int, n_tokens: int) -> Contents:
    """What has to be kept while a text is read, so that the answer can bring along what can be had of ``extras``."""
    sites = frozenset(extras.states) - {FINAL}
    if extras.states and lacks_states(info, head_dim, extras.states, n_tokens) is not None:
        sites = frozenset()
    return Contents(extras.attention and lacks_attention(info, n_tokens) is None, sites)
