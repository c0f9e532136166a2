"""Whether a model's numbers are true: `check` holds them against a reference where they could differ.

Architectures differ in ways a config does not tell: scaled or capped logits, attention that is no softmax, masks,
positions, state instead of keys and values. So there is no list of those that are supported. What a model of ours says
is compared with a full pass of transformers, and what differs is not shown.

Much depends on the length of a text: how far a layer looks back, the frequencies of rotary positions, the end of the
positions, the pieces a long text is read in. Each such length is crossed in three ways (`texts_around`): a text that is
longer from the start, one that was cut back to it, and one that was typed past it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Protocol

import numpy as np

from explorer.language_model.memory import OutOfMemory
from explorer.language_model.model import ATTENTION, STATES, ModelInfo
from explorer.language_model.record import Record
from explorer.language_model.trace import Floats, Ints, Trace
from explorer.locales import ExplorerError

SHORT = 10
"""Tokens after which every model is tried: enough for attention to have something to choose from."""

MAX_WORK = 10**10
"""Parameters times tokens of the longest text that is read for a check: about a quarter of a second on two cores."""

MAX_WEIGHTS = 4 * 10**6
"""Attention weights of the longest text that is read for a check: 16 MB, several times over while they are compared."""

LENGTH_SETTINGS = frozenset(
    {
        "attention_chunk_size",
        "max_position_embeddings",
        "original_max_position_embeddings",
        "sliding_window",
        "window_size",
    }
)
"""Settings of a config, at any depth, that name a length at which something changes."""

Reference = Callable[[Ints, bool], tuple[Floats, Floats | None]]
"""From the ids a model reads, (T,), and whether attention is wanted: logits (T, V), and attention (n_layer, n_head, T,
T) or None; by one full pass that keeps nothing."""


class Tried(Protocol):
    """What can be checked."""

    @property
    def info(self) -> ModelInfo: ...

    def trace(self, asked: Any, *, attention: bool = False) -> Trace: ...


@dataclass(frozen=True, eq=False, repr=False)
class Outcome(Record):
    """What a check found. JSON by `record`; it holds as long as the weights, our version, and what computes do.

    Attributes:
        right: whether the model predicts what the reference does; if not, none of its numbers may be shown.
        attention: whether its attention is that of the reference; if not, it is shown without.
        states: whether what stands at its sites is what it is called (`explorer.engine.states_check`); likewise.
        lengths: after how many tokens it was tried.
        nats: the largest difference between log probabilities that was seen; weight: between attention weights.
    """

    right: bool
    attention: bool
    lengths: tuple[int, ...] = ()
    nats: float = 0.0
    weight: float = 0.0
    states: bool = False

    def record(self) -> dict[str, Any]:
        """For JSON; `Outcome.of` reads it."""
        return asdict(self) | {"lengths": list(self.lengths)}

    @classmethod
    def of(cls, record: Mapping[str, Any]) -> Outcome:
        """From a record."""
        return cls(**{**record, "lengths": tuple(record["lengths"])})

    def together_with(self, other: Outcome) -> Outcome:
        """Of two checks of one model: what holds in both."""
        lengths = tuple(sorted({*self.lengths, *other.lengths}))
        nats, weight = max(self.nats, other.nats), max(self.weight, other.weight)
        right, attention = self.right and other.right, self.attention and other.attention
        return Outcome(right, attention, lengths, nats, weight, self.states and other.states)

    def without_what_is_wrong(self, info: ModelInfo) -> ModelInfo:
        """``info`` with the capabilities that hold."""
        wrong = [name for name, holds in ((ATTENTION, self.attention), (STATES, self.states)) if not holds]
        return replace(info, capabilities=info.capabilities.difference(wrong))

    def require_right(self, name: str, kind: str) -> None:
        """
        Raises:
            ExplorerError: the model is not to be shown.
        """
        if not self.right:
            raise ExplorerError("model-unsupported", name=name, kind=kind)


def crossings(config: Mapping[str, Any], info: ModelInfo, chunk: int) -> tuple[int, ...]:
    """The lengths after which something about a model changes, that a text of it can have.

    Args:
        config: the model's, as JSON has it.
        chunk: how many tokens of a long text are read in one pass.
    """
    found = {SHORT, chunk, info.n_positions, *_lengths(config)}
    return tuple(sorted(length for length in found if 2 < length <= info.n_positions)) or (info.n_positions,)


def within_reach(length: int, info: ModelInfo) -> bool:
    """Whether a text that crosses ``length`` is read in reasonable time and memory; the shortest always are."""
    n_tokens = length + 2
    work, weights = n_tokens * info.n_parameters, info.n_layer * info.n_head * n_tokens**2
    return length <= SHORT or (work <= MAX_WORK and weights <= MAX_WEIGHTS)


def check(model: Tried, reference: Reference, lengths: tuple[int, ...]) -> Outcome:
    """Compare a model with the reference around each of ``lengths``.

    Raises:
        ExplorerError: the weights are damaged, or the memory is full.
    """
    comparison = _Comparison(model, reference)
    try:
        for seed, length in enumerate(lengths):
            for ids in texts_around(length, model.info.vocab_size, seed):
                if comparison.right:
                    comparison.add(ids)
    except ExplorerError:
        raise
    except Exception:  # whatever an architecture does that nobody has tried here
        comparison.right = False
    return comparison.outcome()


def texts_around(length: int, vocab_size: int, seed: int = 0) -> Iterator[Ints]:
    """Texts to be read one after the other: past ``length`` at once, cut back to it, and past it by a token."""
    # A prime step walks through most of any vocabulary; texts of different seeds share no beginning.
    walk = np.arange(1, length + 6, dtype=np.int64) * 7919 + 104729 * seed
    ids = walk % vocab_size
    yield ids[: length + 2]
    # With another ending, which nothing knows.
    back = np.concatenate([ids[: max(0, length - 2)], ids[length + 2 : length + 4]])
    yield back
    yield np.concatenate([back, ids[length + 4 : length + 5]])


class _Comparison:
    """What was found so far."""

    def __init__(self, model: Tried, reference: Reference) -> None:
        self.model, self._reference = model, reference
        self.right, self.attention = True, model.info.attention
        self._nats, self._weight = 0.0, 0.0
        self._lengths: list[int] = []
        half = model.info.dtype in ("bfloat16", "float16")
        # Half precision rounds at 2^-8; float32 at 2^-24, grown by some hundred layers' sums.
        self._may_differ, self._weights_may_differ = (0.25, 0.05) if half else (1e-2, 1e-3)

    def outcome(self) -> Outcome:
        return Outcome(self.right, self.right and self.attention, tuple(self._lengths), self._nats, self._weight)

    def add(self, ids: Ints) -> None:
        trace = self._trace(ids)
        logits, weights = self._reference(trace.ids[trace.start :], self.attention)
        self._lengths.append(len(ids))
        self._add_logits(trace, logits)
        if self.attention:
            self._add_attention(trace, weights)

    def _trace(self, ids: Ints) -> Trace:
        if self.attention:
            try:
                return self.model.trace(ids, attention=True)
            except OutOfMemory:
                raise
            except Exception:  # whatever an architecture does that nobody has tried here: it still predicts
                self.attention = False
        return self.model.trace(ids)

    def _add_logits(self, trace: Trace, logits: Floats) -> None:
        got, expected = _log_softmax(trace.logits), _log_softmax(logits[-1])
        with np.errstate(invalid="ignore"):  # a token that cannot come is -inf in both
            self._nats = max(self._nats, float(np.nanmax(np.abs(got - expected), initial=0.0)))
        following = trace.ids[trace.start + 1 :]
        # Row by row: all at once would be hundreds of megabytes of a large vocabulary.
        log_p = [_log_softmax(row)[token] for row, token in zip(logits, following, strict=False)]
        ours = np.concatenate([got, trace.surprisal[trace.start + 1 :] * -np.log(2)])
        theirs = np.concatenate([expected, log_p])
        self.right = self.right and np.allclose(ours, theirs, atol=self._may_differ, rtol=self._may_differ)

    def _add_attention(self, trace: Trace, weights: Floats | None) -> None:
        got = trace.attention.dense()
        if weights is None or weights.shape != got.shape:
            self.attention = False
            return
        worst = float(np.abs(got - weights).max())
        self._weight = max(self._weight, worst)
        self.attention = worst <= self._weights_may_differ  # which NaN is not


def _lengths(config: Any) -> Iterator[int]:
    if isinstance(config, Mapping):
        for name, value in config.items():
            if name in LENGTH_SETTINGS and isinstance(value, int) and not isinstance(value, bool):
                yield value
            else:
                yield from _lengths(value)


def _log_softmax(logits: Floats) -> Floats:
    """(V,) logits -> nats."""
    shifted = logits.astype(np.float64) - logits.max()
    return np.asarray(shifted - np.log(np.exp(shifted).sum()))
