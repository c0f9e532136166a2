"""`Request`: what is asked of a model, as a value; `Extras`: what the answer brings along."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from operator import index
from typing import Any

from explorer.language_model.arguments import require, whole
from explorer.language_model.interventions import Intervention, Interventions, canonical, intervention_of
from explorer.language_model.record import Record
from explorer.language_model.sites import canonical_sites
from explorer.language_model.tokens import Encoding
from explorer.locales import ExplorerError, Message, shown


@dataclass(frozen=True, eq=False, repr=False)
class Extras(Record):
    """What a trace brings along besides the distributions; nothing here changes a number.

    >>> ids = lm.tokenize("The capital of France is").ids
    >>> trace = lm.trace(explorer.Request(ids, extras=explorer.Extras(states=("embedding", "block"))))
    >>> trace.states["block"][3]                          # (T, n_embd): the residual stream after block 3

    Attributes:
        attention: what every head of every layer looks at.
        layer: the layer whose exact weights are at hand, of a text so long that the others are kept as bytes.
        vectors: the (layer, head) whose queries, keys and values are at hand; they bring the weights of ``layer``.
        states: the sites whose states are recorded, see `explorer.language_model.sites`; each once, in their order.

    Raises:
        ExplorerError: a layer or a head that is no number, vectors of another layer than ``layer``, or an unknown site;
            on construction.
    """

    attention: bool = False
    layer: int | None = None
    vectors: tuple[int, int] | None = None
    states: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.layer is not None and whole(self.layer) is None:
            raise ExplorerError("unknown-layer-of-extras", layer=shown(self.layer))
        if self.vectors is not None:
            pair = self.vectors
            if not isinstance(pair, tuple | list) or len(pair) != 2 or None in map(whole, pair):
                raise ExplorerError("vectors-of-no-head", given=shown(pair))
            object.__setattr__(self, "vectors", tuple(map(whole, pair)))
            if self.layer not in (None, self.vectors[0]):
                raise ExplorerError("extras-of-two-layers", layer=str(self.layer), other=str(self.vectors[0]))
            object.__setattr__(self, "layer", self.vectors[0])
        if self.layer is not None:
            object.__setattr__(self, "attention", True)  # which it is a part of
        object.__setattr__(self, "states", canonical_sites(self.states))


@dataclass(frozen=True, eq=False, repr=False)
class Request(Record):
    """What is asked of a model. Hashable, and JSON by `record`: the same request has the same answer everywhere.

    Attributes:
        ids: the tokens that are read, one at least.
        interventions: what is changed inside the model while it reads.
        extras: what the answer brings along.

    Raises:
        ExplorerError: ids that are no whole numbers, a text among them, or none at all; something that is no
            intervention; on construction.
    """

    ids: tuple[int, ...]
    interventions: Interventions = ()
    extras: Extras = field(default_factory=Extras)

    def __post_init__(self) -> None:
        require("extras", self.extras, "extras", Extras)
        if isinstance(self.ids, str):
            raise ExplorerError("request-of-text", given=shown(self.ids))
        object.__setattr__(self, "ids", whole_numbers(self.ids))
        if not self.ids:
            raise ExplorerError("request-without-ids")
        object.__setattr__(self, "interventions", canonical(self.interventions))

    def record(self) -> dict[str, Any]:
        """For JSON; `Request.of` reads it."""
        interventions = [each.record() for each in self.interventions]
        return {"ids": list(self.ids), "interventions": interventions, "extras": asdict(self.extras)}

    @classmethod
    def of(cls, record: Mapping[str, Any]) -> Request:
        """From a record.

        Raises:
            ExplorerError: no record of a request, or an intervention or a site that this version does not know.
        """
        try:
            extras = Extras(**record.get("extras", {}))
            given, interventions = record["ids"], tuple(map(intervention_of, record.get("interventions", ())))
        except ExplorerError:
            raise
        except (AttributeError, LookupError, TypeError) as error:
            raise ExplorerError("request-no-record", value=shown(record)) from error
        return cls(given, interventions, extras)


Asked = str | Sequence[int] | Request
"""The ways to say what is to be read: a text, token ids, or a whole request."""


def as_request(
    asked: Any,
    *,
    tokenize: Callable[[str], Encoding],
    vocab_size: int,
    interventions: Iterable[Intervention] = (),
    attention: bool = False,
) -> tuple[Request, tuple[Message, ...]]:
    """The request that is meant, and what a reader must know about how its text was read.

    Token ids are taken as they are; none at all means the start token, as an empty text does.

    Raises:
        ExplorerError: neither text nor ids, an id the model lacks, no start token for an empty text, or a request with
            ``interventions`` or ``attention`` beside it, which would not be in force.
    """
    interventions = canonical(interventions)
    if isinstance(asked, Request):
        if interventions or attention:
            raise ExplorerError("request-and-more")
        require_known(asked.ids, vocab_size)
        return asked, ()
    encoding = tokenize(asked) if isinstance(asked, str) else as_ids(asked, tokenize=tokenize)
    require_known(encoding.ids, vocab_size)
    return Request(encoding.ids, interventions, Extras(attention=attention)), encoding.notices


def as_ids(given: Any, *, tokenize: Callable[[str], Encoding]) -> Encoding:
    """Token ids that somebody gave.

    Raises:
        ExplorerError: they are no whole numbers.
    """
    ids = whole_numbers(given)
    return Encoding(ids) if ids else tokenize("")


def require_known(ids: Iterable[int], vocab_size: int) -> None:
    """
    Raises:
        ExplorerError: an id that the model does not have.
    """
    for wrong in (i for i in ids if not 0 <= i < vocab_size):
        raise ExplorerError("unknown-token-id", id=shown(wrong), last=str(vocab_size - 1))


def whole_numbers(given: Any) -> tuple[int, ...]:
    """A list of token ids that somebody gave.

    Raises:
        ExplorerError: it is none.
    """
    try:
        if isinstance(given, str | bytes | bytearray | Mapping):  # whose items may be whole numbers by accident
            raise TypeError
        return tuple(index(i) for i in given)
    except TypeError:
        raise ExplorerError("not-text-or-ids", given=shown(given)) from None
