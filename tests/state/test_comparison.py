"""`StrategyComparison`: the comparison that was begun last is the one that is shown."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Sequence

import pytest

from explorer.language_model.interventions import Intervention
from explorer.language_model.trace import Ints
from explorer.state.state import ExplorerState
from explorer.state.worker import worker_of
from tests.state.waiting import PATIENCE, settle, wait_until
from tests.widgets.fake_model import FakeDecoder, FakeModel


class WaitingModel(FakeModel):
    """Its first comparison waits for ``go_on``, in its first step."""

    def __init__(self, **info: object) -> None:
        super().__init__(**info)
        self.began, self.go_on = threading.Event(), threading.Event()

    def decoder(
        self, ids: Sequence[int] | Ints, n_rows: int, *, interventions: Iterable[Intervention] = ()
    ) -> FakeDecoder:
        self.began.set()
        assert self.go_on.wait(PATIENCE)
        return super().decoder(ids, n_rows, interventions=interventions)


@pytest.fixture
def first() -> WaitingModel:
    return WaitingModel(name="first")


@pytest.fixture
def state(first: WaitingModel) -> ExplorerState:
    """Whose comparison of the first model is under way."""
    state = ExplorerState(first, "the cat")
    settle(state)
    state.comparison.n_samples, state.comparison.n_tokens = 1, 4
    state.comparison.run()
    assert first.began.wait(PATIENCE)
    return state


def done(state: ExplorerState) -> None:
    wait_until(lambda: not state.comparison.running, "the comparison is done")


def test_of_another_model_a_comparison_under_way_ends_and_what_there_is_stays(
    state: ExplorerState, first: WaitingModel
) -> None:
    state.reader.model = FakeModel(name="second")
    first.go_on.set()
    done(state)
    made = state.comparison.comparison
    assert made is not None
    assert (made.model[0], made.complete) == ("first", False)


def test_one_of_the_model_before_does_not_write_over_one_of_the_present_model(
    state: ExplorerState, first: WaitingModel
) -> None:
    state.reader.model = FakeModel(name="second")
    settle(state)
    state.comparison.run()
    done(state)
    seen: list[str] = []
    state.comparison.observe(lambda change: seen.append(change["new"].model[0]), "comparison")
    first.go_on.set()
    wait_until(lambda: not state.comparison.running and len(first.passes) > 1, "the first goes on")
    state.comparison.run()
    done(state)
    assert set(seen) == {"second"}
    made = state.comparison.comparison
    assert made is not None
    assert (made.model[0], made.complete) == ("second", True)
    assert state.comparison.vocabulary is state.reader.model.vocabulary


@pytest.mark.parametrize("error", [ZeroDivisionError(), SystemExit(1)])
def test_what_fails_is_said_and_the_next_one_runs(
    state: ExplorerState, first: WaitingModel, error: BaseException, caplog: pytest.LogCaptureFixture
) -> None:
    first.go_on.set()
    done(state)
    decoder = first.decoder

    def fail(*_: object, **__: object) -> None:
        raise error

    first.decoder = fail  # type: ignore[assignment, method-assign]
    with caplog.at_level(logging.CRITICAL):
        state.comparison.run()
        done(state)
    assert state.status.current.message.id == "unexpected-error"
    first.decoder = decoder  # type: ignore[method-assign]
    state.comparison.run()
    done(state)
    assert state.status.current.message.id == "compared"


def test_one_of_a_state_that_is_closed_ends_with_it(state: ExplorerState, first: WaitingModel) -> None:
    state.close()
    first.go_on.set()
    wait_until(lambda: worker_of(first).idle, "its step is over")
    assert (state.comparison.running, state.comparison.comparison) == (False, None)
