"""Steps, picks, undo and branches: what is shown is always the path in the tree."""

from __future__ import annotations

from pathlib import Path

import pytest

from explorer.engine.loading import load
from explorer.engine.local_model import LocalModel
from explorer.generation.generate import Stop, generate
from explorer.sampling.draw import uniform
from explorer.sampling.sampling import Sampling
from explorer.sessions.session import ROOT
from explorer.state.playback import MAX_PENDING_STEPS
from explorer.state.state import ExplorerState
from tests.passes import Passes
from tests.state.playing import act, assert_consistent, path_ids, quiet, tree_of
from tests.state.waiting import settle, wait_until
from tests.widgets.paced_model import PacedModel

WARM = Sampling(temperature=1.3)


@pytest.fixture
def lm(folder: Path) -> LocalModel:
    return load(str(folder), device="cpu", dtype="float64")


@pytest.fixture
def state(lm: LocalModel) -> ExplorerState:
    state = ExplorerState(lm, "The capital of", sampling=WARM)
    settle(state)
    return state


def test_steps_are_what_generate_gives_for_the_same_seed(state: ExplorerState, folder: Path) -> None:
    state.sampler.seed = 7
    act(state, *[state.playback.step] * 30)
    cold = load(str(folder), device="cpu", dtype="float64")
    ids = cold.tokenize("The capital of").ids
    expected = [c.record() for c in generate(cold, ids, WARM, seed=7, stop=Stop(30))]
    got = [node.choice.record() for node in tree_of(state).path()]
    assert [record["id"] for record in got] == [record["id"] for record in expected]
    assert [record["u"] for record in got] == [record["u"] for record in expected]
    for ours, theirs in zip(got, expected, strict=True):
        assert ours["probability"] == pytest.approx(theirs["probability"], rel=1e-9)
    assert_consistent(state)


def test_a_step_takes_the_token_that_was_announced(state: ExplorerState) -> None:
    for _ in range(5):
        coming = state.sampler.coming
        act(state, state.playback.step)
        assert tree_of(state).path()[-1].choice == coming


def test_a_step_costs_one_token_and_undo_of_a_hundred_none(state: ExplorerState, lm: LocalModel) -> None:
    with Passes(lm) as passes:
        act(state, *[state.playback.step] * 100)
    assert passes.tokens == [1] * 100
    texts = [state.reader.trace.text if state.reader.trace else ""]
    with Passes(lm) as passes:
        for _ in range(100):
            act(state, state.playback.undo)
            texts.append(state.reader.trace.text if state.reader.trace else "")
        act(state, *[state.playback.redo] * 100)
    assert passes.tokens == []
    assert texts[-1] == "The capital of"
    assert state.reader.trace is not None
    assert state.reader.trace.text == texts[0]
    assert_consistent(state)


def test_steps_that_come_before_the_answer_are_done_in_turn(lm: LocalModel) -> None:
    model = PacedModel(lm)
    state = ExplorerState(model, "The robot")
    for _ in range(4):
        state.playback.step()
    state.playback.undo()  # takes back one of those to come
    assert state.document.tree is None
    answer_all(model, state)
    for _ in range(4):  # now there is an answer on show, of a shorter text
        state.playback.step()
    answer_all(model, state)
    expected = generate(lm, lm.tokenize("The robot").ids, state.sampler.sampling, seed=state.sampler.seed, stop=Stop(7))
    assert path_ids(state) == [choice.id for choice in expected]
    assert_consistent(state)


def answer_all(model: PacedModel, state: ExplorerState) -> None:
    def answered() -> bool:
        model.release_all()
        with state.lock:
            return not (state.reader.stale or state.playback._pending_steps)

    wait_until(answered, "every question is answered")


def test_a_key_held_down_asks_for_a_bounded_number_of_steps(lm: LocalModel) -> None:
    model = PacedModel(lm)
    state = ExplorerState(model, "The robot")
    for _ in range(10 * MAX_PENDING_STEPS):
        state.playback.step()
    assert state.playback._pending_steps == MAX_PENDING_STEPS
    state.playback.go(ROOT)
    assert state.playback._pending_steps == 0
    answer_all(model, state)


def test_a_picked_token_is_recorded_as_picked_whatever_the_sampler_says(state: ExplorerState) -> None:
    state.sampler.sampling = Sampling(top_k=1)
    assert state.sampler.distribution is not None
    least = int(state.sampler.distribution.order[-1])
    act(state, lambda: state.playback.pick(least))
    choice = tree_of(state).path()[-1].choice
    assert (choice.id, choice.chosen_by, choice.u, choice.probability) == (least, "hand", None, 0)
    assert choice.raw_probability > 0
    assert_consistent(state)


def test_a_pick_goes_on_from_the_picture_that_was_clicked(state: ExplorerState) -> None:
    first = state.reader.answer
    act(state, state.playback.step, state.playback.step)
    assert state.sampler.distribution is not None
    act(state, lambda: state.playback.pick(5, first))
    assert path_ids(state) == [5]
    assert len(tree_of(state).children[ROOT]) == 2
    assert_consistent(state)


