"""A model without weights: its numbers are drawn from a hash of what it is asked."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from explorer.language_model.interventions import Intervention, Interventions, canonical
from explorer.language_model.model import ModelInfo, Watch
from explorer.language_model.request import Asked, Request, as_ids, as_request, require_known
from explorer.language_model.tokens import Encoding, Vocabulary
from explorer.language_model.trace import Floats, Ints, Trace
from explorer.language_model.window import window_start
from explorer.locales import Message
from explorer.sampling.softmax import Softmax
from tests.attention import attention_of, head_vectors, random_weights

CHARACTERS = [chr(code) for code in range(ord(" "), ord("~") + 1)]
START = len(CHARACTERS)
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
    """A `Model` whose every token is a character; two questions have the same numbers only where ids and interventions
    are the same. It keeps nothing.

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
        surprisal, entropy, rank = self._statistics(request, start)
        return Trace(
            ids=np.array(request.ids, np.int64),
            logits=self.logits(request.ids, request.interventions),
            surprisal=surprisal,
            entropy=entropy,
            rank=rank,
            start=start,
            computed=len(request.ids) - start,
            milliseconds=0.0,
            vocabulary=self.vocabulary,
            notices=notices,
            interventions=request.interventions,
            **self._extras(request, start),
        )

    def next_logits(self, rows: Sequence[Sequence[int]], *, interventions: Iterable[Intervention] = ()) -> Floats:
        requests = [Request(as_ids(row, tokenize=self.tokenize).ids, canonical(interventions)) for row in rows]
        for request in requests:
            require_known(request.ids, self.info.vocab_size)
            self._begin(request)
        return np.array([self.logits(each.ids, each.interventions) for each in requests]).reshape(len(requests), -1)

    def decoder(
        self, ids: Sequence[int] | Ints, n_rows: int, *, interventions: Iterable[Intervention] = ()
    ) -> FakeDecoder:
        self.info.check(canonical(interventions))
        return FakeDecoder(self, np.tile(np.asarray(ids, np.int64), (n_rows, 1)), canonical(interventions))

    def logits(self, ids: Sequence[int], interventions: Interventions) -> Floats:
        """(V,) float32."""
        rng = np.random.default_rng(self._seed(ids, interventions))
        return rng.normal(0, 3, self.info.vocab_size).astype(np.float32)

    def _seed(self, ids: Sequence[int], interventions: Interventions) -> int:
        said = repr((self.info.name, tuple(int(i) for i in ids), interventions)).encode()
        return int.from_bytes(hashlib.sha256(said).digest()[:8], "big")

    def _begin(self, request: Request) -> None:
        self.info.check(request.interventions)
        self.passes.append(request)

    def _statistics(self, request: Request, start: int) -> tuple[Floats, Floats, Ints]:
        """(T,) surprisal, entropy and rank of each token."""
        n_tokens = len(request.ids)
        surprisal, entropy = np.full(n_tokens, np.nan), np.full(n_tokens, np.nan)
        rank = np.zeros(n_tokens, np.int64)
        for i in range(start + 1, n_tokens):
            p = Softmax(self.logits(request.ids[:i], request.interventions)).probabilities
            surprisal[i], entropy[i] = -np.log2(p[request.ids[i]]), -(p * np.log2(p)).sum()
            rank[i] = 1 + (p > p[request.ids[i]]).sum()
        return surprisal, entropy, rank

    def _extras(self, request: Request, start: int) -> dict[str, Any]:
        if not request.extras.attention:
            return {}
        n_tokens, seed = len(request.ids) - start, self._seed(request.ids, request.interventions)
        weights = random_weights(self.info.n_layer, self.info.n_head, n_tokens, seed=seed)
        heads = [(layer, head) for layer in range(self.info.n_layer) for head in range(self.info.n_head)]
        vectors = {(layer, head): head_vectors(n_tokens, layer=layer, head=head) for layer, head in heads}
        captured = attention_of(weights, vectors)
        layer, head = request.extras.vectors or (request.extras.layer, None)
        return {"captured": captured if layer is None else captured.fetched(layer, head)}


class FakeDecoder:
    """Continuations of one text, read side by side."""

    def __init__(self, model: FakeModel, ids: Ints, interventions: Interventions) -> None:
        self._model, self.ids, self._interventions = model, ids, interventions

    def __len__(self) -> int:
        return len(self.ids)

    def select(self, rows: Sequence[int] | Ints) -> None:
        self.ids = self.ids[np.asarray(rows, np.int64)]

    def advance(self, tokens: Sequence[int] | Ints) -> Floats:
        self.ids = np.concatenate([self.ids, np.asarray(tokens, np.int64)[:, None]], axis=1)
        return self._model.next_logits(self.ids.tolist(), interventions=self._interventions)
