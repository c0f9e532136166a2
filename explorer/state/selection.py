"""`Selection`: what a reader looks at closely: heads, a token of the text, tokens of the vocabulary."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

import traitlets as t

from explorer.language_model.arguments import check_head
from explorer.language_model.interventions import Head
from explorer.language_model.model import ModelInfo
from explorer.state.slice import Slice

MAX_PINS = 8


class Selection(Slice):
    """
    Args:
        info: of the model in use.

    Attributes:
        pins: ids of at most `MAX_PINS` tokens of the vocabulary whose probability is always shown.
        head: the layer and the head, from 0, that is looked at closely: the open one. An `ExplorerError` refuses one
            that the model in use does not have.
        heads: the heads that are looked at together; the open one is among them.
        blend: how they are put together: ``head`` (only the open one), ``mean`` or ``max``.
        cursor: the token that is looked at, by its place in the trace's ids; -1 for the last, whichever that is.
        direction: whether pictures show what it looks ``to`` or what looks at it (``from``).
    """

    pins = t.Tuple()
    head = t.Tuple(t.Int(), t.Int(), default_value=(0, 0))
    heads = t.Tuple(default_value=((0, 0),))
    blend = t.Enum(["head", "mean", "max"], default_value="head")
    cursor = t.Int(-1)
    direction = t.Enum(["to", "from"], default_value="to")

    def __init__(self, lock: threading.RLock, info: Callable[[], ModelInfo | None]) -> None:
        self._info = info
        super().__init__(lock)

    def on_model(self) -> None:
        """Another model: tokens are named by their ids, which mean others in another vocabulary."""
        self.pins = ()
        self.open_head(0, 0)

    def has_head(self, layer: int, head: int) -> bool:
        """Whether the present model has it: pictures of the one before it stay until it answers."""
        info = self._info()
        return info is not None and 0 <= layer < info.n_layer and 0 <= head < info.n_head

    def open_head(self, layer: int, head: int) -> None:
        """Look at one head closely, and at no other.

        Raises:
            ExplorerError: the model in use has no such head.
        """
        self._check((layer, head))
        with self.lock, self.hold_trait_notifications():
            self.head, self.heads, self.blend = (layer, head), ((layer, head),), "head"

    def choose_heads(self, heads: Sequence[Head], blend: str) -> None:
        """Look at several heads together; the first becomes the open one unless the open one is among them.

        Raises:
            ExplorerError: the model in use has not got one of them.
        """
        self._check(*heads)
        if not heads:
            return
        with self.lock, self.hold_trait_notifications():
            self.heads = tuple(heads)
            self.head = self.head if self.head in self.heads else self.heads[0]
            self.blend = blend

    def _check(self, *heads: Head) -> None:
        if (info := self._info()) is not None:
            for layer, head in heads:
                check_head(layer, head, info.n_layer, info.n_head)

    @t.validate("head")
    def _valid_head(self, proposal: dict[str, Any]) -> Head:
        self._check(proposal["value"])  # else every question about its layer would fail
        head: Head = proposal["value"]
        return head

    @t.validate("pins")
    def _valid_pins(self, proposal: dict[str, Any]) -> tuple[int, ...]:
        info = self._info()
        n_vocab = info.vocab_size if info is not None else 0
        known = [pin for pin in proposal["value"] if type(pin) is int and 0 <= pin < n_vocab]
        return tuple(dict.fromkeys(known))[:MAX_PINS]
