"""Sites, `States` and what a request says of them: values, and what bad input gets."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import explorer
from explorer.language_model.request import Extras, Request
from explorer.language_model.sites import BLOCK, EMBEDDING, FINAL, HEADS, SITES, canonical_sites, numbers_per_token
from explorer.language_model.states import MAX_BYTES, States, most_tokens_with_states
from explorer.locales import ExplorerError
from tests.language_model.test_trace import make

GPT2_SMALL = {"n_layer": 12, "n_embd": 768, "n_head": 12, "head_dim": 64}


def states(n_tokens: int = 4) -> States:
    """Of two layers, three heads of width 2, six features."""
    shapes = {EMBEDDING: (n_tokens, 6), HEADS: (2, 3, n_tokens, 2), BLOCK: (2, n_tokens, 6)}
    return States({site: np.ones(shape, np.float32) for site, shape in shapes.items()})


@given(st.lists(st.sampled_from(SITES)))
def test_the_same_sites_make_the_same_request(sites: list[str]) -> None:
    extras = Extras(states=tuple(sites))
    assert extras == Extras(states=tuple(reversed(sites)))
    assert set(extras.states) == set(sites)
    assert len(set(extras.states)) == len(extras.states)
    request = Request((1, 2), extras=extras)
    read = Request.of(json.loads(json.dumps(request.record())))
    assert read == request
    assert hash(read) == hash(request)


def test_a_record_of_before_there_were_states_asks_for_none() -> None:
    record = Request((1, 2)).record()
    del record["extras"]["states"]
    assert Request.of(record) == Request((1, 2))


@pytest.mark.parametrize(
    ("given_", "message"),
    [
        (("blok",), "unknown-site"),
        ((BLOCK, 3), "unknown-site"),
        (([],), "unknown-site"),
        (BLOCK, "not-sites"),
        (None, "not-sites"),
        (3, "not-sites"),
    ],
)
def test_what_is_no_site_is_refused_in_a_sentence_that_names_those_there_are(given_: Any, message: str) -> None:
    for ask in (
        lambda: Extras(states=given_),
        lambda: Request.of({"ids": [1], "extras": {"states": given_}}),
        lambda: canonical_sites(given_),
    ):
        with pytest.raises(ExplorerError, match="attention_out") as caught:
            ask()
        assert caught.value.message.id == message


def test_what_was_not_recorded_is_refused_with_the_way_to_ask() -> None:
    with pytest.raises(ExplorerError, match=r"only those at: embedding, heads, block.*Extras\(states=\(\"final\",\)\)"):
        states()[FINAL]
    with pytest.raises(ExplorerError, match="is not a site"):
        states()["residual"]
    with pytest.raises(ExplorerError, match=r"without states. Ask for them: .*Extras\(states=\(\"block\",\)\)"):
        _ = make().states


def test_states_say_what_they_are_of_and_cannot_be_written() -> None:
    made = states()
    assert made.sites == (EMBEDDING, HEADS, BLOCK)
    assert made.n_tokens == 4
    assert repr(made) == "States(embedding, heads, block; 4 tokens)"
    with pytest.raises(ValueError, match="read-only"):
        made[BLOCK][0, 0, 0] = 2


@pytest.mark.parametrize("arrays", [{}, {EMBEDDING: np.ones((3, 6)), BLOCK: np.ones((2, 4, 6))}])
def test_states_are_of_one_text(arrays: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="not of one text"):
        States(arrays)


def test_a_trace_has_the_states_of_the_tokens_that_are_read() -> None:
    assert make(recorded_states=states()).states.n_tokens == 4
    with pytest.raises(ValueError, match="states of 6 tokens, but 4 tokens are read"):
        make(recorded_states=states(6))


def test_the_limit_counts_every_number() -> None:
    one, head = {"n_layer": 2, "n_embd": 6, "n_head": 3, "head_dim": 5}, 2 * 3 * 5
    assert [numbers_per_token(site, **one) for site in SITES] == [6, head, 12, 12, 12, 6]
    most = most_tokens_with_states((EMBEDDING, HEADS), **one, itemsize=8)
    assert most * 8 * (6 + head) <= MAX_BYTES < (most + 1) * 8 * (6 + head)


def test_all_that_gpt2_reads_has_states_at_all_sites() -> None:
    assert most_tokens_with_states(SITES, **GPT2_SMALL, itemsize=4) >= 1024


def test_the_package_offers_the_record() -> None:
    assert explorer.States is States
