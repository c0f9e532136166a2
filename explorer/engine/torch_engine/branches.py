"""`Branches`: many continuations of one text, read side by side in one pass a step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
from transformers.cache_utils import Cache

from explorer.engine.prefix_cache import GrowingLayer
from explorer.language_model.memory import translate_oom
from explorer.language_model.trace import Floats, Ints

if TYPE_CHECKING:
    from explorer.engine.local_model import LanguageModel


class Branches:
    """B continuations of the same text, which comes from the prefix cache; from there on each row has keys and values
    of its own.

    Attributes:
        ids: (B, T) the tokens of each row so far.
    """

    def __init__(self, model: LanguageModel, window: Ints, layers: Sequence[GrowingLayer], n_rows: int) -> None:
        self._model = model
        self._layers = [layer.expanded(len(window), n_rows) for layer in layers]
        self.ids: Ints = np.tile(window, (n_rows, 1))

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def n_bytes(self) -> int:
        """What the keys and values take."""
        return sum(layer.n_bytes for layer in self._layers)

    def select(self, rows: Sequence[int] | Ints) -> None:
        """Go on with these rows, in this order: some may be left out, some may come several times.

        Raises:
            OutOfMemory: they are too many. The branches can then not be used any more.
        """
        rows = np.asarray(rows, np.int64)
        if len(rows) == len(self) and (rows == np.arange(len(self))).all():
            return
        places = torch.from_numpy(rows).to(self._model.info.device)
        with torch.inference_mode(), translate_oom():
            for layer in self._layers:
                layer.select(places)
        self.ids = self.ids[rows]

    def advance(self, tokens: Sequence[int] | Ints) -> Floats:
        """Give each row its next token (B,): the (B, V) logits of the one after it, in the trace's dtype.

        Raises:
            OutOfMemory: they are too many. The branches can then not be used any more.
        """
        column, length = np.asarray(tokens, np.int64)[:, None], self.ids.shape[1]
        self.ids = np.concatenate([self.ids, column], axis=1)
        if self._model.regime(length + 1) != self._model.regime(length):  # the keys of a shorter text are of no use
            self._layers = [GrowingLayer() for _ in self._layers]
            column, length = self.ids, 0
        return self._model.read_rows(column, length, Cache(layers=list(self._layers)))
