"""`Request`: a value, whatever it is made of, and JSON."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from explorer.language_model.interventions import Ablate
from explorer.language_model.request import Extras, Request
from explorer.locales import ExplorerError

heads = st.tuples(st.integers(0, 40), st.integers(0, 40))
interventions = st.lists(st.builds(Ablate, st.lists(heads, min_size=1, max_size=5)), max_size=3)
extras = st.one_of(
    st.builds(Extras, st.booleans(), st.none() | st.integers(0, 40)),
    st.builds(lambda head: Extras(vectors=head), heads),
)
requests = st.builds(Request, st.lists(st.integers(0, 10**6), min_size=1), interventions, extras)


@given(requests)
def test_a_request_is_read_back_from_its_json(request_: Request) -> None:
    read = Request.of(json.loads(json.dumps(request_.record())))
    assert read == request_
    assert hash(read) == hash(request_)
    assert {request_: "answer"}[read] == "answer"


@given(requests, requests)
def test_two_requests_are_the_same_where_their_json_is(a: Request, b: Request) -> None:
    assert (a == b) == (a.record() == b.record())


@given(st.lists(heads, min_size=1, max_size=6), st.data())
def test_the_same_interventions_in_another_form_make_the_same_request(off: list[Any], data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(off))
    at = data.draw(st.integers(0, len(off)))
    parts = [Ablate(part) for part in (shuffled[:at], shuffled[at:]) if part]
    first, second = Request((1, 2), (Ablate(off),)), Request(np.array([1, 2]), parts)  # type: ignore[arg-type]
    assert first == second
    assert hash(first) == hash(second)
    assert second.interventions == (Ablate(tuple(sorted(set(off)))),)


def test_what_has_no_interventions_is_another_request() -> None:
    off = Request((1, 2), (Ablate(((0, 1),)),))
    assert len({off, Request((1, 2)), Request((1, 2), (Ablate(((1, 0),)),)), Request((1, 2, 3))}) == 4


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (lambda: Request(()), "request-without-ids"),
        (lambda: Extras(layer=1, vectors=(2, 0)), "extras-of-two-layers"),
        (lambda: Request(("a",)), "not-text-or-ids"),  # type: ignore[arg-type]
        (lambda: Request("The cat"), "request-of-text"),  # type: ignore[arg-type]
        (lambda: Request((1.5,)), "not-text-or-ids"),  # type: ignore[arg-type]
        (lambda: Request(None), "not-text-or-ids"),  # type: ignore[arg-type]
        (lambda: Request((1,), ("head 3",)), "not-an-intervention"),  # type: ignore[arg-type]
        (lambda: Request.of({"ids": [1], "interventions": [{"kind": "steer"}]}), "unknown-intervention"),
        (lambda: Request.of({"ids": [1], "interventions": [{"kind": "ablate", "heads": []}]}), "ablation-no-heads"),
    ],
)
def test_what_is_no_request_is_refused_in_a_sentence(made: Any, message: str) -> None:
    with pytest.raises(ExplorerError) as caught:
        made()
    assert caught.value.message.id == message


def test_a_layer_and_vectors_are_parts_of_attention() -> None:
    assert Extras(layer=0).attention
    assert Extras(vectors=(0, 0)).attention
    assert Extras(vectors=(3, 0)) == Extras(layer=3, vectors=(3, 0))
    assert not Extras().attention
