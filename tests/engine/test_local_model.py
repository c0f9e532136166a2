"""`LocalModel`: what a question costs, and what happens when a pass breaks off."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from explorer.engine.local_model import CHUNK, LocalModel
from explorer.language_model.model import Superseded
from explorer.language_model.window import window_start
from explorer.locales import ExplorerError
from explorer.sampling.sampling import Sampling
from tests.engine.every_way import fresh, in_chunks
from tests.engine.reference import TOLERANCE, assert_same, assert_true, full_pass, some_ids
from tests.modules import module_of
from tests.passes import Passes

# --- the window


@given(st.integers(1, 5000), st.integers(4, 1100))
def test_the_window_is_the_smallest_multiple_of_a_quarter_that_fits(n_tokens: int, n_positions: int) -> None:
    start, quarter = window_start(n_tokens, n_positions), n_positions // 4
    assert start % quarter == 0
    assert n_tokens - start <= n_positions
    assert start == 0 or n_tokens - (start - quarter) > n_positions
    if n_tokens <= n_positions:
        assert start == 0


@given(st.integers(1, 1100))
def test_a_window_always_leaves_something_to_read(n_positions: int) -> None:
    for n_tokens in (1, n_positions, n_positions + 1, 3 * n_positions):
        assert 0 <= window_start(n_tokens, n_positions) < n_tokens


def test_the_same_ids_have_the_same_window_however_they_came_about(lm: LocalModel) -> None:
    ids = some_ids(300)
    for n in range(120, 300, 7):
        lm.trace(ids[:n])
    assert lm.trace(ids[:150]).start == 32
    assert lm.trace(ids).start == 192
    assert_true(lm, ids)


# --- what a question costs


@pytest.mark.parametrize("n_new", [1, 2, 5, 40])
def test_an_extension_costs_one_pass_over_the_new_tokens(lm: LocalModel, n_new: int) -> None:
    ids = some_ids(60)
    lm.trace(ids[:20])
    with Passes(lm) as passes:
        trace = lm.trace(ids[: 20 + n_new])
    assert passes.tokens == [n_new]
    assert trace.computed == n_new


def test_a_keystroke_costs_one_pass_over_what_it_changed(lm: LocalModel) -> None:
    before, after = "The capital of France", "The capital of France is"
    n_old, n_new = len(lm.tokenize(before).ids), len(lm.tokenize(after).ids)
    assert lm.tokenize(after).ids[:n_old] == lm.tokenize(before).ids
    lm.trace(before)
    with Passes(lm) as passes:
        lm.trace(after)
    assert passes.tokens == [n_new - n_old]


def test_a_backspace_costs_nothing_where_the_text_was_seen(lm: LocalModel) -> None:
    text = "The capital of France"
    for n in range(1, len(text) + 1):
        lm.trace(text[:n])
    with Passes(lm) as passes:
        traces = [lm.trace(text[:n]) for n in range(len(text), 0, -1)]
    assert passes.tokens == []
    assert [trace.computed for trace in traces] == [0] * len(text)


def test_a_backspace_to_a_beginning_that_nobody_asked_for_costs_nothing(lm: LocalModel) -> None:
    ids = some_ids(40)
    lm.trace(ids)
    with Passes(lm) as passes:
        for n in range(39, 0, -1):
            assert_same_numbers(lm, ids[:n])
    assert passes.tokens == []


def assert_same_numbers(lm: LocalModel, ids: list[int]) -> None:
    trace = lm.trace(ids)
    assert trace.computed == 0
    assert_same(trace, full_pass(module_of(lm), ids), TOLERANCE)


def test_a_repeated_text_costs_nothing_and_says_the_same(lm: LocalModel) -> None:
    first = lm.trace("")
    with Passes(lm) as passes:
        again = lm.trace("")
    assert passes.tokens == []
    assert [notice.id for notice in again.notices] == ["empty-prefix"]
    np.testing.assert_array_equal(again.logits, first.logits)
    assert lm.trace(first.ids).notices == ()  # ids are nobody's empty text


def test_a_change_of_temperature_costs_nothing(lm: LocalModel) -> None:
    trace = lm.trace("The capital of")
    with Passes(lm) as passes:
        for temperature in (0.1, 0.5, 1, 2):
            trace.distribution(Sampling(temperature=temperature)).top(10)
    assert passes.tokens == []


def test_a_last_token_that_is_another_costs_that_token(lm: LocalModel) -> None:
    ids = some_ids(30)
    lm.trace(ids)
    with Passes(lm) as passes:
        lm.trace([*ids[:-1], 3])
    assert passes.tokens == [1]


def test_a_change_in_the_middle_costs_what_follows_it(lm: LocalModel) -> None:
    ids = some_ids(60)
    lm.trace(ids)
    with Passes(lm) as passes:
        lm.trace([*ids[:20], (ids[20] + 1) % 500, *ids[21:]])
        lm.trace(ids)  # the first text is still there
    assert passes.tokens == [40]


def test_prefixes_that_take_turns_do_not_drive_each_other_out(lm: LocalModel) -> None:
    shared = some_ids(20)
    texts = [[*shared, *some_ids(40, seed)] for seed in (1, 2)] + [some_ids(60, 3)]
    for ids in texts:
        lm.trace(ids[:40])
    with Passes(lm) as passes:
        for n in range(41, 61):
            for ids in texts:
                lm.trace(ids[:n])
    assert passes.tokens == [1] * (20 * len(texts))


def test_stepping_past_the_end_of_the_window_reads_the_window_anew_once_a_quarter(lm: LocalModel) -> None:
    ids, quarter = some_ids(128 + 3 * 32), 32
    lm.trace(ids[:128])
    with Passes(lm) as passes:
        for n in range(129, len(ids) + 1):
            lm.trace(ids[:n])
    anew = 128 - quarter + 1
    assert passes.tokens == [anew, *[1] * (quarter - 1)] * 3


@pytest.mark.parametrize("n_tokens", [CHUNK, CHUNK + 1, 700, 1024, 1500])
def test_a_long_text_is_read_in_chunks(long_lm: LocalModel, n_tokens: int) -> None:
    ids = some_ids(n_tokens)
    with Passes(long_lm) as passes:
        trace = long_lm.trace(ids)
    assert max(passes.tokens) <= CHUNK
    assert sum(passes.tokens) == trace.computed == n_tokens - trace.start
    assert len(passes.tokens) == -(-(n_tokens - trace.start) // CHUNK)
    assert_true(long_lm, ids)


def test_progress_is_told_between_the_chunks(long_lm: LocalModel) -> None:
    told: list[tuple[int, int]] = []
    long_lm.trace(some_ids(700)[:100], watch=lambda done, todo: told.append((done, todo)))
    assert told == []
    long_lm.trace(some_ids(700), watch=lambda done, todo: told.append((done, todo)))
    assert told == [(256, 600), (512, 600)]


def test_a_question_that_is_dropped_leaves_what_it_read(long_lm: LocalModel) -> None:
    ids = some_ids(700)

    def drop(done: int, _todo: int) -> None:
        if done > CHUNK:
            raise Superseded

    with Passes(long_lm) as passes, pytest.raises(Superseded):
        long_lm.trace(ids, watch=drop)
    assert passes.tokens == [CHUNK, CHUNK]
    with Passes(long_lm) as passes:
        trace = long_lm.trace(ids)
    assert passes.tokens == [700 - 2 * CHUNK]
    assert trace.computed == 700 - 2 * CHUNK
    assert_true(long_lm, ids)


def test_what_is_remembered_stays_bounded(lm: LocalModel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("explorer.engine.local_model.RECENT_BYTES", 3 * lm.trace([1]).logits.nbytes)
    lm._cache.max_bytes = 0
    traces = [lm.trace(some_ids(20, seed)) for seed in range(5)]
    with Passes(lm) as passes:
        for seed in (4, 3, 2):
            assert lm.trace(some_ids(20, seed)).computed == 0
    assert passes.tokens == []
    assert lm.trace(traces[0].ids).computed == 20
    assert len(lm._cache.entries) == 1


# --- questions


def test_rows_get_the_logits_that_each_would_get_alone(lm: LocalModel) -> None:
    rows = [some_ids(n, seed=n) for n in (1, 7, 30, 128, 129, 300, 7)]
    got = lm.next_logits(rows)
    assert got.shape == (7, lm.info.vocab_size)
    for row, logits in zip(rows, got, strict=True):
        np.testing.assert_allclose(logits, lm.trace(row).logits, atol=TOLERANCE)


def test_many_rows_go_through_in_bounded_batches(lm: LocalModel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("explorer.engine.local_model.BATCH_TOKENS", 64)
    rows = [some_ids(n % 20 + 1, seed=n) for n in range(30)]
    with Passes(lm) as passes:
        got = lm.next_logits(rows)
    assert max(passes.tokens) <= 64
    for row, logits in zip(rows, got, strict=True):
        np.testing.assert_allclose(logits, lm.trace(row).logits, atol=TOLERANCE)


def test_no_rows_give_no_logits(lm: LocalModel) -> None:
    assert lm.next_logits([]).shape == (0, lm.info.vocab_size)


def test_an_empty_row_and_no_ids_mean_the_start_token(lm: LocalModel) -> None:
    start = lm.tokenizer.start_id
    assert start is not None
    expected = lm.trace([start]).logits
    np.testing.assert_allclose(lm.next_logits([[]])[0], expected, atol=TOLERANCE)
    np.testing.assert_array_equal(lm.trace([]).logits, expected)
    np.testing.assert_array_equal(lm.trace(np.array([], np.int64)).logits, expected)


@pytest.mark.parametrize("wrong", [-1, 512])
def test_an_unknown_id_is_an_error_that_names_it(lm: LocalModel, wrong: int) -> None:
    for ask in (lambda: lm.trace([1, wrong, 2]), lambda: lm.next_logits([[1], [wrong]])):
        with pytest.raises(ExplorerError, match=f"^{wrong} is not a token id of this model. Its ids go from 0 to 511"):
            ask()


def test_a_trace_is_a_record_that_later_questions_leave_alone(lm: LocalModel) -> None:
    ids = some_ids(50)
    trace = lm.trace(ids)
    before = [np.array(a) for a in (trace.ids, trace.logits, trace.surprisal, trace.entropy, trace.rank)]
    for n in (49, 48, 20):
        lm.trace([*ids[:n], 1, 2, 3])
    after = (trace.ids, trace.logits, trace.surprisal, trace.entropy, trace.rank)
    for got, expected in zip(after, before, strict=True):
        np.testing.assert_array_equal(got, expected)


def test_questions_from_several_threads_get_their_own_answers(lm: LocalModel) -> None:
    texts = [[some_ids(30)[: n + 5] + some_ids(5, seed=thread) for n in range(20)] for thread in range(4)]
    got: list[list[Any]] = [[] for _ in texts]

    def ask(thread: int) -> None:
        got[thread] += [lm.trace(ids) for ids in texts[thread]]

    threads = [threading.Thread(target=ask, args=(thread,)) for thread in range(len(texts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for asked, answers in zip(texts, got, strict=True):
        for ids, trace in zip(asked, answers, strict=True):
            assert_same(trace, full_pass(module_of(lm), ids), TOLERANCE)


def test_a_question_asked_while_a_pass_is_under_way_does_not_go_on_in_its_place(lm: LocalModel) -> None:
    """By the one who watches it: the lock lets the same thread in."""
    lm = in_chunks(lm, 16)
    ids = some_ids(60)

    def watch(done: int, _todo: int) -> None:
        lm.trace([*ids[: done - 2], 5, 6])

    got, alone = lm.trace(ids, watch=watch), fresh(lm).trace(ids)
    np.testing.assert_allclose(got.logits, alone.logits, atol=TOLERANCE)
    np.testing.assert_allclose(got.surprisal, alone.surprisal, atol=TOLERANCE)


def test_forgetting_waits_for_the_pass_that_is_under_way(lm: LocalModel) -> None:
    lm = in_chunks(lm, 16)
    asked = threading.Thread(target=lm.forget)

    def watch(_done: int, _todo: int) -> None:
        if not asked.is_alive() and asked.ident is None:
            asked.start()
        asked.join(0.05)
        assert asked.is_alive()

    lm.trace(some_ids(60), watch=watch)
    asked.join()
    with Passes(lm) as passes:
        lm.trace(some_ids(60))
    assert sum(passes.tokens) == 60, "all is forgotten"


def test_what_is_kept_of_a_pass_is_one_row_of_logits(lm: LocalModel) -> None:
    """A row of an array keeps all of it alive, and nobody counts it."""
    lm = fresh(lm)
    lm.trace(some_ids(60))
    (entry,) = lm._cache.entries
    logits = entry.logits
    assert logits is not None
    assert logits.base is None
    assert logits.shape == (lm.info.vocab_size,)
