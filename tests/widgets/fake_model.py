"""A model without weights: its numbers are drawn from a hash of what it is asked."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from explorer.language_model.attention import HeadVectors, attention_weights
from explorer.language_model.interventions import Intervention, Interventions, canonical
from explorer.language_model.model import ModelInfo, Watch
from explorer.language_model.request import Asked, Request, as_ids, as_request, require_known
from explorer.language_model.tokens import Encoding, Vocabulary
from explorer.language_model.trace import Floats, Ints, Trace
from explorer.language_model.window import window_start
from explorer.locales import ExplorerError, Message
from explorer.sampling.softmax import Softmax
from tests.attention import attention_of

CHARACTERS = [chr(code) for code in range(ord(" "), ord("~") + 1)]
START = len(CHARACTERS)
CHUNK = 24
"""Tokens of a long text between two reports of progress."""

HEAD_DIM = 8
SHARPNESS = 3.0
"""Of attention: the standard deviation of its scores."""

INFO: dict[str, Any] = {
    "name": "fake",
    "title": "Fake",
    "revision": None,
    "n_layer": 2,
    "n_head": 3,
    "n_embd": 12,
    "n_positions": 64,
    "vocab_size": START + 1,
    "n_parameters": 1,
    "device": "cpu",
    "dtype": "float32",
    "engine": "numpy",
    "end_ids": (START,),
}


class FakeModel:
    """A `Model` whose every token is a character; two questions have the same numbers only where the ids that are read
    and the interventions are the same. It keeps nothing.

    Args:
        info: what is not as in `INFO`.

    Attributes:
        passes: the requests it answered, the newest last: one forward pass each, as a model without a cache needs.
    """

    def __init__(self, **info: Any) -> None:
        self.info = ModelInfo(**INFO | info)
        self.vocabulary = Vocabulary([*(c.encode() for c in CHARACTERS), b"<|endoftext|>"], special=[START])
        self.passes: list[Request] = []

    def tokenize(self, text: str) -> Encoding:
        if not text:
            return Encoding((START,), (Message.of("empty-prefix", token="<|endoftext|>"),))
        return Encoding(tuple(CHARACTERS.index(c) if c in CHARACTERS else 0 for c in text))

    def trace(
        self,
        asked: Asked,
        *,
        attention: bool = False,
        interventions: Iterable[Intervention] = (),
        watch: Watch | None = None,
    ) -> Trace:
        request, notices = as_request(
            asked,
            tokenize=self.tokenize,
            vocab_size=self.info.vocab_size,
            interventions=interventions,
            attention=attention,
        )
        self._begin(request)
        start = window_start(len(request.ids), self.info.n_positions)
        n_read = len(request.ids) - start
        for done in range(CHUNK, n_read, CHUNK):
            if watch is not None:
                watch(done, n_read)
        surprisal, entropy, rank = self._statistics(request, start)
        return Trace(
            ids=np.array(request.ids, np.int64),
            logits=self.logits(request.ids, request.interventions),
            surprisal=surprisal,
            entropy=entropy,
            rank=rank,
            start=start,
            computed=n_read,
            milliseconds=0.0,
            vocabulary=self.vocabulary,
            notices=notices,
            interventions=request.interventions,
            **self._extras(request, start),
        )

    def next_logits(self, rows: Sequence[Sequence[int]], *, interventions: Iterable[Intervention] = ()) -> Floats:
        if isinstance(rows, str):
            raise ExplorerError("rows-are-one-text")
        changed = canonical(interventions)
        self.info.check(changed)
        requests = [Request(self._ids(row), changed) for row in rows]
        for request in requests:
            self._begin(request)
        logits = [self.logits(each.ids, each.interventions) for each in requests]
        return np.array(logits, np.float32).reshape(len(requests), self.info.vocab_size)

    def decoder(
        self, ids: Sequence[int] | Ints, n_rows: int, *, interventions: Iterable[Intervention] = ()
    ) -> FakeDecoder:
        changed = canonical(interventions)
        self.info.check(changed)
        return FakeDecoder(self, np.tile(np.array(self._ids(ids), np.int64), (n_rows, 1)), changed)

    def logits(self, ids: Sequence[int], interventions: Interventions) -> Floats:
        """(V,) float32, after what is read of ``ids``."""
        read = ids[window_start(len(ids), self.info.n_positions) :]
        return self._random(read, interventions).normal(0, 3, self.info.vocab_size).astype(np.float32)

    def _ids(self, row: Any) -> tuple[int, ...]:
        ids = as_ids(row, tokenize=self.tokenize).ids
        require_known(ids, self.info.vocab_size)
        return ids

    def _random(self, ids: Sequence[int], interventions: Interventions, what: str = "logits") -> np.random.Generator:
        said = repr((self.info.name, what, tuple(int(i) for i in ids), interventions)).encode()
        return np.random.default_rng(int.from_bytes(hashlib.sha256(said).digest()[:8], "big"))

    def _begin(self, request: Request) -> None:
        self.info.check(request.interventions)
        self.passes.append(request)

    def _statistics(self, request: Request, start: int) -> tuple[Floats, Floats, Ints]:
        """(T,) surprisal, entropy and rank of each token."""
        n_tokens = len(request.ids)
        surprisal, entropy = np.full(n_tokens, np.nan), np.full(n_tokens, np.nan)
        rank = np.zeros(n_tokens, np.int64)
        for i in range(start + 1, n_tokens):
            p = Softmax(self.logits(request.ids[start:i], request.interventions)).probabilities
            surprisal[i], entropy[i] = -np.log2(p[request.ids[i]]), -(p * np.log2(p)).sum()
            rank[i] = 1 + (p > p[request.ids[i]]).sum()
        return surprisal, entropy, rank

    def _extras(self, request: Request, start: int) -> dict[str, Any]:
        lacking: dict[str, Any] = {}
        if request.extras.states:
            lacking["states_unavailable"] = Message.of("no-states", name=self.info.name)
        if not request.extras.attention:
            return lacking
        if not self.info.attention:
            return lacking | {"attention_unavailable": Message.of("no-attention", name=self.info.name)}
        vectors = self._vectors(request.ids[start:], request.interventions)  # (n_layer, 3, n_head, T, HEAD_DIM)
        scaling = HEAD_DIM**-0.5
        weights = np.stack([attention_weights(q, k, scaling, 0) for q, k, _ in vectors])
        heads = {
            (layer, head): HeadVectors(layer, head, *vectors[layer, :, head], scaling)
            for layer in range(self.info.n_layer)
            for head in range(self.info.n_head)
        }
        recorded_attention = attention_of(weights, heads)
        if (layer := request.extras.layer) is None:
            return lacking | {"recorded_attention": recorded_attention}
        _, head = request.extras.vectors or (layer, None)
        return lacking | {"recorded_attention": recorded_attention.fetched(layer, head)}

    def _vectors(self, ids: Sequence[int], interventions: Interventions) -> Floats:
        """(n_layer, 3, n_head, T, HEAD_DIM) float32 queries, keys and values; those of a token depend on it and on the
        tokens before it."""
        shape = (self.info.n_layer, 3, self.info.n_head, HEAD_DIM)
        by_token = [self._random(ids[: i + 1], interventions, "vectors").normal(size=shape) for i in range(len(ids))]
        vectors = np.stack(by_token, axis=3).astype(np.float32)
        vectors[:, 0] *= SHARPNESS
        return vectors


class FakeDecoder:
    """Continuations of one text, read side by side."""

    def __init__(self, model: FakeModel, ids: Ints, interventions: Interventions) -> None:
        self._model, self.ids, self._interventions = model, ids, interventions

    def __len__(self) -> int:
        return len(self.ids)

    def select(self, rows: Sequence[int] | Ints) -> None:
        self.ids = self.ids[np.asarray(rows, np.int64)]

    def advance(self, tokens: Sequence[int] | Ints) -> Floats:
        require_known(tokens, self._model.info.vocab_size)
        self.ids = np.concatenate([self.ids, np.asarray(tokens, np.int64)[:, None]], axis=1)
        return self._model.next_logits(self.ids.tolist(), interventions=self._interventions)
