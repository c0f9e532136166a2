"""What `Model` promises, held against every implementation of it: questions, answers, rows and errors.

`test_conformance_inside` goes on with attention and interventions.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from explorer.language_model.model import Model, Superseded
from explorer.language_model.request import Request
from explorer.language_model.trace import Floats, Trace
from explorer.language_model.window import window_start
from explorer.locales import ExplorerError
from tests.language_model.implementations import Implementation

TOLERANCE = 1e-4
"""By which numbers of float32 may differ when they were computed in other company."""


def some_ids(model: Model, n: int, seed: int = 0) -> list[int]:
    return np.random.default_rng(seed).integers(0, model.info.vocab_size, n).tolist()


def past_the_window(model: Model) -> list[int]:
    """More tokens than are read at once."""
    return some_ids(model, model.info.n_positions + 3, seed=1)


def assert_same(one: Trace, other: Trace, tolerance: float = 0.0) -> None:
    """Both say the same of the same text."""
    np.testing.assert_array_equal(one.ids, other.ids)
    assert (one.start, one.interventions) == (other.start, other.interventions)
    for name in ("logits", "surprisal", "entropy"):
        np.testing.assert_allclose(getattr(one, name), getattr(other, name), rtol=tolerance, atol=tolerance)
    if not tolerance:
        np.testing.assert_array_equal(one.rank, other.rank)


def close(got: Floats, expected: Floats) -> None:
    np.testing.assert_allclose(got, expected, rtol=TOLERANCE, atol=TOLERANCE)


def dtype_of(model: Model) -> Any:
    return np.dtype("float64" if model.info.dtype == "float64" else "float32")


# --- questions and answers


def test_a_text_its_ids_and_the_request_for_them_are_one_question(each: Implementation, model: Model) -> None:
    ids = model.tokenize(each.text).ids
    answers = [model.trace(asked) for asked in (each.text, list(ids), np.array(ids), Request(ids))]
    for answer in answers:
        assert answer.ids.tolist() == list(ids)
        assert_same(answer, answers[0])
    for asked in (each.text, Request(ids)):
        assert_same(each.make().trace(asked), answers[0], TOLERANCE)


def test_an_empty_text_is_read_as_the_start_token_or_refused(each: Implementation, model: Model) -> None:
    if not each.has_start:
        for ask in (lambda: model.trace(""), lambda: model.trace([]), lambda: model.next_logits([[]])):
            refused(ask, "no-start-token")
        return
    whole, encoding = model.trace(""), model.tokenize("")
    assert whole.ids.tolist() == list(encoding.ids) != []
    assert whole.notices == encoding.notices != ()
    assert_same(model.trace([]), whole)
    close(model.next_logits([[]])[0], whole.logits)


@pytest.mark.parametrize("n_tokens", [1, 2, 20])
def test_an_answer_has_the_shapes_and_types_it_promises(model: Model, n_tokens: int) -> None:
    for ids in (some_ids(model, n_tokens), past_the_window(model)):
        trace = model.trace(ids)
        assert trace.start == window_start(len(ids), model.info.n_positions)
        assert trace.ids.tolist() == ids
        assert 0 <= trace.computed <= len(ids) - trace.start
        assert trace.logits.shape == (model.info.vocab_size,) == (len(model.vocabulary),)
        assert trace.logits.dtype == dtype_of(model)
        assert trace.ids.dtype == trace.rank.dtype == np.int64
        for numbers in (trace.surprisal, trace.entropy, trace.rank):
            assert numbers.shape == (len(ids),)
        for array in (trace.ids, trace.logits, trace.surprisal, trace.entropy, trace.rank):
            with pytest.raises(ValueError, match="read-only"):
                array[0] = 0
        assert trace.vocabulary is model.vocabulary


@pytest.mark.parametrize("past", [False, True])
def test_what_is_said_of_a_token_follows_from_the_logits_of_its_beginning(
    each: Implementation, model: Model, past: bool
) -> None:
    ids = past_the_window(model) if past else some_ids(model, 20)
    trace = model.trace(ids)
    assert np.isnan(trace.surprisal[: trace.start + 1]).all()
    assert np.isnan(trace.entropy[: trace.start + 1]).all()
    assert not trace.rank[: trace.start + 1].any()
    places = range(trace.start + 1, len(ids))
    wide = each.make().next_logits([ids[trace.start : i] for i in places]).astype(np.float64)
    log_p = wide - np.logaddexp.reduce(wide, axis=1, keepdims=True)
    own = log_p[np.arange(len(places)), ids[trace.start + 1 :]]
    close(trace.surprisal[trace.start + 1 :], -own / np.log(2))
    close(trace.entropy[trace.start + 1 :], -(np.exp(log_p) * log_p).sum(axis=1) / np.log(2))
    fewest = 1 + (log_p > own[:, None] + TOLERANCE).sum(axis=1)  # rounding may exchange what is nearly equal
    most = (log_p > own[:, None] - TOLERANCE).sum(axis=1)
    ranks = trace.rank[trace.start + 1 :]
    assert (fewest <= ranks).all()
    assert (ranks <= most).all()


def test_equal_questions_have_equal_answers_whatever_was_asked_between(model: Model) -> None:
    ids = some_ids(model, 30)
    first = model.trace(ids)
    before = [np.array(a) for a in (first.logits, first.surprisal, first.entropy, first.rank)]
    for n in (29, 12, 1):
        model.trace([*ids[:n], 1, 2, 3])
        model.next_logits([ids[:n]])
        model.decoder(ids[:n], 2).advance([3, 4])
    assert_same(model.trace(ids), first, TOLERANCE)
    for got, expected in zip((first.logits, first.surprisal, first.entropy, first.rank), before, strict=True):
        np.testing.assert_array_equal(got, expected)  # the record is its reader's


def test_a_text_that_is_typed_and_taken_back_has_the_answers_of_one_that_is_read_at_once(
    each: Implementation, model: Model
) -> None:
    ids = some_ids(model, 40)
    for n in (*range(1, 20), 40, 7, 12, 40, 39):
        assert_same(model.trace(ids[:n]), each.make().trace(ids[:n]), TOLERANCE)


# --- rows


def test_rows_have_the_logits_that_each_has_alone(each: Implementation, model: Model) -> None:
    rows = [some_ids(model, n, seed=n) for n in (5, 1, 30, 5)] + [past_the_window(model)]
    got = model.next_logits(rows)
    assert got.dtype == dtype_of(model)
    for row, logits in zip(rows, got, strict=True):
        close(logits, each.make().trace(row).logits)


def test_no_rows_have_no_logits(model: Model) -> None:
    none = model.next_logits([])
    assert none.shape == (0, model.info.vocab_size)
    assert none.dtype == dtype_of(model)


def test_a_decoder_has_the_logits_of_its_rows(each: Implementation, model: Model) -> None:
    other, text = each.make(), some_ids(model, 9)
    decoder = model.decoder(np.array(text), 3)
    expected = [text] * 3
    for step, rows in enumerate([[0, 1, 2], [2, 2, 0, 1], [3, 0], [1], [0, 0, 0, 0, 0], [4, 1]]):
        decoder.select(rows)
        tokens = some_ids(model, len(rows), seed=step)
        logits = decoder.advance(tokens)
        expected = [[*expected[row], token] for row, token in zip(rows, tokens, strict=True)]
        assert len(decoder) == len(rows)
        assert decoder.ids.tolist() == expected
        assert logits.dtype == dtype_of(model)
        close(logits, other.next_logits(expected))


def test_a_decoder_goes_on_where_the_window_moves(each: Implementation, model: Model) -> None:
    other, n_positions = each.make(), model.info.n_positions
    for n_before in (n_positions - 2, n_positions + 1):
        text = some_ids(model, n_before)
        decoder = model.decoder(text, 2)
        for token in range(5):
            close(decoder.advance([token, token + 1]), other.next_logits(decoder.ids.tolist()))
        assert decoder.ids[:, :n_before].tolist() == [text, text]


def test_decoders_and_questions_do_not_disturb_each_other(each: Implementation, model: Model) -> None:
    other, text = each.make(), some_ids(model, 12)
    first, second = model.decoder(text, 2), model.decoder(text[:6], 1)
    for token in range(4):
        close(first.advance([token, 7]), other.next_logits(first.ids.tolist()))
        close(second.advance([token + 1]), other.next_logits(second.ids.tolist()))
        assert_same(model.trace(text), other.trace(text), TOLERANCE)
        model.trace([*text[:3], token])


# --- progress


def test_progress_is_told_and_a_superseded_question_can_be_asked_again(each: Implementation, model: Model) -> None:
    ids = some_ids(model, model.info.n_positions - 1)
    told: list[tuple[int, int]] = []
    trace = model.trace(ids, watch=lambda done, todo: told.append((done, todo)))
    if each.chunk is None:
        assert told == []
        return
    assert told == [(done, len(ids)) for done in range(each.chunk, len(ids), each.chunk)]
    dropped = each.make()

    def drop(_done: int, _todo: int) -> None:
        raise Superseded

    with pytest.raises(Superseded):
        dropped.trace(ids, watch=drop)
    assert_same(dropped.trace(ids[:50]), model.trace(ids[:50]), TOLERANCE)
    assert_same(dropped.trace(ids), trace, TOLERANCE)


# --- errors


def refused(ask: Callable[[], object], message: str) -> None:
    """It is an error in a sentence, that one."""
    with pytest.raises(ExplorerError) as caught:
        ask()
    assert caught.value.message.id == message


@pytest.mark.parametrize("wrong", [-1, "vocab_size", 2**70])
def test_an_id_that_the_model_lacks_is_refused_wherever_it_is_given(model: Model, wrong: Any) -> None:
    wrong = model.info.vocab_size if wrong == "vocab_size" else wrong
    decoder = model.decoder([1, 2], 2)
    asks: Sequence[Callable[[], object]] = (
        lambda: model.trace([1, wrong, 2]),
        lambda: model.trace(Request((wrong,))),
        lambda: model.next_logits([[1], [2, wrong]]),
        lambda: model.decoder([wrong], 2),
        lambda: decoder.advance([1, wrong]),
    )
    for ask in asks:
        refused(ask, "unknown-token-id")
    assert decoder.ids.tolist() == [[1, 2], [1, 2]]
    close(decoder.advance([3, 4]), model.next_logits([[1, 2, 3], [1, 2, 4]]))


@pytest.mark.parametrize("wrong", [None, 3.5, ["a"], [None], [1.5]])
def test_what_is_neither_text_nor_ids_is_refused(model: Model, wrong: Any) -> None:
    refused(lambda: model.trace(wrong), "not-text-or-ids")
    refused(lambda: model.next_logits([wrong]), "not-text-or-ids")
    refused(lambda: model.decoder(wrong, 1), "not-text-or-ids")


def test_one_text_is_no_rows(each: Implementation, model: Model) -> None:
    refused(lambda: model.next_logits(each.text), "rows-are-one-text")


def test_what_stands_beside_a_request_is_refused(model: Model) -> None:
    refused(lambda: model.trace(Request((1, 2)), attention=True), "request-and-more")
