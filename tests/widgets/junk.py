"""What no page of ours would send: seeded, so that a failure comes again."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from types import UnionType
from typing import Any, get_args, get_type_hints

from pydantic import BaseModel

from explorer.widgets.base import Element, Guarded

MAX_DEPTH = 200
"""Of what is nested: JSON of more is refused before it reaches a widget."""


class Junk:
    """Messages to any of some widgets.

    Args:
        widgets: to whom they go.
        seed: the same seed, the same messages.
    """

    def __init__(self, widgets: list[Guarded], seed: int) -> None:
        self.widgets, self._random = widgets, Random(seed)

    def nonsense(self) -> Iterator[tuple[Guarded, Any]]:
        """Without end: a widget and a message that it must refuse."""
        while True:
            widget = self._random.choice(self.widgets)
            make = self._random.choice([self._malformed, self._forbidden_write, self._wrong_write, self._no_message])
            yield widget, make(widget)

    def plausible(self) -> Iterator[tuple[Guarded, Any]]:
        """Without end: a widget and a message of the form that it takes, about anything."""
        while True:
            widget = self._random.choice(self.widgets)
            models = messages_of(type(widget))
            if models and self._random.random() < 0.7:
                yield widget, custom(self._filled(self._random.choice(models)))
            elif widget.page_writes:
                name = self._random.choice(sorted(widget.page_writes))
                yield widget, update({name: self._near(getattr(widget, name))})

    # --- messages

    def _malformed(self, _widget: Guarded) -> Any:
        random, message = self._random, update({"value": self.value()})
        match random.randrange(8):
            case 0:
                return self.value()
            case 1:
                return {"content": self.value(), "buffers": []}
            case 2:
                return {"content": {"data": self.value()}, "buffers": []}
            case 3:
                message["content"]["data"]["method"] = self.value()
            case 4:
                message["content"]["data"]["state"] = random.choice([None, 7, "state", [1]])
            case 5:
                message["buffers"] = [b"\0" * random.randrange(1000)]
            case 6:
                message["content"]["data"]["buffer_paths"] = random.choice(
                    [7, [[]], [["value"]], [[0, {}]], "x", [None]]
                )
            case 7:
                del message["content"]["data"][random.choice(["method", "state"])]
        return message

    def _forbidden_write(self, widget: Guarded) -> Any:
        random = self._random
        names = {*widget.keys, "comm", "log", "_property_lock", "__class__", "closed", self.text()}
        chosen = random.sample(sorted(names - widget.page_writes), random.randint(1, 4))
        return update({name: self.value() for name in chosen})

    def _wrong_write(self, widget: Guarded) -> Any:
        wrong: list[Any] = [{"x": self.value()}, [self.value()], 10**30, 0.5, float("nan")]
        return update({name: self._random.choice(wrong) for name in widget.page_writes or {"value"}})

    def _no_message(self, widget: Guarded) -> Any:
        models = messages_of(type(widget))
        if not models or self._random.random() < 0.3:
            return custom(self.value(), [b"x" * self._random.randrange(100)] * self._random.randrange(3))
        content = self._filled(self._random.choice(models))
        match self._random.randrange(3):
            case 0:
                content["more"] = self.value()
            case 1:
                content["kind"] = self._random.choice([[content["kind"]], content["kind"].upper(), None, 1, True])
            case 2:
                return custom(content, [b"x", b"y"])
        return custom(content)

    # --- values

    def value(self, depth: int = 0) -> Any:
        """Any JSON."""
        random = self._random
        match random.randrange(12):
            case 0:
                return None
            case 1:
                return random.random() < 0.5
            case 2:
                return random.choice([0, 1, -1, 7, 10**9, -(10**9), 2**53, 10**30])
            case 3:
                return random.choice([0.0, -0.5, 1e300, float("nan"), float("inf")])
            case 4 | 5 | 6:
                return self.text()
            case 7:
                return {"event": self.value(depth + 1)}
            case 8 | 9 if depth < 4:
                return [self.value(depth + 1) for _ in range(random.randrange(4))]
            case 10 if depth < 4:
                return {self.text(): self.value(depth + 1) for _ in range(random.randrange(4))}
            case 11 if depth == 0:
                return self._nested()
        return "x"

    def text(self) -> str:
        random = self._random
        return random.choice(
            [
                "",
                "value",
                "click",
                "press",
                "\ud800",
                "<script>alert(1)</script>",
                "IPY_MODEL_" + random.choice(self.widgets).model_id,
                "9" * 60,
                "x" * random.choice([10, 1_000, 20_000]),
                "".join(chr(random.randrange(1, 0x3000)) for _ in range(5)),
            ]
        )

    def _nested(self) -> Any:
        value: Any = 1
        for _ in range(MAX_DEPTH):
            value = [value] if self._random.random() < 0.5 else {"kind": value}
        return value

    def _filled(self, model: type[BaseModel]) -> dict[str, Any]:
        """A message as a page might fill it: the kind is right, a number small, a text any text."""
        values = [0, 1, 2, 5, "0", "1", "step", "the", [0, 1], [0, 0, 0], None, self.value()]
        kinds = get_args(model.model_fields["kind"].annotation)
        return {name: self._random.choice(values) for name in model.model_fields} | {"kind": self._random.choice(kinds)}

    def _near(self, value: Any) -> Any:
        """Something of the kind of ``value``, or not."""
        random = self._random
        match value:
            case bool():
                return random.random() < 0.5
            case int() | None:
                return random.choice([0, 1, 2, 3, 7, -1, 10**9])
            case str():
                return random.choice(["The cat", " sat", "42", self.text()])
            case _:
                change = random.choice([["value", "top_p", 0.5], ["switch", "top_k", True], ["order", "", ["top_p"]]])
                return {"number": random.randrange(1000), "changes": [change, ["token", "token", self.text()]]}


def update(state: dict[str, Any]) -> dict[str, Any]:
    return {"content": {"data": {"method": "update", "state": state, "buffer_paths": []}}, "buffers": []}


def custom(content: Any, buffers: list[bytes] | None = None) -> dict[str, Any]:
    return {"content": {"data": {"method": "custom", "content": content}}, "buffers": buffers or []}


def messages_of(kind: type[Guarded]) -> list[type[BaseModel]]:
    """The messages that widgets of a kind declare."""
    if not issubclass(kind, Element) or kind.receive is Element.receive:
        return []
    declared = get_type_hints(kind.receive)["message"]
    return list(get_args(declared)) if isinstance(declared, UnionType) else [declared]
