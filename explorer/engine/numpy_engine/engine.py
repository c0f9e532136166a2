"""`NumpyEngine`: the seam to the models that numpy reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from explorer.engine.attention_buffer import AttentionBuffer
from explorer.engine.engine import CHUNK, Engine, Reading
from explorer.engine.numpy_engine import gpt2, llama
from explorer.engine.numpy_engine.attention import AttentionRecorder
from explorer.engine.numpy_engine.cache import NumpyBatch, NumpyKeysValues
from explorer.engine.numpy_engine.linear import linear
from explorer.engine.numpy_engine.shape import Shape
from explorer.engine.numpy_engine.states import StatesRecorder
from explorer.engine.states_buffer import StatesBuffer
from explorer.language_model.interventions import Interventions, ablated_heads
from explorer.language_model.trace import Floats, Ints

DTYPES = ("float32", "float64")

ROWS_OF_LOGITS = 32
"""Rows of logits that are looked at together: all of a chunk's would take 50 MB of GPT-2's vocabulary."""

NO_CHANCE = -10_000.0
"""A logit so far below the largest has the probability 0, and 0 times it is 0: not so of minus infinity."""

_MODELS: Mapping[str, Any] = {"gpt2": gpt2.GPT2, "llama": llama.Llama}


def shape_of(config: Mapping[str, Any]) -> Shape | None:
    """The shape that a ``config.json`` describes; None for one that numpy does not read."""
    kind = config.get("model_type")
    try:
        if kind == "gpt2":
            return gpt2.shape_of(config)
        return llama.shape_of(config) if kind in llama.NEEDED else None
    except (KeyError, TypeError, ZeroDivisionError, AttributeError, ValueError):
        return None  # sizes that are missing or are no numbers: transformers says what is wrong with them


class NumpyEngine(Engine):
    """Reads one model of a known shape on the CPU.

    Args:
        weights: as the layout of the shape names them; all of one dtype, float32 or float64.
    """

    name = "numpy"
    device = "cpu"

    def __init__(self, shape: Shape, weights: Mapping[str, Floats]) -> None:
        super().__init__()
        self.shape, self.rules, self._weights = shape, shape.rules, weights
        self.head_dim = shape.head_dim
        self._model = _MODELS[shape.kind](shape, weights)
        self._dtype = self._model.unembedding.dtype
        self.dtype = self._dtype.name

    def with_config(self, config: Mapping[str, Any]) -> NumpyEngine:
        """The same weights under a config that differs in lengths alone."""
        shape = shape_of(config)
        assert shape is not None
        return NumpyEngine(shape, self._weights)

    def empty_cache(self) -> NumpyKeysValues:
        return NumpyKeysValues(self.shape.n_layer, self.shape.n_kv_head, self.shape.head_dim, self._dtype)

    def batch(self, cache: NumpyKeysValues, length: int, n_rows: int) -> NumpyBatch:
        view = cache.view(length)
        return NumpyBatch([(view.keys(layer), view.values(layer)) for layer in range(self.shape.n_layer)], n_rows)

    def logits(self, hidden: Floats) -> Floats:
        return linear(hidden, self._model.unembedding)  # type: ignore[no-any-return]

    def _read(
        self,
        ids: Ints,
        cache: NumpyKeysValues,
        before: Floats | None,
        interventions: Interventions,
        attention: AttentionBuffer | None,
        states: StatesBuffer | None,
        text_length: int,
    ) -> Reading:
        first = len(cache)
        rows = at_sites = None
        if attention is not None:
            rows = AttentionRecorder(first, exact=attention.will_be_exact(first + len(ids)))
        if states is not None:
            at_sites = StatesRecorder(states.sites)
        hidden = self._model.read(ids, cache, ablated_heads(interventions), rows, at_sites)
        if attention is not None and rows is not None:
            attention.append(rows.rows())
        if states is not None and at_sites is not None:
            states.append(at_sites.states())
        return self._judge(ids, hidden, before)

    def _judge(self, ids: Ints, hidden: Floats, before: Floats | None) -> Reading:
        """What the tokens were among those that could have come, and the logits after the last."""
        n = len(ids)
        surprisal, entropy = np.full((2, n), np.nan, self._dtype)
        rank = np.zeros(n, np.int64)
        logits = before
        for start in range(0, n, ROWS_OF_LOGITS):
            after = self.logits(hidden[start : start + ROWS_OF_LOGITS])  # row i: what comes after the i-th token
            last = start + len(after)
            if logits is None:
                foretold = after[:-1]
            else:
                foretold = np.concatenate([logits[None], after[:-1]]) if len(after) > 1 else logits[None]
            known = slice(last - len(foretold), last)
            surprisal[known], entropy[known], rank[known] = token_statistics(foretold, ids[known])
            logits = after[-1]
        assert logits is not None
        return Reading(hidden, logits, surprisal, entropy, rank)

    def _read_column(self, tokens: Ints, batch: NumpyBatch, interventions: Interventions) -> Floats:
        return self.logits(self._model.read_column(tokens, batch, ablated_heads(interventions)))

    def _read_texts(self, texts: Sequence[Ints], interventions: Interventions) -> Floats:
        return np.concatenate([self._read_text(text, interventions) for text in texts])

    def _read_text(self, ids: Ints, interventions: Interventions) -> Floats:
        """(1, V) logits after a text that nothing is kept of."""
        cache = self.empty_cache()
        for start in range(0, len(ids), CHUNK):
            hidden = self._model.read(ids[start : start + CHUNK], cache, ablated_heads(interventions))
        return self.logits(hidden[-1:])


def token_statistics(logits: Floats, chosen: Ints) -> tuple[Floats, Floats, Ints]:
    """What was at stake at each of n tokens, and what came of it.

    Args:
        logits: (n, V) before each of them; chosen: (n,) which they are.

    Returns:
        (n,) surprisal in bits, entropy in bits, rank from 1; equal logits by lower id.
    """
    rows = np.arange(len(chosen))
    largest = logits.max(axis=-1, keepdims=True)
    shifted = logits - largest
    np.maximum(shifted, NO_CHANCE, out=shifted)
    weights = np.exp(shifted)
    sums = weights.sum(axis=-1, dtype=np.float64)
    log_sums = np.log(sums)
    surprisal = (log_sums - (logits[rows, chosen] - largest[:, 0])) / np.log(2)
    entropy = np.abs(log_sums - np.vecdot(weights, shifted) / sums) / np.log(2)
    pairs = list(zip(logits, chosen.tolist(), strict=True))
    n_larger = [np.count_nonzero(row > row[i]) for row, i in pairs]
    n_equal_before = [np.count_nonzero(row[:i] == row[i]) for row, i in pairs]
    return surprisal, entropy, 1 + np.array(n_larger) + np.array(n_equal_before)
