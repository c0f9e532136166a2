"""Five threads that do a thousand things to a state, while a slow model answers."""

from __future__ import annotations

import pytest

from explorer.state.state import ExplorerState
from tests.state.hammering import SlowModel, assert_consistent, backwards, hammer, let_go
from tests.state.waiting import settle
from tests.widgets.fake_model import FakeModel

LENGTHS = [1000, pytest.param(10_000, marks=pytest.mark.soak)]


@pytest.mark.parametrize("n_actions", LENGTHS)
def test_hammering_everything_from_several_threads_ends_in_a_consistent_state(n_actions: int) -> None:
    models = [SlowModel(0.01, name="slow"), SlowModel(0.001, name="quick"), FakeModel(name="other")]
    state = ExplorerState(models[0], "the cat")
    settle(state)
    answers: list[int] = []
    state.reader.observe(lambda _: answers.append(state.reader.answer), "trace")
    hammer(state, models, n_actions=n_actions)
    assert len(answers) > n_actions / 100
    assert backwards(answers) == []
    assert_consistent(state)
    for model in models:  # and it goes on from there
        state.reader.model = model
        state.document.prefix = "the end"
        state.playback.step()
        settle(state)
        let_go(state)
        assert_consistent(state)
    assert state.status.current.state == "ready", state.status.current.message
    state.close()
