"""`SamplerControls`: the stages of a sampler as rows of a switch, a slider and a number. One widget, not thirty."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Annotated, Any

import traitlets as t
from pydantic import Field

from explorer.sampling.stages import STAGES
from explorer.widgets.base import Element
from explorer.widgets.page_message import Index, Integer, Name, PageMessage, Text

Stop = float | int | None
"""A value that a slider stands at; None is all tokens."""

MAX_CHANGES = 1_000
"""That are asked for at once: those of a hand while an answer is awaited."""

_DECADE = (1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0)


Given = bool | Integer | float | Text | None | Annotated[list[Name], Field(max_length=MAX_CHANGES)]
"""What a change sets: a switch, a number from a slider, what somebody typed, an order of stages."""

Change = Annotated[tuple[Name, Name, Given], Field(strict=False)]
"""Its kind, what it is about, and what is given."""


class Asked(PageMessage):
    """What a page asks for; changes are of a kind and about something."""

    number: Index
    changes: Annotated[list[Change], Field(max_length=MAX_CHANGES)]


class SamplerControls(Element):
    """A row a stage, in the order in force. Strings come from here in the reader's language.

    Attributes:
        words: what does not change while one plays: names, explanations, presets.
        scales: by stage, the ``stops`` of its slider and the place of the ``neutral`` one among them.
        shown: the rows as they are now; ``answered`` is the number of the question that they answer.
        asked: what the page asks for: ``number``, and ``changes``, each ``[kind, key, value]``. Changes that are not
            answered yet are asked for again with the next one, so none is lost when only the newest message is sent.

    ``on_asked`` is called with the changes, see `Asked`, and ends with `show`.
    """

    page_writes = frozenset({"asked"})
    words = t.Dict().tag(sync=True)
    scales = t.Dict().tag(sync=True)
    shown = t.Dict().tag(sync=True)
    asked = t.Dict({"number": 0, "changes": []}).tag(sync=True, echo_update=False)

    def __init__(self, on_asked: Callable[[list[Any]], None], **traits: Any) -> None:
        super().__init__(**traits)
        self._on_asked = on_asked
        self._answered = 0
        self.observe(self._on_asked_change, "asked")

    def show(self, shown: dict[str, Any], scales: dict[str, Any]) -> None:
        with self.hold_sync():  # one message
            self.scales = scales
            self.shown = shown | {"answered": self._answered}

    @t.validate("asked")
    def _valid_asked(self, proposal: dict[str, Any]) -> Any:
        Asked.model_validate(proposal["value"])
        return proposal["value"]

    def _on_asked_change(self, change: dict[str, Any]) -> None:
        asked = Asked.model_validate(change["new"])
        self._answered = asked.number
        self._on_asked(asked.changes)


@cache
def scales(n_vocab: int) -> dict[str, dict[str, Any]]:
    """Of every stage that is a number: the stops of its slider, ascending, and the index of the neutral one."""
    stops: dict[str, tuple[Stop, ...]] = {
        "repetition_penalty": _even(1, 2, 0.02),
        "presence_penalty": _even(-2, 2, 0.1),
        "frequency_penalty": _even(-2, 2, 0.1),
        "no_repeat_ngram": tuple(range(9)),
        "temperature": _even(0, 3, 0.05),  # 0 stands for greedy
        "top_k": (*(k for k in (*range(1, 10), *map(int, _decades(10, n_vocab))) if k < n_vocab), None),
        "top_p": _even(0.05, 1, 0.01),
        "min_p": (0.0, *_decades(0.001, 1)),
        "typical_p": _even(0.05, 1, 0.01),
    }
    return {
        stage: {"stops": list(values), "neutral": values.index(STAGES[stage].neutral)}
        for stage, values in stops.items()
    }


def place(value: Stop, stops: list[Stop]) -> int:
    """The index of the stop that is nearest to ``value``."""
    if value is None:
        return stops.index(None)
    return min(range(len(stops)), key=lambda i: abs(value - stop) if (stop := stops[i]) is not None else float("inf"))


def _even(least: float, most: float, step: float) -> tuple[Stop, ...]:
    return tuple(round(least + i * step, 6) for i in range(round((most - least) / step) + 1))


def _decades(least: float, most: float) -> list[float]:
    """Steps of about a quarter from ``least``, a power of ten, to ``most``."""
    powers = [least]
    while powers[-1] * 10 <= most:
        powers.append(powers[-1] * 10)
    return [value for power in powers for digit in _DECADE if (value := float(f"{power * digit:.3g}")) <= most]
