"""`LanguageModel`: a causal language model in this process, with its prefix cache."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from operator import index
from time import perf_counter
from typing import Any, TypeVar

import numpy as np
import torch
from transformers.cache_utils import Cache

from explorer.engine.prefix_cache import SHORT_TAIL, Entry, Pool
from explorer.engine.torch_engine.attention_recorder import Rows, catching_into, listen_to
from explorer.engine.torch_engine.branches import Branches
from explorer.engine.torch_engine.token_statistics import outcomes, padded, to_numpy
from explorer.language_model.attention import Attention, HeadVectors, most_tokens
from explorer.language_model.interventions import Intervention
from explorer.language_model.memory import OutOfMemory, translate_oom
from explorer.language_model.model import ModelInfo, Watch
from explorer.language_model.request import Asked, Request
from explorer.language_model.tokens import Encoding, Tokenizer, Vocabulary
from explorer.language_model.trace import Floats, Ints, Trace
from explorer.language_model.window import window_start
from explorer.locales import ExplorerError, Message

Result = TypeVar("Result")

CHUNK = 256
"""Tokens in one forward pass, and rows in one product with the unembedding: a whole 8,192-token window of
SmolLM2 in one go would hold 1.6 GB of logits."""

POOL_BYTES = 512 * 2**20
RECENT_BYTES = 64 * 2**20
BATCH_TOKENS = 4096
"""Tokens in one pass over rows that share nothing; fewer where the memory is too small for them."""


class LanguageModel:
    """A transformers causal model that answers `trace` and `next_logits`; every pass holds a lock.

    Args:
        module: an evaluated ``...ForCausalLM`` whose logits are its output embedding applied to the last hidden
            states of its base model (`explorer.engine.loading` checks that they are).
        tokenizer: the model's own.
        info: what it is.
    """

    def __init__(self, module: Any, tokenizer: Tokenizer, info: ModelInfo) -> None:
        self.module = module
        self.info = info
        self.tokenizer = tokenizer
        self._lock = threading.RLock()
        self._pool = Pool(POOL_BYTES)
        self._recent: OrderedDict[bytes, Trace] = OrderedDict()
        self._looked_at: tuple[bytes, Attention] | None = None
        listen_to(module)

    def __repr__(self) -> str:
        return f"LanguageModel({self.info.name!r}, {self.info.device}, {self.info.dtype})"

    @property
    def vocabulary(self) -> Vocabulary:
        return self.tokenizer.vocabulary

    def tokenize(self, text: str) -> Encoding:
        """Token ids as the model's own tokenizer gives them; see `Tokenizer.encode`."""
        return self.tokenizer.encode(text)

    def trace(
        self,
        text_or_ids: Asked,
        *,
        attention: bool = False,
        interventions: Iterable[Intervention] = (),
        watch: Watch | None = None,
    ) -> Trace:
        """Read a text (or token ids) and record what the model makes of it.

        Only tokens after the longest beginning that was read before go through the model; a text that was asked
        for lately, or the beginning of one, costs no forward pass. Attention comes as a by-product: only of a text that
        was read without it, all must be read anew, once.

        Args:
            text_or_ids: a text, or token ids, which are taken as they are; none at all means the start token.
            attention: record what every head of every layer looks at, as ``Trace.attention``; where there is none,
                that raises an error that says why.
            watch: told the progress between chunks of 256 tokens; see `Watch`.

        Raises:
            ExplorerError: an id the vocabulary lacks, no start token for an empty text, a damaged model.
        """
        if isinstance(text_or_ids, Request):
            extras, interventions = text_or_ids.extras, text_or_ids.interventions
            trace = self.trace(text_or_ids.ids, attention=extras.attention, interventions=interventions, watch=watch)
            if trace.captured is None or (extras.layer is None and extras.vectors is None):
                return trace
            layer, head = extras.vectors or (extras.layer or 0, None)
            return replace(trace, captured=trace.captured.fetched(layer, head))
        if tuple(interventions):
            raise ExplorerError("no-ablation", name=self.info.name)
        began = perf_counter()
        encoding = self._encoding(text_or_ids)
        ids = np.asarray(encoding.ids, dtype=np.int64)
        with self._lock:
            trace = self._known(ids) or self.retry_after_oom(lambda: self._compute(ids, watch, attention=attention))
            self._remember(trace)
            if attention:
                trace = self.retry_after_oom(partial(self._with_attention, trace, watch))
        milliseconds = (perf_counter() - began) * 1000
        return replace(trace, notices=encoding.notices, milliseconds=milliseconds)

    def next_logits(self, rows: Sequence[Sequence[int]], *, interventions: Iterable[Intervention] = ()) -> Floats:
        """(B, V) logits of the token after each of B rows of token ids, in the trace's dtype.

        Rows of different lengths may be mixed: a causal model needs no mask for what is padded on the right.
        """
        if isinstance(rows, str):  # a sequence of texts, as Python sees it
            raise ExplorerError("rows-are-one-text")
        windows = [np.asarray(self._encoding(row).ids, dtype=np.int64) for row in rows]
        windows = [ids[window_start(len(ids), self.info.n_positions) :] for ids in windows]
        with self._lock:
            return self.retry_after_oom(lambda: self._compute_rows(windows))

    def decoder(
        self, ids: Sequence[int] | Ints, n_rows: int, *, interventions: Iterable[Intervention] = ()
    ) -> Branches:
        """``n_rows`` continuations of one text, to be read side by side; see `Branches`.

        Raises:
            ExplorerError: an id the vocabulary lacks.
        """
        whole = np.asarray(self._encoding(ids).ids, dtype=np.int64)
        window = whole[window_start(len(whole), self.info.n_positions) :]

        def forked() -> Branches:
            with torch.inference_mode():
                entry, _, _ = self._read(window, None, attention=False)
                return Branches(self, window, entry.layers, n_rows)

        with self._lock:
            return self.retry_after_oom(forked)

    def read_rows(self, tokens: Ints, position: int, keys_values: Cache) -> Floats:
        """(B, V) logits after one more token (B, 1) at ``position`` of each row that ``keys_values`` hold.

        Raises:
            OutOfMemory: the batch is too large.
        """
        with self._lock, torch.inference_mode(), translate_oom():
            places = torch.full(tokens.shape, position, device=self.info.device)
            states = self.module.base_model(
                input_ids=torch.from_numpy(tokens).to(self.info.device),
                position_ids=places,
                past_key_values=keys_values,
                use_cache=True,
            ).last_hidden_state[:, 0]
            rows: Floats = to_numpy(self._unembed(states))
            return rows

    def _encoding(self, text_or_ids: str | Sequence[int] | Ints) -> Encoding:
        if isinstance(text_or_ids, str):
            return self.tokenize(text_or_ids)
        try:
            ids = tuple(index(i) for i in text_or_ids)
        except TypeError:
            raise ExplorerError("not-text-or-ids", given=repr(text_or_ids)[:60]) from None
        if not ids:
            return self.tokenize("")
        for wrong in (i for i in ids if not 0 <= i < self.info.vocab_size):
            raise ExplorerError("unknown-token-id", id=str(wrong), last=str(self.info.vocab_size - 1))
        return Encoding(ids)

    def _known(self, ids: Ints) -> Trace | None:
        """What was answered lately; the next answer goes to the end of the list."""
        found = self._recent.pop(ids.tobytes(), None)
        return replace(found, computed=0) if found is not None else None

    def _remember(self, trace: Trace) -> None:
        self._recent[trace.ids.tobytes()] = trace
        while len(self._recent) > max(1, RECENT_BYTES // trace.logits.nbytes):
            self._recent.popitem(last=False)

    @torch.inference_mode()
    def _compute(self, ids: Ints, watch: Watch | None, *, attention: bool) -> Trace:
        start = window_start(len(ids), self.info.n_positions)
        window = ids[start:]
        attention = attention and self._lacks_attention(window) is None
        entry, shared, logits = self._read(window, watch, attention=attention)
        length = len(window)
        if logits is None:
            logits = self._unembed(entry.hidden[length - 1 : length])[0]
        return Trace(
            ids=ids.copy(),
            logits=to_numpy(logits),
            surprisal=padded(entry.surprisal[:length], start, np.nan),
            entropy=padded(entry.entropy[:length], start, np.nan),
            rank=padded(entry.rank[:length], start, 0),
            start=start,
            computed=length - shared,
            milliseconds=0.0,
            vocabulary=self.vocabulary,
        )

    @torch.inference_mode()
    def _with_attention(self, trace: Trace, watch: Watch | None) -> Trace:
        """``trace`` with its attention, or with the reason why there is none."""
        window = trace.ids[trace.start :]
        if (reason := self._lacks_attention(window)) is not None:
            return replace(trace, uncaptured=reason)
        if self._looked_at is not None and self._looked_at[0] == window.tobytes():
            return replace(trace, captured=self._looked_at[1])
        entry, shared, _ = self._read(window, watch, attention=True)
        assert entry.attention is not None
        record = entry.attention.record(len(window), entry.keys, _Source(self, window))
        self._looked_at = window.tobytes(), record
        return replace(trace, captured=record, computed=max(trace.computed, len(window) - shared))

    def _lacks_attention(self, window: Ints) -> Message | None:
        """Why the attention of a text cannot be had; None where it can."""
        if not self.info.attention:
            return Message.of("no-attention", name=self.info.name)
        most = most_tokens(self.info.n_layer, self.info.n_head)
        return Message.of("attention-too-long", n=len(window), most=most) if len(window) > most else None

    def look_up(self, window: Ints, read_off: Callable[[Entry, Rows], Result]) -> Result:
        """``read_off`` what the cache has of a text with attention; a text that it has forgotten is read again."""

        def look() -> Result:
            with torch.inference_mode():
                entry, _, _ = self._read(window, None, attention=True)
                assert entry.attention is not None
                return read_off(entry, entry.attention)

        with self._lock:
            return self.retry_after_oom(look)

    def _read(self, window: Ints, watch: Watch | None, *, attention: bool) -> tuple[Entry, int, torch.Tensor | None]:
        """An entry that begins with ``window``, how much of that was known, and (V,) logits after its last token, where
        that was not known."""
        entry, shared = self._entry_for(window, attention=attention)
        try:
            return entry, shared, self._extend(entry, window, watch)
        except BaseException:
            # Between chunks an entry is whole and worth keeping; in the middle of one it is not.
            if entry.keys_values.get_seq_length() != len(entry):
                self._pool.discard(entry)
            raise

    def _entry_for(self, window: Ints, *, attention: bool) -> tuple[Entry, int]:
        """An entry in the pool that is a beginning of ``window`` or begins with it, and how much of it they share."""
        entry, shared = self._pool.closest(window, attention=attention)
        if entry is None:
            entry = Entry.empty(self.info.n_layer, self.info.n_embd, self._unembedding, attention=attention)
        elif shared < min(len(window), len(entry)):
            if len(entry) - shared <= SHORT_TAIL:
                entry.crop(shared)
            else:
                entry = entry.fork(shared, attention=attention)
        self._pool.keep(entry)
        return entry, shared

    def _extend(self, entry: Entry, window: Ints, watch: Watch | None) -> torch.Tensor | None:
        """Extend ``entry`` by what it lacks of ``window``; (V,) logits after the last token, if there was any."""
        if self._lacks_attention(window) is not None:
            entry.attention = None
        first = len(entry)
        logits = None
        while len(entry) < len(window):
            if watch is not None and len(entry) > first:
                watch(len(entry) - first, len(window) - first)
            old, new = len(entry), min(len(window), len(entry) + CHUNK)
            tokens = torch.tensor(window[old:new].tolist(), device=self.info.device)[None]  # (1, n)
            positions = torch.arange(old, new, device=self.info.device)[None]
            with catching_into(entry.attention, new):
                hidden = self.module.base_model(
                    input_ids=tokens, position_ids=positions, past_key_values=entry.keys_values, use_cache=True
                ).last_hidden_state[0]  # (n, n_embd)
            # Row i holds the logits of the token after the i-th of: the last token before these, then these.
            logits = self._unembed(torch.cat([entry.hidden[max(0, old - 1) : old], hidden]))
            chosen = tokens[0] if old else tokens[0, 1:]
            entry.append(window[old:new], hidden, *outcomes(logits[:-1], chosen, n_tokens=new - old))
        self._pool.keep(entry)  # it has grown
        return logits if logits is None else logits[-1]

    def _compute_rows(self, windows: list[Ints]) -> Floats:
        parts, batch, most = list[Floats](), list(windows), BATCH_TOKENS
        while batch:
            width = max(len(ids) for ids in batch)
            n_rows = min(len(batch), max(1, most // width))
            try:
                with translate_oom():
                    parts.append(self._compute_batch(batch[:n_rows], width))
                batch = batch[n_rows:]
            except OutOfMemory:
                if n_rows == 1:
                    raise
                most = n_rows * width // 2
        return np.concatenate(parts) if parts else np.empty((0, self.info.vocab_size), np.float32)

    @torch.inference_mode()
    def _compute_batch(self, rows: list[Ints], width: int) -> Floats:
        tokens = torch.zeros((len(rows), width), dtype=torch.int64)
        for row, ids in zip(tokens, rows, strict=True):
            row[: len(ids)] = torch.as_tensor(ids)
        states = self.module.base_model(input_ids=tokens.to(self.info.device), use_cache=False)
        last = torch.tensor([len(ids) - 1 for ids in rows])
        logits: Floats = to_numpy(self._unembed(states.last_hidden_state[torch.arange(len(rows)), last]))
        return logits

    @property
    def _unembedding(self) -> torch.Tensor:
        """(V, n_embd)"""
        weight: torch.Tensor = self.module.get_output_embeddings().weight
        return weight

    def _unembed(self, hidden: torch.Tensor) -> torch.Tensor:
        """(n, n_embd) last hidden states -> (n, V) logits, at least float32."""
        # This order reads the large matrix once however few rows there are: 6 ms for GPT-2, where linear takes 10-20.
        logits = (self._unembedding @ hidden.T).T
        bias = getattr(self.module.get_output_embeddings(), "bias", None)
        if bias is not None:
            logits = logits + bias
        return logits.to(torch.promote_types(logits.dtype, torch.float32))

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
            self._forget()
        try:
            return compute()
        except OutOfMemory:
            if self.info.device == "cpu":
                raise
        notice = Message.of("gpu-memory-full", device=self.info.device)
        self._forget()
        self.module.to("cpu")
        self.info = replace(self.info, device="cpu", notices=(*self.info.notices, notice))
        torch.cuda.empty_cache()
        return compute()

    def _forget(self) -> None:
        self._looked_at = None
        self._pool.clear()
        self._recent.clear()
        if self.info.device == "cuda":
            torch.cuda.empty_cache()


@dataclass(frozen=True)
class _Source:
    """Where the `Attention` of a text gets what it does not hold."""

    model: LanguageModel
    window: Ints

    def triangles(self, layer: int) -> Floats:
        n = len(self.window)
        return self.model.look_up(self.window, lambda entry, rows: rows.triangles(layer, n, entry.keys[layer]))

    def vectors(self, layer: int, head: int) -> HeadVectors:
        def read_off(entry: Entry, rows: Rows) -> HeadVectors:
            keys, values = entry.keys[layer], entry.layers[layer].values[0]
            return rows.vectors(layer, head, len(self.window), keys, values)

        return self.model.look_up(self.window, read_off)
