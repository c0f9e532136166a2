"""`ExplorerState` and the worker: which questions are asked, and which answers are shown."""

from __future__ import annotations

import logging
import threading

import pytest

from explorer.engine.local_model import LocalModel
from explorer.locales import ExplorerError
from explorer.sampling.sampling import Sampling
from explorer.state.state import ExplorerState
from explorer.state.worker import worker_of
from tests.passes import Passes
from tests.state.waiting import PATIENCE, settle, wait_until
from tests.widgets.paced_model import PacedModel


@pytest.fixture
def paced(lm: LocalModel) -> PacedModel:
    return PacedModel(lm)


def shown_texts(state: ExplorerState) -> list[str]:
    """Grows by the text of every answer that is shown."""
    texts: list[str] = []
    state.reader.observe(lambda change: texts.append(change["new"].text), "trace")
    return texts


def busy_with(model: PacedModel, text: str) -> ExplorerState:
    """A state whose first question, ``text``, is being answered."""
    state = ExplorerState(model, text)
    model.wait_until_asked(text)
    return state


def test_setting_the_prefix_asks_the_model_and_the_trace_follows(lm: LocalModel) -> None:
    state = ExplorerState(lm, "The capital")
    settle(state)
    assert state.reader.trace is not None
    assert state.reader.trace.text == "The capital"
    state.document.prefix = "The capital of"
    settle(state)
    assert state.reader.trace.text == "The capital of"
    assert (state.status.current.state, state.status.current.message.id) == ("ready", "status-ready")


def test_what_was_typed_before_there_was_a_model_is_answered(lm: LocalModel) -> None:
    state = ExplorerState(None, "The")
    state.document.prefix = "The robot"
    assert (state.reader.trace, state.reader.stale) == (None, False)
    state.reader.model = lm
    settle(state)
    assert state.reader.trace is not None
    assert state.reader.trace.text == "The robot"


def test_a_waiting_question_is_replaced_by_a_newer_one(paced: PacedModel) -> None:
    state = busy_with(paced, "one")
    texts = shown_texts(state)
    state.document.prefix = "two"
    state.document.prefix = "three"
    assert state.reader.stale
    for text in ("one", "two", "three"):
        paced.release(text)
    settle(state)
    assert paced.asked == ["one", "three"]
    assert texts == ["one", "three"]  # the pass that was running is worth showing


def test_while_a_newer_question_waits_the_picture_is_stale(paced: PacedModel) -> None:
    state = busy_with(paced, "one")
    state.document.prefix = "two"
    paced.release("one")
    paced.wait_until_asked("two")
    with state.lock:
        assert state.reader.trace is not None
        assert (state.reader.trace.text, state.reader.stale) == ("one", True)
    paced.release("two")
    settle(state)
    assert state.reader.trace.text == "two"


def test_answers_never_go_backwards(lm: LocalModel) -> None:
    # Each model has a worker of its own: the first one's answer comes after the second one's.
    slow, quick = PacedModel(lm, name="slow"), PacedModel(lm, name="quick")
    state = busy_with(slow, "one")
    texts = shown_texts(state)
    state.reader.model = quick
    quick.release("one")
    settle(state)
    state.document.prefix = "two"
    quick.release("two")
    settle(state)
    finish(slow, "one")
    assert texts == ["one", "two"]
    assert not state.reader.stale


def test_an_answer_of_the_model_before_is_not_shown(lm: LocalModel) -> None:
    before, now = PacedModel(lm, name="before"), PacedModel(lm, name="now")
    state = busy_with(before, "one")
    state.reader.model = now
    finish(before, "one")
    assert (state.reader.trace, state.reader.stale) == (None, True)
    now.release("one")
    settle(state)
    assert state.reader.trace is not None


def finish(model: PacedModel, text: str) -> None:
    """Let the pass over ``text`` end, and wait until the model's worker is through with it."""
    through = threading.Event()
    worker_of(model).ask(model, lambda _: None, lambda _: through.set(), lambda _: None, lambda *_: None)
    model.release(text)
    assert through.wait(PATIENCE)


