"""`PRESETS`: samplers worth comparing, as they are usually set."""

from __future__ import annotations

from explorer.generation.strategy import Beam, Method, Strategy
from explorer.locales import tr
from explorer.sampling.sampling import Sampling

PRESETS: dict[str, Sampling] = {
    "preset-model": Sampling(),
    "preset-greedy": Sampling(greedy=True),
    "preset-cool": Sampling(temperature=0.7),
    "preset-hot": Sampling(temperature=1.5),
    "preset-top-k": Sampling(top_k=40),
    "preset-nucleus": Sampling(top_p=0.95),
    "preset-min-p": Sampling(min_p=0.05),
    "preset-typical": Sampling(typical_p=0.95),
}
"""By the message id of their name. The first is the model's own distribution."""

COMPARED: dict[str, Method] = {
    **{name: PRESETS[name] for name in ("preset-greedy", "preset-cool", "preset-model", "preset-hot")},
    **{name: PRESETS[name] for name in ("preset-top-k", "preset-nucleus", "preset-min-p", "preset-typical")},
    "preset-beam": Beam(4),
}
"""What a comparison begins with, by the message id of the name."""


def compared(lang: str | None = None) -> tuple[Strategy, ...]:
    """`COMPARED`, with their names in ``lang`` or the language in force."""
    return tuple(Strategy(tr(name, lang), method) for name, method in COMPARED.items())


def preset_of(sampling: Sampling) -> str | None:
    """The message id of the preset that equals ``sampling``."""
    return next((name for name, preset in PRESETS.items() if preset == sampling), None)
