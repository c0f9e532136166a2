"""What is changed inside a model while it reads: values that say it, and nothing of how it is done."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import index
from typing import Any

from explorer.language_model.arguments import check_head
from explorer.language_model.record import Record
from explorer.locales import ExplorerError, shown

Head = tuple[int, int]
"""A layer and a head of it, both from 0."""

MODES = ("zero",)


@dataclass(frozen=True, eq=False, repr=False)
class Ablate(Record):
    """Heads that are switched off: what they would add to the residual stream is taken away.

    A head's output is its weights times its values, before the output projection. In mode ``zero`` it is 0 for every
    token: so the bias of the head's values goes with it, and the bias of the layer's output projection stays.

    Attributes:
        heads: (layer, head) from 0; sorted, each once.
        mode: what stands in for the output; ``zero`` is the only one.

    Raises:
        ExplorerError: no list of such pairs, none at all, or an unknown mode; on construction.
    """

    heads: tuple[Head, ...]
    mode: str = "zero"

    def __post_init__(self) -> None:
        if self.mode not in MODES:
            raise ExplorerError("unknown-ablation-mode", mode=shown(self.mode), known=", ".join(MODES))
        object.__setattr__(self, "heads", _heads(self.heads))

    def record(self) -> dict[str, Any]:
        """For JSON; `intervention_of` reads it."""
        return {"kind": "ablate", "heads": [list(head) for head in self.heads], "mode": self.mode}


Intervention = Ablate
"""Any of the interventions there are."""

Interventions = tuple[Intervention, ...]


def canonical(interventions: Iterable[Intervention]) -> Interventions:
    """The same interventions in the one form that equal ones share: a mode's heads together, sorted.

    Raises:
        ExplorerError: something that is no intervention.
    """
    given = tuple(interventions) if isinstance(interventions, Iterable) else (interventions,)
    for each in given:
        if not isinstance(each, Ablate):
            raise ExplorerError("not-an-intervention", given=shown(each))
    modes = sorted({each.mode for each in given})
    return tuple(
        Ablate(tuple(head for each in given if each.mode == mode for head in each.heads), mode) for mode in modes
    )


def intervention_of(record: Mapping[str, Any]) -> Intervention:
    """From a record, as `Ablate.record` gives it.

    Raises:
        ExplorerError: an intervention that this version does not know, or one that cannot be.
    """
    kind = record.get("kind")
    if kind != "ablate" or set(record) - {"kind", "heads", "mode"}:
        raise ExplorerError("unknown-intervention", kind=shown(kind))
    return Ablate(record.get("heads", ()), record.get("mode", "zero"))


def ablated_heads(interventions: Interventions) -> dict[int, tuple[int, ...]]:
    """Of each layer that has some, the heads whose output is 0."""
    found: dict[int, tuple[int, ...]] = {}
    for each in interventions:
        for layer, head in each.heads:
            found[layer] = (*found.get(layer, ()), head)
    return found


def check_heads(interventions: Interventions, n_layer: int, n_head: int) -> None:
    """
    Raises:
        ExplorerError: a head that the model does not have.
    """
    for layer, head in (pair for each in interventions for pair in each.heads):
        check_head(layer, head, n_layer, n_head)


def _heads(given: Any) -> tuple[Head, ...]:
    try:
        pairs = {_pair(each) for each in given}
    except (TypeError, ValueError):
        pairs = set()
    if not pairs:
        raise ExplorerError("ablation-no-heads", given=shown(given))
    return tuple(sorted(pairs))


def _pair(given: Sequence[Any]) -> Head:
    layer, head = given
    if isinstance(layer, bool) or isinstance(head, bool) or index(layer) < 0 or index(head) < 0:
        raise ValueError
    return index(layer), index(head)
