"""Whether ``config.json`` and the weights are of one model, before anything is built from them.

What builds a model from its config makes a module a layer, a hundred thousand if it says so. The headers of the weights
know better, and cost milliseconds.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, NoReturn

from explorer.locales.messages import ExplorerError
from explorer.models.integrity import weight_files
from explorer.models.model_files import Shapes, read_json_object, tensor_shapes

MAX_SIZE = 1 << 40
"""No size in a config is larger; what is could not be computed with."""

_LAYERS = ("num_hidden_layers", "n_layer", "num_layers")
_WIDTH = ("hidden_size", "n_embd", "d_model")
_HEADS = ("num_attention_heads", "n_head", "num_heads")
_KV_HEADS = ("num_key_value_heads",)
_VOCABULARY = ("vocab_size",)
_POSITIONS = ("n_positions", "max_position_embeddings", "n_ctx")
_OPTIONAL = ("num_key_value_heads", "head_dim", "intermediate_size", "n_inner", "sliding_window")  # may be null
_SIZES = (*_LAYERS, *_WIDTH, *_HEADS, *_VOCABULARY, *_POSITIONS, *_OPTIONAL)

_LAYER_NUMBER = re.compile(r"(?:^|\.)(?:h|layers?|blocks?)\.([0-9]{1,9})\.")
_EMBEDDINGS = (
    (("wte.weight", "embed_tokens.weight", "word_embeddings.weight", "embed_in.weight"), _VOCABULARY),
    (("wpe.weight",), _POSITIONS),
)
"""Ends of the names of embeddings (rows, features), and what their rows are counted by in the config."""


def check_config(folder: Path) -> None:
    """Compare the sizes in ``config.json`` with each other and with the headers of the weights.

    Raises:
        ExplorerError: a size is no whole number above 0, or too large; heads do not divide the width; the config says
            more layers than there are weights of, or embeddings of another size. Or a file is damaged.
    """
    config = read_json_object(folder / "config.json")
    if isinstance(config.get("text_config"), dict):  # the part of a model that reads pictures too
        config = {**config, **config["text_config"]}
    sizes = _sizes(folder, config)
    _check_division(folder, sizes)
    shapes: Shapes = {}
    for path in weight_files(folder):
        shapes |= tensor_shapes(path)
    _check_layers(folder, sizes, shapes)
    for ends, counted in _EMBEDDINGS:
        found = next((shape for name, shape in shapes.items() if name.endswith(ends) and len(shape) == 2), None)
        if found is not None:
            _require_same(folder, sizes, counted, found[0])
            if counted is _VOCABULARY and found[1] > sizes.get(_name(sizes, _WIDTH), found[1]):  # narrower ones exist
                _require_same(folder, sizes, _WIDTH, found[1])


def _sizes(folder: Path, config: dict[str, Any]) -> dict[str, int]:
    """Every size that the config gives, by its name there."""
    sizes = {}
    for name in _SIZES:
        value = config.get(name)
        if name not in config or (value is None and name in _OPTIONAL):
            continue
        if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= MAX_SIZE:
            raise ExplorerError("config-bad-size", folder=str(folder), name=name, value=repr(value)[:40])
        sizes[name] = value
    return sizes


def _check_division(folder: Path, sizes: dict[str, int]) -> None:
    pairs = [(_name(sizes, _HEADS), _name(sizes, _KV_HEADS))]
    if "head_dim" not in sizes:  # else heads may be of any width
        pairs.append((_name(sizes, _WIDTH), _name(sizes, _HEADS)))
    for whole, part in pairs:
        if whole and part and sizes[whole] % sizes[part]:
            raise ExplorerError(
                "config-does-not-divide",
                folder=str(folder), whole=whole, n=str(sizes[whole]), part=part, by=str(sizes[part]),
            )  # fmt: skip


def _check_layers(folder: Path, sizes: dict[str, int], shapes: Shapes) -> None:
    name = _name(sizes, _LAYERS)
    numbered = {match[1] for tensor in shapes if (match := _LAYER_NUMBER.search(tensor))}
    there = len(numbered) or len(shapes)  # whatever a layer is called, it has a tensor
    if name and sizes[name] > there:
        _refuse(folder, sizes, name, there)


def _require_same(folder: Path, sizes: dict[str, int], names: tuple[str, ...], there: int) -> None:
    name = _name(sizes, names)
    if name and sizes[name] != there:
        _refuse(folder, sizes, name, there)


def _refuse(folder: Path, sizes: dict[str, int], name: str, there: int) -> NoReturn:
    raise ExplorerError("config-not-of-weights", folder=str(folder), name=name, n=str(sizes[name]), there=str(there))


def _name(sizes: dict[str, int], names: tuple[str, ...]) -> str:
    """The one of ``names`` that the config calls a size by; "" where it does not give it."""
    return next((name for name in names if name in sizes), "")
