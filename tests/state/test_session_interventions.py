"""Sessions of the app with heads switched off: kept, opened, read again as they were, or refused."""

from __future__ import annotations

import json

import pytest

from explorer.language_model.model import ATTENTION
from explorer.locales import ExplorerError
from explorer.sampling.sampling import Sampling
from explorer.sessions import session_file
from explorer.state.state import ExplorerState
from tests.state.ablated import OFF, OTHER, TEXT, ablated, nodes
from tests.state.waiting import settle, wait_until
from tests.widgets.fake_model import FakeModel

WEIGHTS = "a" * 64


def played(model: FakeModel, n_tokens: int = 6) -> ExplorerState:
    """A state with a session whose tokens were chosen under changing interventions."""
    state = ExplorerState(model, TEXT, sampling=Sampling(temperature=1.5))
    settle(state)
    for i in range(n_tokens):
        ablated(state, ((), OFF, OTHER)[i % 3])
        state.playback.step()
        settle(state)
    return state


def opened(model: FakeModel, data: bytes) -> ExplorerState:
    """A state of its own in which the file was opened and read again."""
    state = ExplorerState(model, "x")
    settle(state)
    state.persistence.open(data)
    wait_until(lambda: not state.reader.busy("replay"), "the file is read again")
    settle(state)
    return state


def test_each_token_is_read_again_under_its_own_interventions_once() -> None:
    data = played(FakeModel()).persistence.save()[1]
    model = FakeModel()
    state = opened(model, data)
    assert state.status.current.message.id == "session-same"
    assert session_file.dumps(state.document.session) == data
    asked = [(request.ids, request.interventions) for request in model.passes]
    path = nodes(state)
    for node in path:
        ids = (*model.tokenize(TEXT).ids, *(before.choice.id for before in path[: node.number - 1]))
        assert asked.count((ids, node.interventions)) == 1
    assert len(asked) == len(path) + 2, "a pass a token, one for the text before, one for the text on show"


def test_a_token_that_is_said_to_be_of_the_intact_model_and_is_not_is_told() -> None:
    record = json.loads(played(FakeModel()).persistence.save()[1])
    del record["trees"][0]["nodes"][1]["interventions"]
    state = opened(FakeModel(), json.dumps(record).encode())
    assert (state.status.current.state, state.status.current.message.id) == ("error", "session-differs")
    assert dict(state.status.current.message.arguments)["n"] == 1


def test_a_session_goes_on_under_what_is_in_force_when_it_is_opened() -> None:
    data = played(FakeModel()).persistence.save()[1]
    state = opened(FakeModel(), data)
    state.playback.step()
    settle(state)
    assert nodes(state)[-1].interventions == ()


def test_a_model_that_cannot_do_it_is_refused_and_nothing_changes() -> None:
    data = played(FakeModel(weights_version=WEIGHTS)).persistence.save()[1]
    for wrong, message in (
        (FakeModel(capabilities=frozenset({ATTENTION})), "session-no-ablation"),
        (FakeModel(n_layer=1), "session-foreign-heads"),
        (FakeModel(weights_version="b" * 64), "session-other-weights"),
    ):
        state = ExplorerState(wrong, "x")
        settle(state)
        session, n_passes = state.document.session, len(wrong.passes)
        with pytest.raises(ExplorerError) as caught:
            state.persistence.open(data)
        assert caught.value.message.id == message
        assert (state.document.session, len(wrong.passes), state.document.prefix) == (session, n_passes, "x")


def test_another_number_format_opens_and_both_are_named() -> None:
    data = played(FakeModel(dtype="float16", engine="torch")).persistence.save()[1]
    assert (json.loads(data)["dtype"], json.loads(data)["engine"]) == ("float16", "torch")
    state = opened(FakeModel(dtype="float32"), data)
    assert state.status.current.message.id == "session-same-rounded"
    assert dict(state.status.current.message.arguments) == {"total": 6, "theirs": "float16", "ours": "float32"}
    assert opened(FakeModel(dtype="float16"), data).status.current.message.id == "session-same"
    record = json.loads(data)
    record["trees"][0]["nodes"][3]["raw_probability"] = 0.9
    state = opened(FakeModel(dtype="bfloat16"), json.dumps(record).encode())
    assert (state.status.current.state, state.status.current.message.id) == ("error", "session-differs-rounded")
    assert "made in float16, and the model in use computes in bfloat16" in state.status.current.message.render("en")


def test_a_session_that_goes_on_in_a_coarser_format_says_so() -> None:
    data = played(FakeModel(dtype="float32")).persistence.save()[1]
    state = opened(FakeModel(dtype="bfloat16"), data)
    assert dict(state.status.current.message.arguments)["theirs"] == "float32", "the file's own"
    assert json.loads(state.persistence.save()[1])["dtype"] == "bfloat16"
    state = opened(FakeModel(dtype="float32"), state.persistence.save()[1])
    assert json.loads(state.persistence.save()[1])["dtype"] == "bfloat16", "some of its tokens still are"
