"""Autosave, save and open: nothing that was tried is lost, and nothing wrong is taken in."""

from __future__ import annotations

import json
import logging
import threading
from pathlib import Path
from typing import Any

import pytest

from explorer.engine.loading import load
from explorer.engine.local_model import LocalModel
from explorer.locales import ExplorerError
from explorer.sampling.sampling import Sampling
from explorer.sessions import session_file
from explorer.sessions.session import Session
from explorer.state.persistence import MAX_EARLIER
from explorer.state.state import ExplorerState
from explorer.state.worker import worker_of
from tests.passes import Passes
from tests.state.waiting import PATIENCE, settle, wait_until

BROWSER = "0123456789abcdef"


@pytest.fixture
def state(lm: LocalModel) -> ExplorerState:
    state = ExplorerState(lm, "The capital of", browser=BROWSER, sampling=Sampling(temperature=1.2))
    settle(state)
    return state


def steps(state: ExplorerState, n: int) -> None:
    for _ in range(n):
        state.playback.step()
        settle(state)


def session_of(state: ExplorerState) -> Session:
    assert state.document.session is not None
    return state.document.session


def resting(state: ExplorerState) -> None:
    """Until the autosave and the check of what was opened are done, and the question is answered."""
    jobs = ("autosave", "replay")
    wait_until(lambda: not any(state.reader.busy(job) for job in jobs), "what was tried is kept, and checked")
    settle(state)


def test_what_was_tried_survives_the_kernel(state: ExplorerState, lm: LocalModel) -> None:
    steps(state, 3)
    state.document.rename(2, "here")
    steps(state, 1)
    resting(state)
    (tree,) = session_of(state).trees.values()

    again = ExplorerState(lm, "something else", browser=BROWSER)
    settle(again)
    (earlier,) = again.persistence.earlier()
    assert (earlier.n_tokens, earlier.prefix, earlier.model) == (4, "The capital of", lm.info.name)
    again.persistence.open_earlier(earlier.path.name)
    resting(again)
    (restored,) = session_of(again).trees.values()
    assert [node.choice.record() for node in restored] == [node.choice.record() for node in tree]
    assert [node.name for node in restored] == ["", "here", "", ""]
    assert (again.document.prefix, restored.current) == ("The capital of", tree.current)
    assert again.reader.trace is not None
    assert again.reader.trace.ids.tolist() == list(tree.ids())
    assert again.status.current.message.id == "session-same"


def test_nothing_is_kept_before_something_is_chosen_or_for_nobody(lm: LocalModel, tmp_path: Path) -> None:
    for browser in (BROWSER, ""):
        state = ExplorerState(lm, "The capital of", browser=browser)
        settle(state)
        if not browser:
            steps(state, 1)
        resting(state)
        assert state.persistence.earlier() == []
    assert not list(tmp_path.rglob("sessions/*.json"))


def test_other_browsers_sessions_are_not_offered(state: ExplorerState, lm: LocalModel) -> None:
    steps(state, 1)
    resting(state)
    other = ExplorerState(lm, "", browser="f" * 16)
    assert other.persistence.earlier() == []
    other.persistence.open_earlier(ExplorerState(lm, "", browser=BROWSER).persistence.earlier()[0].path.name)
    resting(other)
    assert set(session_of(other).trees) <= {""}, "at most the tree of its own text"
    assert other.document.prefix == ""


def test_ones_own_session_is_not_an_earlier_one_and_the_list_is_short(state: ExplorerState, lm: LocalModel) -> None:
    steps(state, 1)
    resting(state)
    assert state.persistence.earlier() == []
    for _ in range(MAX_EARLIER + 2):
        another = ExplorerState(lm, "One and", browser=BROWSER)
        settle(another)
        steps(another, 1)
        resting(another)
    assert len(state.persistence.earlier()) == MAX_EARLIER


def test_what_an_opened_session_takes_the_place_of_can_be_had_again(state: ExplorerState) -> None:
    steps(state, 2)
    data = state.persistence.save()[1]
    steps(state, 1)
    resting(state)
    state.persistence.open(data)
    resting(state)
    assert len(session_of(state)) == 2
    (earlier,) = state.persistence.earlier()
    assert earlier.n_tokens == 3
    state.persistence.open_earlier(earlier.path.name)
    resting(state)
    assert len(session_of(state)) == 3


def test_a_saved_file_opens_and_is_read_again_token_by_token(state: ExplorerState, lm: LocalModel) -> None:
    steps(state, 12)
    name, data = state.persistence.save()
    assert name.endswith(".json")
    assert "/" not in name
    other = ExplorerState(lm, "The robot")
    settle(other)
    with Passes(lm) as passes:
        other.persistence.open(data)
        resting(other)
    assert sum(passes.tokens) <= 14
    assert other.status.current.message.id == "session-same"
    assert session_file.dumps(session_of(other)) == data


def test_a_probability_that_is_not_the_models_is_told(state: ExplorerState) -> None:
    steps(state, 4)
    record = json.loads(state.persistence.save()[1])
    record["trees"][0]["nodes"][2]["probability"] = 0.987654
    state.persistence.open(json.dumps(record).encode())
    resting(state)
    assert (state.status.current.state, state.status.current.message.id) == ("error", "session-differs")
    assert dict(state.status.current.message.arguments)["n"] == 1


