"""A folder with a model, read by transformers into a `TorchEngine`."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import Any

from explorer.engine.torch_engine.gc_pause import gc_paused

with gc_paused():
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    from explorer.engine.attention_buffer import LayerRule
    from explorer.engine.torch_engine.attention_recorder import attach, noting_scalings
    from explorer.engine.torch_engine.engine import TorchEngine
    from explorer.engine.torch_engine.layer_windows import layer_windows
    from explorer.engine.torch_engine.settings import quiet_and_exact
    from explorer.language_model.memory import OutOfMemory, translate_oom
    from explorer.language_model.model import ABLATION, ATTENTION, STATES, ModelInfo
    from explorer.locales import ExplorerError, Message
    from explorer.models.sources import ModelFiles

DEVICES = ("cuda", "mps", "cpu")


def devices() -> list[str]:
    """Where a model can run on this machine, fastest first."""
    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    return [name for name in DEVICES if there[name]]


def open_engine(files: ModelFiles, device: str, dtype: str) -> tuple[TorchEngine, ModelInfo]:
    """The engine of a model, and what the model is, less what its tokenizer knows.

    Raises:
        ExplorerError: a damaged or unsupported model.
    """
    with quiet_and_exact():
        module, found = _from_folder(files, dtype)
        module.eval().requires_grad_(False)
        # transformers fills what the file lacks with random numbers.
        if missing := sorted(found["missing_keys"]):
            raise ExplorerError("weights-incomplete", name=files.name, n=len(missing), part=missing[0])
        notices: tuple[Message, ...] = ()
        try:
            with translate_oom():
                module.to(device)
        except OutOfMemory:
            notices = (Message.of("gpu-memory-full", device=device),)
            device = "cpu"
            module.to(device)
        info = replace(_info(files, module, device, dtype), notices=notices)
    attached = attach(module)
    engine = TorchEngine(module, _rules(module) if attached else (LayerRule(1.0),) * info.n_layer)
    if not attached:
        return engine, replace(info, capabilities=frozenset())
    return engine, replace(info, capabilities=info.capabilities | {STATES}) if engine.blocks else info


def open_module(files: ModelFiles, dtype: str) -> Any:
    """The model as transformers reads it, on the CPU, to be compared with.

    Raises:
        ExplorerError: a damaged model.
    """
    with quiet_and_exact():
        module, _ = _from_folder(files, dtype)
    return module.eval().requires_grad_(False)


def _rules(module: Any) -> tuple[LayerRule, ...]:
    """What each layer does with its queries and keys; a pass over one token tells with what they are multiplied."""
    with noting_scalings() as scalings, torch.inference_mode(), suppress(RuntimeError):
        module.base_model(input_ids=torch.zeros((1, 1), dtype=torch.int64, device=module.device), use_cache=False)
    return tuple(
        LayerRule(scalings.get(layer, 1.0), window) for layer, window in enumerate(layer_windows(module.config))
    )


def _from_folder(files: ModelFiles, dtype: str) -> Any:
    causal: Any = AutoModelForCausalLM
    try:
        with translate_oom():
            config = AutoConfig.from_pretrained(files.folder, local_files_only=True, trust_remote_code=False)
            return causal.from_pretrained(
                files.folder,
                config=config,
                local_files_only=True,
                trust_remote_code=False,
                dtype=getattr(torch, dtype),
                use_safetensors=True,
                output_loading_info=True,
            )
    except OutOfMemory:
        raise
    except Exception as error:  # transformers raises whatever its parsers do on files it cannot read
        reason = next(iter(str(error).strip().splitlines()), type(error).__name__)[:200]
        raise ExplorerError("model-unreadable", name=files.name, reason=reason) from error


def _info(files: ModelFiles, module: Any, device: str, dtype: str) -> ModelInfo:
    config, unembedding = module.config, module.get_output_embeddings()
    sizes = ("max_position_embeddings", "num_hidden_layers", "num_attention_heads", "hidden_size")
    if unembedding is None or any(getattr(config, size, None) is None for size in sizes):
        raise ExplorerError("model-unsupported", name=files.name, kind=config.model_type)
    return ModelInfo(
        name=files.name,
        title=files.title,
        revision=files.revision,
        n_layer=config.num_hidden_layers,
        n_head=config.num_attention_heads,
        n_embd=config.hidden_size,
        n_positions=config.max_position_embeddings,
        vocab_size=unembedding.weight.shape[0],
        n_parameters=module.num_parameters(),
        device=device,
        dtype=dtype,
        engine="torch",
        capabilities=frozenset({ATTENTION, ABLATION}),
        note=files.note,
    )
