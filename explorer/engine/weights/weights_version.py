"""`weights_version`: what names the weights of a model by their content, the same on every machine and engine."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from explorer.engine.weights.tensors import (
    CONFIG,
    INDEX,
    WEIGHTS,
    Tensor,
    Tensors,
    open_tensors,
    read_json_object,
    weight_files,
)
from explorer.engine.weights.weights_cache import known_folders
from explorer.locales import ExplorerError, Message
from explorer.models.progress import Progress, Report

DEFINITION = 1
"""Grows when the same weights are to get another version; part of every version."""

FIELDS_WITHOUT_EFFECT = frozenset[str]().union(
    # who wrote the file, and with what
    ("transformers_version", "_name_or_path", "_model_name_or_path", "_commit_hash"),
    # how to compute it; a cache that depends on the dtype says so in its own key
    ("dtype", "torch_dtype", "use_cache", "_attn_implementation", "_attn_implementation_autoset"),
    ("return_dict", "output_attentions", "output_hidden_states", "gradient_checkpointing"),
    # training only
    ("initializer_range", "attn_pdrop", "embd_pdrop", "resid_pdrop", "attention_dropout", "hidden_dropout"),
    # other tasks
    ("task_specific_params", "finetuning_task", "problem_type", "id2label", "label2id", "summary_activation"),
    ("summary_first_dropout", "summary_proj_to_labels", "summary_type", "summary_use_proj"),
)
"""The fields of config.json that change no logit and no attention weight, at any depth. All others count."""

MASKS = re.compile(r"h\.\d+\.attn\.(masked_)?bias|.*\.rotary_emb\.inv_freq")
"""What old files of GPT-2 and Llama hold beside the weights: constants that follow from the config."""

HEAD = "lm_head.weight"
EMBEDDINGS = ("wte.weight", "embed_tokens.weight", "embed_in.weight", "word_embeddings.weight")


def weights_version(folder: Path, *, name: str = "", report: Report | None = None) -> str:
    """SHA-256, in 64 hexadecimal digits, over the tensors and the fields of the config that decide the numbers.

    Independent of the names' base prefix, of the order and division of the files, of their metadata, and of whether a
    head that is the embedding is written out. Each tensor counts with its dtype: the same numbers stored in another
    dtype are other weights.

    Reads every byte the first time (2 GB/s where the processor knows SHA-256, else about 0.4). The outcome is kept in
    our cache folder, and holds while the size and the time of every file stand.

    Args:
        name: what ``report`` calls the model.

    Raises:
        ExplorerError: a file is missing, damaged, or was written to meanwhile.
    """
    stamp = source_stamp(folder)
    records, key = known_folders(), _key(folder)
    match records.read_json(key):
        case {"definition": int(definition), "files": dict(files), "weights_version": str(known)} if (
            definition == DEFINITION and files == stamp and re.fullmatch("[0-9a-f]{64}", known)
        ):
            return known
    computed = _computed(folder, name or folder.name, report)
    if source_stamp(folder) != stamp:
        raise weights_changed(folder)
    record = {"definition": DEFINITION, "folder": str(folder.resolve()), "files": stamp, "weights_version": computed}
    records.write_json(key, record)
    return computed


def source_stamp(folder: Path) -> dict[str, list[int]]:
    """The size in bytes and the time in nanoseconds of each file that the numbers come from.

    Raises:
        ExplorerError: one is missing.
    """
    if not (folder / CONFIG).is_file():
        raise ExplorerError("folder-without-config", folder=str(folder))
    described = [folder / CONFIG] if (folder / WEIGHTS).is_file() else [folder / CONFIG, folder / INDEX]
    files = [*described, *weight_files(folder)]
    return {file.name: [file.stat().st_size, file.stat().st_mtime_ns] for file in files}


def weights_changed(folder: Path) -> ExplorerError:
    return ExplorerError("weights-changed", folder=str(folder))


def _key(folder: Path) -> str:
    return hashlib.sha256(str(folder.resolve()).encode("utf-8", "surrogateescape")).hexdigest()[:32]


def _computed(folder: Path, name: str, report: Report | None) -> str:
    try:
        config = _json([DEFINITION, _with_effect(read_json_object(folder, CONFIG))])
    except RecursionError as error:  # nested just less deeply than the parser minds
        raise ExplorerError("folder-broken-file", folder=str(folder), file=CONFIG) from error
    digest = hashlib.sha256(config)
    for line in _lines(open_tensors(folder), name, report):
        digest.update(line)
    return digest.hexdigest()


def _lines(tensors: Tensors, name: str, report: Report | None) -> Iterator[bytes]:
    """What each tensor adds to the digest, by name: its own SHA-256, so that no order of files matters."""
    counted = [tensors[each] for each in sorted(tensors) if not MASKS.fullmatch(each)]
    total = sum(tensor.content.nbytes for tensor in counted)
    lines: dict[str, list[Any]] = {}
    done = 0
    for tensor in counted:
        if report is not None:
            report(Progress(Message.of("identifying-weights", name=name), done, total))
        lines[tensor.name] = _described(tensor)
        done += tensor.content.nbytes
    if any(lines.get(HEAD) == lines[embedding] for embedding in EMBEDDINGS if embedding in lines):
        del lines[HEAD]
    return (_json([each, *described]) for each, described in lines.items())


def _described(tensor: Tensor) -> list[Any]:
    return [tensor.dtype, list(tensor.shape), hashlib.sha256(tensor.content.data).hexdigest()]


def _with_effect(config: Any) -> Any:
    """The config without `FIELDS_WITHOUT_EFFECT`."""
    if isinstance(config, dict):
        return {field: _with_effect(config[field]) for field in config if field not in FIELDS_WITHOUT_EFFECT}
    return [_with_effect(each) for each in config] if isinstance(config, list) else config


def _json(content: Any) -> bytes:
    """Canonical: sorted, without spaces, a line of ASCII."""
    return json.dumps(content, sort_keys=True, separators=(",", ":")).encode("ascii") + b"\n"
