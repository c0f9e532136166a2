"""The states at some sites of one text, kept token by token beside its keys and values.

What stands at a site for a token depends on the tokens before it alone, so those of new tokens are all that a pass has
to add.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from explorer.engine.growing import GrowingArray
from explorer.language_model.sites import HEADS, OF_LAYERS
from explorer.language_model.trace import Floats

ROOM = 32  # tokens


class StatesBuffer:
    """The states at ``sites`` of a text that grows.

    They are kept with the tokens first, (T, n_layer, ...) where layers have the site: so a step writes in one place.

    Args:
        sites: at least one; ``final`` is not among them, as every entry of the prefix cache has it.
    """

    def __init__(self, sites: Iterable[str]) -> None:
        self._arrays = {site: GrowingArray(room=ROOM, axis=0) for site in sites}

    def __len__(self) -> int:
        return next(iter(self._arrays.values())).length

    @property
    def sites(self) -> frozenset[str]:
        return frozenset(self._arrays)

    @property
    def n_bytes(self) -> int:
        return sum(array.n_bytes for array in self._arrays.values())

    def append(self, states: Mapping[str, Floats]) -> None:
        """Add those of the n tokens that follow: of each site (n, ...), (n, n_layer, ...) where layers have it."""
        for site, array in self._arrays.items():
            array.append(states[site])

    def crop(self, length: int) -> None:
        """Forget all but the first ``length`` tokens."""
        for array in self._arrays.values():
            array.crop(length)

    def fork(self, length: int, sites: Iterable[str]) -> StatesBuffer:
        """Another with the first ``length`` tokens, and some of the sites."""
        copy = StatesBuffer(())
        copy._arrays = {site: self._arrays[site].fork() for site in sites}
        copy.crop(length)
        return copy

    def arrays(self, sites: Iterable[str], n_tokens: int) -> dict[str, Floats]:
        """Views of the first ``n_tokens``, as `States` has them; they are not written again."""
        return {site: _layers_first(site, self._arrays[site].array[:n_tokens]) for site in sites}


def _layers_first(site: str, states: Floats) -> Floats:
    """(T, n_layer, ...) -> (n_layer, T, ...), and of heads (n_layer, n_head, T, head_dim)."""
    if site not in OF_LAYERS:
        return states
    return states.transpose(1, 2, 0, 3) if site == HEADS else np.moveaxis(states, 0, 1)
