"""A GGUF file into a safetensors folder, once: every later start reads plain weights and an ordinary tokenizer.

The weights are stored as float32, although 98 MB of 4-bit blocks become 538 MB. A block says scale * q + minimum, and
42 % of the values so made do not fit into float16 (they would move by up to 2 ** -11): half the size would be another
model. And float32 is what the CPU computes with, so the file is mapped into memory as it lies.

The GGUF stays where it is: a damaged folder can then be made again without any network.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from gguf import GGUFReader, dequantize
from safetensors import SafetensorError
from tokenizers import pre_tokenizers
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer, PreTrainedModel
from transformers.modeling_gguf_pytorch_utils import TENSOR_PROCESSORS, TensorProcessor, get_gguf_hf_weights_map
from transformers.utils import logging

from explorer.locales.messages import ExplorerError, Message
from explorer.models import storage
from explorer.models.integrity import is_ready
from explorer.models.progress import Progress, Report


def convert_gguf(gguf: Path, folder: Path, *, report: Report | None = None) -> None:
    """Write the model in the file ``gguf`` to ``folder``, as `save_pretrained` does. Nothing to do when it is there.

    Takes about 15 s for 135M parameters. What ``report`` raises stops it between two tensors; then, as after any other
    end, ``folder`` is either whole or not there.

    Raises:
        ExplorerError: the file is no GGUF that we can unpack, or the disk is full or not writable.
    """
    with (
        storage.disk_errors_as_sentences(folder),
        storage.one_process_at_a_time(f"convert-{folder}", report),
    ):
        if is_ready(folder):
            return
        with storage.scratch_folder(folder) as scratch:
            _report(report, "converting-tokenizer", gguf)
            with _unreadable_said(gguf):
                reader = GGUFReader(gguf)
                tokenizer = _tokenizer(gguf, reader)
            model = _model(gguf, reader, report)
            _report(report, "converting-saving", gguf)
            storage.require_space(folder.parent, sum(4 * weight.numel() for weight in model.parameters()))
            _save(tokenizer, model, scratch)
            for file in scratch.iterdir():
                shutil.copymode(scratch / "config.json", file)  # safetensors leaves its file to its owner alone
            storage.publish(scratch, folder)


def _save(tokenizer: Any, model: PreTrainedModel, folder: Path) -> None:
    bars: Any = logging
    drawn = bars.is_progress_bar_enabled()
    bars.disable_progress_bar()  # transformers' own bar would come up beside ours
    try:
        tokenizer.save_pretrained(folder)
        model.save_pretrained(folder)
    except SafetensorError as error:
        if "os error 28" in str(error):  # safetensors writes in Rust: its full disk is no OSError
            raise storage.disk_full(folder.parent) from error
        raise
    finally:
        if drawn:
            bars.enable_progress_bar()


def _tokenizer(gguf: Path, reader: GGUFReader) -> Any:
    """The tokenizer in the file, with the rule that transformers 5.23 does not take over from it.

    ``tokenizer.ggml.pre`` names how text is cut before the merges. transformers cuts every byte-level vocabulary as
    GPT-2 does; "smollm" first sets every digit apart, and otherwise "\\n\\n12" or "  1" give other tokens than the
    model was trained on.
    """
    tokenizer: Any = AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name, local_files_only=True)
    rule = _field(reader, "tokenizer.ggml.pre")
    as_gpt2 = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    if rule == "smollm":
        digits = pre_tokenizers.Digits(individual_digits=True)
        tokenizer.backend_tokenizer.pre_tokenizer = pre_tokenizers.Sequence([digits, as_gpt2])
    elif rule != "gpt-2":
        raise NotImplementedError(f"tokenizer.ggml.pre = {rule}")
    tokenizer.model_max_length = _field(reader, f"{_field(reader, 'general.architecture')}.context_length")
    return tokenizer


def _model(gguf: Path, reader: GGUFReader, report: Report | None) -> PreTrainedModel:
    """The model in the file, every block unpacked to float32.

    ``from_pretrained(gguf_file=)`` unpacks the same way, with the same parts of transformers, but asks for accelerate,
    reads the file's 100,000 tokens and merges once more, and cannot be watched or stopped.
    """
    causal: Any = AutoModelForCausalLM
    with _unreadable_said(gguf):
        config = AutoConfig.from_pretrained(gguf.parent, gguf_file=gguf.name, local_files_only=True)
        with torch.device("meta"):  # names and shapes only: the weights are about to be replaced
            model: PreTrainedModel = causal.from_config(config, dtype=torch.float32)
        # llama.cpp turns the query and key rows of each head; a processor turns them back.
        processor_of: dict[str, Any] = TENSOR_PROCESSORS
        processor = processor_of.get(_field(reader, "general.architecture"), TensorProcessor)(config=config.to_dict())
        names = get_gguf_hf_weights_map(model, processor)
    weights: dict[str, torch.Tensor] = {}
    done, total = 0, sum(int(tensor.n_bytes) for tensor in reader.tensors)
    for tensor in reader.tensors:
        _report(report, "converting-weights", gguf, done, total)
        with _unreadable_said(gguf):
            unpacked = processor.process(
                weights=dequantize(tensor.data, tensor.tensor_type),
                name=tensor.name,
                tensor_key_mapping=names,
                parsed_parameters={"tensors": weights},
            )
        if unpacked.name in names:
            weights[names[unpacked.name]] = torch.tensor(unpacked.weights, dtype=torch.float32)
        done += int(tensor.n_bytes)
    with _unreadable_said(gguf):
        model.load_state_dict(weights, strict=False, assign=True)
        model.tie_weights()
        lacking = [name for name, weight in model.named_parameters() if weight.is_meta]
        if lacking:
            raise KeyError(lacking[0])
    return model


def _field(reader: GGUFReader, key: str) -> Any:
    field = reader.get_field(key)
    if field is None:
        raise KeyError(key)
    return field.contents()


@contextmanager
def _unreadable_said(gguf: Path) -> Iterator[None]:
    """Whatever the parsers raise over a file that is cut off, of another kind or unknown to them: one sentence."""
    try:
        yield
    except (LookupError, OSError, RuntimeError, TypeError, ValueError) as error:
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise ExplorerError("gguf-unreadable", file=str(gguf), reason=reason) from error


def _report(report: Report | None, stage: str, gguf: Path, done: int = 0, total: int | None = None) -> None:
    if report is not None:
        report(Progress(Message.of(stage, name=gguf.stem), done, total))
