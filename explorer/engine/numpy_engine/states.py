"""Takes what stands at the sites of a model in one pass, for a `StatesBuffer`."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from explorer.language_model.sites import OF_LAYERS
from explorer.language_model.trace import Floats


class StatesRecorder:
    """What stands at some sites for the n tokens of a pass.

    Args:
        sites: those that are recorded.
    """

    def __init__(self, sites: Iterable[str]) -> None:
        self._found: dict[str, list[Floats]] = {site: [] for site in sites}

    def add(self, **states: Floats) -> None:
        """Those of the next layer, by site, (n, ...); copied, as the residual stream is written on."""
        for site, array in states.items():
            if site in self._found:
                self._found[site].append(array.copy())

    def states(self) -> dict[str, Floats]:
        """Of all layers: (n, n_layer, ...), or (n, ...) at the sites that no layer has."""
        return {site: np.stack(found, 1) if site in OF_LAYERS else found[0] for site, found in self._found.items()}
