"""From a name to a `LanguageModel` that answers: find, read, check."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Any

from explorer.engine.torch_engine.gc_pause import collector_paused

with collector_paused():
    import numpy as np
    import torch
    import transformers
    from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer

    from explorer.engine.check import Outcome, Reference, crossings, within_reach
    from explorer.engine.check import check as compare
    from explorer.engine.local_model import LanguageModel
    from explorer.engine.torch_engine.convert import convert_gguf
    from explorer.engine.torch_engine.shortened import NEAR_CHUNK, shortened
    from explorer.language_model.memory import OutOfMemory, translate_oom
    from explorer.language_model.model import ATTENTION, ModelInfo
    from explorer.language_model.tokens import Tokenizer
    from explorer.language_model.trace import Floats, Ints
    from explorer.locales import ExplorerError, Message
    from explorer.models import sources
    from explorer.models.progress import Progress, Report
    from explorer.models.sources import ModelFiles

DTYPES = {name: getattr(torch, name) for name in ("float32", "float64", "bfloat16", "float16")}
DEVICES = ("cuda", "mps", "cpu")
STEPS = 3


def load(
    name: str | None = None, *, device: str | None = None, dtype: str | None = None, report: Report | None = None
) -> LanguageModel:
    """A model, ready to answer.

    Args:
        name: a catalogue name (``gpt2``), a folder, or ``organisation/name[@revision]`` on the hub; it is fetched if
            it must be. None takes ``EXPLORER_MODEL`` or else the best one on disk, and asks no network for that.
        device: ``cuda``, ``mps`` or ``cpu``; None takes ``EXPLORER_DEVICE`` or else the first of them that is there.
        dtype: ``float32``, ``float64``, ``bfloat16`` or ``float16``; None takes ``EXPLORER_DTYPE`` or else float32, on
            every device.
        report: told how far it is.

    Raises:
        ExplorerError: an unknown name, device or dtype, no network, a damaged or unsupported model.
    """
    # `explorer lab --model ...` reaches the kernels it starts by these variables.
    name = name or os.environ.get("EXPLORER_MODEL") or None
    chosen_device = choose_device(device or os.environ.get("EXPLORER_DEVICE") or None)
    chosen_dtype = _dtype(dtype or os.environ.get("EXPLORER_DTYPE") or "float32")
    local = sources.best_on_disk() if name is None else sources.locate(name, report=report)
    prepare(local, report)
    return _read(local, chosen_device, chosen_dtype, report or (lambda _: None))


def prepare(local: ModelFiles, report: Report | None = None) -> None:
    """Make ``local.folder`` loadable: convert its GGUF, once."""
    if local.gguf is not None:
        convert_gguf(local.gguf, local.folder, report=report)


def _read(local: ModelFiles, device: str, dtype: str, report: Report) -> LanguageModel:
    # transformers draws its own progress bars and prints advice to developers: neither is for a person here.
    transformers.utils.logging.disable_progress_bar()
    transformers.utils.logging.set_verbosity_error()
    # TensorFloat-32 has 10 bits of mantissa: too few for numbers one is to trust.
    torch.set_float32_matmul_precision("highest")

    report(Progress(Message.of("loading-tokenizer", name=local.title), 0, STEPS))
    tokenizer = _from_folder(AutoTokenizer, local)
    report(Progress(Message.of("loading-weights", name=local.title), 1, STEPS))
    module, found = _from_folder(
        AutoModelForCausalLM, local, dtype=DTYPES[dtype], use_safetensors=True, output_loading_info=True
    )
    module.eval().requires_grad_(False)
    # transformers fills what the file lacks with random numbers.
    if missing := sorted(found["missing_keys"]):
        raise ExplorerError("weights-incomplete", name=local.name, n=len(missing), part=missing[0])
    notices: tuple[Message, ...] = ()
    try:
        with translate_oom():
            module.to(device)
    except OutOfMemory:
        notices = (Message.of("gpu-memory-full", device=device),)
        device = "cpu"
        module.to(device)
    report(Progress(Message.of("checking-model", name=local.title), 2, STEPS))
    info = replace(_info(local, module, device, dtype, notices), end_ids=_end_ids(module, tokenizer))
    model = LanguageModel(module, Tokenizer(tokenizer, info.vocab_size), info)
    check(model)
    report(Progress(Message.of("model-ready", name=local.title), STEPS, STEPS))
    return model


def _from_folder(auto: Any, local: ModelFiles, **options: Any) -> Any:
    try:
        with translate_oom():
            config = AutoConfig.from_pretrained(local.folder, local_files_only=True, trust_remote_code=False)
            return auto.from_pretrained(
                local.folder, config=config, local_files_only=True, trust_remote_code=False, **options
            )
    except OutOfMemory:
        raise
    except Exception as error:  # transformers raises whatever its parsers do on files it cannot read
        raise ExplorerError("model-unreadable", name=local.name, reason=_first_line(error)) from error


def _first_line(error: Exception) -> str:
    return next(iter(str(error).strip().splitlines()), type(error).__name__)[:200]


def _info(local: ModelFiles, module: Any, device: str, dtype: str, notices: tuple[Message, ...]) -> ModelInfo:
    config, unembedding = module.config, module.get_output_embeddings()
    sizes = ("max_position_embeddings", "num_hidden_layers", "num_attention_heads", "hidden_size")
    if unembedding is None or any(getattr(config, size, None) is None for size in sizes):
        raise ExplorerError("model-unsupported", name=local.name, kind=config.model_type)
    return ModelInfo(
        name=local.name,
        title=local.title,
        revision=local.revision,
        n_layer=config.num_hidden_layers,
        n_head=config.num_attention_heads,
        n_embd=config.hidden_size,
        n_positions=config.max_position_embeddings,
        vocab_size=unembedding.weight.shape[0],
        n_parameters=module.num_parameters(),
        device=device,
        dtype=dtype,
        note=local.note,
        notices=notices,
    )


def _end_ids(module: Any, tokenizer: Any) -> tuple[int, ...]:
    own = module.generation_config.eos_token_id if module.generation_config is not None else None
    ids = own if own is not None else tokenizer.eos_token_id
    return tuple(ids) if isinstance(ids, list) else () if ids is None else (ids,)


def check(model: LanguageModel) -> Outcome:
    """Compare our own passes with transformers' and have the model do without attention where that alone differs.

    Lengths that are too far away to be read across are brought near, see `shortened`.

    Raises:
        ExplorerError: the model's numbers would be wrong.
    """
    config = model.module.config
    lengths = crossings(config.to_dict(), model.info, model.chunk)
    near = tuple(length for length in lengths if within_reach(length, model.info))
    outcome = compare(model, _eager_pass(model), near)
    if outcome.right and near != lengths:
        with shortened(config) as lengths:
            # What it caches holds only here.
            passing = LanguageModel(model.module, model.tokenizer, model.info, chunk=NEAR_CHUNK)
            outcome = outcome.together_with(compare(passing, _eager_pass(passing), lengths))
    outcome.require_right(model.info.name, config.model_type)
    if not outcome.attention:
        model.info = replace(model.info, capabilities=model.info.capabilities - {ATTENTION})
    return outcome


def _eager_pass(model: LanguageModel) -> Reference:
    """transformers' own pass without a cache, in the one of its ways that gives attention weights."""

    def read(ids: Ints, attention: bool) -> tuple[Floats, Floats | None]:
        module, usual = model.module, model.module.config._attn_implementation

        def eager() -> Any:
            tokens = torch.from_numpy(ids.copy())[None].to(model.info.device)
            return module(tokens, use_cache=False, output_attentions=attention)

        _attend_by(module, "eager")
        try:
            with torch.inference_mode():
                found = model.retry_after_oom(eager)
        finally:
            _attend_by(module, usual)
        logits = _at_least_float32(found.logits[0])
        layers = found.attentions if attention else None
        return logits, np.stack([_at_least_float32(layer[0]) for layer in layers]) if layers else None

    return read


def _attend_by(module: Any, implementation: str) -> None:
    module.set_attn_implementation(implementation)
    # Where attention is code of the model's own, transformers declines; but that code asks the config (Falcon).
    module.config._attn_implementation = implementation


def _at_least_float32(tensor: torch.Tensor) -> Floats:
    wide: Floats = tensor.to(torch.promote_types(tensor.dtype, torch.float32)).cpu().numpy()
    return wide


def devices() -> list[str]:
    """Where a model can run on this machine, fastest first."""
    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    return [name for name in DEVICES if there[name]]


def choose_device(device: str | None) -> str:
    """``device`` if it is here, the fastest for None.

    Raises:
        ExplorerError: it is not here.
    """
    there = devices()
    if device is None:
        return there[0]
    if device not in there:
        raise ExplorerError("unknown-device", device=device, known=", ".join(there))
    return device


def _dtype(dtype: str) -> str:
    if dtype not in DTYPES:
        raise ExplorerError("unknown-dtype", dtype=dtype, known=", ".join(DTYPES))
    return dtype
