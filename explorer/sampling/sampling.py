"""`Sampling`: the parameters of a sampler, and what they make of logits."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from numbers import Real
from operator import index
from typing import Any

import numpy as np

from explorer.language_model.tokens import Vocabulary
from explorer.language_model.trace import Floats, Ints
from explorer.locales import ExplorerError
from explorer.locales.numbers import parameter
from explorer.sampling.distribution import Distribution, Stage, softmax
from explorer.sampling.stages import DEFAULT_ORDER, GREEDY, STAGES

RANGES: dict[str, tuple[float, float]] = {
    "temperature": (0.001, 100),
    "top_k": (1, 10_000_000),
    "top_p": (1e-6, 1),
    "min_p": (0, 1),
    "typical_p": (1e-6, 1),
    "repetition_penalty": (0.01, 100),
    "presence_penalty": (-100, 100),
    "frequency_penalty": (-100, 100),
    "no_repeat_ngram": (0, 1000),
}
"""Smallest and largest value of each parameter that is a number; a bias has the range of a penalty."""

WHOLE = {"top_k", "no_repeat_ngram"}
MOST_BIAS = 100.0


@dataclass(frozen=True)
class Sampling:
    """How a token is chosen from logits. `explorer.sampling.stages` says what each parameter does, and its source.

    Attributes:
        temperature: 1 changes nothing; below 1 sharpens, above 1 flattens.
        top_k: None keeps all.
        top_p, typical_p: 1 keeps all.
        min_p: 0 keeps all.
        repetition_penalty: 1 changes nothing.
        presence_penalty, frequency_penalty: 0 changes nothing.
        no_repeat_ngram: the length n of the n-grams that may not occur twice; 0 allows all.
        banned: ids of tokens that may not come.
        bias: (id, amount) of tokens whose logit is raised or lowered; a mapping is taken as well.
        greedy: the likeliest token always. Penalties, bias and bans come before; what reshapes a draw is passed over.
        order: all the stages, in the order in which they run.
        off: stages that are switched off, whatever their parameter.

    Raises:
        ExplorerError: a value out of its range, on construction.
    """

    temperature: float = 1.0
    top_k: int | None = None
    top_p: float = 1.0
    min_p: float = 0.0
    typical_p: float = 1.0
    repetition_penalty: float = 1.0
    presence_penalty: float = 0.0
    frequency_penalty: float = 0.0
    no_repeat_ngram: int = 0
    banned: tuple[int, ...] = ()
    bias: tuple[tuple[int, float], ...] = ()
    greedy: bool = False
    order: tuple[str, ...] = DEFAULT_ORDER
    off: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        # Equal samplings must be equal values: what may be written in several ways gets one form here.
        for name in RANGES:
            self._set(name, _parameter(name, getattr(self, name)))
        self._set("banned", _ids("banned", self.banned))
        self._set("bias", _bias(self.bias))
        if not isinstance(self.greedy, bool):
            raise ExplorerError("sampling-not-a-switch", name="greedy", value=shown(self.greedy))
        self._set("order", _stages("order", self.order))
        if sorted(self.order) != sorted(DEFAULT_ORDER):
            value = ", ".join(self.order) or "()"
            raise ExplorerError("sampling-order", value=value, stages=", ".join(DEFAULT_ORDER))
        self._set("off", tuple(sorted(set(_stages("off", self.off)))))

    def _set(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)

    @property
    def in_force(self) -> tuple[str, ...]:
        """The stages that change something, in their order."""
        return tuple(
            name
            for name in self.order
            if name not in self.off
            and getattr(self, name) != STAGES[name].neutral
            and not (self.greedy and STAGES[name].reshapes)
        )

    def apply(
        self,
        logits: Floats,
        history: Sequence[int] | Sequence[Sequence[int]] | Ints,
        vocabulary: Vocabulary | None = None,
    ) -> Distribution:
        """The distribution over the next token, with what each stage left.

        Args:
            logits: (..., V) float32 or float64, not changed; the stages run in this dtype.
            history: (T,) the token ids so far, which penalties look at; or (..., T), one text for each distribution.
            vocabulary: gives candidates their text.

        Raises:
            ExplorerError: a banned or biased id, or one of the text, is not in the vocabulary, or the stages leave no
                token.
        """
        ids = np.asarray(history, np.int64)
        for i in (*self.banned, *(i for i, _ in self.bias), int(ids.min(initial=0)), int(ids.max(initial=0))):
            if not 0 <= i < logits.shape[-1]:
                raise ExplorerError("unknown-token-id", id=shown(i), last=str(logits.shape[-1] - 1))
        raw = softmax(logits)
        stages = self._stages(logits, ids)
        if self.greedy:
            scores = stages[-1].scores if stages else logits
            stages = (*stages, Stage(GREEDY, _only_the_largest(scores)))
        return Distribution(logits, raw, stages[-1].probabilities if stages else raw, stages, vocabulary)

    def _stages(self, logits: Floats, history: Ints) -> tuple[Stage, ...]:
        if not self.in_force:
            return ()
        import torch  # takes seconds: a sampling is also made where no model is needed

        n_vocab = logits.shape[-1]
        scores = torch.tensor(logits.reshape(-1, n_vocab))  # (B, V), a copy
        ids = torch.tensor(np.broadcast_to(history, (*logits.shape[:-1], history.shape[-1])).reshape(len(scores), -1))
        stages = []
        for name in self.in_force:
            scores = STAGES[name].make(self)(ids, scores)
            left = scores.numpy().reshape(logits.shape)
            left.flags.writeable = False
            if np.isneginf(left).all(axis=-1).any():
                raise ExplorerError("no-token-left", stage=name)
            stages.append(Stage(name, left))
        return tuple(stages)

    def record(self) -> dict[str, Any]:
        """For JSON: every parameter; `Sampling.of` reads it."""
        return asdict(self) | {"bias": [list(pair) for pair in self.bias]}

    @classmethod
    def of(cls, record: Mapping[str, Any]) -> Sampling:
        """From a record, in which parameters may be missing.

        Raises:
            ExplorerError: a parameter that there is not, or a value out of its range.
        """
        names = [field.name for field in fields(cls)]
        for name in record:
            if name not in names:
                nearest = difflib.get_close_matches(str(name), names, n=3, cutoff=0.4) or names
                raise ExplorerError("sampling-unknown-parameter", name=str(name)[:60], nearest=", ".join(nearest))
        return cls(**record)

    def __str__(self) -> str:
        """What it does, in the order in which it does it: ``temperature 0.7, top_p 0.9``."""
        said = [f"{name} {_said(getattr(self, name))}" for name in self.in_force]
        return ", ".join([*said, GREEDY] if self.greedy else said or ["temperature 1"])


def _parameter(name: str, value: Any) -> float | int | None:
    low, high = RANGES[name]
    if value is None and name == "top_k":
        return None
    if name != "temperature":
        return number(name, value, low, high, whole=name in WHOLE)
    temperature = _real(value)
    if temperature is None or not low <= temperature <= high:
        raise ExplorerError("temperature-out-of-range", value=shown(value), low=parameter(low), high=parameter(high))
    return temperature


def number(name: str, value: Any, low: float, high: float, *, whole: bool = False) -> float | int:
    """A parameter's value as it is recorded.

    Raises:
        ExplorerError: it is no (whole) number, or does not lie between ``low`` and ``high``.
    """
    found = _whole(value) if whole else _real(value)
    if found is None or not low <= found <= high:  # NaN lies nowhere
        message = "sampling-no-whole-number" if whole else "sampling-no-number"
        raise ExplorerError(message, name=name, value=shown(value), low=parameter(low), high=parameter(high))
    return found


def _whole(value: Any) -> int | None:
    """A whole number as Python's own; None for what is none, and for True and False, which Python takes for 1 and 0."""
    try:
        return None if isinstance(value, bool) else index(value)
    except TypeError:
        return None


