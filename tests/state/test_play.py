"""Play: step after step, at a pace, until something ends it."""

from __future__ import annotations

from pathlib import Path

import pytest

from explorer.engine.loading import load
from explorer.engine.local_model import LocalModel
from explorer.generation.generate import Stop
from explorer.sampling.sampling import Sampling
from explorer.sessions.session import ROOT
from explorer.state.state import ExplorerState
from tests.state.playing import act, assert_consistent, path_ids, quiet, tree_of
from tests.state.waiting import settle, wait_until

WARM = Sampling(temperature=1.3)


@pytest.fixture
def lm(folder: Path) -> LocalModel:
    return load(str(folder), device="cpu", dtype="float64")


@pytest.fixture
def state(lm: LocalModel) -> ExplorerState:
    state = ExplorerState(lm, "The capital of", sampling=WARM)
    settle(state)
    return state


def test_a_full_context_drops_its_oldest_quarter_in_one_go(state: ExplorerState, lm: LocalModel) -> None:
    state.playback.stop, state.playback.step_seconds, state.playback.stop_at_end = Stop(140), 0.0, False
    starts = set()
    state.reader.observe(lambda change: starts.add(change["new"].start), "trace")
    state.playback.play()
    quiet(state)
    assert len(path_ids(state)) == 140
    assert starts == {0, lm.info.n_positions // 4}
    assert_consistent(state)


def test_play_keeps_its_pace(state: ExplorerState, monkeypatch: pytest.MonkeyPatch) -> None:
    """It waits for the answer and for the time; nothing looks again and again whether it is there."""
    waits: list[float] = []
    later = state.refresher.later
    monkeypatch.setattr(
        state.refresher,
        "later",
        lambda name, seconds, action: waits.append(seconds) if name == "play" else later(name, seconds, action),
    )
    state.playback.step_seconds, state.playback.stop, state.playback.stop_at_end = 3600.0, Stop(50), False
    state.playback.play()
    settle(state)
    assert len(path_ids(state)) == 1, "the first step at once"
    assert len(waits) == 1
    assert 3590 < waits[0] <= 3600, "the next in an hour"
    with state.lock:
        state.playback._next_at = 0.0  # the hour is over
        shown, state.reader.shown = state.reader.shown, None  # but the answer is still on its way
        state.playback._play_on()
        assert len(path_ids(state)) == 1, "no step is taken before it is there"
        assert len(waits) == 1
        state.reader.shown = shown
        state.playback._play_on()
    settle(state)
    assert len(path_ids(state)) == 2
    assert len(waits) == 2


def test_play_stops_at_the_length_and_says_so(state: ExplorerState) -> None:
    state.playback.step_seconds, state.playback.stop, state.playback.stop_at_end = 0.0, Stop(5), False
    for n in (5, 10):
        state.playback.play()
        quiet(state)
        assert len(path_ids(state)) == n, "each run has its own length"
    assert state.status.current.message.id == "stopped-at-length"


def test_play_stops_when_the_text_comes_up(state: ExplorerState) -> None:
    act(state, *[state.playback.step] * 6)
    tokens = [node.choice.token for node in tree_of(state).path()]
    text = (tokens[2].text or "") + (tokens[3].text or "")
    act(state, lambda: state.playback.go(ROOT))
    state.playback.step_seconds, state.playback.stop, state.playback.stop_at_end = 0.0, Stop(50, text=text), False
    state.playback.play()
    quiet(state)
    assert text in "".join(node.choice.text or "" for node in tree_of(state).path())
    assert len(path_ids(state)) <= 4
    assert state.status.current.message.id == "stopped-at-text"


def test_play_stops_at_the_end_of_the_text_only_if_it_is_to(state: ExplorerState, lm: LocalModel) -> None:
    end = lm.info.end_ids[0]
    state.sampler.sampling = Sampling(bias={end: 100.0})
    state.playback.step_seconds, state.playback.stop = 0.0, Stop(3)
    state.playback.play()
    quiet(state)
    assert (path_ids(state), state.status.current.message.id) == ([end], "stopped-at-end")
    state.playback.stop_at_end = False
    state.playback.play()
    quiet(state)
    assert path_ids(state) == [end] * 4


def test_pause_takes_effect_within_a_step_and_questions_are_answered_meanwhile(state: ExplorerState) -> None:
    state.playback.step_seconds, state.playback.stop, state.playback.stop_at_end = 0.0, Stop(2000), False
    state.playback.play()
    wait_until(lambda: len(tree_of(state)) > 5, "some steps are done")
    with state.lock:
        state.playback.pause()
        n = len(tree_of(state))
    quiet(state)
    assert len(tree_of(state)) == n
    assert_consistent(state)

    state.playback.play()
    wait_until(lambda: len(tree_of(state)) > n + 3, "it plays again")
    state.document.prefix = "Once upon a time"
    quiet(state)
    assert not state.playback.playing
    assert state.reader.trace is not None
    assert state.reader.trace.text == "Once upon a time"


def test_a_slider_moved_while_it_plays_holds_from_the_next_step_on(state: ExplorerState) -> None:
    state.playback.step_seconds, state.playback.stop, state.playback.stop_at_end = 0.0, Stop(60), False
    state.playback.play()
    wait_until(lambda: len(tree_of(state)) > 5, "some steps are done")
    state.sampler.sampling = Sampling(greedy=True)
    quiet(state)
    kinds = [node.choice.chosen_by for node in tree_of(state).path()]
    assert set(kinds) == {"drawn", "greedy"}
    assert kinds == sorted(kinds)
