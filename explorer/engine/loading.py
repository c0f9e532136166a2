"""From a name to a `LanguageModel` that answers: find, read, check."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Any

from explorer.engine.torch_engine.gc_pause import collector_paused

with collector_paused():
    import numpy as np
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    from explorer.engine.local_model import LanguageModel
    from explorer.engine.tokenizer import open_tokenizer
    from explorer.engine.torch_engine.attention_recorder import listen_to
    from explorer.engine.torch_engine.convert import convert_gguf
    from explorer.engine.torch_engine.settings import quiet_and_exact
    from explorer.language_model.memory import OutOfMemory, translate_oom
    from explorer.language_model.model import ATTENTION, ModelInfo
    from explorer.language_model.trace import Floats
    from explorer.locales import ExplorerError, Message
    from explorer.models import sources
    from explorer.models.config_check import check_config
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
    check_config(local.folder)
    with quiet_and_exact():
        return _read(local, chosen_device, chosen_dtype, report or (lambda _: None))


def prepare(local: ModelFiles, report: Report | None = None) -> None:
    """Make ``local.folder`` loadable: convert its GGUF, once."""
    if local.gguf is not None:
        convert_gguf(local.gguf, local.folder, report=report)


def _read(local: ModelFiles, device: str, dtype: str, report: Report) -> LanguageModel:
    report(Progress(Message.of("loading-tokenizer", name=local.title), 0, STEPS))
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
    info = _info(local, module, device, dtype, notices)
    tokenizer = open_tokenizer(local.folder, info.vocab_size)
    info = replace(info, end_ids=tokenizer.end_ids, notices=(*info.notices, *tokenizer.notices))
    model = LanguageModel(module, tokenizer, info)
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


@torch.inference_mode()
def check(model: LanguageModel) -> None:
    """Compare our own pass (chunks, cache, crop, unembedding) with transformers' on a few tokens.

    Architectures differ in ways a config does not tell (scaled or capped logits, windows, state instead of a cache):
    a model whose numbers we would get wrong is refused here.

    Raises:
        ExplorerError: the two differ by more than rounding does.
    """
    n = min(12, model.info.n_positions)
    ids = [(7919 * (i + 1)) % model.info.vocab_size for i in range(n)]

    def last_logits() -> torch.Tensor:
        tokens = torch.tensor([ids], device=model.info.device)
        return model.module(tokens, use_cache=False).logits[0, -1].float().cpu()  # type: ignore[no-any-return]

    try:
        expected = model.retry_after_oom(last_logits)
        model.trace([*ids[: n - 4], *ids[:3]])  # a wrong ending, to be cropped
        got = torch.from_numpy(model.trace(ids).logits.copy()).float()
    except ExplorerError:
        raise
    except Exception as error:  # whatever an architecture does that nobody has tried here
        raise ExplorerError("model-unsupported", name=model.info.name, kind=model.module.config.model_type) from error
    # Half precision rounds at 2^-8; float32 at 2^-24, grown by some hundred layers' sums.
    tolerance = 0.25 if model.info.dtype in ("bfloat16", "float16") else 1e-2
    if not torch.allclose(got.log_softmax(-1), expected.log_softmax(-1), atol=tolerance, rtol=tolerance):
        raise ExplorerError("model-unsupported", name=model.info.name, kind=model.module.config.model_type)
    if not _attention_agrees(model, ids):
        model.info = replace(model.info, capabilities=model.info.capabilities - {ATTENTION})


def _attention_agrees(model: LanguageModel, ids: list[int]) -> bool:
    """Whether the attention we catch is that of transformers' own eager pass."""
    module, usual = model.module, model.module.config._attn_implementation

    def eager() -> Floats:
        tokens = torch.tensor([ids], device=model.info.device)
        found = module(tokens, use_cache=False, output_attentions=True).attentions
        return np.stack([layer[0].float().cpu().numpy() for layer in found])

    if not listen_to(module):
        return False
    try:
        # One pass over the first tokens and one over the others, so that both of our ways are tried.
        model.trace(ids[: len(ids) // 2], attention=True)
        ours = model.trace(ids, attention=True).attention.dense()
        module.set_attn_implementation("eager")
        theirs = model.retry_after_oom(eager)
    except OutOfMemory:
        raise
    except Exception:  # whatever an architecture does that nobody has tried here: it still predicts
        return False
    finally:
        module.set_attn_implementation(usual)
    tolerance = 0.05 if model.info.dtype in ("bfloat16", "float16") else 1e-3
    return theirs.shape == ours.shape and np.allclose(ours, theirs, atol=tolerance)


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
