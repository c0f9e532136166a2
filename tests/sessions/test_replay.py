"""Replay: the same model says the same, and whatever is not so is told apart."""

from __future__ import annotations

import itertools
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from explorer.engine.loading import load
from explorer.engine.local_model import SHORT_TAIL, LocalModel
from explorer.sampling.distribution import Distribution
from explorer.sampling.draw import by_hand, choose, drawn, uniform
from explorer.sampling.sampling import Sampling
from explorer.sessions import session_file
from explorer.sessions.replay import Replayed, _falls_on, replay
from explorer.sessions.session import ROOT, Session, Tree
from tests.modules import unread
from tests.passes import Passes

PREFIXES = ["The capital of France is", "Once upon a time", "春眠"]

SAMPLINGS = [
    Sampling(),
    Sampling(temperature=0.8, top_p=0.9, repetition_penalty=1.2),
    Sampling(temperature=1.5, top_k=40),
    Sampling(greedy=True),
]


@pytest.fixture
def lm(tiny_gpt2: Path) -> LocalModel:
    """A tiny GPT-2 that has read nothing yet."""
    return fresh(tiny_gpt2)


def fresh(folder: Path, dtype: str = "float32") -> LocalModel:
    loaded = load(str(folder), device="cpu", dtype=dtype)
    return unread(loaded)


def grown(lm: LocalModel, n_tokens: int, seed: int = 0) -> Session:
    """A session of random steps, picks and branches over three prefixes."""
    rng = random.Random(seed)
    session = Session(lm.info.name, lm.info.revision)
    redraw = 0
    while len(session) < n_tokens:
        prefix = rng.choice(PREFIXES)
        tree = session.tree(prefix, lm.tokenize(prefix).ids)
        if rng.random() < 0.3:
            tree.go(rng.randint(ROOT, len(tree)))
        redraw += 1
        step(lm, tree, rng.choice(SAMPLINGS), redraw=redraw, by=rng.randrange(512) if rng.random() < 0.2 else None)
    return session


def step(lm: LocalModel, tree: Tree, sampling: Sampling, *, redraw: int, by: int | None = None) -> None:
    distribution = lm.trace(tree.ids()).distribution(sampling)
    u = uniform(7, 3, len(tree.path()), redraw)
    choice = choose(distribution, u) if by is None else by_hand(distribution, by)
    tree.add(choice, sampling, seed=7, sample=3, redraw=redraw)


def line(lm: LocalModel, n_tokens: int, sampling: Sampling) -> Session:
    """One text, drawn token by token."""
    session = Session(lm.info.name)
    tree = session.tree("The", lm.tokenize("The").ids)
    for _ in range(n_tokens):
        step(lm, tree, sampling, redraw=0)
    return session


def changed(session: Session, number: int, **changes: Any) -> Session:
    """The session, with one node of its only tree changed; what concerns the choice is set there."""
    (tree,) = session.trees.values()
    node = tree.node(number)
    about_choice = {name: changes.pop(name) for name in list(changes) if hasattr(node.choice, name)}
    tree.nodes[number] = replace(node, choice=replace(node.choice, **about_choice), **changes)
    return session


def complaints(session: Session, lm: LocalModel) -> dict[int, set[str]]:
    """What is not as it was, by the number of the node."""
    found = {}
    for seen in replay(session, lm):
        names = {name for name in ("off", "u_differs", "falls_elsewhere", "error") if getattr(seen, name)}
        if names:
            found[seen.node.number] = names
    return found


def test_a_session_from_a_file_says_the_same_in_a_model_that_starts_anew(peaked_gpt2: Path) -> None:
    session, lm = grown(fresh(peaked_gpt2), 80), fresh(peaked_gpt2)
    copy = session_file.loads(session_file.dumps(session), lm.vocabulary)
    session_file.check_model(copy, lm.info, lm.tokenize)
    seen = list(replay(copy, lm))
    assert max(abs(each.difference) for each in seen) < 1e-6
    assert not [each for each in seen if each.off or each.u_differs or each.falls_elsewhere]
    assert [each.done for each in seen] == list(range(1, 81))
    assert {each.total for each in seen} == {80}
    assert sorted((id(each.tree), each.node.number) for each in seen) == sorted(
        (id(tree), node.number) for tree in copy.trees.values() for node in tree
    )


def test_every_text_is_read_once_and_only_its_new_tokens(peaked_gpt2: Path) -> None:
    session, lm = grown(fresh(peaked_gpt2), 80), fresh(peaked_gpt2)
    trees = session.trees.values()
    texts = len({tree.ids(number) for tree in trees for number in range(len(tree) + 1) if tree.children[number]})
    branches = sum(max(0, len(children) - 1) for tree in trees for children in tree.children)
    with Passes(lm) as passes:
        for _ in replay(session, lm):
            pass
    assert texts < len(session)
    assert len(passes.tokens) == texts
    assert sum(passes.tokens) <= texts + branches * SHORT_TAIL + sum(len(tree.prefix_ids) for tree in trees)


def test_the_walk_is_depth_first_and_yields_after_every_token(tiny_gpt2: Path, lm: LocalModel) -> None:
    session = Session("tiny")
    tree = session.tree("The", lm.tokenize("The").ids)
    for number, parent in enumerate([0, 1, 0, 2, 3, 1], 1):
        tree.go(parent)
        step(lm, tree, Sampling(), redraw=0, by=number)
    anew = fresh(tiny_gpt2)
    with Passes(anew) as passes:
        walk = [(seen.node.number, len(passes.tokens)) for seen in replay(session, anew)]
    assert walk == [(1, 1), (3, 1), (2, 2), (6, 2), (4, 3), (5, 4)]


