"""`RoleLabels`: which heads have the label of which role."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import traitlets as t

from explorer.widgets.base import Element
from explorer.widgets.page_message import Index, Name, PageMessage


class PickRole(PageMessage):
    """The name of a role was pressed."""

    kind: Literal["role"]
    role: Name


class PickHead(PageMessage):
    """A head was pressed."""

    kind: Literal["head"]
    layer: Index
    head: Index


class RoleLabels(Element):
    """A group of buttons for each role: its name, and the heads that have its label.

    Args:
        on_role: called with the kind of the role whose name is pressed.
        on_head: called with the layer and the number of the head that is pressed.

    Attributes:
        groups: dicts of ``kind``, ``name``, ``about`` (what such heads do), ``note`` (how many have the label, or why
            none has), ``tip`` (what its button does), ``pressed`` (its heads are the chosen ones), ``heads``, and
            ``more`` (how many are left out, or ""). A head is a dict of ``layer``, ``head``, ``label``, ``note``,
            ``pressed`` and ``description``.
        stale: newer labels are being computed.
    """

    groups: t.List[dict[str, Any]] = t.List().tag(sync=True)
    stale = t.Bool(False).tag(sync=True)

    def __init__(self, on_role: Callable[[str], None], on_head: Callable[[int, int], None], **traits: Any) -> None:
        super().__init__(**traits)
        self._on_role, self._on_head = on_role, on_head

    def receive(self, message: PickRole | PickHead) -> None:
        match message:
            case PickRole(role=kind) if any(group["kind"] == kind for group in self.groups):
                self._on_role(kind)
            case PickHead(layer=layer, head=head) if (layer, head) in {(h["layer"], h["head"]) for h in self._heads}:
                self._on_head(layer, head)
            case _:
                self.ignore()

    @property
    def _heads(self) -> list[dict[str, Any]]:
        return [head for group in self.groups for head in group["heads"]]
