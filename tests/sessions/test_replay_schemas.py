"""Replay of what was made otherwise: by the first release, with heads switched off, in another number format."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from explorer.engine.loading import load
from explorer.language_model.interventions import Ablate, Interventions
from explorer.language_model.trace import Floats
from explorer.sampling.draw import choose, uniform
from explorer.sampling.sampling import Sampling
from explorer.sessions import session_file
from explorer.sessions.replay import Replayed, replay
from explorer.sessions.session import Session
from tests.sessions.sessions import FILES
from tests.sessions.test_replay import fresh, grown
from tests.widgets.fake_model import FakeModel

OFF: Interventions = (Ablate(((0, 1), (1, 2))),)
OTHER: Interventions = (Ablate(((1, 0),)),)


def told(seen: list[Replayed]) -> list[Replayed]:
    return [each for each in seen if each.off or each.u_differs or each.falls_elsewhere]


def test_a_session_of_the_first_release_says_the_same() -> None:
    lm = load("gpt2-mini", device="cpu")
    session = session_file.load(FILES / "schema-1-gpt2-mini.json", lm.vocabulary)
    session_file.check_model(session, lm.info, lm.tokenize)
    seen = list(replay(session, lm))
    assert len(seen) == 24
    assert max(abs(each.difference) for each in seen) < 1e-5
    assert not told(seen)
    record = json.loads((FILES / "schema-1-gpt2-mini.json").read_bytes())
    record["trees"][0]["nodes"][3]["raw_probability"] += 0.002
    assert len(told(list(replay(session_file.loads(json.dumps(record).encode()), lm)))) == 1


# --- interventions


def line(model: FakeModel, force: list[Interventions]) -> Session:
    """A text, each token drawn under its own interventions; after each, one more that is no part of the text."""
    session = Session.of(model.info)
    tree = session.tree("the", model.tokenize("the").ids)
    for step, interventions in enumerate(force):
        here = tree.current
        for sample, others in ((1, OTHER), (0, interventions)):
            tree.go(here)
            distribution = model.trace(tree.ids(), interventions=others).distribution(Sampling())
            choice = choose(distribution, uniform(3, sample, step))
            tree.add(choice, Sampling(), seed=3, sample=sample, interventions=others)
    return session


def test_every_token_is_compared_under_what_was_in_force_for_it() -> None:
    session = line(FakeModel(), [(), OFF, OTHER, OFF])
    model = FakeModel()
    seen = list(replay(session, model))
    assert len(seen) == len(session) == 8
    assert not told(seen)
    assert max(abs(each.difference) for each in seen) == 0
    assert [request.interventions for request in model.passes] == [each.node.interventions for each in seen]
    assert len(model.passes) <= len(session), "a model that keeps nothing makes one pass a token"


@pytest.mark.parametrize("others", [(), OTHER])
def test_a_token_that_was_chosen_under_others_is_told(others: Interventions) -> None:
    session = line(FakeModel(), [(), OFF, OFF])
    (tree,) = session.trees.values()
    (number, *_) = [node.number for node in tree if node.interventions == OFF]
    tree.nodes[number] = replace(tree.node(number), interventions=others)
    assert [each.node.number for each in told(list(replay(session, FakeModel())))] == [number]


def test_what_the_model_cannot_do_is_told_and_the_replay_goes_on() -> None:
    session = line(FakeModel(), [(), (Ablate(((1, 2),)),), ()])
    seen = list(replay(session, FakeModel(n_head=2)))
    assert [each.error.id for each in seen if each.error] == ["unknown-head"]
    assert len(seen) == 6


# --- number formats


@pytest.mark.parametrize("theirs", ["float16", "bfloat16"])
def test_rounding_to_16_bits_is_not_tampering_where_the_file_says_so(peaked_gpt2: Path, theirs: str) -> None:
    session = grown(fresh(peaked_gpt2, theirs), 80)
    lm = fresh(peaked_gpt2)
    assert told(list(replay(session, lm))), "in 32 bits this would be"
    session.dtype = theirs
    seen = list(replay(session, lm))
    assert not told(seen)
    back = grown(lm, 80)
    back.dtype = "float32"
    assert not told(list(replay(back, fresh(peaked_gpt2, theirs)))), "nor where it is the model that rounds"


@pytest.mark.parametrize(("dtype", "rounding"), [("float16", 0.1), ("bfloat16", 0.7)])
def test_what_is_beyond_rounding_to_16_bits_is_told(dtype: str, rounding: float) -> None:
    session = line(FakeModel(dtype=dtype), [(), (), (), ()])
    (tree,) = session.trees.values()
    number = max(tree, key=lambda node: node.choice.raw_probability).number
    node = tree.node(number)
    for times, off in ((0.9, False), (1.1, True), (-0.9, False), (-1.1, True)):
        raw = node.choice.raw_probability * math.exp(-rounding * times)
        tree.nodes[number] = replace(node, choice=replace(node.choice, raw_probability=raw))
        assert bool(told(list(replay(session, FakeModel())))) == off, times
        assert bool(told(list(replay(session, FakeModel(dtype=dtype))))) == off, times
    tree.nodes[number] = replace(node, seed=99)
    (found,) = told(list(replay(session, FakeModel())))
    assert found.u_differs


class Rounded(FakeModel):
    """Its two likeliest tokens are nearly alike, the one or the other ahead."""

    def __init__(self, *, ahead: int, **info: Any) -> None:
        super().__init__(**info)
        self._ahead = ahead

    def logits(self, ids: Sequence[int], interventions: Interventions) -> Floats:
        logits = super().logits(ids, interventions)
        two = np.sort(np.argsort(logits)[-2:])
        logits[two] = logits.max()
        logits[two[self._ahead]] += 0.02
        return logits


@pytest.mark.parametrize(("dtype", "wrong"), [("float16", 0), ("float32", 1)])
def test_which_of_two_tokens_that_are_nearly_alike_is_greedy_is_rounding_in_16_bits(dtype: str, wrong: int) -> None:
    made, used = Rounded(ahead=0, dtype=dtype), Rounded(ahead=1)
    session = Session.of(made.info)
    tree = session.tree("the", made.tokenize("the").ids)
    sampling = Sampling(greedy=True)
    tree.add(choose(made.trace(tree.ids()).distribution(sampling), 0.0), sampling)
    (seen,) = replay(session, used)
    assert seen.probability == 0
    assert len(told([seen])) == wrong


def test_64_bits_are_compared_as_32_are() -> None:
    session = line(FakeModel(dtype="float64"), [(), ()])
    assert {each.rounding for each in replay(session, FakeModel())} == {1e-5}
    session.dtype = None
    assert {each.rounding for each in replay(session, FakeModel())} == {1e-5}
