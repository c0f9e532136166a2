"""A model that is a table: the smallest `Model` there is, numpy alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from explorer.language_model.interventions import Intervention, canonical
from explorer.language_model.model import ModelInfo, Watch
from explorer.language_model.request import Asked, as_ids, as_request, require_known
from explorer.language_model.tokens import Encoding, Vocabulary
from explorer.language_model.trace import Floats, Ints, Trace
from explorer.language_model.window import window_start
from explorer.locales import ExplorerError, Message

V = 40


class Bigrams:
    """The logits after a text are a row of a random table: that of its last token. It can do nothing else."""

    def __init__(self, seed: int) -> None:
        self.table: Floats = np.random.default_rng(seed).normal(0, 3, (V, V))
        self.vocabulary = Vocabulary([f" {i}".encode() for i in range(V)])
        self.info = ModelInfo(
            name="bigrams", title="Bigrams", revision=None, n_layer=0, n_head=0, n_embd=0, n_positions=64,
            vocab_size=V, n_parameters=V * V, device="cpu", dtype="float64", engine="numpy", capabilities=frozenset(),
        )  # fmt: skip

    def tokenize(self, text: str) -> Encoding:
        if not text:
            raise ExplorerError("no-start-token")
        return Encoding(tuple(int(word) for word in text.split()))

    def trace(
        self,
        asked: Asked,
        *,
        attention: bool = False,
        interventions: Iterable[Intervention] = (),
        watch: Watch | None = None,
    ) -> Trace:
        request, notices = as_request(
            asked, tokenize=self.tokenize, vocab_size=V, interventions=interventions, attention=attention
        )
        self.info.check(request.interventions)
        ids, start = np.array(request.ids), window_start(len(request.ids), self.info.n_positions)
        lacking = {}
        if request.extras.attention:
            lacking["attention_unavailable"] = Message.of("no-attention", name="bigrams")
        if request.extras.states:
            lacking["states_unavailable"] = Message.of("no-states", name="bigrams")
        surprisal, entropy, rank = self._statistics(ids, start)
        return Trace(
            ids=ids, logits=self.table[ids[-1]].copy(), surprisal=surprisal, entropy=entropy, rank=rank, start=start,
            computed=len(ids) - start, milliseconds=0.0, vocabulary=self.vocabulary, notices=notices, **lacking,
        )  # fmt: skip

    def next_logits(self, rows: Sequence[Sequence[int]], *, interventions: Iterable[Intervention] = ()) -> Floats:
        if isinstance(rows, str):
            raise ExplorerError("rows-are-one-text")
        self.info.check(canonical(interventions))
        return np.array([self.table[self._ids(row)[-1]] for row in rows]).reshape(len(rows), V)

    def decoder(
        self, ids: Sequence[int] | Ints, n_rows: int, *, interventions: Iterable[Intervention] = ()
    ) -> BigramDecoder:
        self.info.check(canonical(interventions))
        return BigramDecoder(self, np.tile(np.array(self._ids(ids), np.int64), (n_rows, 1)))

    def _ids(self, row: Any) -> tuple[int, ...]:
        ids = as_ids(row, tokenize=self.tokenize).ids
        require_known(ids, V)
        return ids

    def _statistics(self, ids: Ints, start: int) -> tuple[Floats, Floats, Ints]:
        """(T,) surprisal, entropy and rank of each token."""
        logits, chosen = self.table[ids[start:-1]], ids[start + 1 :]
        log_p = logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)
        of_chosen = log_p[np.arange(len(chosen)), chosen]
        surprisal, entropy = np.full((2, len(ids)), np.nan)
        surprisal[start + 1 :] = -of_chosen / np.log(2)
        entropy[start + 1 :] = -(np.exp(log_p) * log_p).sum(axis=1) / np.log(2)
        rank = np.zeros(len(ids), np.int64)
        rank[start + 1 :] = 1 + (log_p > of_chosen[:, None]).sum(axis=1)
        return surprisal, entropy, rank


class BigramDecoder:
    def __init__(self, model: Bigrams, ids: Ints) -> None:
        self._model, self.ids = model, ids

    def __len__(self) -> int:
        return len(self.ids)

    def select(self, rows: Sequence[int] | Ints) -> None:
        self.ids = self.ids[np.asarray(rows, np.int64)]

    def advance(self, tokens: Sequence[int] | Ints) -> Floats:
        require_known(tokens, V)
        self.ids = np.concatenate([self.ids, np.asarray(tokens, np.int64)[:, None]], axis=1)
        return self._model.next_logits(self.ids.tolist())
