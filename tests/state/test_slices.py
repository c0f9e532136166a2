"""The small slices, each alone: what they share, `Experiment`, `Display`, `StatusReport`, `Sampler`."""

from __future__ import annotations

import logging
import threading
from typing import Any, cast

import pytest
import traitlets as t

from explorer.language_model.interventions import Ablate
from explorer.language_model.model import ATTENTION
from explorer.language_model.trace import Trace
from explorer.locales import ExplorerError, Message
from explorer.models.progress import Progress
from explorer.sampling.draw import uniform
from explorer.sampling.sampling import Sampling
from explorer.state.display import Display
from explorer.state.experiment import Experiment
from explorer.state.reader import Reader
from explorer.state.sampler import NO_TOKEN_LEFT, Sampler
from explorer.state.slice import Slice
from explorer.state.status import BUSY, ERROR, READY, StatusReport
from tests.state.waiting import PATIENCE
from tests.widgets.fake_model import FakeModel

MODEL = FakeModel()
TRACE = MODEL.trace("the cat")


@pytest.fixture
def lock() -> threading.RLock:
    return threading.RLock()


@pytest.fixture
def status(lock: threading.RLock) -> StatusReport:
    return StatusReport(lock)


# --- what they share


class Numbers(Slice):
    number = t.Int(0)


def test_whoever_holds_the_lock_sees_no_change_and_observers_run_under_it(lock: threading.RLock) -> None:
    numbers, began, seen = Numbers(lock), threading.Event(), list[Any]()
    numbers.observe(lambda change: seen.append((change["new"], lock._is_owned())), "number")  # type: ignore[attr-defined]

    def write() -> None:
        began.set()
        numbers.number = 7

    with lock:
        thread = threading.Thread(target=write)
        thread.start()
        assert began.wait(PATIENCE)
        thread.join(0.01)
        assert (numbers.number, seen) == (0, [])
    thread.join(PATIENCE)
    assert (numbers.number, seen) == (7, [(7, True)])


