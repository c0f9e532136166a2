"""`LocalModel`: a causal language model in this process: an engine, its prefix cache, and answers to requests."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import cache
from time import perf_counter
from typing import Any, TypeVar

import numpy as np

from explorer.engine.attention_buffer import AttentionBuffer
from explorer.engine.availability import contents_for, lacks_attention, lacks_states
from explorer.engine.engine import CHUNK, Engine
from explorer.engine.local_decoder import LocalDecoder
from explorer.engine.prefix_cache import NOTHING_MORE, CacheKey, Contents, Entry, PrefixCache
from explorer.engine.states_buffer import StatesBuffer
from explorer.engine.tokenizer import Tokenizer
from explorer.language_model.arguments import require, whole
from explorer.language_model.attention import Attention
from explorer.language_model.interventions import Intervention, Interventions, canonical
from explorer.language_model.memory import OutOfMemory, translate_oom
from explorer.language_model.model import ModelInfo, Watch
from explorer.language_model.record import short
from explorer.language_model.request import Asked, Request, as_ids, as_request, require_known
from explorer.language_model.tokens import Encoding, Vocabulary
from explorer.language_model.trace import Floats, Ints, Trace
from explorer.language_model.window import window_start
from explorer.locales import ExplorerError, Message, shown

Result = TypeVar("Result")

CACHE_BYTES = 512 * 2**20
RECENT_BYTES = 64 * 2**20
BATCH_TOKENS = 4096
"""Tokens in one pass over rows that share nothing; fewer where the memory is too small for them."""

SHORT_TAIL = 4
"""Up to this many tokens are cheaper to compute again than their prefix is to copy."""


class LocalModel:
    """A `Model` in this process; every pass holds a lock.

    Args:
        engine: computes; see `explorer.engine.loading` for the check that it does so rightly.
        tokenizer: the model's own.
        info: what it is.
        chunk: tokens of a long text that are read in one pass.
    """

    def __init__(self, engine: Engine, tokenizer: Tokenizer, info: ModelInfo, *, chunk: int = CHUNK) -> None:
        self._chunk = chunk
        self.engine = engine
        self.tokenizer = tokenizer
        self.info = info
        self._lock = threading.RLock()
        self._cache = PrefixCache(CACHE_BYTES)
        self._recent: OrderedDict[tuple[CacheKey, bytes], Trace] = OrderedDict()
        self._latest_attention: tuple[tuple[CacheKey, bytes], Attention] | None = None

    def __repr__(self) -> str:
        return f"LocalModel({short(self.info.name)}, {self.info.engine}, {self.info.device}, {self.info.dtype})"

    @property
    def vocabulary(self) -> Vocabulary:
        return self.tokenizer.vocabulary

    def tokenize(self, text: str) -> Encoding:
        """Token ids as the model's own tokenizer gives them.

        Raises:
            ExplorerError: that is no text; or an empty one, and the model has no start token.
        """
        require("text", text, "text", str)
        return self.tokenizer.encode(text)

    def trace(
        self,
        asked: Asked | Ints,
        *,
        attention: bool = False,
        interventions: Iterable[Intervention] = (),
        watch: Watch | None = None,
    ) -> Trace:
        """Read a text (or token ids, or a whole request) and record what the model makes of it.

        Only tokens after the longest beginning that was read before, under the same interventions, go through the
        model; a text that was asked for lately, or the beginning of one, costs no forward pass. Attention comes as a
        by-product: only of a text that was read without it, all must be read anew, once.

        Args:
            asked: a text, or token ids, which are taken as they are (none means the start token), or a `Request`.
            attention: record what every head of every layer looks at, as ``Trace.attention``; where there is none,
                that raises an error that says why.
            interventions: what is changed inside the model while it reads, see `explorer.Ablate`.
            watch: told the progress between chunks of a long text; see `Watch`.

        Raises:
            ExplorerError: an id or a head the model lacks, no start token for an empty text, a damaged model.
        """
        began = perf_counter()
        request, notices = as_request(
            asked,
            tokenize=self.tokenize,
            vocab_size=self.info.vocab_size,
            interventions=interventions,
            attention=attention,
        )
        self.info.check(request.interventions)
        ids = np.asarray(request.ids, dtype=np.int64)
        with self._lock:
            trace = self.retry_after_oom(lambda: self._answer(ids, request, watch))
        return replace(trace, notices=notices, milliseconds=(perf_counter() - began) * 1000)

    def next_logits(self, rows: Sequence[Sequence[int]], *, interventions: Iterable[Intervention] = ()) -> Floats:
        """(B, V) logits of the token after each of B rows of token ids, in the trace's dtype."""
        if isinstance(rows, str):  # a sequence of texts, as Python sees it
            raise ExplorerError("rows-are-one-text")
        if not isinstance(rows, Iterable):
            raise ExplorerError("argument-of-another-kind", name="rows", value=shown(rows), kind="rows")
        changed = canonical(interventions)
        self.info.check(changed)
        windows = [self._window(row) for row in rows]
        with self._lock:
            return self.retry_after_oom(lambda: self._read_texts(windows, changed))

    def decoder(
        self, ids: Sequence[int] | Ints, n_rows: int, *, interventions: Iterable[Intervention] = ()
    ) -> LocalDecoder:
        """``n_rows`` continuations of one text, to be read side by side.

        Raises:
            ExplorerError: an id or a head that the model lacks, or no whole number of rows, one at least.
        """
        if (whole(n_rows) or 0) < 1:
            raise ExplorerError("rows-not-counted", value=shown(n_rows))
        changed = canonical(interventions)
        self.info.check(changed)
        text = np.asarray(self._ids(ids), dtype=np.int64)
        start = window_start(len(text), self.info.n_positions)
        window = text[start:]

        def decoder() -> LocalDecoder:
            entry, _ = self._read(window, self._key(text, changed), None, NOTHING_MORE)
            batch = self.engine.batch(entry.cache, len(window), n_rows)
            return LocalDecoder(self.engine, self._lock, self.info, batch, np.tile(text, (n_rows, 1)), changed)

        with self._lock:
            return self.retry_after_oom(decoder)

    def retry_after_oom(self, compute: Callable[[], Result]) -> Result:
        """Run ``compute``; when the memory is full, once more without the cache, then, if that was a GPU's, on the CPU,
        saying so.

        Raises:
            OutOfMemory: the CPU's memory is full too.
        """
        compute = translate_oom()(compute)
        try:
            return compute()
        except OutOfMemory:
            self.forget()
        try:
            return compute()
        except OutOfMemory:
            self.forget()
            if not self.engine.move_to_cpu():
                raise
        notice = Message.of("gpu-memory-full", device=self.info.device)
        self.info = replace(self.info, device="cpu", notices=(*self.info.notices, notice))
        return compute()

    def forget(self) -> None:
        """Let go of all that was read."""
        with self._lock:
            self._latest_attention = None
            self._cache.clear()
            self._recent.clear()
            self.engine.release_memory()

    # --- requests -----------------------------------------------------------------------------------------------------

    def _ids(self, row: Any) -> tuple[int, ...]:
        ids = as_ids(row, tokenize=self.tokenize).ids
        require_known(ids, self.info.vocab_size)
        return ids

    def _window(self, row: Any) -> Ints:
        ids = np.asarray(self._ids(row), dtype=np.int64)
        return ids[window_start(len(ids), self.info.n_positions) :]

    def _key(self, ids: Ints, interventions: Interventions) -> CacheKey:
        """Under which everything about a text is kept, beside its tokens."""
        start = window_start(len(ids), self.info.n_positions)
        regime = self.engine.regime(len(ids) - start)
        return CacheKey(self.info.weights_version, self.info.dtype, interventions, start, regime)

    @property
    def _kept_dtype(self) -> str:
        """Of the numbers in answers."""
        return "float64" if self.info.dtype == "float64" else "float32"

    # --- answers ------------------------------------------------------------------------------------------------------

    def _answer(self, ids: Ints, request: Request, watch: Watch | None) -> Trace:
        key, extras = self._key(ids, request.interventions), request.extras
        contents = contents_for(extras, self.info, self.engine.head_dim, len(ids) - key.start)
        window = ids[key.start :]
        read = cache(lambda: self._read(window, key, watch, contents))  # once at most
        trace = self._known(key, ids) or self._trace(ids, key, *read())
        self._remember(key, trace)
        if extras.states:
            trace = self._with_states(trace, extras.states, read)
        if not extras.attention:
            return trace
        trace = self._with_attention(trace, key, read)
        if trace.recorded_attention is None or extras.layer is None:
            return trace
        head = extras.vectors[1] if extras.vectors is not None else None
        return replace(trace, recorded_attention=trace.recorded_attention.fetched(extras.layer, head))

    def _known(self, key: CacheKey, ids: Ints) -> Trace | None:
        """What was answered lately; the next answer goes to the end of the list."""
        found = self._recent.pop((key, ids.tobytes()), None)
        return replace(found, computed=0) if found is not None else None

    def _remember(self, key: CacheKey, trace: Trace) -> None:
        self._recent[key, trace.ids.tobytes()] = trace
        while len(self._recent) > max(1, RECENT_BYTES // trace.logits.nbytes):
            self._recent.popitem(last=False)

    def _trace(self, ids: Ints, key: CacheKey, entry: Entry, shared: int) -> Trace:
        length = len(ids) - key.start
        logits = entry.logits if length == len(entry) and entry.logits is not None else None
        if logits is None:
            logits = self.engine.logits(entry.hidden[length - 1 : length])[0]
        return Trace(
            ids=ids.copy(),
            logits=logits.copy(),
            surprisal=_padded(entry.surprisal[:length], key.start, np.nan),
            entropy=_padded(entry.entropy[:length], key.start, np.nan),
            rank=_padded(entry.rank[:length], key.start, 0),
            start=key.start,
            computed=length - shared,
            milliseconds=0.0,
            vocabulary=self.vocabulary,
            interventions=key.interventions,
        )

    def _with_attention(self, trace: Trace, key: CacheKey, read: Callable[[], tuple[Entry, int]]) -> Trace:
        """``trace`` with its attention, or with the reason why there is none."""
        window = trace.ids[trace.start :]
        if (reason := lacks_attention(self.info, len(window))) is not None:
            return replace(trace, attention_unavailable=reason)
        place = key, window.tobytes()
        if self._latest_attention is not None and self._latest_attention[0] == place:
            return replace(trace, recorded_attention=self._latest_attention[1])
        entry, shared = read()
        record = entry.record(len(window))
        self._latest_attention = place, record
        return replace(trace, recorded_attention=record, computed=max(trace.computed, len(window) - shared))

    def _with_states(self, trace: Trace, sites: tuple[str, ...], read: Callable[[], tuple[Entry, int]]) -> Trace:
        """``trace`` with what stood at ``sites``, or with the reason why there is nothing."""
        window = trace.ids[trace.start :]
        if (reason := lacks_states(self.info, self.engine.head_dim, sites, len(window))) is not None:
            return replace(trace, states_unavailable=reason)
        entry, shared = read()
        states = entry.states_at(sites, len(window))
        return replace(trace, recorded_states=states, computed=max(trace.computed, len(window) - shared))

    # --- reading ------------------------------------------------------------------------------------------------------

    def _read(self, window: Ints, key: CacheKey, watch: Watch | None, contents: Contents) -> tuple[Entry, int]:
        """An entry that begins with ``window`` and has ``contents``, and how much of that was known."""
        entry, shared = self._entry_for(window, key, contents)
        self._drop_too_long(entry, len(window), contents)
        try:
            self._extend(entry, window, watch)
        except BaseException:
            if not entry.whole:  # between chunks it is, and worth keeping
                self._cache.discard(entry)
            raise
        return entry, shared

    def _entry_for(self, window: Ints, key: CacheKey, contents: Contents) -> tuple[Entry, int]:
        """An entry that is a beginning of ``window`` or begins with it, and how much of it they share."""
        entry, shared = self._cache.closest(key, window, contents)
        if entry is None:
            rows = AttentionBuffer(self.engine.rules) if contents.attention else None
            states = StatesBuffer(contents.sites) if contents.sites else None
            entry = Entry.empty(key, self.engine.empty_cache(), self.info.n_embd, self._kept_dtype, rows, states)
        elif shared < min(len(window), len(entry)):
            if len(entry) - shared <= SHORT_TAIL:
                entry.crop(shared)
            else:
                entry = entry.fork(shared, contents)
        self._cache.keep(entry)
        return entry, shared

    def _drop_too_long(self, entry: Entry, n_tokens: int, contents: Contents) -> None:
        """Let go of what ``entry`` cannot keep of so long a text; ``contents`` it can."""
        if lacks_attention(self.info, n_tokens) is not None:
            entry.attention = None
        states = entry.states
        if states is not None and lacks_states(self.info, self.engine.head_dim, states.sites, n_tokens) is not None:
            entry.states = states.fork(len(states), contents.sites) if contents.sites else None

    def _extend(self, entry: Entry, window: Ints, watch: Watch | None) -> None:
        """Extend ``entry`` by what it lacks of ``window``."""
        first = len(entry)
        while len(entry) < len(window):
            if watch is not None and len(entry) > first:
                self._cache.discard(entry)  # what `watch` asks meanwhile must not go on in it
                try:
                    watch(len(entry) - first, len(window) - first)
                finally:
                    self._cache.keep(entry)
            ids = window[len(entry) : len(entry) + self._chunk]
            before = entry.logits
            if before is None and len(entry):
                before = self.engine.logits(entry.hidden[-1:])[0]
            reading = self.engine.read(
                ids,
                entry.cache,
                before,
                interventions=entry.key.interventions,
                attention=entry.attention,
                states=entry.states,
                text_length=len(window),
            )
            entry.append(ids, reading)
        self._cache.keep(entry)  # it has grown

    def _read_texts(self, windows: list[Ints], interventions: Interventions) -> Floats:
        parts, rest, most = list[Floats](), list(windows), BATCH_TOKENS
        while rest:
            width = max(len(ids) for ids in rest)
            n_rows = min(len(rest), max(1, most // width))
            try:
                with translate_oom():
                    parts.append(self.engine.read_texts(rest[:n_rows], interventions=interventions))
                rest = rest[n_rows:]
            except OutOfMemory:
                if n_rows == 1:
                    raise
                most = n_rows * width // 2
        return np.concatenate(parts) if parts else np.empty((0, self.info.vocab_size), self._kept_dtype)


def _padded(array: Any, missing: int, value: float) -> Any:
    """(n,) with ``missing`` times ``value`` before it, always a copy."""
    return np.concatenate([np.full(missing, value, array.dtype), array]) if missing else array.copy()
