"""A thousand things that people do, from several threads at once, and what must hold when they let go."""

from __future__ import annotations

import faulthandler
import random
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

from explorer.generation.generate import Stop
from explorer.generation.presets import COMPARED
from explorer.language_model.interventions import Ablate, Intervention
from explorer.language_model.model import Model, Watch
from explorer.language_model.request import Asked
from explorer.language_model.trace import Floats, Trace
from explorer.locales import ExplorerError
from explorer.sampling.sampling import Sampling
from explorer.sessions.session import ROOT
from explorer.state.reader import N_RANDOM
from explorer.state.state import ExplorerState
from tests.state.waiting import settle, wait_until
from tests.widgets.fake_model import FakeModel

N_ACTIONS, N_THREADS = 1000, 5
MAX_PAUSE_SECONDS = 0.02
"""Between two things that one person does; else the model would come to no answer."""

DEADLOCK_SECONDS = 120
TEXTS = ["the cat", "the dog", "", "once upon a time there was a cat that", "the cat and the"]
Action = Callable[[], object]


class SlowModel(FakeModel):
    """Takes up to ``seconds`` for each pass and for each of its chunks; which, is drawn."""

    def __init__(self, seconds: float, **info: Any) -> None:
        super().__init__(**info)
        self._seconds, self._choice, self._never = seconds, random.Random(1), threading.Event()

    def trace(
        self,
        asked: Asked,
        *,
        attention: bool = False,
        interventions: Iterable[Intervention] = (),
        watch: Watch | None = None,
    ) -> Trace:
        def slow_watch(done: int, todo: int) -> None:
            self._wait()
            if watch is not None:
                watch(done, todo)

        slow_watch(0, 1)
        return super().trace(asked, attention=attention, interventions=interventions, watch=slow_watch)

    def next_logits(self, rows: Sequence[Sequence[int]], *, interventions: Iterable[Intervention] = ()) -> Floats:
        self._wait()
        return super().next_logits(rows, interventions=interventions)

    def _wait(self) -> None:
        self._never.wait(self._choice.uniform(0, self._seconds))


def actions(state: ExplorerState, models: Sequence[Model], choice: random.Random) -> list[Action]:
    """What people do; the more often, the more often it is listed."""
    playback, document, selection, reader = state.playback, state.document, state.selection, state.reader
    display, comparison, sampler = state.display, state.comparison, state.sampler
    saved = list[bytes]()

    def put(owner: object, name: str, *values: object) -> Action:
        return lambda: setattr(owner, name, choice.choice(values))

    def save() -> None:
        saved.append(state.persistence.save()[1])

    def open_saved() -> None:
        if saved:
            state.persistence.open(saved[-1])

    def typed() -> None:
        text = choice.choice(TEXTS)
        for end in range(len(text)):
            document.prefix = text[:end]
        document.prefix = text

    heads = [(layer, head) for layer in range(2) for head in range(3)]
    return [
        *[playback.step] * 6,
        *[playback.undo] * 2,
        playback.redo,
        playback.branch,
        playback.play,
        playback.pause,
        lambda: playback.pick(choice.randrange(95), choice.choice([None, reader.answer, reader.answer - 1])),
        lambda: playback.go(choice.choice([ROOT, 1, 2, 10**6])),
        lambda: document.rename(choice.choice([1, 2, 10**6]), "here"),
        sampler.draw_again,
        put(sampler, "sampling", Sampling(), Sampling(temperature=0.7), Sampling(top_k=5), Sampling(greedy=True)),
        put(sampler, "seed", 1, 2, 3),
        *[put(document, "prefix", *TEXTS)] * 2,
        typed,
        put(document, "second", *TEXTS, None),
        lambda: reader.second.ask(choice.choice(TEXTS)),
        lambda: reader.pieces.ask(choice.choice(TEXTS)),
        lambda: reader.roles.ask(N_RANDOM),
        put(
            state.experiment, "interventions", (), (), (Ablate(((0, 1),)),), (Ablate(((1, 2),)),), (Ablate(((7, 7),)),)
        ),
        put(selection, "pins", (1,), (2, 3), ("x", 10**30), ()),
        lambda: selection.open_head(*choice.choice(heads)),
        lambda: selection.choose_heads(choice.sample(heads, 2), choice.choice(["mean", "max"])),
        put(selection, "cursor", -1, 0, 3),
        put(display, "n_bars", 5, 10, 20),
        put(display, "browser", "0123456789abcdef"),
        lambda: reader.require(choice.choice("abc"), frozenset(choice.sample(["attention", "layer", "vectors"], 2))),
        put(reader, "model", *models),
        comparison.run,
        comparison.cancel,
        lambda: comparison.add(choice.choice(list(COMPARED.values()))) if len(comparison.strategies) < 6 else None,
        lambda: comparison.remove(choice.randrange(6)),
        save,
        open_saved,
    ]


