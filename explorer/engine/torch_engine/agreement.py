"""The check of an engine against transformers, which it needs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from explorer.engine.check import Outcome, check, crossings, within_reach
from explorer.engine.engine import CHUNK, Engine
from explorer.engine.local_model import LocalModel
from explorer.engine.torch_engine.reference import eager_pass
from explorer.engine.torch_engine.shortened import NEAR_CHUNK, NEAR_POSITIONS, shortened


def compare_with_transformers(model: LocalModel, module: Any, engine_of: Callable[[Any], Engine]) -> Outcome:
    """Whether ``model`` says what ``module``, the same model in transformers, does.

    Lengths that are too far away to be read across are brought near, see `shortened`; what is cached then holds only
    there, so it is another model that is asked.

    Args:
        engine_of: the engine of ``model`` for a config of transformers that differs in lengths alone.
    """
    config = module.config
    lengths = crossings(config.to_dict(), model.info, CHUNK)
    near = tuple(length for length in lengths if within_reach(length, model.info))
    outcome = check(model, eager_pass(module), near)
    if outcome.right and near != lengths:
        with shortened(config) as changed:
            info = replace(model.info, n_positions=min(NEAR_POSITIONS, model.info.n_positions))
            passing = LocalModel(engine_of(config), model.tokenizer, info, chunk=NEAR_CHUNK)
            outcome = outcome.together_with(check(passing, eager_pass(module), changed))
    return outcome
