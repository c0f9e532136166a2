"""A model in a process of its own, as one behind a network would be: it answers one question after the other."""

from __future__ import annotations

import multiprocessing
import threading
from collections.abc import Callable, Iterable, Sequence
from multiprocessing.connection import Connection
from typing import Any

from explorer.language_model.interventions import Intervention
from explorer.language_model.model import Model, ModelInfo, Superseded, Watch
from explorer.language_model.request import Asked
from explorer.language_model.tokens import Encoding, Vocabulary
from explorer.language_model.trace import Floats, Ints, Trace

ANSWER, ERROR, PROGRESS = "answer", "error", "progress"


class ProcessModel:
    """A `Model` whose answers come from the model that ``make`` makes in another process. `close` ends that.

    Args:
        make: called there; a class or a function of a module.
    """

    def __init__(self, make: Callable[[], Model]) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._lock = threading.Lock()
        self.process = context.Process(target=_serve, args=(make, theirs), daemon=True)
        self.process.start()
        theirs.close()
        self._info, self._vocabulary = self._ask("describe")

    @property
    def info(self) -> ModelInfo:
        return self._info

    @property
    def vocabulary(self) -> Vocabulary:
        return self._vocabulary

    def tokenize(self, text: str) -> Encoding:
        return self._ask("tokenize", text)

    def trace(
        self,
        asked: Asked,
        *,
        attention: bool = False,
        interventions: Iterable[Intervention] = (),
        watch: Watch | None = None,
    ) -> Trace:
        return self._ask("trace", asked, attention, tuple(interventions), watch=watch)

    def next_logits(self, rows: Sequence[Sequence[int]], *, interventions: Iterable[Intervention] = ()) -> Floats:
        return self._ask("next_logits", rows, tuple(interventions))

    def decoder(
        self, ids: Sequence[int] | Ints, n_rows: int, *, interventions: Iterable[Intervention] = ()
    ) -> ProcessDecoder:
        return ProcessDecoder(self._ask, self._ask("decoder", ids, n_rows, tuple(interventions)))

    def close(self) -> None:
        """End the process."""
        with self._lock:
            self._pipe.close()
        self.process.join()

    def _ask(self, what: str, *arguments: Any, watch: Watch | None = None) -> Any:
        with self._lock:
            self._pipe.send((what, arguments))
            while True:
                kind, said = self._pipe.recv()
                if kind == ANSWER:
                    return said
                if kind == ERROR:
                    raise said
                self._pipe.send(_goes_on(watch, *said))


class ProcessDecoder:
    """A `BatchDecoder` of the other process."""

    def __init__(self, ask: Callable[..., Any], number: int) -> None:
        self._ask, self._number = ask, number

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def ids(self) -> Ints:
        return self._ask("ids", self._number)

    def select(self, rows: Sequence[int] | Ints) -> None:
        self._ask("select", self._number, rows)

    def advance(self, tokens: Sequence[int] | Ints) -> Floats:
        return self._ask("advance", self._number, tokens)


def _goes_on(watch: Watch | None, done: int, todo: int) -> bool:
    try:
        if watch is not None:
            watch(done, todo)
    except Superseded:
        return False
    return True


# --- the other process


def _serve(make: Callable[[], Model], pipe: Connection) -> None:
    there = _There(make(), pipe)
    while True:
        try:
            what, arguments = pipe.recv()
        except EOFError:
            return
        try:
            answer = (ANSWER, getattr(there, what)(*arguments))
        except Exception as error:
            answer = (ERROR, error)
        pipe.send(answer)


class _There:
    """What can be asked."""

    def __init__(self, model: Model, pipe: Connection) -> None:
        self._model, self._pipe = model, pipe
        self._decoders: list[Any] = []

    def describe(self) -> tuple[ModelInfo, Vocabulary]:
        return self._model.info, self._model.vocabulary

    def tokenize(self, text: str) -> Encoding:
        return self._model.tokenize(text)

    def trace(self, asked: Asked, attention: bool, interventions: tuple[Intervention, ...]) -> Trace:
        return self._model.trace(asked, attention=attention, interventions=interventions, watch=self._watch)

    def next_logits(self, rows: Any, interventions: tuple[Intervention, ...]) -> Floats:
        return self._model.next_logits(rows, interventions=interventions)

    def decoder(self, ids: Any, n_rows: int, interventions: tuple[Intervention, ...]) -> int:
        self._decoders.append(self._model.decoder(ids, n_rows, interventions=interventions))
        return len(self._decoders) - 1

    def ids(self, number: int) -> Ints:
        return self._decoders[number].ids

    def select(self, number: int, rows: Any) -> None:
        self._decoders[number].select(rows)

    def advance(self, number: int, tokens: Any) -> Floats:
        return self._decoders[number].advance(tokens)

    def _watch(self, done: int, todo: int) -> None:
        self._pipe.send((PROGRESS, (done, todo)))
        if not self._pipe.recv():
            raise Superseded
