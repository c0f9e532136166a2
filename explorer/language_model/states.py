"""`States`: a frozen record of what stood at the sites of a model while it read a text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from explorer.language_model.sites import HEADS, OF_LAYERS, SITES, numbers_per_token, require_site
from explorer.locales import ExplorerError

Floats = NDArray[np.floating[Any]]

MAX_BYTES = 256 * 10**6
"""Of the states of one text, at all the sites that are asked for."""


def most_tokens_with_states(
    sites: tuple[str, ...], n_layer: int, n_embd: int, n_head: int, head_dim: int, itemsize: int
) -> int:
    """The longest text of which the states at ``sites`` are kept; ``itemsize``: bytes of a number."""
    numbers = sum(numbers_per_token(site, n_layer, n_embd, n_head, head_dim) for site in sites)
    return MAX_BYTES // (itemsize * numbers)


@dataclass(frozen=True, eq=False)
class States:
    """What stood at some sites of a model for each of T tokens that it read, counted from the first of them
    (``Trace.start``). Layers and heads count from 0.

    >>> trace = lm.trace(explorer.Request(ids, extras=explorer.Extras(states=("block",))))
    >>> trace.states["block"][3]                          # (T, n_embd): the residual stream after block 3

    Attributes:
        arrays: by site, read-only, of the shapes in `explorer.language_model.sites`; float32, or float64 when the model
            is. States of a model in 16 bits are its own, in float32.
    """

    arrays: Mapping[str, Floats]

    def __post_init__(self) -> None:
        lengths = {array.shape[_axis_of_tokens(site)] for site, array in self.arrays.items()}
        if len(lengths) != 1:
            raise ValueError(f"states of {sorted(lengths)} tokens are not of one text")
        for array in self.arrays.values():
            array.flags.writeable = False

    def __repr__(self) -> str:
        return f"States({', '.join(self.sites)}; {self.n_tokens} tokens)"

    def __getitem__(self, site: str) -> Floats:
        """The states at a site.

        Raises:
            ExplorerError: there is no such site, or it was not asked for.
        """
        require_site(site)
        if site not in self.arrays:
            raise ExplorerError("site-not-recorded", site=site, recorded=", ".join(self.sites))
        return self.arrays[site]

    @property
    def sites(self) -> tuple[str, ...]:
        """Those that were recorded, in the order of `SITES`."""
        return tuple(site for site in SITES if site in self.arrays)

    @property
    def n_tokens(self) -> int:
        site = self.sites[0]
        return int(self.arrays[site].shape[_axis_of_tokens(site)])


def _axis_of_tokens(site: str) -> int:
    return 2 if site == HEADS else int(site in OF_LAYERS)
