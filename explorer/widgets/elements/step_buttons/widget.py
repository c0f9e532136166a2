"""`StepButtons`: a token further, back, or one after another; how quickly, from which seed, and what ends it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, get_args

import traitlets as t
from pydantic import InstanceOf

from explorer.widgets.base import Element
from explorer.widgets.page_message import PageMessage

CommandName = Literal["undo", "redo", "step", "play", "pause", "branch", "again"]
"""What a button or a key can ask for; ``again`` (draw again) has a key only, its button is the draw strip's."""

COMMANDS: tuple[CommandName, ...] = get_args(CommandName)


class Command(PageMessage):
    """A button or a key was pressed; ``prefix``: the text in the box at that moment, halves of characters included."""

    kind: Literal["command"]
    name: CommandName
    prefix: InstanceOf[str] | None = None


class StepButtons(Element):
    """A row of buttons; the keys that do the same work in the whole app around it.

    ``on_command`` is called with one of `COMMANDS`, and with the text that stood in the prefix box at that moment (None
    where there is no box): the box's own message may come later.

    What is typed is text until the panel has read it: ``seed``, ``stop_text`` and ``length`` hold what stands there.

    Attributes:
        words: ``undo``, ``redo``, ``step``, ``play``, ``pause``, ``branch``, ``seed``, ``speed``, ``stop`` (the fold),
            ``stop_at_end``, ``stop_text`` and ``length`` name these to the reader; with ``tip_`` before it, each of
            these names has the tooltip, where the word does not say enough.
        enabled: commands that can do nothing at the moment are False here; ``play`` covers ``pause``.
        playing: the button says pause in place of play.
        speed: a key of ``speeds``, which are pairs of a key and a label.
        stop_at_end, stop_text, length: what ends a run: an end token, this text, so many tokens.
        wrong: of ``seed``, ``stop_text`` and ``length``, those that cannot be read, and a sentence that says why.
    """

    page_writes = frozenset({"seed", "speed", "stop_at_end", "stop_text", "length"})
    words = t.Dict().tag(sync=True)
    enabled = t.Dict().tag(sync=True)
    playing = t.Bool(False).tag(sync=True)
    seed = t.Unicode("").tag(sync=True, echo_update=False)
    speed = t.Unicode("").tag(sync=True)
    speeds: t.List[list[str]] = t.List().tag(sync=True)
    stop_at_end = t.Bool(True).tag(sync=True)
    stop_text = t.Unicode("").tag(sync=True, echo_update=False)
    length = t.Unicode("").tag(sync=True, echo_update=False)
    wrong = t.Dict().tag(sync=True)

    def __init__(self, on_command: Callable[[CommandName, str | None], None], **traits: Any) -> None:
        super().__init__(**traits)
        self._on_command = on_command

    def receive(self, message: Command) -> None:
        self._on_command(message.name, message.prefix)

    def _may_write(self, name: str, value: object) -> bool:
        known = name != "speed" or any(key == value for key, _label in self.speeds)
        return known and super()._may_write(name, value)
