"""`ModelChoice`: of models that load at once, that wins which was chosen last; and what may be given up, is."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator

import pytest

from explorer.locales import ExplorerError
from explorer.models.catalog import BUNDLED, CATALOG
from explorer.state import model_choice
from explorer.state.model_choice import BEST
from explorer.state.state import ExplorerState
from tests.state.loads import Loads
from tests.state.waiting import PATIENCE, settle, wait_until
from tests.widgets.fake_model import FakeModel

NOT_HERE = next(name for name in CATALOG if name != BUNDLED)


@pytest.fixture
def loads(monkeypatch: pytest.MonkeyPatch) -> Iterator[Loads]:
    loads = Loads()
    monkeypatch.setattr(model_choice, "shared_model", loads)
    yield loads
    loads.let_flow()


@pytest.fixture
def state(loads: Loads) -> ExplorerState:
    """With a model, "first", that has answered."""
    state = ExplorerState(FakeModel(name="first"), "the cat")
    settle(state)
    return state


def in_use(state: ExplorerState) -> str | None:
    return state.reader.model.info.name if state.reader.model is not None else None


def names_in_use(state: ExplorerState) -> list[str]:
    """Grows by every model that is taken."""
    names: list[str] = []
    state.reader.observe(lambda change: names.append(change["new"].info.name), "model")
    return names


def threads_end() -> None:
    """Wait until no load is under way."""
    wait_until(lambda: not any(_is_load(thread) for thread in threading.enumerate()), "no thread loads a model")


def _is_load(thread: threading.Thread) -> bool:
    target = getattr(thread, "_target", None)
    return "ModelChoice" in getattr(target, "__qualname__", "")


def test_a_model_answers_once_it_is_loaded(state: ExplorerState, loads: Loads) -> None:
    state.models.choose("second")
    assert (state.models.loading, state.status.current.state) == ("second", "busy")
    loads.wait_until_began("second")
    loads.go_on("second", 4)
    wait_until(lambda: state.status.current.share == pytest.approx(0.3), "progress is shown")
    assert in_use(state) == "first", "until it is there, the one in use answers"
    loads.finish("second")
    threads_end()
    settle(state)
    assert (in_use(state), state.models.loading, state.status.current.state) == ("second", None, "ready")


@pytest.mark.parametrize("order", [("second", "third"), ("third", "second")])
def test_the_choice_made_last_wins_whichever_comes_first(
    state: ExplorerState, loads: Loads, order: tuple[str, str]
) -> None:
    taken = names_in_use(state)
    state.models.choose("second")
    loads.wait_until_began("second")
    loads.go_on("second", 10)  # nothing more is reported: it comes in the end
    state.models.choose("third")
    loads.wait_until_began("third")
    for name in order:
        loads.finish(name)
    threads_end()
    assert (taken, in_use(state), state.models.loading) == (["third"], "third", None)


def test_choosing_the_present_one_cancels(state: ExplorerState, loads: Loads) -> None:
    state.models.choose("second")
    loads.wait_until_began("second")
    state.models.choose("first")
    assert (state.models.loading, state.status.current.message.id) == (None, "status-ready")
    loads.finish("second")
    threads_end()
    assert in_use(state) == "first"
    assert state.status.current.message.id == "status-ready"


def test_a_download_is_asked_about_first(state: ExplorerState, loads: Loads) -> None:
    state.models.choose(NOT_HERE)
    assert (state.models.to_confirm, state.models.loading, loads.began) == (NOT_HERE, None, [])
    state.models.cancel()
    state.models.confirm()
    assert (state.models.to_confirm, state.models.loading, loads.began) == (None, None, [])
    state.models.choose(NOT_HERE)
    state.models.confirm()
    assert (state.models.to_confirm, state.models.loading) == (None, NOT_HERE)
    loads.finish(NOT_HERE)
    threads_end()
    assert in_use(state) == NOT_HERE


def test_to_be_asked_about_one_ends_the_load_of_another(state: ExplorerState, loads: Loads) -> None:
    state.models.choose("second")
    loads.wait_until_began("second")
    state.models.choose(NOT_HERE)
    loads.finish("second")
    threads_end()
    assert (in_use(state), state.models.to_confirm) == ("first", NOT_HERE)


def test_a_download_ends_at_its_next_report(state: ExplorerState, loads: Loads) -> None:
    state.models.load(NOT_HERE)
    loads.wait_until_began(NOT_HERE)
    loads.go_on(NOT_HERE, 3)
    wait_until(lambda: state.status.current.share == pytest.approx(0.2), "progress is shown")
    state.models.cancel()
    loads.go_on(NOT_HERE)
    loads.wait_until_ended(NOT_HERE)
    assert NOT_HERE in loads.ended_with, "it broke off"
    threads_end()
    assert (in_use(state), state.status.current.message.id) == ("first", "status-ready")


def test_cancelling_the_first_one_says_that_there_is_none(loads: Loads) -> None:
    state = ExplorerState()
    state.models.load(BEST)
    loads.wait_until_began("best")
    state.models.cancel()
    assert state.status.current.message.id == "status-no-model"
    loads.finish("best")
    threads_end()
    assert in_use(state) is None


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (ExplorerError("no-start-token"), "no-start-token"),
        (ZeroDivisionError(), "unexpected-error"),
        (SystemExit(1), "unexpected-error"),
    ],
)
def test_a_failed_load_says_so_and_the_model_in_use_stays(
    state: ExplorerState, loads: Loads, error: BaseException, message: str, caplog: pytest.LogCaptureFixture
) -> None:
    loads.errors["second"] = error
    with caplog.at_level(logging.CRITICAL):
        state.models.choose("second")
        loads.finish("second")
        threads_end()
    assert (in_use(state), state.models.loading) == ("first", None)
    assert (state.status.current.state, state.status.current.message.id) == ("error", message)
    del loads.errors["second"]
    state.models.choose("second")
    loads.finish("second")
    threads_end()
    assert in_use(state) == "second", "it can be tried again"


def test_the_failure_of_one_that_is_not_wanted_any_more_is_not_said(state: ExplorerState, loads: Loads) -> None:
    loads.errors["second"] = ExplorerError("no-start-token")
    state.models.choose("second")
    loads.wait_until_began("second")
    loads.go_on("second", 10)
    state.models.choose("third")
    loads.finish("second")
    assert (state.models.loading, state.status.current.state) == ("third", "busy")
    loads.finish("third")
    threads_end()
    assert in_use(state) == "third"


def test_many_choices_in_a_hurry_end_with_the_last(state: ExplorerState, loads: Loads) -> None:
    loads.let_flow()
    taken = names_in_use(state)
    for number in range(50):
        state.models.choose(f"model {number}")
    threads_end()
    settle(state)
    assert (in_use(state), state.models.loading, state.status.current.state) == ("model 49", None, "ready")
    numbers = [int(name.split()[1]) for name in taken]
    assert numbers == sorted(numbers)


def test_a_state_that_is_closed_loads_nothing_any_more(loads: Loads) -> None:
    state = ExplorerState()
    state.models.load("second")
    loads.wait_until_began("second")
    state.close()
    loads.go_on("second")
    loads.wait_until_ended("second")
    assert "second" in loads.ended_with, "it broke off at its next report"
    threads_end()
    assert in_use(state) is None
    state.models.load("third")
    state.models.choose("fourth")
    assert state.models.loading is None
    assert loads.began == ["second"]


@pytest.mark.parametrize("n_steps", [0, 10])
def test_a_load_ends_with_the_process_that_gives_it_up(loads: Loads, n_steps: int) -> None:
    """No thread is left, wherever it was when the state was closed."""
    state = ExplorerState()
    state.models.load("second")
    loads.wait_until_began("second")
    loads.go_on("second", n_steps)
    thread = next(thread for thread in threading.enumerate() if _is_load(thread))
    state.close()
    loads.go_on("second", 11)
    thread.join(PATIENCE)
    assert not thread.is_alive()


def test_a_model_that_is_on_its_way_is_not_begun_anew(state: ExplorerState, loads: Loads) -> None:
    state.models.choose("second")
    loads.wait_until_began("second")
    state.models.choose("second")
    loads.finish("second")
    threads_end()
    settle(state)
    assert (in_use(state), loads.began.count("second")) == ("second", 1)
