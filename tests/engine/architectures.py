"""Tiny models of many architectures, with parts that depend on the length of a text: windows of 16 tokens, rotary
frequencies that change after 32, and positions that end after 64."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import CONFIG_MAPPING, AutoConfig, AutoModelForCausalLM, PreTrainedTokenizerFast
from transformers.utils import logging

from explorer.language_model.trace import Floats, Ints
from explorer.language_model.window import window_start

WINDOW, SWITCH, POSITIONS = 16, 32, 64
LONGEST = 80
VOCABULARY = 160
WEIGHTS = 15.0
"""What the usual random weights are multiplied with: as they are, every distribution is flat and little shows."""

BIASES = 0.5
"""Standard deviation of biases, which usually begin as 0 and then show nothing."""

SIZES = {
    "vocab_size": VOCABULARY,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 8,
    "max_position_embeddings": POSITIONS,
    "bos_token_id": 0,
    "eos_token_id": 0,
    "pad_token_id": None,
}
FIXED = {"falcon": ("head_dim",)}
"""What a config works out from the others."""

HALF = 4
"""Rotary frequencies of a head."""


def _rope(kind: str, **settings: Any) -> dict[str, Any]:
    return {"rope_parameters": {"rope_type": kind, "rope_theta": 100.0, **settings}}


LONGROPE = _rope(
    "longrope",
    short_factor=[1.0] * HALF,
    long_factor=[1.5, 2.0, 3.0, 5.0],
    original_max_position_embeddings=SWITCH,
)
PER_LAYER_TYPE = {
    "rope_parameters": {
        "full_attention": LONGROPE["rope_parameters"],
        "sliding_attention": {"rope_type": "default", "rope_theta": 50.0},
    }
}
ALTERNATING = {"layer_types": ["sliding_attention", "full_attention", "sliding_attention"]}

ARCHITECTURES: dict[str, tuple[str, dict[str, Any]]] = {
    # learned positions
    "gpt2": ("gpt2", {}),
    "gpt2-by-layer": ("gpt2", {"scale_attn_by_inverse_layer_idx": True, "reorder_and_upcast_attn": True}),
    "gpt-neo": (
        "gpt_neo",
        {
            "num_layers": 3,
            "num_heads": 4,
            "attention_types": [[["global", "local", "global"], 1]],
            "window_size": WINDOW,
        },
    ),
    "opt": ("opt", {"ffn_dim": 48, "word_embed_proj_dim": 32, "do_layer_norm_before": True}),
    "gpt-bigcode": ("gpt_bigcode", {}),
    # a bias by distance
    "bloom": ("bloom", {"n_layer": 3, "n_head": 4}),
    "mpt": ("mpt", {"d_model": 32, "n_layers": 3, "n_heads": 4, "max_seq_len": POSITIONS}),
    "falcon-alibi": ("falcon", {"alibi": True, "ffn_hidden_size": 48, "new_decoder_architecture": False}),
    # rotary positions
    "falcon": ("falcon", {"alibi": False, "ffn_hidden_size": 48}),
    "gpt-neox": ("gpt_neox", {"rotary_pct": 0.5}),
    "gptj": ("gptj", {"rotary_dim": 4}),
    "codegen": ("codegen", {"rotary_dim": 4}),
    "stablelm": ("stablelm", {}),
    "phi": ("phi", {}),
    "llama": ("llama", {}),
    "llama-biased": ("llama", {"attention_bias": True, "mlp_bias": True}),
    "llama-linear": ("llama", _rope("linear", factor=4.0)),
    "llama-dynamic": ("llama", _rope("dynamic", factor=4.0)),
    "llama-yarn": ("llama", _rope("yarn", factor=2.0, original_max_position_embeddings=SWITCH)),
    "llama-llama3": (
        "llama",
        _rope(
            "llama3",
            factor=8.0,
            low_freq_factor=1.0,
            high_freq_factor=4.0,
            original_max_position_embeddings=SWITCH,
        ),
    ),
    "llama-longrope": ("llama", LONGROPE),
    "phi3-longrope": ("phi3", {**LONGROPE, "original_max_position_embeddings": SWITCH, "sliding_window": None}),
    "phi3-longrope-sliding": (
        "phi3",
        {**LONGROPE, "original_max_position_embeddings": SWITCH, "sliding_window": WINDOW},
    ),
    "phimoe-longrope": (
        "phimoe",
        {
            "num_local_experts": 2,
            "num_experts_per_tok": 1,
            "original_max_position_embeddings": SWITCH,
            "rope_parameters": {**LONGROPE["rope_parameters"], "short_mscale": 1.0, "long_mscale": 1.5},
        },
    ),
    # windows
    "mistral": ("mistral", {"sliding_window": WINDOW}),
    "mixtral": ("mixtral", {"sliding_window": WINDOW, "num_local_experts": 2}),
    "starcoder2": ("starcoder2", {"sliding_window": WINDOW}),
    "qwen2": ("qwen2", {"use_sliding_window": True, "sliding_window": WINDOW, "max_window_layers": 1}),
    "qwen3": ("qwen3", {"use_sliding_window": True, "sliding_window": WINDOW, "max_window_layers": 2}),
    "gemma": ("gemma", {}),
    "gemma2": ("gemma2", {"sliding_window": WINDOW, "query_pre_attn_scalar": 8, "final_logit_softcapping": None}),
    "gemma2-capped": ("gemma2", {"sliding_window": WINDOW, "query_pre_attn_scalar": 8}),
    "gemma3": ("gemma3_text", {"sliding_window": WINDOW, "query_pre_attn_scalar": 8, **ALTERNATING}),
    "gemma3-longrope": (
        "gemma3_text",
        {"sliding_window": WINDOW, "query_pre_attn_scalar": 8, **ALTERNATING, **PER_LAYER_TYPE},
    ),
    "gpt-oss": ("gpt_oss", {"sliding_window": WINDOW, "num_local_experts": 4, **_rope("default")}),
    "cohere": ("cohere", {"logit_scale": 1.0}),
    "cohere2": ("cohere2", {"logit_scale": 1.0, "sliding_window": WINDOW, **ALTERNATING}),
    "olmo2": ("olmo2", {}),
    "smollm3": (
        "smollm3",
        {"no_rope_layers": [1, 0, 1], "use_sliding_window": True, "sliding_window": WINDOW, **ALTERNATING},
    ),
    "llama4": ("llama4_text", {"attention_chunk_size": WINDOW, "num_local_experts": 1, "intermediate_size_mlp": 48}),
    # no keys and values, or not only
    "mamba": ("mamba", {"state_size": 4}),
    "lfm2": ("lfm2", {"layer_types": ["conv", "full_attention", "full_attention"]}),
}


def build(folder: Path, name: str) -> Path:
    """The folder of a model with large random weights and biases, as `save_pretrained` writes it."""
    kind, settings = ARCHITECTURES[name]
    usual = CONFIG_MAPPING[kind]()
    sizes = {name: size for name, size in SIZES.items() if hasattr(usual, name) and name not in FIXED.get(kind, ())}
    config = AutoConfig.for_model(kind, **{**sizes, **settings})
    torch.manual_seed(0)
    module = AutoModelForCausalLM.from_config(config)
    with torch.no_grad():
        for part, weights in module.named_parameters():
            if weights.ndim > 1:
                weights *= WEIGHTS
            elif part.endswith("bias"):
                weights.normal_(0, BIASES)
    logging.disable_progress_bar()
    module.save_pretrained(folder)
    _tokenizer().save_pretrained(folder)
    return folder


def _tokenizer() -> PreTrainedTokenizerFast:
    """A token for each of the first characters there are; the tests speak in ids."""
    words = {chr(0x100 + i): i for i in range(VOCABULARY)}
    tokenizer = Tokenizer(models.WordLevel(words, unk_token=chr(0x100)))
    tokenizer.pre_tokenizer = pre_tokenizers.Split("", "isolated")
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token=chr(0x100), eos_token=chr(0x100))


@dataclass(frozen=True)
class Truth:
    """Of a text of T tokens that are read: ``log_p`` (T, V) nats of what follows each; ``attention`` (n_layer, n_head,
    T, T), or None where transformers gives none."""

    log_p: Floats
    attention: Floats | None


class Oracle:
    """transformers' own eager pass over exactly what is read of a text, by a module of its own that we never touched.

    Args:
        folder: of the model.
        n_positions: how many tokens are read at most.
    """

    def __init__(self, folder: Path, n_positions: int = POSITIONS) -> None:
        self._module: Any = AutoModelForCausalLM.from_pretrained(folder, attn_implementation="eager").eval()
        self._n_positions = n_positions
        self._found: dict[bytes, Truth] = {}

    def __call__(self, ids: Ints) -> Truth:
        if ids.tobytes() not in self._found:
            self._found[ids.tobytes()] = self._read(ids[window_start(len(ids), self._n_positions) :])
        return self._found[ids.tobytes()]

    def _read(self, ids: Ints) -> Truth:
        # By a copy: some rotary embeddings remember the pass before.
        module = copy.deepcopy(self._module)
        with torch.inference_mode():
            output = module(torch.from_numpy(ids.copy())[None], use_cache=False, output_attentions=True)
        logits = output.logits[0].double().numpy()
        layers = [layer[0].numpy() for layer in output.attentions or () if layer is not None]
        log_p = logits - np.logaddexp.reduce(logits, axis=-1, keepdims=True)
        return Truth(log_p, np.stack(layers) if layers else None)


def ids_of(n: int, seed: int = 0) -> Ints:
    return np.random.default_rng(seed).integers(1, VOCABULARY, n)