def test_what_is_chosen_meanwhile_is_left_for_the_next_time(lm: LocalModel) -> None:
    session = line(lm, 3, Sampling())
    (tree,) = session.trees.values()
    numbers = []
    for seen in itertools.islice(replay(session, lm), 4):
        numbers.append((seen.node.number, seen.done, seen.total))
        step(lm, tree, Sampling(), redraw=0)
        session.tree(f"{len(numbers)}", (0,))
    assert numbers == [(1, 1, 3), (2, 2, 3), (3, 3, 3)]


def test_another_probability_is_off_and_nothing_else_is(lm: LocalModel) -> None:
    session = line(lm, 5, Sampling())
    p = session.trees["The"].node(3).choice.probability
    changed(session, 3, probability=p + 0.0009)
    assert complaints(session, lm) == {}
    changed(session, 3, probability=p + 0.0011)
    assert complaints(session, lm) == {3: {"off"}}
    (off,) = (seen for seen in replay(session, lm) if seen.off)
    assert off.probability == pytest.approx(p)
    assert off.difference == pytest.approx(-0.0011)


@pytest.mark.parametrize("change", [{"seed": 8}, {"sample": 0}, {"redraw": 1}])
def test_a_u_of_another_draw_is_told(lm: LocalModel, change: dict[str, int]) -> None:
    assert complaints(changed(line(lm, 4, Sampling()), 2, **change), lm) == {2: {"u_differs"}}


def test_a_u_that_falls_on_another_token_is_told(lm: LocalModel) -> None:
    session = line(lm, 4, Sampling())
    u = session.trees["The"].node(4).choice.u
    assert u is not None
    assert complaints(changed(session, 4, u=(u + 0.5) % 1), lm) == {4: {"u_differs", "falls_elsewhere"}}


def test_another_token_than_was_drawn_is_told(lm: LocalModel) -> None:
    session = line(lm, 4, Sampling(top_k=4))
    token = session.trees["The"].node(4).choice.token
    distribution = lm.trace(session.trees["The"].ids(3)).distribution(Sampling(top_k=4))
    other = next(c for c in distribution.top(4) if abs(c.probability - distribution.probabilities[token.id]) > 1e-4)
    assert "falls_elsewhere" in complaints(changed(session, 4, token=other.token), lm)[4]


def test_picks_and_greedy_choices_have_no_u_to_be_wrong(lm: LocalModel) -> None:
    session = line(lm, 3, Sampling(greedy=True))
    step(lm, session.trees["The"], Sampling(top_k=1), redraw=0, by=100)
    assert complaints(changed(session, 2, seed=99), lm) == {}


def test_where_no_token_is_left_now_the_replay_goes_on(lm: LocalModel) -> None:
    session = line(lm, 4, Sampling())
    everything = Sampling(banned=tuple(range(lm.info.vocab_size)))
    seen = list(replay(changed(session, 2, sampling=everything), lm))
    assert [each.off for each in seen] == [False, True, False, False]
    assert seen[1].error is not None
    assert seen[1].error.id == "no-token-left"
    assert (seen[1].probability, seen[1].difference) == (0, -seen[1].node.choice.probability)


def test_what_the_model_cannot_read_is_told_and_not_raised(lm: LocalModel) -> None:
    session = line(lm, 4, Sampling())
    token = replace(session.trees["The"].node(2).choice.token, id=lm.info.vocab_size)
    seen = list(replay(changed(session, 2, token=token), lm))
    assert [each.error.id if each.error else "" for each in seen] == ["", *["unknown-token-id"] * 3]


def test_rounding_is_not_tampering(peaked_gpt2: Path) -> None:
    session = grown(fresh(peaked_gpt2, "float64"), 40)
    assert not [s for s in replay(session, fresh(peaked_gpt2)) if s.off or s.u_differs or s.falls_elsewhere]


def test_a_u_falls_on_the_token_it_was_drawn_for_and_on_no_other() -> None:
    rng = np.random.default_rng(0)
    wrong = 0
    for _ in range(300):
        logits = rng.normal(0, 4, 200).round(1 if rng.random() < 0.3 else 8)
        exact = distribution_of(logits)
        rounded = distribution_of((logits + rng.normal(0, 2e-6, 200)).astype(np.float32))
        u = float(rng.random())
        token_id = int(drawn(exact, np.array([u]))[0])
        assert _falls_on(exact, token_id, u)
        assert _falls_on(rounded, token_id, u)
        p = exact.probabilities
        others = np.flatnonzero(np.abs(p - p[token_id]) > 0.01)
        wrong += sum(_falls_on(exact, int(other), u) for other in others)
    assert wrong <= 1  # u may lie within rounding of a boundary


def distribution_of(logits: Any) -> Distribution:
    return Sampling().apply(logits, ())


def test_a_token_that_was_removed_cannot_have_been_drawn() -> None:
    logits = np.log(np.array([0.5, 0.3, 0.2]))
    assert not _falls_on(Sampling(top_k=1).apply(logits, ()), 1, 1 - 2**-53)
    assert [_falls_on(distribution_of(logits), i, 0.6) for i in range(3)] == [False, True, False]


def test_a_replayed_token_is_a_record(lm: LocalModel) -> None:
    (seen,) = replay(line(lm, 1, Sampling()), lm)
    assert isinstance(seen, Replayed)
    with pytest.raises(AttributeError):
        seen.done = 2  # type: ignore[misc]


def test_a_forged_raw_probability_is_off_too(lm: LocalModel) -> None:
    session = changed(line(lm, 4, Sampling()), 2, raw_probability=0.123)
    assert complaints(session, lm) == {2: {"off"}}
    (seen,) = [seen for seen in replay(session, lm) if seen.off]
    assert seen.difference == pytest.approx(seen.raw_probability - 0.123)
