"""Sites: the named places of a model where one may look, the same for every engine and architecture.

The residual stream x begins as the embedding of a token; each layer adds what its attention and what its MLP make of it
(Elhage et al. 2021, "A Mathematical Framework for Transformer Circuits")::

    x = embedding                                  what enters block 0, with learned positions where there are any
    x = x + attention_out                          in each layer: its heads, by the output projection and its bias
    x = x + mlp_out                                in each layer, with its bias
    block = x                                      after each layer
    final = norm(x)                                after the last layer and the final norm: the unembedding reads it

In some models attention and MLP read the same x, side by side; the sums are the same.

===============  ====================================  ============================================================
site             shape, of a text of T tokens          what it is
===============  ====================================  ============================================================
embedding        (T, n_embd)                           the residual stream before the first block
heads            (n_layer, n_head, T, head_dim)        each head's output, before the output projection
attention_out    (n_layer, T, n_embd)                  what attention adds to the residual stream
mlp_out          (n_layer, T, n_embd)                  what the MLP adds to it
block            (n_layer, T, n_embd)                  the residual stream after each block
final            (T, n_embd)                           after the final norm
===============  ====================================  ============================================================

A place is a site and, where layers have it, a layer: the first axis.
"""

from __future__ import annotations

from typing import Any

from explorer.locales import ExplorerError, shown

EMBEDDING, HEADS, ATTENTION_OUT = "embedding", "heads", "attention_out"
MLP_OUT, BLOCK, FINAL = "mlp_out", "block", "final"

SITES = (EMBEDDING, HEADS, ATTENTION_OUT, MLP_OUT, BLOCK, FINAL)
"""In the order in which a pass comes by them."""

OF_LAYERS = (HEADS, ATTENTION_OUT, MLP_OUT, BLOCK)
"""Those that every layer has."""


def canonical_sites(given: Any) -> tuple[str, ...]:
    """The same sites in the one form that equal sets of them share: each once, in the order of `SITES`.

    Raises:
        ExplorerError: a site that there is not, or no list of names.
    """
    if isinstance(given, str) or not hasattr(given, "__iter__"):
        raise ExplorerError("not-sites", given=shown(given), known=", ".join(SITES))
    names = tuple(given)
    for name in names:
        require_site(name)
    return tuple(site for site in SITES if site in names)


def require_site(name: Any) -> None:
    """
    Raises:
        ExplorerError: there is no such site.
    """
    if not isinstance(name, str) or name not in SITES:
        raise ExplorerError("unknown-site", site=shown(name), known=", ".join(SITES))


def numbers_per_token(site: str, n_layer: int, n_embd: int, n_head: int, head_dim: int) -> int:
    """How many numbers a token has at a site, all layers together."""
    width = n_head * head_dim if site == HEADS else n_embd
    return n_layer * width if site in OF_LAYERS else width
