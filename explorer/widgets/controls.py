"""The widgets of ipywidgets that panels are made of, guarded: a page may write what a hand can change, and no more.

For the page they are ipywidgets' own: their models and views have the same names.
"""

# mypy: disable-error-code="misc"
# (ipywidgets is untyped, and each class here has one of its as a base.)

from __future__ import annotations

from collections.abc import Sequence

import ipywidgets as w
from ipywidgets.widgets.trait_types import InstanceDict
from ipywidgets.widgets.widget import widget_serialization
from ipywidgets.widgets.widget_bool import CheckboxStyle as _CheckboxStyle
from ipywidgets.widgets.widget_description import DescriptionStyle as _DescriptionStyle
from ipywidgets.widgets.widget_string import LabelStyle as _LabelStyle
from ipywidgets.widgets.widget_string import TextStyle as _TextStyle

from explorer.widgets.base import Guarded, GuardedDOMWidget

Widget = Guarded
"""What a box can hold: a control, an element or another box."""


class DescriptionStyle(Guarded, _DescriptionStyle):
    """The style of a control with a description."""


class ButtonStyle(Guarded, w.ButtonStyle):
    """The style of a `Button`."""


class CheckboxStyle(Guarded, _CheckboxStyle):
    """The style of a `Checkbox`."""


class LabelStyle(Guarded, _LabelStyle):
    """The style of a `Label`."""


class TextStyle(Guarded, _TextStyle):
    """The style of a `Text` or a `Textarea`."""


class ToggleButtonsStyle(Guarded, w.ToggleButtonsStyle):
    """The style of `ToggleButtons`."""


def _style(kind: type[Guarded]) -> InstanceDict:
    return InstanceDict(kind).tag(sync=True, **widget_serialization)


class Box(GuardedDOMWidget, w.Box):
    """Widgets one after another; closing it closes them."""


class HBox(Box, w.HBox):
    """Widgets beside each other."""


class VBox(Box, w.VBox):
    """Widgets below each other."""


class Tab(Box, w.Tab):
    """Widgets of which one is to be seen."""

    page_writes = frozenset({"selected_index"})


class Label(GuardedDOMWidget, w.Label):
    """A line of text."""

    style = _style(LabelStyle)


class Button(GuardedDOMWidget, w.Button):
    """A button; what is to happen when it is pressed is given to `on_click`."""

    style = _style(ButtonStyle)

    def _handle_custom_msg(self, content: object, buffers: Sequence[object]) -> None:
        if content != {"event": "click"} or buffers or self.disabled:
            self.ignore()
            return
        for handler in tuple(self._click_handlers.callbacks):  # calling all at once would swallow what they raise
            handler(self)

    def close(self) -> None:
        super().close()
        self._click_handlers.callbacks = []


class Checkbox(GuardedDOMWidget, w.Checkbox):
    """A box to tick."""

    page_writes = frozenset({"value"})
    style = _style(CheckboxStyle)


class Dropdown(GuardedDOMWidget, w.Dropdown):
    """A menu of which one is chosen."""

    page_writes = frozenset({"index"})
    style = _style(DescriptionStyle)


class ToggleButtons(GuardedDOMWidget, w.ToggleButtons):
    """Buttons of which one is down."""

    page_writes = frozenset({"index"})
    style = _style(ToggleButtonsStyle)


class IntText(GuardedDOMWidget, w.IntText):
    """A box for a whole number."""

    page_writes = frozenset({"value"})
    style = _style(DescriptionStyle)


class BoundedIntText(GuardedDOMWidget, w.BoundedIntText):
    """A box for a whole number between two others."""

    page_writes = frozenset({"value"})
    style = _style(DescriptionStyle)


class Text(GuardedDOMWidget, w.Text):
    """A line to type into."""

    page_writes = frozenset({"value"})
    style = _style(TextStyle)

    def _handle_custom_msg(self, content: object, buffers: Sequence[object]) -> None:
        if content != {"event": "submit"}:  # which comes with Enter; what was typed is known by then
            self.ignore()


class Textarea(GuardedDOMWidget, w.Textarea):
    """Lines to type into, or to copy."""

    page_writes = frozenset({"value"})
    style = _style(TextStyle)
