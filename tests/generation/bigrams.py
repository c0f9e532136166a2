"""A model that is a table: the smallest `Model` there is, numpy alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from explorer.language_model.interventions import Intervention
from explorer.language_model.model import ModelInfo, Watch
from explorer.language_model.request import Asked, as_request
from explorer.language_model.tokens import Encoding, Vocabulary
from explorer.language_model.trace import Floats, Ints, Trace

V = 40


class Bigrams:
    """The logits after a text are a row of a random table: that of its last token."""

    def __init__(self, seed: int) -> None:
        self.table: Floats = np.random.default_rng(seed).normal(0, 3, (V, V))
        self.vocabulary = Vocabulary([f" {i}".encode() for i in range(V)])
        self.info = ModelInfo(
            name="bigrams", title="Bigrams", revision=None, n_layer=0, n_head=0, n_embd=0, n_positions=64,
            vocab_size=V, n_parameters=V * V, device="cpu", dtype="float64", engine="numpy", capabilities=frozenset(),
        )  # fmt: skip

    def tokenize(self, text: str) -> Encoding:
        return Encoding(tuple(int(word) for word in text.split()))

    def trace(
        self,
        asked: Asked,
        *,
        attention: bool = False,
        interventions: Iterable[Intervention] = (),
        watch: Watch | None = None,
    ) -> Trace:
        request, _ = as_request(asked, tokenize=self.tokenize, vocab_size=V)
        ids, unknown = np.array(request.ids), np.full(len(request.ids), np.nan)
        return Trace(
            ids=ids, logits=self.table[ids[-1]].copy(), surprisal=unknown, entropy=unknown.copy(),
            rank=np.zeros(len(ids), np.int64), start=0, computed=len(ids), milliseconds=0.0, vocabulary=self.vocabulary,
        )  # fmt: skip

    def next_logits(self, rows: Sequence[Sequence[int]], *, interventions: Iterable[Intervention] = ()) -> Floats:
        return np.asarray(self.table[[row[-1] for row in rows]])

    def decoder(
        self, ids: Sequence[int] | Ints, n_rows: int, *, interventions: Iterable[Intervention] = ()
    ) -> BigramDecoder:
        return BigramDecoder(self, np.tile(np.asarray(ids, np.int64), (n_rows, 1)))


class BigramDecoder:
    def __init__(self, model: Bigrams, ids: Ints) -> None:
        self._model, self.ids = model, ids

    def __len__(self) -> int:
        return len(self.ids)

    def select(self, rows: Sequence[int] | Ints) -> None:
        self.ids = self.ids[np.asarray(rows, np.int64)]

    def advance(self, tokens: Sequence[int] | Ints) -> Floats:
        self.ids = np.concatenate([self.ids, np.asarray(tokens, np.int64)[:, None]], axis=1)
        return self._model.next_logits(self.ids.tolist())
