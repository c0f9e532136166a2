"""The prefix cache: layers against transformers' own, entries, the pool."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st
from transformers.cache_utils import DynamicLayer

from explorer.engine.engine import Reading
from explorer.engine.numpy_engine.cache import NumpyKeysValues
from explorer.engine.prefix_cache import CacheKey, Entry, PrefixCache, common_prefix
from explorer.engine.torch_engine.keys_values import GrowingLayer, TorchKeysValues
from explorer.language_model.interventions import Ablate

N_LAYER, N_EMBD, HEAD_DIM = 2, 8, 4

ids = st.lists(st.integers(0, 3), max_size=12)
edits = st.lists(st.tuples(st.sampled_from(["update", "crop"]), st.integers(1, 90)), max_size=12)


def states(n: int, generator: torch.Generator) -> torch.Tensor:
    """(1, 2 heads, n, HEAD_DIM)"""
    return torch.randn((1, 2, n, HEAD_DIM), generator=generator)


KEY = CacheKey("version", "float32", (), 0, 0)
OTHERS = [
    replace(KEY, weights_version="another"),
    replace(KEY, dtype="float64"),
    replace(KEY, interventions=(Ablate([(0, 1)]),)),
    replace(KEY, start=32),
    replace(KEY, regime=1),
]

MAKERS: dict[str, Callable[[], Any]] = {
    "numpy": lambda: NumpyKeysValues(N_LAYER, 2, HEAD_DIM, np.float32),
    "torch": lambda: TorchKeysValues([GrowingLayer() for _ in range(N_LAYER)]),
}
kinds = st.sampled_from(sorted(MAKERS))


def entry_of(tokens: Sequence[int], seed: int = 0, *, kind: str = "numpy", key: CacheKey = KEY) -> Entry:
    """An entry that has read ``tokens``, with random contents."""
    random = np.random.default_rng(seed)
    entry = Entry.empty(key, MAKERS[kind](), N_EMBD, "float32", None)
    numbers = np.arange(len(tokens), dtype=np.float32)
    read(entry, tokens, lambda *shape: random.standard_normal(shape, dtype=np.float32), numbers)
    return entry


def read(entry: Entry, tokens: Sequence[int], make: Callable[..., Any], numbers: Any) -> None:
    """What a pass over ``tokens`` adds: keys, values and hidden states as ``make`` makes them."""
    n, cache = len(tokens), entry.cache
    if not n:
        return
    if isinstance(cache, NumpyKeysValues):
        cache.make_room(n)
        for layer in range(N_LAYER):
            cache.put(layer, make(2, n, HEAD_DIM), make(2, n, HEAD_DIM))
        cache.advance(n)
    elif isinstance(cache, TorchKeysValues):
        for each in cache.layers:
            each.update(*(torch.from_numpy(make(1, 2, n, HEAD_DIM)) for _ in range(2)))
    reading = Reading(make(n, N_EMBD), make(5), numbers, numbers, numbers.astype(np.int64))
    entry.append(np.array(tokens, np.int64), reading)


def contents(entry: Entry) -> list[np.ndarray]:
    """Everything an entry holds, copied; none of its keys and values where it is empty."""
    view = entry.cache.view(len(entry)) if len(entry) else None
    layers = [array for layer in range(N_LAYER) for array in (view.keys(layer), view.values(layer))] if view else []
    arrays = [*layers, entry.hidden, entry.ids, entry.surprisal, entry.entropy, entry.rank]
    return [array.copy() for array in arrays]


@given(edits, st.integers(0, 2**32))
def test_a_growing_layer_holds_what_transformers_own_layer_holds(steps: list[tuple[str, int]], seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    ours, theirs = GrowingLayer(), DynamicLayer()
    for step, n in steps:
        if step == "update":
            keys, values = states(n, generator), states(n, generator)
            got, expected = ours.update(keys, values), theirs.update(keys, values)
            assert all(torch.equal(a, b) for a, b in zip(got, expected, strict=True))
        else:
            for layer in (ours, theirs):
                layer.crop(-min(n, layer.get_seq_length()))
        assert ours.get_seq_length() == theirs.get_seq_length()
        assert ours.get_mask_sizes(5) == theirs.get_mask_sizes(5)
        if theirs.get_seq_length():
            assert torch.equal(ours.keys, theirs.keys)
            assert torch.equal(ours.values, theirs.values)


def test_a_growing_layer_rarely_copies_what_it_holds() -> None:
    generator = torch.Generator().manual_seed(0)
    layer, addresses = GrowingLayer(), set()
    for _ in range(1000):
        layer.update(states(1, generator), states(1, generator))
        addresses.add(layer.keys.data_ptr())
    assert len(addresses) <= 6  # 64, 128, ... 1024 and no other sizes


@given(st.lists(st.integers(0, 9), min_size=1, max_size=80), st.data(), kinds)
def test_a_fork_and_its_origin_go_separate_ways(tokens: list[int], data: st.DataObject, kind: str) -> None:
    length = data.draw(st.integers(1, len(tokens)))
    origin = entry_of(tokens, kind=kind)
    before = contents(origin)
    fork = origin.fork(length)
    of_fork = contents(fork)
    for got, whole in zip(of_fork, before, strict=True):
        axis = got.ndim - 2 if got.ndim == 3 else 0
        np.testing.assert_array_equal(got, np.take(whole, range(length), axis))

    grow(fork, 3)
    for got, expected in zip(contents(origin), before, strict=True):
        np.testing.assert_array_equal(got, expected)
    fork = origin.fork(length)
    grow(origin, 5)
    origin.crop(0)
    grow(origin, 7)
    for got, expected in zip(contents(fork), of_fork, strict=True):
        np.testing.assert_array_equal(got, expected)


def grow(entry: Entry, n: int) -> None:
    """Add n tokens, all of whose numbers are -1."""
    read(entry, [-1] * n, lambda *shape: np.full(shape, -1, np.float32), np.full(n, -1, np.float32))


@given(st.lists(st.integers(0, 9), min_size=1, max_size=80), st.data(), kinds)
def test_a_cropped_entry_holds_the_beginning(tokens: list[int], data: st.DataObject, kind: str) -> None:
    length = data.draw(st.integers(0, len(tokens)))
    entry, fork = entry_of(tokens, kind=kind), entry_of(tokens, kind=kind).fork(length)
    entry.crop(length)
    assert len(entry) == len(entry.cache) == length
    assert entry.whole
    assert (entry.logits is None) == (length < len(tokens))
    for got, expected in zip(contents(entry), contents(fork), strict=True):
        np.testing.assert_array_equal(got, expected)


@given(st.lists(st.integers(0, 9), min_size=1, max_size=80), st.data(), kinds)
def test_a_view_is_never_written_again(tokens: list[int], data: st.DataObject, kind: str) -> None:
    entry = entry_of(tokens, kind=kind)
    length = data.draw(st.integers(1, len(tokens)))
    view = entry.cache.view(length)
    before = [view.keys(layer).copy() for layer in range(N_LAYER)] + [view.values(1).copy()]
    entry.crop(data.draw(st.integers(0, length)))
    grow(entry, data.draw(st.integers(1, 90)))
    after = [view.keys(layer) for layer in range(N_LAYER)] + [view.values(1)]
    for got, expected in zip(after, before, strict=True):
        np.testing.assert_array_equal(got, expected)


@pytest.mark.parametrize("other", OTHERS, ids=["weights", "dtype", "interventions", "start", "regime"])
def test_nothing_is_found_under_another_key(other: CacheKey) -> None:
    pool = PrefixCache(2**30)
    pool.keep(entry_of([1, 2, 3]))
    assert pool.closest(KEY, np.array([1, 2, 3]))[1] == 3
    assert pool.closest(other, np.array([1, 2, 3])) == (None, 0)


@given(ids, ids)
def test_the_common_prefix_is_the_longest(a: list[int], b: list[int]) -> None:
    n = common_prefix(np.array(a, np.int64), np.array(b, np.int64))
    assert a[:n] == b[:n]
    assert n == min(len(a), len(b)) or a[n] != b[n]


@given(st.lists(ids, max_size=6), ids)
def test_the_closest_entry_shares_the_longest_beginning(pooled: list[list[int]], asked: list[int]) -> None:
    pool = PrefixCache(2**30)
    for tokens in pooled:
        pool.keep(entry_of(tokens))
    entry, shared = pool.closest(KEY, np.array(asked, np.int64))
    longest = max((common_prefix(tokens, asked) for tokens in pooled), default=0)
    assert shared == longest
    if entry is None:
        assert longest == 0
    else:
        assert common_prefix(entry.ids, asked) == longest


def test_among_equally_close_entries_the_one_used_last_is_taken() -> None:
    pool, first, second = PrefixCache(2**30), entry_of([1, 2, 3]), entry_of([1, 2, 4])
    pool.keep(first)
    pool.keep(second)
    asked = np.array([1, 2, 5])
    assert pool.closest(KEY, asked)[0] is second
    pool.keep(first)
    assert pool.closest(KEY, asked)[0] is first


def test_the_pool_keeps_within_its_bytes_and_drops_the_longest_unused() -> None:
    entries = [entry_of([i] * 10) for i in range(5)]
    size = entries[0].n_bytes
    pool = PrefixCache(3 * size)
    for entry in entries[:3]:
        pool.keep(entry)
    pool.keep(entries[0])  # used again
    pool.keep(entries[3])
    assert pool.entries == [entries[2], entries[0], entries[3]]
    pool.keep(entries[4])
    assert pool.entries == [entries[0], entries[3], entries[4]]
    assert sum(entry.n_bytes for entry in pool.entries) <= pool.max_bytes


@given(st.lists(st.integers(1, 400), min_size=1, max_size=8), st.integers(1, 60_000))
@example([1, 1, 1, 1, 100], 36_000)  # a large one drives out several
def test_the_pool_holds_as_many_of_the_last_entries_as_fit(lengths: list[int], max_bytes: int) -> None:
    def n_bytes(entries: list[Entry]) -> int:
        return sum(entry.n_bytes for entry in entries)

    pool = PrefixCache(max_bytes)
    for length in lengths:
        there = [*pool.entries, entry_of([1] * length)]
        pool.keep(there[-1])
        n = len(pool.entries)
        assert pool.entries == there[-n:]
        assert n == 1 or n_bytes(pool.entries) <= max_bytes
        assert n == len(there) or n_bytes(there[-n - 1 :]) > max_bytes


def test_an_entry_that_has_grown_drives_others_out() -> None:
    pool, first, second = PrefixCache(2 * entry_of([0]).n_bytes), entry_of([1]), entry_of([2])
    pool.keep(first)
    pool.keep(second)
    assert pool.entries == [first, second]
    grow(second, 100)
    pool.keep(second)
    assert pool.entries == [second]


@pytest.mark.parametrize("max_bytes", [0, 1])
def test_one_entry_is_always_kept(max_bytes: int) -> None:
    pool = PrefixCache(max_bytes)
    for i in range(3):
        entry = entry_of([i] * 20)
        pool.keep(entry)
        assert pool.entries == [entry]


@pytest.mark.parametrize("kind", sorted(MAKERS))
def test_bytes_count_every_buffer(kind: str) -> None:
    entry = entry_of([1] * 70, kind=kind)
    shown = [array for layer in range(N_LAYER) for array in (entry.cache.view(70).keys(layer),) * 2]
    assert entry.n_bytes >= sum(array.nbytes for array in shown) + entry.hidden.nbytes
    assert entry.cache.n_bytes > sum(array.nbytes for array in shown)  # with the room they have to grow


def test_keeping_an_entry_twice_keeps_it_once() -> None:
    pool, entry = PrefixCache(2**30), entry_of([1, 2])
    pool.keep(entry)
    pool.keep(entry)
    assert pool.entries == [entry]
    pool.discard(entry)
    assert pool.closest(KEY, np.array([1, 2])) == (None, 0)
