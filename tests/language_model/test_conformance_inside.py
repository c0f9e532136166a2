"""What `Model` promises of the inside, held against every implementation of it: attention and interventions."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from itertools import permutations
from typing import Any

import numpy as np
import pytest

from explorer.language_model.attention import EXACT_TOKENS, Attention
from explorer.language_model.interventions import Ablate, Interventions
from explorer.language_model.model import ABLATION, STATES, Model
from explorer.language_model.request import Extras, Request
from explorer.language_model.sites import ATTENTION_OUT, BLOCK, EMBEDDING, HEADS, MLP_OUT, SITES
from explorer.language_model.states import States
from explorer.language_model.trace import Floats
from tests.language_model.implementations import Implementation, count_passes
from tests.language_model.test_conformance import TOLERANCE, assert_same, close, past_the_window, refused, some_ids

OFF: Interventions = (Ablate(((0, 1), (1, 2))),)
OTHER: Interventions = (Ablate(((1, 0),)),)
FORCE: tuple[Interventions, ...] = ((), OFF, OTHER)


def attention_of(model: Model, ids: Sequence[int], **extras: Any) -> Attention:
    return model.trace(Request(tuple(ids), (), Extras(attention=True, **extras))).attention


# --- attention


def test_attention_that_was_not_asked_for_and_attention_there_is_not_say_so(model: Model) -> None:
    ids = some_ids(model, 5)
    refused(lambda: model.trace(ids).attention, "attention-not-asked")
    assert model.trace(ids, attention=True).attention_unavailable.id == (
        "attention-not-asked" if model.info.attention else "no-attention"
    )
    if not model.info.attention:
        refused(lambda: model.trace(ids, attention=True).attention, "no-attention")


def test_extras_are_there_and_change_no_number(each: Implementation, model: Model) -> None:
    ids = some_ids(model, 20)
    plain = each.make().trace(ids)
    for extras in (Extras(attention=True), Extras(layer=1), Extras(vectors=(1, 2)), Extras()):
        for asked in (model, each.make()):
            assert_same(asked.trace(Request(tuple(ids), (), extras)), plain, TOLERANCE)
    if model.info.attention:
        assert attention_of(model, ids).has(0)
        assert not attention_of(model, ids).has_vectors(1, 2)
        assert attention_of(model, ids, vectors=(1, 2)).has_vectors(1, 2)


def test_the_weights_of_a_long_text_are_at_hand_where_they_were_asked_for(each: Implementation) -> None:
    if each.long is None:
        return
    model = each.long()
    ids = some_ids(model, EXACT_TOKENS + 20)
    coarse = attention_of(model, ids)
    assert not coarse.has(1)
    for extras, asked in (({"layer": 1}, model), ({"vectors": (1, 2)}, model), ({"layer": 1}, each.long())):
        found = attention_of(asked, ids, **extras)
        assert found.has(1)
        assert found.has_vectors(1, 2) == ("vectors" in extras)
        close(found.triangles(1), coarse.triangles(1))
        assert np.abs(found.rows(len(ids) - 1)[1] - found.triangles(1)[:, -len(ids) :]).max() < 0.004


@pytest.mark.parametrize("past", [False, True])
def test_attention_is_that_of_its_queries_and_keys(model: Model, past: bool) -> None:
    if not model.info.attention:
        return
    ids = past_the_window(model) if past else some_ids(model, 20)
    trace = model.trace(ids, attention=True)
    attention, n_read = trace.attention, len(ids) - trace.start
    weights = attention.dense()
    assert weights.shape == (model.info.n_layer, model.info.n_head, n_read, n_read)
    np.testing.assert_allclose(weights.sum(-1), 1, atol=1e-5)
    assert not weights[..., ~np.tri(n_read, dtype=bool)].any()
    logs = np.log2(np.where(weights > 0, weights, 1))
    np.testing.assert_allclose(attention.entropy, -(weights * logs).sum(-1), atol=1e-3)
    for layer in range(model.info.n_layer):
        for head in range(model.info.n_head):
            vectors = attention.vectors(layer, head)
            for query in (0, n_read // 2, n_read - 1):
                scores = vectors.scores(query)
                row = np.exp(scores - scores.max())
                close(weights[layer, head, query, : query + 1], row / row.sum())
                np.testing.assert_array_equal(
                    attention.row(layer, head, query), weights[layer, head, query][: query + 1]
                )
    for array in (attention.exact, attention.entropy):
        with pytest.raises(ValueError, match="read-only"):
            array[0, 0, 0] = 0  # type: ignore[index]


def test_a_token_looks_at_what_it_looked_at_before_others_came_after_it(model: Model) -> None:
    if not model.info.attention:
        return
    ids = some_ids(model, 20)
    whole = attention_of(model, ids).dense()
    for n in (1, 7, 19):
        close(attention_of(model, ids[:n]).dense(), whole[:, :, :n, :n])


def test_a_layer_or_a_head_that_the_model_lacks_is_refused(model: Model) -> None:
    if not model.info.attention:
        return
    n_layer, n_head = model.info.n_layer, model.info.n_head
    refused(lambda: attention_of(model, [1, 2], layer=n_layer), "unknown-layer")
    refused(lambda: attention_of(model, [1, 2], vectors=(n_layer, 0)), "unknown-layer")
    refused(lambda: attention_of(model, [1, 2], vectors=(0, n_head)), "unknown-head")


def everything(attention: Attention) -> list[Floats]:
    """All that can be read of a record, computed anew where it keeps nothing."""
    vectors = [attention.vectors(layer, 2) for layer in range(attention.n_layer)]
    parts = [getattr(each, name) for each in vectors for name in ("queries", "keys", "values")]
    dense = [attention.head(layer, head) for layer in range(attention.n_layer) for head in range(attention.n_head)]
    return [*dense, *parts, attention.entropy, attention.rows(attention.n_tokens - 1), attention.row(0, 1, 3)]


@pytest.mark.parametrize("n_tokens", [20, EXACT_TOKENS + 9])
def test_an_answer_is_complete(each: Implementation, n_tokens: int) -> None:
    """Whatever is asked afterwards, also when all is forgotten, its attention can be read without a pass."""
    if each.long is None:
        return
    model = each.long()
    ids = some_ids(model, n_tokens)
    record = attention_of(model, ids)
    before = [np.array(part) for part in everything(attention_of(each.long(), ids))]
    passes = count_passes(model)
    began = passes()
    for n in (n_tokens - 1, n_tokens - 7, 5):
        model.trace([*ids[:n], 1, 2, 3], attention=True)
    assert passes() > began, "a pass is counted"
    if forget := getattr(model, "forget", None):
        forget()
    model.trace(some_ids(model, 30, seed=9), attention=True)
    began = passes()
    for got, expected in zip(everything(record), before, strict=True):
        close(got, expected)
    assert passes() == began


# --- states


def states_of(model: Model, ids: Sequence[int], *sites: str, force: Interventions = ()) -> States:
    return model.trace(Request(tuple(ids), force, Extras(states=sites))).states


def test_states_that_were_not_asked_for_and_states_there_are_not_say_so(model: Model) -> None:
    ids = some_ids(model, 5)
    refused(lambda: model.trace(ids).states, "states-not-asked")
    if STATES in model.info.capabilities:
        assert states_of(model, ids, BLOCK).sites == (BLOCK,)
        refused(lambda: states_of(model, ids, BLOCK)[EMBEDDING], "site-not-recorded")
    else:
        refused(lambda: states_of(model, ids, BLOCK), "no-states")


@pytest.mark.parametrize("past", [False, True])
def test_the_residual_stream_is_the_sum_of_what_is_added_to_it(each: Implementation, model: Model, past: bool) -> None:
    if STATES not in model.info.capabilities:
        return
    ids = past_the_window(model) if past else some_ids(model, 9)
    for force in FORCE:
        trace = model.trace(Request(tuple(ids), force, Extras(states=SITES)))
        assert_same(trace, each.make().trace(ids, interventions=force), TOLERANCE)
        n, added = len(ids) - trace.start, trace.states[ATTENTION_OUT] + trace.states[MLP_OUT]
        assert trace.states[BLOCK].shape == (model.info.n_layer, n, model.info.n_embd)
        close(trace.states[BLOCK], trace.states[EMBEDDING] + np.cumsum(added, axis=0))
        for off in force:
            for layer, head in off.heads:
                assert not trace.states[HEADS][layer, head].any()


# --- interventions


def ways(model: Model) -> dict[str, Callable[[list[int], Interventions], Floats]]:
    """The ways to the (V,) logits after a text."""

    def decoder(ids: list[int], interventions: Interventions) -> Floats:
        of = model.decoder(ids[:-2], 2, interventions=interventions)
        of.advance([ids[-2], 1])
        of.select([1, 0, 0])
        return np.asarray(of.advance([2, 3, ids[-1]])[2])

    return {
        "trace": lambda ids, off: model.trace(ids, interventions=off).logits,
        "request": lambda ids, off: model.trace(Request(tuple(ids), off)).logits,
        "attention": lambda ids, off: model.trace(ids, attention=True, interventions=off).logits,
        "rows": lambda ids, off: model.next_logits([[1, 2], ids], interventions=off)[1],
        "decoder": decoder,
    }


def test_the_short_form_is_the_request(each: Implementation, model: Model) -> None:
    ids = model.tokenize(each.text).ids
    for off in FORCE if ABLATION in model.info.capabilities else [()]:
        short = model.trace(each.text, attention=True, interventions=list(off))
        long = model.trace(Request(ids, off, Extras(attention=True)))
        assert_same(short, long)
        assert short.interventions == off
        if model.info.attention:
            np.testing.assert_array_equal(short.attention.dense(), long.attention.dense())


def test_interventions_are_told_in_their_one_form(model: Model) -> None:
    if ABLATION not in model.info.capabilities:
        return
    ids = some_ids(model, 9)
    first = model.trace(ids, interventions=OFF)
    for same in ([Ablate([(1, 2), (0, 1), (0, 1)])], [Ablate([(1, 2)]), Ablate([[0, 1]])]):  # type: ignore[arg-type, list-item]
        again = model.trace(ids, interventions=same)
        assert again.interventions == OFF
        assert_same(again, first)
        close(model.next_logits([ids], interventions=same), first.logits[None])


@pytest.mark.parametrize("order", list(permutations(range(3))), ids=str)
@pytest.mark.parametrize("way", ["trace", "request", "attention", "rows", "decoder"])
def test_no_answer_is_anothers_in_whatever_order_they_are_asked(
    each: Implementation, model: Model, order: tuple[int, ...], way: str
) -> None:
    if ABLATION not in model.info.capabilities:
        return
    ids = some_ids(model, 12)
    expected = [each.make().trace(ids, interventions=off).logits for off in FORCE]
    apart = min(np.abs(expected[a] - expected[b]).max() for a, b in ((0, 1), (0, 2), (1, 2)))
    assert apart > 100 * TOLERANCE, "heads that are off show"
    ask = ways(model)[way]
    for number in (*order, *order):
        close(ask(ids, FORCE[number]), expected[number])
        close(ask([*ids, 5], FORCE[number]), each.make().trace([*ids, 5], interventions=FORCE[number]).logits)


def test_no_answer_is_anothers_after_any_questions(each: Implementation, model: Model) -> None:
    if ABLATION not in model.info.capabilities:
        return
    choose, ids = random.Random(3), some_ids(model, 30)
    for _ in range(60):
        way, off, n = choose.choice(sorted(ways(model))), choose.choice(FORCE), choose.randint(3, 30)
        close(ways(model)[way](ids[:n], off), each.make().trace(ids[:n], interventions=off).logits)


def test_attention_is_that_of_what_was_in_force(each: Implementation, model: Model) -> None:
    if ABLATION not in model.info.capabilities:
        return
    ids = some_ids(model, 12)
    expected = [each.make().trace(ids, attention=True, interventions=off).attention.dense() for off in FORCE]
    assert np.abs(expected[0] - expected[1])[1].max() > 10 * TOLERANCE, "the layer after a head that is off"
    for number in (0, 1, 2, 1, 0, 2):
        trace = model.trace(ids, attention=True, interventions=FORCE[number])
        close(trace.attention.dense(), expected[number])


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (Ablate(((99, 0),)), "unknown-layer"),
        (Ablate(((0, 99),)), "unknown-head"),
        ("head 3", "not-an-intervention"),
        (None, "not-an-intervention"),
    ],
)
def test_what_the_model_cannot_do_is_refused_wherever_it_is_asked(model: Model, wrong: Any, message: str) -> None:
    if ABLATION not in model.info.capabilities and isinstance(wrong, Ablate):
        message = "no-ablation"
    ids = some_ids(model, 5)
    before = model.trace(ids)
    for way in ways(model).values():
        refused(lambda way=way: way(ids, (wrong,)), message)
    assert_same(model.trace(ids), before)
