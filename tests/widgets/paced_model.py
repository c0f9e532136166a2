"""A model that answers when the test lets it."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from dataclasses import replace

from explorer.language_model.interventions import Intervention
from explorer.language_model.model import BatchDecoder, Model, ModelInfo, Watch
from explorer.language_model.request import Asked, as_request
from explorer.language_model.tokens import Encoding, Vocabulary
from explorer.language_model.trace import Floats, Ints, Trace
from tests.state.waiting import PATIENCE, wait_until


class PacedModel:
    """A `Model` whose `trace` of a text waits for `release` of that text; ``asked`` lists the texts it began with.

    ``chunks``: how often a pass tells its watch about its progress, each time after a `release` of its own; where there
    are none, the model tells its own.
    """

    def __init__(self, lm: Model, *, name: str = "paced", chunks: int = 0) -> None:
        self._lm = lm
        self._name = name
        self._chunks = chunks
        self._gates: dict[str, threading.Semaphore] = {}
        self._flows = False
        self.asked: list[str] = []

    @property
    def info(self) -> ModelInfo:
        return replace(self._lm.info, name=self._name, title=self._name)

    @property
    def vocabulary(self) -> Vocabulary:
        return self._lm.vocabulary

    def tokenize(self, text: str) -> Encoding:
        return self._lm.tokenize(text)

    def trace(
        self,
        asked: Asked,
        *,
        attention: bool = False,
        interventions: Iterable[Intervention] = (),
        watch: Watch | None = None,
    ) -> Trace:
        text = self._text(asked)
        self.asked.append(text)
        for done in range(self._chunks):
            self._wait(text)
            if watch is not None:
                watch(done + 1, self._chunks + 1)
        self._wait(text)
        if text.startswith("fail"):
            raise RuntimeError(text)
        own_watch = None if self._chunks else watch
        return self._lm.trace(asked, attention=attention, interventions=interventions, watch=own_watch)

    def next_logits(self, rows: Sequence[Sequence[int]], *, interventions: Iterable[Intervention] = ()) -> Floats:
        return self._lm.next_logits(rows, interventions=interventions)

    def decoder(
        self, ids: Sequence[int] | Ints, n_rows: int, *, interventions: Iterable[Intervention] = ()
    ) -> BatchDecoder:
        return self._lm.decoder(ids, n_rows, interventions=interventions)

    def release(self, text: str) -> None:
        """Let the pass over ``text`` go on."""
        self._gate(text).release()

    def release_all(self) -> None:
        """Let every pass go on that was asked for so far."""
        for text in list(self.asked):
            self.release(text)

    def let_flow(self) -> None:
        """Let every pass go on from now on, those included that nobody has asked for yet."""
        self._flows = True
        self.release_all()

    def wait_until_asked(self, text: str) -> None:
        wait_until(lambda: text in self.asked, f"the model is asked for {text!r}")

    def _text(self, asked: Asked) -> str:
        """By which `release` knows it."""
        if isinstance(asked, str):
            return asked
        request, _ = as_request(asked, tokenize=self.tokenize, vocab_size=self.info.vocab_size)
        return self.vocabulary.text(request.ids)

    def _wait(self, text: str) -> None:
        assert self._flows or self._gate(text).acquire(timeout=PATIENCE), f"nobody released {text!r}"

    def _gate(self, text: str) -> threading.Semaphore:
        return self._gates.setdefault(text, threading.Semaphore(0))
