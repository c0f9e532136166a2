"""`TorchEngine`: the seam to transformers' models, on every device and in every dtype."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from explorer.engine.attention_buffer import AttentionBuffer, LayerRule
from explorer.engine.engine import Engine, Reading
from explorer.engine.numpy_engine.linear import FEW_ROWS, linear
from explorer.engine.states_buffer import StatesBuffer
from explorer.engine.torch_engine.architecture import blocks_of
from explorer.engine.torch_engine.attention_recorder import Recorder, watched
from explorer.engine.torch_engine.keys_values import GrowingLayer, TorchBatch, TorchKeysValues, as_numpy
from explorer.engine.torch_engine.layer_windows import layer_windows
from explorer.engine.torch_engine.length_regimes import follow_length, regime_of, text_of_length
from explorer.engine.torch_engine.settings import exact_products
from explorer.engine.torch_engine.states_recorder import StatesRecorder, recording
from explorer.engine.torch_engine.token_statistics import token_statistics
from explorer.language_model.interventions import Interventions, ablated_heads
from explorer.language_model.trace import Floats, Ints


def cache_argument(base: Any) -> str:
    """What a model of transformers calls the keys and values it is given: ``cache`` from 5.24 on, before that, and in
    models from elsewhere, ``past_key_values``."""
    return "cache" if "cache" in inspect.signature(base.forward).parameters else "past_key_values"


class TorchEngine(Engine):
    """Reads one model of transformers.

    Args:
        module: an evaluated ``...ForCausalLM`` whose logits are its output embedding applied to the last hidden states
        of
            its base model (the check at load sees to it that they are).
        rules: of each layer's attention.

    Attributes:
        blocks: of the module; none where it is not known where it keeps them, and no states can be recorded.
    """

    name = "torch"

    def __init__(self, module: Any, rules: tuple[LayerRule, ...]) -> None:
        super().__init__()
        self.module, self.rules, self.blocks = module, rules, blocks_of(module)
        config = module.config.get_text_config()
        self.head_dim = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
        follow_length(module)
        self._cache_argument = cache_argument(module.base_model)
        self.device = module.device.type
        self.dtype = str(module.dtype).removeprefix("torch.")

    def with_config(self, config: Any) -> TorchEngine:
        """The same module under a config that differs in lengths alone, and is its own meanwhile."""
        rules = tuple(
            replace(rule, window=window) for rule, window in zip(self.rules, layer_windows(config), strict=True)
        )
        return TorchEngine(self.module, rules)

    def empty_cache(self) -> TorchKeysValues:
        return TorchKeysValues([GrowingLayer() for _ in self.rules])

    def batch(self, cache: TorchKeysValues, length: int, n_rows: int) -> TorchBatch:
        with torch.inference_mode():
            return TorchBatch([layer.expanded(length, n_rows) for layer in cache.layers], length)

    @torch.inference_mode()
    def logits(self, hidden: Floats) -> Floats:
        return as_numpy(self._unembed(self._on_device(hidden)))

    def regime(self, n_tokens: int) -> int:
        return regime_of(self.module.config, n_tokens)

    def release_memory(self) -> None:
        if self.device == "cuda":
            torch.cuda.empty_cache()

    def move_to_cpu(self) -> bool:
        if self.device == "cpu":
            return False
        self.module.to("cpu")
        self.device = "cpu"
        torch.cuda.empty_cache()
        return True

    @torch.inference_mode()
    def _read(
        self,
        ids: Ints,
        cache: TorchKeysValues,
        before: Floats | None,
        interventions: Interventions,
        attention: AttentionBuffer | None,
        states: StatesBuffer | None,
        text_length: int,
    ) -> Reading:
        first, n = len(cache), len(ids)
        rows = at_sites = None
        if attention is not None:
            rows = Recorder(first, self.rules, attention.will_be_exact(first + n))
        if states is not None:
            at_sites = StatesRecorder(states.sites, len(self.rules))
        tokens = torch.from_numpy(np.array(ids)).to(self.device)[None]  # (1, n)
        positions = torch.arange(first, first + n, device=self.device)[None]
        with self._pass(text_length, interventions, rows, at_sites):
            hidden = self.module.base_model(
                input_ids=tokens, position_ids=positions, use_cache=True, **{self._cache_argument: cache.as_cache()}
            ).last_hidden_state[0]  # (n, n_embd)
        if attention is not None and rows is not None:
            attention.append(rows.rows())
        if states is not None and at_sites is not None:
            states.append(at_sites.states())
        logits = self._unembed(hidden)
        foretold = (
            logits[:-1] if before is None else torch.cat([self._on_device(before, logits.dtype)[None], logits[:-1]])
        )
        surprisal, entropy, rank = token_statistics(foretold, tokens[0, n - len(foretold) :], n_tokens=n)
        return Reading(as_numpy(hidden), as_numpy(logits[-1]), surprisal, entropy, rank)

    @torch.inference_mode()
    def _read_column(self, tokens: Ints, batch: TorchBatch, interventions: Interventions) -> Floats:
        column = torch.from_numpy(np.array(tokens)).to(self.device)[:, None]  # (B, 1)
        places = torch.full(column.shape, batch.length, device=self.device)
        with self._pass(batch.length + 1, interventions):
            states = self.module.base_model(
                input_ids=column, position_ids=places, use_cache=True, **{self._cache_argument: batch.as_cache()}
            ).last_hidden_state[:, 0]
        batch.length += 1
        return as_numpy(self._unembed(states))

    @torch.inference_mode()
    def _read_texts(self, texts: Sequence[Ints], interventions: Interventions) -> Floats:
        regimes = [self.regime(len(ids)) for ids in texts]
        rows: dict[int, Floats] = {}
        for regime in dict.fromkeys(regimes):
            places = [place for place, each in enumerate(regimes) if each == regime]
            read = self._read_padded([texts[place] for place in places], interventions)
            rows |= zip(places, read, strict=True)
        return np.stack([rows[place] for place in range(len(texts))])

    def _read_padded(self, texts: Sequence[Ints], interventions: Interventions) -> Floats:
        """(B, V) logits after texts of one regime. A causal model needs no mask for what is padded on the right."""
        lengths = [len(ids) for ids in texts]
        tokens = torch.zeros((len(texts), max(lengths)), dtype=torch.int64)
        for row, ids in zip(tokens, texts, strict=True):
            row[: len(ids)] = torch.as_tensor(ids)
        with self._pass(max(lengths), interventions):
            states = self.module.base_model(input_ids=tokens.to(self.device), use_cache=False).last_hidden_state
        last = torch.tensor(lengths) - 1
        return as_numpy(self._unembed(states[torch.arange(len(texts)), last]))

    @contextmanager
    def _pass(
        self,
        text_length: int,
        interventions: Interventions,
        rows: Recorder | None = None,
        states: StatesRecorder | None = None,
    ) -> Iterator[None]:
        """What holds while the model reads a part of a text of ``text_length`` tokens."""
        heads_off = ablated_heads(interventions)
        with (
            exact_products(),
            text_of_length(text_length),
            watched(rows, heads_off, states),
            recording(states, self.blocks),
        ):
            yield

    def _on_device(self, array: Floats, dtype: torch.dtype | None = None) -> torch.Tensor:
        return torch.from_numpy(np.array(array)).to(self.device, dtype or self.module.dtype)

    def _unembed(self, hidden: torch.Tensor) -> torch.Tensor:
        """(n, n_embd) last hidden states -> (n, V) logits, at least float32."""
        head = self.module.get_output_embeddings()
        weight, bias = head.weight, getattr(head, "bias", None)  # (V, n_embd)
        if len(hidden) <= FEW_ROWS and self.device == "cpu" and self.dtype in ("float32", "float64"):
            # numpy reads the large matrix with all cores where torch's CPU build may use one (pytorch#96643).
            logits = torch.from_numpy(linear(hidden.numpy(), weight.numpy()))
        else:
            logits = (weight @ hidden.T).T
        if bias is not None:
            logits = logits + bias
        return logits.to(torch.promote_types(logits.dtype, torch.float32))