def hammer(
    state: ExplorerState,
    models: Sequence[Model],
    *,
    n_actions: int = N_ACTIONS,
    more: Callable[[random.Random], list[Action]] = lambda _: [],
) -> None:
    """Do so many of `actions` and ``more`` on `N_THREADS` threads, then let go and wait until all is still.

    Raises:
        AssertionError: an action raised what is no sentence, or a thread does not end.
    """
    failures: list[BaseException] = []

    def work(seed: int) -> None:
        choice = random.Random(seed)
        possible, never = [*actions(state, models, choice), *more(choice)], threading.Event()
        for _ in range(n_actions // N_THREADS):
            never.wait(choice.uniform(0, MAX_PAUSE_SECONDS))
            try:
                choice.choice(possible)()
            except ExplorerError:
                pass  # a sentence, for whoever did it
            except BaseException as error:
                failures.append(error)
                return

    state.playback.step_seconds, state.playback.stop = 0.0, Stop(10)
    state.comparison.n_samples, state.comparison.n_tokens = 2, 3
    with no_deadlock():
        threads = [threading.Thread(target=work, args=(seed,), daemon=True) for seed in range(N_THREADS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(DEADLOCK_SECONDS)
        assert not any(thread.is_alive() for thread in threads), "a deadlock: the stacks are above"
        if failures:
            raise AssertionError("an action failed") from failures[0]
        let_go(state)


@contextmanager
def no_deadlock() -> Iterator[None]:
    """Write the stacks of all threads when what is within takes too long."""
    faulthandler.dump_traceback_later(DEADLOCK_SECONDS, file=sys.__stderr__)
    try:
        yield
    finally:
        faulthandler.cancel_dump_traceback_later()


def let_go(state: ExplorerState) -> None:
    """Do nothing any more, and wait until nothing happens any more."""
    state.playback.halt()
    state.comparison.cancel()

    def still() -> bool:
        with state.lock:
            busy = any(state.reader.busy(name) for name in ("replay", "autosave", "comparison"))
            return not (busy or state.comparison.running)

    wait_until(still, "long work is done")
    settle(state)


def assert_consistent(state: ExplorerState) -> None:
    """What is shown is the answer to what is there."""
    with state.lock:
        reader, document, sampler = state.reader, state.document, state.sampler
        trace, tree, model = reader.trace, document.tree, reader.model
        assert trace is not None
        assert tree is not None
        assert model is not None
        assert trace.ids.tolist() == list(tree.ids())
        assert tree.prefix == document.prefix
        assert tree.prefix_ids == model.tokenize(document.prefix).ids
        assert trace.interventions == state.experiment.interventions
        expected = model.trace(tree.ids(), interventions=trace.interventions)
        assert trace.logits.tobytes() == expected.logits.tobytes(), "of this model"
        assert (reader.ready, reader.stale, reader.waiting, reader.late) == (True, False, False, False)
        assert (reader.shown, reader.problem) == (document.node, None)
        assert sampler.distribution is not None
        found = [each.record() for each in sampler.distribution.top(10)]
        assert found == [each.record() for each in trace.distribution(sampler.sampling).top(10)]
        for question in (reader.second, reader.pieces, reader.roles):
            assert (question.stale, question.problem) == (False, None)
        assert document.session is not None
        assert document.session.model == model.info.name
        assert all(each.prefix == text for text, each in document.session.trees.items())
        for number, children in enumerate(tree.children):
            assert all(tree.node(child).parent == number for child in children)


def backwards(numbers: Sequence[int]) -> list[tuple[int, int]]:
    """Where they fall."""
    return [(a, b) for a, b in pairwise(numbers) if b < a]