def test_a_long_pass_is_dropped_for_a_newer_question(lm: LocalModel) -> None:
    paced = PacedModel(lm, chunks=3)
    state = busy_with(paced, "long")
    texts = shown_texts(state)
    paced.release("long")
    wait_until(lambda: state.status.current.message.id == "status-reading", "progress is shown")
    assert state.status.current.share == pytest.approx(1 / 4)
    state.document.prefix = "short"
    paced.release("long")
    for _ in range(4):
        paced.release("short")
    settle(state)
    assert texts == ["short"]


def test_a_failure_keeps_the_last_answer_and_what_was_typed(
    paced: PacedModel, caplog: pytest.LogCaptureFixture
) -> None:
    state = busy_with(paced, "one")
    paced.release("one")
    settle(state)
    before = state.reader.trace
    state.document.prefix = "fail now"
    paced.release("fail now")
    with caplog.at_level(logging.CRITICAL):
        settle(state)
    assert state.reader.trace is before
    assert state.document.prefix == "fail now"
    assert (state.status.current.state, state.status.current.message.id) == ("error", "unexpected-error")
    assert "RuntimeError" in str(state.status.current.message)
    state.document.prefix = "three"
    paced.release("three")
    settle(state)
    assert state.reader.trace is not None
    assert (state.reader.trace.text, state.status.current.state) == ("three", "ready")


def test_the_failure_of_an_old_question_is_not_shown(paced: PacedModel) -> None:
    state = busy_with(paced, "fail")
    seen: list[str] = []
    state.status.observe(lambda change: seen.append(change["new"].state), "current")
    state.document.prefix = "two"
    paced.release("fail")
    paced.release("two")
    settle(state)
    assert seen == ["ready"]


def test_another_model_answers_the_same_prefix_and_pins_are_gone(lm: LocalModel) -> None:
    state = ExplorerState(lm, "The")
    settle(state)
    state.selection.pins = (1, 2)
    other = PacedModel(lm, name="other")
    state.reader.model = other
    assert state.selection.pins == ()  # they were ids of another vocabulary
    assert state.reader.stale
    other.release("The")
    settle(state)
    assert other.asked == ["The"]


def test_a_sampler_asks_nothing_of_the_model(lm: LocalModel) -> None:
    state = ExplorerState(lm, "The")
    settle(state)
    trace = state.reader.trace
    with Passes(lm) as passes:
        state.sampler.sampling = Sampling(temperature=0.5)
        assert state.sampler.distribution is not None
        state.sampler.distribution.top(5)
    assert passes.tokens == []
    assert state.reader.trace is trace


def test_a_sentence_of_ours_is_shown_as_it_is() -> None:
    state = ExplorerState()
    state.status.fail(ExplorerError("no-start-token"))
    assert state.status.current.message.id == "no-start-token"


# --- several states on one model


def test_panels_on_one_model_share_its_worker(lm: LocalModel) -> None:
    assert worker_of(lm) is worker_of(lm)
    assert worker_of(lm) is not worker_of(PacedModel(lm))


def test_each_asker_has_its_own_place_in_the_queue(lm: LocalModel) -> None:
    paced = PacedModel(lm)
    first = busy_with(paced, "one")
    second = ExplorerState(paced, "two")
    first.document.prefix = "three"
    for text in ("one", "two", "three"):
        paced.release(text)
    settle(first)
    settle(second)
    assert paced.asked == ["one", "two", "three"]


def test_who_asks_often_does_not_make_others_wait(lm: LocalModel) -> None:
    paced = PacedModel(lm)
    restless = busy_with(paced, "one")
    restless.document.prefix = "two"
    patient = ExplorerState(paced, "mine")
    restless.document.prefix = "three"
    for text in ("one", "mine", "three"):
        paced.release(text)
    settle(restless)
    settle(patient)
    assert paced.asked == ["one", "mine", "three"]