def test_a_pick_on_a_picture_of_another_prefix_changes_nothing(state: ExplorerState) -> None:
    first = state.reader.answer
    state.document.prefix = "Once upon"
    quiet(state)
    state.playback.pick(5, first)
    quiet(state)
    assert path_ids(state) == []
    assert state.reader.trace is not None
    assert state.reader.trace.text == "Once upon"


def test_branch_draws_the_last_token_anew_beside_the_old_one(state: ExplorerState) -> None:
    act(state, *[state.playback.step] * 3)
    old = tree_of(state).current
    parent = tree_of(state).node(old).parent
    act(state, state.playback.branch, state.playback.branch)
    siblings = [tree_of(state).node(number) for number in tree_of(state).children[parent]]
    assert len({node.choice.id for node in siblings}) == 3, "each is another token"
    assert siblings[0].redraw == 0 < siblings[1].redraw < siblings[2].redraw
    assert [node.choice.u for node in siblings] == [uniform(state.sampler.seed, 0, 2, node.redraw) for node in siblings]
    act(state, lambda: state.playback.go(old), state.playback.undo, state.playback.step)
    assert tree_of(state).current == old, "the same seed, place and redraw is the same choice, and no new node"


def test_branch_has_nothing_to_do_for_greedy_and_says_so(state: ExplorerState) -> None:
    state.sampler.sampling = Sampling(greedy=True)
    act(state, state.playback.step, state.playback.branch)
    assert len(tree_of(state)) == 1
    assert state.status.current.message.id == "branch-greedy"


def test_branch_that_finds_no_other_token_says_so_and_ends(state: ExplorerState) -> None:
    state.sampler.sampling = Sampling(top_k=1)
    act(state, state.playback.step, state.playback.branch)
    assert (len(tree_of(state)), path_ids(state)) == (1, [])
    assert state.status.current.message.id == "branch-nothing-else"
    state.sampler.sampling = WARM
    act(state, state.playback.step)
    assert len(path_ids(state)) == 1, "the step after it is an ordinary one"


def test_drawing_again_changes_the_coming_draw_alone(state: ExplorerState, lm: LocalModel) -> None:
    us = {state.sampler.u}
    with Passes(lm) as passes:
        for _ in range(20):
            state.sampler.draw_again()
            us.add(state.sampler.u)
    assert (passes.tokens, len(us), path_ids(state)) == ([], 21, [])
    act(state, state.playback.step)
    assert tree_of(state).path()[-1].redraw == 20
    assert state.sampler.redraw == 0, "the next place begins with its first throw"
    state.sampler.redraw = 3
    state.sampler.seed = 99
    assert state.sampler.redraw == 0


def test_editing_the_prefix_keeps_the_tree_and_coming_back_finds_it(state: ExplorerState) -> None:
    act(state, *[state.playback.step] * 4)
    tree, ids = tree_of(state), path_ids(state)
    state.document.prefix = "The capital of France"
    quiet(state)
    assert tree_of(state) is not tree
    assert path_ids(state) == []
    state.document.prefix = "The capital of"
    quiet(state)
    assert tree_of(state) is tree
    assert path_ids(state) == [], "what is shown is the prefix that was typed"
    assert [node.choice.id for node in tree.ahead()] == ids, "and redo leads to what was there"
    act(state, *[state.playback.redo] * 4)
    assert path_ids(state) == ids
    assert_consistent(state)


def test_each_model_has_its_own_session(state: ExplorerState, tiny_gpt2: Path, lm: LocalModel) -> None:
    act(state, state.playback.step)
    state.sampler.sampling = Sampling(banned=(3,), bias=((4, 1.0),), top_k=5)
    first = state.document.session
    state.reader.model = load(str(tiny_gpt2), device="cpu")
    quiet(state)
    assert state.document.session is not first
    assert path_ids(state) == []
    assert state.sampler.sampling == Sampling(top_k=5), "ids of another vocabulary are let go"
    state.reader.model = lm
    quiet(state)
    assert state.document.session is first
    assert len(tree_of(state)) == 1


def test_where_no_token_is_left_nothing_is_taken_and_the_remedy_works(state: ExplorerState, lm: LocalModel) -> None:
    act(state, state.playback.step)
    state.sampler.sampling = Sampling(banned=tuple(range(lm.info.vocab_size)))
    assert (state.sampler.distribution, state.status.current.state) == (None, "error")
    assert "banned" in state.status.current.message.render("en")
    state.playback.step()
    state.playback.play()
    state.playback.pause()
    quiet(state)
    assert len(path_ids(state)) == 1
    state.sampler.sampling = Sampling()
    assert state.status.current.state == "ready"
    act(state, state.playback.step)
    assert len(path_ids(state)) == 2