def test_nothing_to_save_is_a_sentence(state: ExplorerState) -> None:
    with pytest.raises(ExplorerError) as caught:
        state.persistence.save()
    assert caught.value.message.id == "session-empty"
    with pytest.raises(ExplorerError) as caught:
        ExplorerState(None).persistence.open(b"{}")
    assert caught.value.message.id == "session-without-model"


@pytest.mark.parametrize("data", [b"", b"{}", b"[" * 100_000, b'{"schema": 2}', b"\xff\xfe", b"null"])
def test_a_file_that_is_no_session_changes_nothing(state: ExplorerState, data: bytes) -> None:
    steps(state, 2)
    session, ids = state.document.session, state.reader.trace
    with pytest.raises(ExplorerError):
        state.persistence.open(data)
    resting(state)
    assert (state.document.session, state.reader.trace) == (session, ids)


def test_a_session_of_another_model_is_refused(state: ExplorerState, tiny_llama: Path) -> None:
    steps(state, 2)
    data = state.persistence.save()[1]
    other = ExplorerState(load(str(tiny_llama), device="cpu"), "The")
    settle(other)
    with pytest.raises(ExplorerError, match="tiny-gpt2"):
        other.persistence.open(data)
    assert other.document.prefix == "The"


def test_opening_while_it_is_checked_again_is_no_clash(state: ExplorerState) -> None:
    steps(state, 6)
    data = state.persistence.save()[1]
    for _ in range(5):
        state.persistence.open(data)
        state.playback.step()
    resting(state)
    assert state.reader.trace is not None
    assert state.document.tree is not None
    assert state.reader.trace.ids.tolist() == list(state.document.tree.ids())


def kept(model: LocalModel) -> dict[str, int]:
    """What is offered to the browser: the prefix of each session, and how many tokens it has."""
    return {earlier.prefix: earlier.n_tokens for earlier in ExplorerState(model, browser=BROWSER).persistence.earlier()}


def test_what_is_chosen_at_once_after_a_session_was_opened_is_kept_too(state: ExplorerState, lm: LocalModel) -> None:
    other = ExplorerState(lm, "The robot")
    settle(other)
    steps(other, 1)
    data = other.persistence.save()[1]
    steps(state, 2)
    resting(state)
    with state.lock:  # nothing is written in between
        state.playback.undo()
        state.persistence.open(data)
        state.playback.pick(5)
        state.document.add(state.sampler.coming, Sampling(), seed=1)
    resting(state)
    assert kept(lm) == {"The capital of": 2, "The robot": 2}


def test_what_was_chosen_just_before_the_end_is_kept_of_every_model(state: ExplorerState, tiny_llama: Path) -> None:
    lm, llama = state.reader.model, load(str(tiny_llama), device="cpu")
    with state.lock:
        state.playback.step()
    state.reader.model = llama
    settle(state)
    state.playback.step()
    settle(state)
    state.close()
    assert (kept(lm), kept(llama)) == ({"The capital of": 1}, {"The capital of": 1})


@pytest.mark.parametrize("error", [ExplorerError("no-start-token"), ZeroDivisionError()])
def test_a_check_that_fails_says_so(
    state: ExplorerState, lm: LocalModel, error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    steps(state, 2)
    data = state.persistence.save()[1]

    def fail(*_: object, **__: object) -> None:
        raise error

    lm.decoder = lm.next_logits = fail  # type: ignore[assignment, method-assign]
    trace, lm.trace = lm.trace, fail  # type: ignore[assignment, method-assign]
    with caplog.at_level(logging.CRITICAL):
        state.persistence.open(data)
        resting(state)
    assert state.status.current.state == "error"
    lm.trace = trace  # type: ignore[method-assign]


def test_a_file_is_put_into_the_session_of_the_model_that_it_was_read_for(
    state: ExplorerState, tiny_llama: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another model is taken while it is read: it is of the other no session."""
    steps(state, 2)
    data = state.persistence.save()[1]
    llama = load(str(tiny_llama), device="cpu")
    loads = session_file.loads

    def slowly(*arguments: Any) -> Session:
        session = loads(*arguments)
        state.reader.model = llama
        return session

    monkeypatch.setattr(session_file, "loads", slowly)
    with pytest.raises(ExplorerError):
        state.persistence.open(data)
    settle(state)
    assert session_of(state).model == llama.info.name


class Disk:
    """Takes the place of a lock: who comes first must wait for ``go_on``, and others go first."""

    def __init__(self) -> None:
        self._lock, self.waits, self.go_on = threading.Lock(), threading.Event(), threading.Event()

    def __enter__(self) -> None:
        if not self.waits.is_set():
            self.waits.set()
            assert self.go_on.wait(PATIENCE)
        self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        self._lock.release()


def test_an_older_file_is_not_written_over_a_newer_one(state: ExplorerState, lm: LocalModel) -> None:
    """The end comes while what was autosaved before is still on its way to a slow disk."""
    disk = state.persistence._disk = Disk()  # type: ignore[assignment]
    state.playback.step()
    assert disk.waits.wait(PATIENCE)
    with state.lock:
        state.document.add(state.sampler.coming, Sampling(), seed=1)
    state.close()
    assert list(kept(lm).values()) == [2]
    disk.go_on.set()
    wait_until(lambda: not worker_of(lm)._at_work, "the older one had its turn")
    assert list(kept(lm).values()) == [2]
