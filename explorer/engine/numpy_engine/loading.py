"""A folder with a model, laid out for a `NumpyEngine`."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import partial
from typing import Any

from explorer.engine.numpy_engine import gpt2, llama
from explorer.engine.numpy_engine.engine import NumpyEngine
from explorer.engine.numpy_engine.shape import Shape
from explorer.engine.weights.prepared_weights import Layout, prepare
from explorer.language_model.model import ABLATION, ATTENTION, STATES, ModelInfo
from explorer.models.progress import Report
from explorer.models.sources import ModelFiles

_LAYOUTS: Mapping[str, Any] = {"gpt2": gpt2, "llama": llama}


def open_engine(files: ModelFiles, shape: Shape, dtype: str, report: Report | None) -> tuple[NumpyEngine, ModelInfo]:
    """The engine of a model, and what the model is, less what its tokenizer knows.

    Raises:
        ExplorerError: the weights are damaged or incomplete.
        OutOfMemory: they fit neither on the disk nor into the memory.
    """
    module = _LAYOUTS[shape.kind]
    layout = Layout(shape.kind, module.LAYOUT_VERSION, partial(module.layout, shape=shape))
    prepared = prepare(files.folder, files.name, dtype, layout, report)
    engine = NumpyEngine(shape, prepared.arrays)
    info = ModelInfo(
        name=files.name,
        title=files.title,
        revision=files.revision,
        n_layer=shape.n_layer,
        n_head=shape.n_head,
        n_embd=shape.n_embd,
        n_positions=shape.n_positions,
        vocab_size=shape.vocab_size,
        n_parameters=sum(math.prod(array.shape) for array in prepared.arrays.values()),
        device="cpu",
        dtype=dtype,
        weights_version=prepared.weights_version,
        engine="numpy",
        capabilities=frozenset({ATTENTION, ABLATION, STATES}),
        note=files.note,
        notices=prepared.notices,
    )
    return engine, info
