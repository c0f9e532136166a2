"""`Sampling`: the parameters of a sampler, and what they make of logits."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np

from explorer.language_model.arguments import whole
from explorer.language_model.record import Record
from explorer.language_model.tokens import Vocabulary
from explorer.language_model.trace import Floats, Ints
from explorer.locales import ExplorerError, shown
from explorer.locales.numbers import parameter
from explorer.sampling.distribution import Distribution, Stage
from explorer.sampling.parameters import listed, number, real
from explorer.sampling.softmax import Softmax, frozen
from explorer.sampling.stages import DEFAULT_ORDER, GREEDY, STAGES, only_the_largest

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
MAX_BIAS = 100.0


@dataclass(frozen=True, eq=False, repr=False)
class Sampling(Record):
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
        # Probabilities are computed when they are asked for, and the caller may write to its array before.
        raw = Softmax(frozen(logits.copy()) if logits.flags.writeable else logits)
        stages = self._stages(raw, np.broadcast_to(ids, (*logits.shape[:-1], ids.shape[-1])))
        return Distribution(raw, stages, vocabulary)

    def _stages(self, raw: Softmax, history: Ints) -> tuple[Stage, ...]:
        """What each stage leaves, from the logits (..., V) and the texts (..., T)."""
        before, stages = raw, list[Stage]()
        for name in self.in_force:
            before = Stage(frozen(STAGES[name].process(getattr(self, name), history, before)), name)
            if np.isneginf(before.largest).any():
                raise ExplorerError("no-token-left", stage=name)
            stages.append(before)
        if self.greedy:
            stages.append(Stage(frozen(only_the_largest(before.scores)), GREEDY))
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
        if not isinstance(record, Mapping):
            raise ExplorerError("strategy-no-record", value=shown(record))
        names = [field.name for field in fields(cls)]
        for name in record:
            if name not in names:
                nearest = difflib.get_close_matches(str(name), names, n=3, cutoff=0.4) or names
                raise ExplorerError("sampling-unknown-parameter", name=shown(name), nearest=", ".join(nearest))
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
        return number(name, value, low, high, whole_only=name in WHOLE)
    temperature = real(value)
    if temperature is None or not low <= temperature <= high:
        raise ExplorerError("temperature-out-of-range", value=shown(value), low=parameter(low), high=parameter(high))
    return temperature


def _ids(name: str, values: Any) -> tuple[int, ...]:
    # A mapping is refused: whoever gives one means a bias.
    entries = None if isinstance(values, Mapping) else listed(values)
    ids = [None] if entries is None else [whole(entry) for entry in entries]
    known = {i for i in ids if i is not None and i >= 0}
    if known != set(ids):
        raise ExplorerError("sampling-no-ids", name=name, value=shown(values))
    return tuple(sorted(known))


def _bias(values: Any) -> tuple[tuple[int, float], ...]:
    entries = listed(values.items() if isinstance(values, Mapping) else values)
    pairs = [None] if entries is None else [listed(entry) for entry in entries]
    amounts = {}
    for pair in pairs:
        token, amount = (whole(pair[0]), real(pair[1])) if pair is not None and len(pair) == 2 else (None, None)
        if token is None or token < 0 or amount is None or not abs(amount) <= MAX_BIAS:
            continue
        amounts[token] = amount
    if len(amounts) < len(pairs):  # an entry that is none, or two for one token
        raise ExplorerError("sampling-no-bias", value=shown(values), most=parameter(MAX_BIAS))
    return tuple(sorted(amounts.items()))


def _stages(name: str, values: Any) -> tuple[str, ...]:
    entries = listed(values)
    wrong = [values] if entries is None else [i for i in entries if not isinstance(i, str) or i not in STAGES]
    if wrong:
        stages = ", ".join(DEFAULT_ORDER)
        raise ExplorerError("sampling-no-stages", name=name, value=shown(wrong[0]), stages=stages)
    return tuple(str(value) for value in entries or ())


def _said(value: Any) -> str:
    """A parameter as a line of them has it: numbers without needless digits."""
    if isinstance(value, tuple):
        return f"{len(value)} {'token' if len(value) == 1 else 'tokens'}"
    return parameter(value) if isinstance(value, float) else str(value)
