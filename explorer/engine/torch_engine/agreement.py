"""The check of an engine against transformers, which it needs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from explorer.engine.check import Outcome, check, crossings, within_reach
from explorer.engine.engine import CHUNK, Engine
from explorer.engine.local_model import LocalModel
from explorer.engine.torch_engine.reference import eager_pass
from explorer.engine.torch_engine.shortened import NEAR_CHUNK, shortened


def compare_with_transformers(
    model: LocalModel, module: Any, engine_of: Callable[[Any], Engine] | None = None
) -> Outcome:
    """Whether ``model`` says what ``module``, the same model in transformers, does.

    Lengths that are too far away to be read across are brought near, see `shortened`; what is cached then holds only
    there, so it is another model that is asked.

    Args:
        engine_of: an engine for the config as it is while it is shortened; None for that of ``model``, which asks the
            config at every pass.
    """
    config = module.config
    lengths = crossings(config.to_dict(), model.info, CHUNK)
    near = tuple(length for length in lengths if within_reach(length, model.info))
    outcome = check(model, eager_pass(module), near)
    if outcome.right and near != lengths:
        with shortened(config) as changed:
            if changed:
                engine = engine_of(config.to_dict()) if engine_of is not None else model.engine
                passing = LocalModel(engine, model.tokenizer, model.info, chunk=NEAR_CHUNK)
                outcome = outcome.together_with(check(passing, eager_pass(module), changed))
    return outcome
