"""`Theme`: what a reader's screen asks of a picture, and the colours that follow from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from plotly.colors import hex_to_rgb, label_rgb, sample_colorscale, unlabel_rgb

_SEQUENTIAL = "cividis"
"""For amounts: even in brightness and the same to colour-blind eyes (Nuñez, Anderton and Renslow 2018)."""

_WEIGHTS = ("#ffffff", "#deebf7", "#9ecae1", "#4292c6", "#08519c", "#08306b")
_WEIGHTS_IN_THE_DARK = ("#151515", "#0b2f5b", "#08519c", "#4292c6", "#9ecae1", "#f7fbff")
"""For attention, which is mostly nothing: from the background on, even in brightness (ColorBrewer's Blues, Harrower
and Brewer 2003)."""


@dataclass(frozen=True)
class Theme:
    """Theme, contrast and language of a reader's screen.

    plotly ignores CSS variables (``var(--x)`` becomes white), so colours are values. The hues are Okabe and Ito's.
    """

    dark: bool = False
    contrast: bool = False
    language: str = "en"

    @property
    def text(self) -> str:
        if self.contrast:
            return "#ffffff" if self.dark else "#000000"
        return "#e6e6e6" if self.dark else "#1f1f1f"

    @property
    def muted(self) -> str:
        if self.contrast:
            return self.text
        return "#a8a8a8" if self.dark else "#5f5f5f"

    @property
    def grid(self) -> str:
        return "#3d3d3d" if self.dark else "#e3e3e3"

    @property
    def accent(self) -> str:
        """The distribution as it is sampled."""
        return "#56b4e9" if self.dark else "#0072b2"

    @property
    def ghost(self) -> str:
        """The distribution before the sampler, and what stands for many tokens at once."""
        return "#5a5a5a" if self.dark else "#c9c9c9"

    @property
    def pinned(self) -> str:
        """Tokens the reader asked for."""
        return "#e69f00" if self.dark else "#b35900"

    @property
    def drawn(self) -> str:
        """What draws fall on."""
        return "#2fc49b" if self.dark else "#007a5a"

    @property
    def amounts(self) -> Sequence[str]:
        """Nine colours from nothing, close to the background, to the most."""
        shares = [i / 8 for i in range(9)]
        return [self.amount(share) for share in shares]

    def amount(self, share: float) -> str:
        """The colour of an amount, ``share`` in 0..1 of the most; as ``rgb(r, g, b)``."""
        share = min(1.0, max(0.0, share))
        return str(sample_colorscale(_SEQUENTIAL, [share if self.dark else 1 - share])[0])

    @property
    def weights(self) -> Sequence[str]:
        """Six colours of attention weights, evenly from 0, which is the background, to the most."""
        return _WEIGHTS_IN_THE_DARK if self.dark else _WEIGHTS

    def weight(self, share: float) -> str:
        """The colour of an attention weight, ``share`` in 0..1 of the scale; as ``rgb(r, g, b)``."""
        colours = [label_rgb(hex_to_rgb(colour)) for colour in self.weights]
        scale = [[i / (len(colours) - 1), colour] for i, colour in enumerate(colours)]
        return str(sample_colorscale(scale, [min(1.0, max(0.0, share))])[0])

    @staticmethod
    def ink_on(colour: str) -> str:
        """Black or white, whichever is easier to read on ``rgb(r, g, b)`` (WCAG 2.2, relative luminance)."""
        channels = [c / 255 for c in unlabel_rgb(colour)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
        return "#000000" if luminance > 0.179 else "#ffffff"
