"""`Strategy`: a way of writing on from a text, with a name."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from explorer.language_model.arguments import require
from explorer.language_model.record import Record
from explorer.locales import ExplorerError, numbers, shown
from explorer.sampling.parameters import listed, number
from explorer.sampling.sampling import Sampling

MAX_BEAMS = 64
LENGTH_PENALTIES = (-10.0, 10.0)


@dataclass(frozen=True, eq=False, repr=False)
class Beam(Record):
    """Beam search: the texts that are likeliest as wholes, as far as a narrow search finds them.

    Attributes:
        n_beams: how many unfinished texts are kept at each step.
        length_penalty: a finished text's score is its log probability over its length to this power, as in
            transformers: above 0 longer texts gain, below 0 shorter ones do.

    Raises:
        ExplorerError: a value out of its range, on construction.
    """

    n_beams: int = 4
    length_penalty: float = 1.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "n_beams", number("n_beams", self.n_beams, 1, MAX_BEAMS, whole_only=True))
        penalty = number("length_penalty", self.length_penalty, *LENGTH_PENALTIES)
        object.__setattr__(self, "length_penalty", penalty)

    def __str__(self) -> str:
        penalty = f", length_penalty {numbers.parameter(self.length_penalty)}" if self.length_penalty != 1 else ""
        return f"beam {self.n_beams}{penalty}"

    def record(self) -> dict[str, Any]:
        """For JSON; `Strategy.of` reads it."""
        return asdict(self)


Method = Sampling | Beam


@dataclass(frozen=True, eq=False, repr=False)
class Strategy(Record):
    """A method with the name it goes by beside others.

    Raises:
        ExplorerError: the method is none, or the name no text; on construction.
    """

    name: str
    method: Method

    def __post_init__(self) -> None:
        if not isinstance(self.method, Sampling | Beam):
            raise ExplorerError("strategy-is-none", value=shown(self.method))
        require("name", self.name, "text", str)

    def record(self) -> dict[str, Any]:
        """For JSON; `of` reads it."""
        kind = "beam" if isinstance(self.method, Beam) else "sampling"
        return {"name": self.name, kind: self.method.record()}

    @classmethod
    def of(cls, record: Mapping[str, Any]) -> Strategy:
        """From a record, in which parameters may be missing.

        Raises:
            ExplorerError: it has neither a sampling nor a beam, a parameter that there is not, or a value out of range.
        """
        kinds: dict[str, Callable[[Mapping[str, Any]], Method]] = {"sampling": Sampling.of, "beam": _beam}
        if not isinstance(record, Mapping):
            raise ExplorerError("strategy-no-record", value=shown(record))
        given = [kind for kind in kinds if kind in record]
        if len(given) != 1 or not isinstance(record[given[0]], Mapping) or set(record) - {"name", *given}:
            raise ExplorerError("strategy-no-record", value=shown(dict(record)))
        method = kinds[given[0]](record[given[0]])
        name = record.get("name", str(method))
        if not isinstance(name, str):
            raise ExplorerError("strategy-no-record", value=shown(dict(record)))
        return cls(name, method)


def strategies(given: Iterable[Strategy | Method] | Strategy | Method) -> tuple[Strategy, ...]:
    """Strategies as they can stand beside each other; bare methods are named by what they do, one may come by itself.

    Raises:
        ExplorerError: there is none, two have the same name, a name is empty, or something is no strategy.
    """
    entries = [given] if isinstance(given, Strategy | Sampling | Beam) else listed(given)
    if entries is None:
        raise ExplorerError("strategy-is-none", value=shown(given))
    named: list[Strategy] = []
    for each in entries:
        if isinstance(each, Sampling | Beam):
            each = Strategy(str(each), each)
        if not isinstance(each, Strategy):
            raise ExplorerError("strategy-is-none", value=shown(each))
        if not each.name.strip():
            raise ExplorerError("strategy-no-name", method=str(each.method))
        if any(other.name == each.name for other in named):
            raise ExplorerError("strategy-twice", name=each.name)
        named.append(each)
    if not named:
        raise ExplorerError("strategy-missing")
    return tuple(named)


def _beam(record: Mapping[str, Any]) -> Beam:
    names = [field.name for field in fields(Beam)]
    for name in record:
        if name not in names:
            nearest = difflib.get_close_matches(str(name), names, n=3, cutoff=0.4) or names
            raise ExplorerError("sampling-unknown-parameter", name=shown(name), nearest=", ".join(nearest))
    return Beam(**record)
