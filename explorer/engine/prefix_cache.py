"""The prefix cache: a bounded pool of what the model has already read.

Keys and values of a token depend only on the tokens before it, so whatever two texts share at their beginning is
computed once. An entry also keeps the last hidden states (a few KB a token): from them the logits after *any* of its
tokens are one product with the unembedding away, and a backspace needs no forward pass.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field

import numpy as np

from explorer.engine.attention_buffer import AttentionBuffer
from explorer.engine.engine import KeysValues, Reading
from explorer.engine.states_buffer import StatesBuffer
from explorer.language_model.attention import Attention
from explorer.language_model.interventions import Interventions
from explorer.language_model.sites import FINAL
from explorer.language_model.states import States
from explorer.language_model.trace import Floats, Ints


@dataclass(frozen=True)
class CacheKey:
    """What decides hidden states besides the tokens before. Nothing is kept under the tokens alone.

    Attributes:
        weights_version, dtype: as in `ModelInfo`.
        interventions: in force while the tokens were read.
        start: of the window in its text.
        regime: see `Engine.regime`.
    """

    weights_version: str
    dtype: str
    interventions: Interventions
    start: int
    regime: Hashable


@dataclass(frozen=True)
class Contents:
    """What an entry may hold besides what all do.

    Attributes:
        attention: the rows of all heads.
        sites: whose states; never ``final``, as all entries have it.
    """

    attention: bool = False
    sites: frozenset[str] = frozenset()


NOTHING_MORE = Contents()


@dataclass(eq=False)
class Entry:
    """What is known of one text of T tokens.

    Attributes:
        key: what else decides the numbers.
        ids: (T,) the tokens read, from position 0.
        cache: their keys and values.
        hidden: (T, n_embd) after the final norm, ready for the unembedding.
        surprisal, entropy, rank: (T,) as in `Trace`.
        logits: (V,) after the last token; None where they are not known.
        attention: the rows of all heads, where somebody asked for them while the text was read.
        states: what stood at some sites, likewise.
    """

    key: CacheKey
    ids: Ints
    cache: KeysValues
    hidden: Floats
    surprisal: Floats
    entropy: Floats
    rank: Ints
    logits: Floats | None = None
    attention: AttentionBuffer | None = None
    states: StatesBuffer | None = None

    @classmethod
    def empty(
        cls,
        key: CacheKey,
        cache: KeysValues,
        n_embd: int,
        dtype: str,
        attention: AttentionBuffer | None = None,
        states: StatesBuffer | None = None,
    ) -> Entry:
        """Of no tokens yet; ``dtype`` of the numbers that are kept."""
        none, no_ids = np.empty(0, dtype), np.empty(0, np.int64)
        return cls(key, no_ids, cache, np.empty((0, n_embd), dtype), none, none, no_ids, None, attention, states)

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def whole(self) -> bool:
        """Whether all that it holds is of the same tokens: not so where a pass broke off in the middle."""
        kept = [each for each in (self.cache, self.attention, self.states) if each is not None]
        return all(len(each) == len(self) for each in kept)

    def has(self, contents: Contents) -> bool:
        """Whether it holds all of these."""
        sites = frozenset() if self.states is None else self.states.sites
        return contents.sites <= sites and (self.attention is not None or not contents.attention)

    def crop(self, length: int) -> None:
        """Forget all but the first ``length`` tokens."""
        if self.attention is not None:
            self.attention.crop(length, self.cache.view(length))
        if self.states is not None:
            self.states.crop(length)
        if length < len(self):
            self.logits = None
        self.cache.crop(length)
        self.ids, self.hidden = self.ids[:length], self.hidden[:length]
        self.surprisal, self.entropy, self.rank = self.surprisal[:length], self.entropy[:length], self.rank[:length]

    def fork(self, length: int, contents: Contents = NOTHING_MORE) -> Entry:
        """An entry of its own with the first ``length`` tokens, and ``contents`` of what it may hold."""
        rows = states = None
        if contents.attention and self.attention is not None:
            rows = self.attention.fork(length, self.cache.view(length))
        if contents.sites and self.states is not None:
            states = self.states.fork(length, contents.sites)
        return Entry(
            self.key,
            self.ids[:length].copy(),
            self.cache.fork(length),
            self.hidden[:length].copy(),
            self.surprisal[:length].copy(),
            self.entropy[:length].copy(),
            self.rank[:length].copy(),
            self.logits if length == len(self) else None,
            rows,
            states,
        )

    def append(self, ids: Ints, reading: Reading) -> None:
        """Add tokens whose keys and values, attention and states the pass has put where they belong already."""
        self.ids = np.concatenate([self.ids, ids])
        self.hidden = np.concatenate([self.hidden, reading.hidden])
        self.surprisal = np.concatenate([self.surprisal, reading.surprisal])
        self.entropy = np.concatenate([self.entropy, reading.entropy])
        self.rank = np.concatenate([self.rank, reading.rank])
        self.logits = reading.logits if len(ids) == 1 else reading.logits.copy()  # a view keeps all rows alive

    def record(self, n_tokens: int) -> Attention:
        """The attention of the first ``n_tokens``."""
        assert self.attention is not None
        return self.attention.record(n_tokens, self.cache.view(n_tokens))

    def states_at(self, sites: Sequence[str], n_tokens: int) -> States:
        """What stood at ``sites``, which it has, while the first ``n_tokens`` were read."""
        arrays = {FINAL: self.hidden[:n_tokens]} if FINAL in sites else {}
        if self.states is not None:
            arrays |= self.states.arrays([site for site in sites if site != FINAL], n_tokens)
        return States(arrays)

    @property
    def n_bytes(self) -> int:
        more = sum(each.n_bytes for each in (self.attention, self.states) if each is not None)
        logits = 0 if self.logits is None else self.logits.nbytes
        return self.cache.n_bytes + more + logits + self.hidden.nbytes + 32 * len(self)


@dataclass
class PrefixCache:
    """Entries, most recently used last, at most ``max_bytes`` of them (one is always kept).

    Two panels, two prefixes and a comparison share it without driving each other out.
    """

    max_bytes: int
    entries: list[Entry] = field(default_factory=list)

    def closest(self, key: CacheKey, ids: Ints, contents: Contents = NOTHING_MORE) -> tuple[Entry | None, int]:
        """The entry under ``key`` that shares the longest beginning with ``ids``, and how many tokens that is; of those
        alone that have these ``contents``."""
        best, length = None, 0
        for entry in reversed(self.entries):
            if entry.key != key or not entry.has(contents):
                continue
            if (shared := common_prefix(entry.ids, ids)) > length:
                best, length = entry, shared
        return best, length

    def keep(self, entry: Entry) -> None:
        """Put ``entry`` last, and drop the first ones while all together are too large."""
        self.discard(entry)
        self.entries.append(entry)
        total = sum(each.n_bytes for each in self.entries)
        while total > self.max_bytes and len(self.entries) > 1:
            total -= self.entries.pop(0).n_bytes

    def discard(self, entry: Entry) -> None:
        self.entries = [each for each in self.entries if each is not entry]

    def clear(self) -> None:
        self.entries.clear()


def common_prefix(a: Ints | Sequence[int], b: Ints | Sequence[int]) -> int:
    """How many tokens ``a`` and ``b`` share from the start."""
    n = min(len(a), len(b))
    different = np.nonzero(np.asarray(a[:n]) != np.asarray(b[:n]))[0]
    return int(different[0]) if len(different) else n
