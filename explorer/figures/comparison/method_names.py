"""Ways of writing on from a text, as people call them."""

from __future__ import annotations

from explorer.figures.shared.stage_names import stage_parameter
from explorer.generation.presets import COMPARED
from explorer.generation.strategy import Beam, Method
from explorer.locales import numbers, tr
from explorer.sampling.stages import GREEDY


def method_name(method: Method, language: str) -> str:
    """What a strategy of this ``method`` is called unless somebody calls it otherwise: as the preset it is, or by what
    it does."""
    preset = next((name for name, each in COMPARED.items() if each == method), None)
    return tr(preset, language) if preset is not None else method_in_words(method, language)


def method_in_words(method: Method, language: str) -> str:
    """What it does: temperature 0.7 → top-p 0.9."""
    if isinstance(method, Beam):
        return tr("strategy-beam", language, n=method.n_beams, penalty=numbers.parameter(method.length_penalty))
    stages = [*method.in_force, *([GREEDY] if method.greedy else [])]
    return " → ".join(stage_parameter(method, stage, language) for stage in stages or ["temperature"])
