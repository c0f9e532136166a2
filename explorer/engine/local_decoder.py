"""`LocalDecoder`: continuations of one text, read side by side by an engine in this process."""

from __future__ import annotations

import threading
from collections.abc import Hashable, Sequence

import numpy as np

from explorer.engine.engine import Batch, Engine
from explorer.language_model.interventions import Interventions
from explorer.language_model.memory import translate_oom
from explorer.language_model.model import ModelInfo
from explorer.language_model.request import require_known
from explorer.language_model.trace import Floats, Ints
from explorer.language_model.window import window_start


class LocalDecoder:
    """B continuations of the same text, which comes from the prefix cache; see `BatchDecoder`.

    Args:
        batch: the keys and values of what is read of ``ids``.

    Attributes:
        ids: (B, T) the tokens of each row so far.
    """

    def __init__(
        self,
        engine: Engine,
        lock: threading.RLock,
        info: ModelInfo,
        batch: Batch,
        ids: Ints,
        interventions: Interventions,
    ) -> None:
        self._engine, self._lock, self._info = engine, lock, info
        self._batch, self._interventions = batch, interventions
        self.ids = ids
        self._place = self._place_of(ids.shape[1])

    def __len__(self) -> int:
        return len(self.ids)

    def select(self, rows: Sequence[int] | Ints) -> None:
        """See `BatchDecoder.select`."""
        rows = np.asarray(rows, np.int64)
        if len(rows) == len(self) and (rows == np.arange(len(self))).all():
            return
        with translate_oom():
            self._batch.select(rows)
        self.ids = self.ids[rows]

    def advance(self, tokens: Sequence[int] | Ints) -> Floats:
        """See `BatchDecoder.advance`."""
        require_known(tokens, self._info.vocab_size)
        column = np.asarray(tokens, np.int64)
        self.ids = np.concatenate([self.ids, column[:, None]], axis=1)
        place = self._place_of(self.ids.shape[1])
        with self._lock, translate_oom():
            if place == self._place:
                return self._engine.read_column(column, self._batch, interventions=self._interventions)
            # What the batch holds is of shorter texts, which this model reads otherwise.
            return self._engine.read_texts(list(self.ids[:, place[0] :]), interventions=self._interventions)

    def _place_of(self, n_tokens: int) -> tuple[int, Hashable]:
        """Where the window of a text begins, and its regime: what is read in one place is wrong in another."""
        start = window_start(n_tokens, self._info.n_positions)
        return start, self._engine.regime(n_tokens - start)