def test_an_observer_that_fails_leaves_the_lock_free(lock: threading.RLock) -> None:
    numbers = Numbers(lock)
    numbers.observe(lambda change: 1 // change["new"], "number")
    numbers.number = 1
    with pytest.raises(ZeroDivisionError):
        numbers.number = 0
    free = []
    thread = threading.Thread(target=lambda: free.append(lock.acquire(timeout=PATIENCE)))
    thread.start()
    thread.join()
    assert free == [True]


# --- interventions


def test_interventions_are_checked_and_written_in_one_way(lock: threading.RLock) -> None:
    experiment = Experiment(lock, lambda: MODEL.info)
    experiment.interventions = (Ablate(((1, 2), (0, 1))), Ablate(((0, 1),)))
    assert experiment.interventions == (Ablate(((0, 1), (1, 2))),)
    for impossible in ((Ablate(((2, 0),)),), (Ablate(((0, 3),)),)):
        with pytest.raises(ExplorerError):
            experiment.interventions = impossible
    assert experiment.interventions == (Ablate(((0, 1), (1, 2))),), "what is refused changes nothing"


def test_a_model_that_cannot_be_changed_says_so(lock: threading.RLock) -> None:
    experiment = Experiment(lock, lambda: FakeModel(capabilities=frozenset({ATTENTION})).info)
    with pytest.raises(ExplorerError) as caught:
        experiment.interventions = (Ablate(((0, 0),)),)
    assert caught.value.message.id == "no-ablation"


def test_only_the_first_model_begins_with_what_was_asked_for_before_it(lock: threading.RLock) -> None:
    experiment = Experiment(lock, lambda: None, (Ablate(((0, 0),)),))
    experiment.on_model(first=True)
    assert experiment.interventions == (Ablate(((0, 0),)),)
    experiment.on_model(first=False)
    assert experiment.interventions == ()


# --- how things are shown


@pytest.mark.parametrize(
    ("name", "nonsense"),
    [("colour_by", "red"), ("first_token", 1), ("theme", "dark"), ("n_bars", "10"), ("log_axis", "yes"), ("view", 3)],
)
def test_what_cannot_be_shown_is_refused(lock: threading.RLock, name: str, nonsense: object) -> None:
    display = Display(lock)
    before = getattr(display, name)
    with pytest.raises(t.TraitError):
        setattr(display, name, nonsense)
    assert getattr(display, name) == before


def test_the_language_is_that_of_the_environment(lock: threading.RLock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXPLORER_LANG", "zh")
    assert Display(lock).theme.language == "zh-Hans"
    monkeypatch.setenv("EXPLORER_LANG", "en")
    assert Display(lock).theme.language == "en"


# --- what is going on


def test_a_report_is_ready_busy_or_an_error(status: StatusReport) -> None:
    message = Message.of("status-loading")
    assert status.current.state == BUSY, "at first"
    status.say(message)
    assert (status.current.state, status.current.message, status.current.share) == (READY, message, None)
    status.busy(message)
    assert (status.current.state, status.current.share) == (BUSY, -1)
    status.progress(Progress(message, 3, 4))
    assert (status.current.state, status.current.share) == (BUSY, 0.75)
    status.progress(Progress(message, 3, None))
    assert status.current.share == -1
    assert status.fail(ExplorerError("no-start-token")).id == status.current.message.id == "no-start-token"
    assert status.current.state == ERROR


def test_what_is_no_sentence_of_ours_goes_to_the_log_and_its_kind_is_said(
    status: StatusReport, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.CRITICAL + 1, logger="explorer.state.status"):
        status.fail(ZeroDivisionError("secret"))
    said = status.current.message.render("en")
    assert "ZeroDivisionError" in said
    assert "secret" not in said


def test_an_attempt_that_fails_is_a_sentence(status: StatusReport) -> None:
    done = []
    status.attempt(done.append, 1)
    assert done == [1]

    def fail(name: str) -> None:
        raise ExplorerError(name)

    status.attempt(fail, "no-start-token")
    assert status.current.message.id == "no-start-token"


# --- the sampler


class StubReader(Slice):
    """As much of a `Reader` as a sampler follows."""

    trace = t.Instance(Trace, allow_none=True)
    n_after = 4

    def __init__(self, lock: threading.RLock, status: StatusReport) -> None:
        self._status = status
        super().__init__(lock)

    def say_ready(self) -> None:
        self._status.say(Message.of("status-loading"))


@pytest.fixture
def reader(lock: threading.RLock, status: StatusReport) -> StubReader:
    return StubReader(lock, status)


@pytest.fixture
def sampler(lock: threading.RLock, status: StatusReport, reader: StubReader) -> Sampler:
    return Sampler(lock, status, cast(Reader, reader), Sampling(temperature=0.5), 3)


def test_the_distribution_is_of_the_trace_under_the_sampling(sampler: Sampler, reader: StubReader) -> None:
    assert (sampler.distribution, sampler.coming) == (None, None)
    reader.trace = TRACE
    for sampling in (Sampling(temperature=0.5), Sampling(top_k=3), Sampling(greedy=True)):
        sampler.sampling = sampling
        assert sampler.distribution is not None
        expected = TRACE.distribution(sampling)
        assert [each.record() for each in sampler.distribution.top(5)] == [each.record() for each in expected.top(5)]
    reader.trace = None
    assert sampler.distribution is None


def test_the_coming_draw_is_that_of_seed_place_and_redraw(sampler: Sampler, reader: StubReader) -> None:
    reader.trace = TRACE
    assert sampler.u == uniform(3, 0, 4, 0)
    assert sampler.coming is not None
    assert sampler.coming.u == sampler.u
    sampler.draw_again()
    sampler.draw_again()
    assert sampler.u == uniform(3, 0, 4, 2)
    sampler.seed = 9
    assert (sampler.redraw, sampler.u) == (0, uniform(9, 0, 4, 0))


def test_where_no_token_is_left_that_is_said_and_taken_back(
    sampler: Sampler, reader: StubReader, status: StatusReport
) -> None:
    reader.trace = TRACE
    sampler.sampling = Sampling(banned=tuple(range(MODEL.info.vocab_size)))
    assert (sampler.distribution, sampler.coming, status.current.message.id) == (None, None, NO_TOKEN_LEFT)
    sampler.sampling = Sampling()
    assert sampler.distribution is not None
    assert status.current.state == READY


def test_ids_go_with_their_model(sampler: Sampler) -> None:
    sampler.sampling = Sampling(top_k=3, banned=(1,), bias=((2, 1.0),))
    sampler.on_model()
    assert sampler.sampling == Sampling(top_k=3)
