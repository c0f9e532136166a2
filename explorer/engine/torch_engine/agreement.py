"""The check of an engine against transformers, which it needs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from explorer.engine.check import SHORT, Outcome, Reference, check, crossings, texts_around, within_reach
from explorer.engine.engine import CHUNK, Engine
from explorer.engine.local_model import LocalModel
from explorer.engine.stored_reference import FOLDER, write_reference
from explorer.engine.torch_engine.loading import open_module
from explorer.engine.torch_engine.reference import eager_pass
from explorer.engine.torch_engine.settings import quiet_and_exact
from explorer.engine.torch_engine.shortened import NEAR_CHUNK, NEAR_POSITIONS, shortened
from explorer.engine.weights.weights_version import weights_version
from explorer.models.sources import ModelFiles


def compare_with_transformers(model: LocalModel, module: Any, engine_of: Callable[[Any], Engine]) -> Outcome:
    """Whether ``model`` says what ``module``, the same model in transformers, does.

    Lengths that are too far away to be read across are brought near, see `shortened`; what is cached then holds only
    there, so it is another model that is asked.

    Args:
        engine_of: the engine of ``model`` for a config of transformers that differs in lengths alone.
    """
    with quiet_and_exact():
        return _compared(model, module, engine_of)


def _compared(model: LocalModel, module: Any, engine_of: Callable[[Any], Engine]) -> Outcome:
    config = module.config
    lengths = crossings(config.to_dict(), model.info, CHUNK)
    near = tuple(length for length in lengths if within_reach(length, model.info))
    outcome = check(model, _reference(model, module), near)
    if outcome.right and near != lengths:
        with shortened(config) as changed:
            info = replace(model.info, n_positions=min(NEAR_POSITIONS, model.info.n_positions))
            passing = LocalModel(engine_of(config), model.tokenizer, info, chunk=NEAR_CHUNK)
            outcome = outcome.together_with(check(passing, _reference(passing, module), changed))
    return outcome


def _reference(model: LocalModel, module: Any) -> Reference:
    """transformers' numbers, also where the memory is too small for them at first."""
    read = eager_pass(module)
    return lambda ids, attention: model.retry_after_oom(lambda: read(ids, attention))


def write_reference_of(files: ModelFiles) -> Path:
    """Write what transformers says of a few texts, around the lengths after which numpy reads otherwise.

    Raises:
        ExplorerError: a damaged model, or the file cannot be written.
    """
    module = open_module(files, "float32")
    n_positions, vocab_size = module.config.max_position_embeddings, module.get_output_embeddings().weight.shape[0]
    lengths = [length for length in (SHORT, CHUNK) if length + 3 <= n_positions]
    texts = [ids for seed, length in enumerate(lengths) for ids in texts_around(length, vocab_size, seed)]
    file = FOLDER / f"{files.name}.safetensors"
    made_with = {name: version(name) for name in ("torch", "transformers")}
    write_reference(file, weights_version(files.folder, name=files.name), texts, eager_pass(module), made_with)
    return file