def _real(value: Any) -> float | None:
    """A number as a float; None for what is none, and for True and False."""
    try:
        return float(value) if isinstance(value, Real) and not isinstance(value, bool) else None
    except OverflowError:
        return None


def _ids(name: str, values: Any) -> tuple[int, ...]:
    listed = isinstance(values, Iterable) and not isinstance(values, str | bytes | Mapping)
    ids = {_whole(i) for i in values} if listed else {None}
    whole = {i for i in ids if i is not None and i >= 0}
    if whole != ids:
        raise ExplorerError("sampling-no-ids", name=name, value=shown(values))
    return tuple(sorted(whole))


def _bias(values: Any) -> tuple[tuple[int, float], ...]:
    given = values.items() if isinstance(values, Mapping) else values
    try:
        pairs = [(_whole(i), _real(amount)) for i, amount in given]
    except (TypeError, ValueError):  # no pairs
        pairs = [(None, None)]
    right = {i: by for i, by in pairs if i is not None and i >= 0 and by is not None and abs(by) <= MOST_BIAS}
    if len(right) < len(pairs) or isinstance(values, str | bytes):
        raise ExplorerError("sampling-no-bias", value=shown(values), most=f"{MOST_BIAS:g}")
    return tuple(sorted(right.items()))


def _stages(name: str, values: Iterable[Any]) -> tuple[str, ...]:
    if isinstance(values, str) or not isinstance(values, Iterable):
        raise ExplorerError("sampling-no-stages", name=name, value=shown(values), stages=", ".join(DEFAULT_ORDER))
    names = tuple(str(value) for value in values)
    for value in names:
        if value not in STAGES:
            raise ExplorerError("sampling-no-stages", name=name, value=shown(value), stages=", ".join(DEFAULT_ORDER))
    return names


def _only_the_largest(scores: Floats) -> Floats:
    """(..., V) with -inf for all but the largest, the lowest id among equals."""
    largest = np.argmax(scores, axis=-1, keepdims=True)
    kept = np.full_like(scores, -np.inf)
    np.put_along_axis(kept, largest, np.take_along_axis(scores, largest, axis=-1), axis=-1)
    kept.flags.writeable = False
    return kept


def _said(value: Any) -> str:
    """A parameter as a line of them has it: numbers without needless digits."""
    if isinstance(value, tuple):
        return f"{len(value)} {'token' if len(value) == 1 else 'tokens'}"
    return parameter(value) if isinstance(value, float) else str(value)


def shown(value: Any) -> str:
    """A value as the sentence that refuses it quotes it: all digits (1.0000001 is not 1), texts in quotes, not long."""
    try:
        text = repr(value) if isinstance(value, str) else str(value)
    except ValueError:  # Python writes out no whole number of more than 4,300 digits
        text = "…"
    return text if len(text) <= 60 else text[:59] + "…"
