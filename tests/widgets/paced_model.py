"""A model that answers when the test lets it."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from dataclasses import replace

from explorer.language_model.interventions import Intervention
from explorer.language_model.model import BatchDecoder, Model, ModelInfo, Watch
from explorer.language_model.request import Asked, Request
from explorer.language_model.tokens import Encoding, Vocabulary
from explorer.language_model.trace import Floats, Ints, Trace
from tests.widgets.page import PATIENCE, wait_until


class PacedModel:
    """A `Model` whose `trace` of a text waits for `release` of that text; ``asked`` lists the texts it began with.

    ``chunks``: how often a pass tells its watch about its progress, each time after a `release` of its own.
    """

    def __init__(self, lm: Model, *, name: str = "paced", chunks: int = 0) -> None:
        self._lm = lm
        self._name = name
        self._chunks = chunks
        self._gates: dict[str, threading.Semaphore] = {}
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
        ids = asked.ids if isinstance(asked, Request) else asked
        text = ids if isinstance(ids, str) else self.vocabulary.text(ids)
        self.asked.append(text)
        for done in range(self._chunks):
            self._wait(text)
            if watch is not None:
                watch(done + 1, self._chunks + 1)
        self._wait(text)
        if text.startswith("fail"):
            raise RuntimeError(text)
        return self._lm.trace(asked, attention=attention, interventions=interventions)

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

    def wait_until_asked(self, text: str) -> None:
        wait_until(lambda: text in self.asked, f"the model is asked for {text!r}")

    def _wait(self, text: str) -> None:
        assert self._gate(text).acquire(timeout=PATIENCE), f"nobody released {text!r}"

    def _gate(self, text: str) -> threading.Semaphore:
        return self._gates.setdefault(text, threading.Semaphore(0))
