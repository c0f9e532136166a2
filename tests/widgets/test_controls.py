"""ipywidgets' own widgets, guarded: the page knows them, and writes what a hand can change."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ipywidgets
import pytest

from explorer.widgets import controls as w
from explorer.widgets.base import Guarded
from tests.widgets.page import Page

CONTROLS: tuple[type[Guarded], ...] = (
    w.Box,
    w.BoundedIntText,
    w.Button,
    w.Checkbox,
    w.Dropdown,
    w.HBox,
    w.IntText,
    w.Label,
    w.Tab,
    w.Text,
    w.Textarea,
    w.ToggleButtons,
    w.VBox,
)
PARTS = ("layout", "style")


@pytest.mark.parametrize("kind", CONTROLS)
def test_to_the_page_it_is_the_widget_of_ipywidgets(kind: type[Guarded]) -> None:
    ours, theirs = kind(), getattr(ipywidgets, kind.__name__)()
    state = {name: value for name, value in ours.get_state().items() if name not in PARTS}
    assert state == {name: value for name, value in theirs.get_state().items() if name not in PARTS}
    for part in filter(theirs.has_trait, PARTS):
        assert isinstance(getattr(ours, part), Guarded)
        # Of a layout, what is not set is not sent: a page has the same defaults.
        assert _set(getattr(ours, part).get_state()) == _set(getattr(theirs, part).get_state())


def _set(state: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in state.items() if value is not None}


def test_a_layout_and_a_style_may_be_given_as_ever() -> None:
    menu = w.Dropdown(layout={"width": "auto"}, style={"description_width": "initial"})
    assert (menu.layout.width, menu.style.description_width) == ("auto", "initial")
    assert isinstance(menu.layout, Guarded)
    assert isinstance(menu.style, Guarded)


NO = object()
"""Stands for a value that is refused."""


@pytest.mark.parametrize(
    ("make", "name", "written"),
    [
        (lambda: w.Dropdown(options="abc"), "index", [(2, 2), (3, NO), (-5, NO), (10**9, NO), ("1", NO), (True, NO)]),
        (lambda: w.ToggleButtons(options="abc"), "index", [(2, 2), (3, NO), (-1, NO), (1.0, NO)]),
        (lambda: w.Tab([w.Label(), w.Label()]), "selected_index", [(1, 1), (2, NO), (-1, NO), ("0", NO), (False, NO)]),
        (
            lambda: w.BoundedIntText(5, max=9),
            "value",
            [(3, 3), (10**9, 9), (-1, 0), (10**30, NO), ("7", NO)],
        ),
        (lambda: w.IntText(5), "value", [(-3, -3), (10**15, 10**15), (10**30, NO), ("7", NO), (True, NO), (1e30, NO)]),
        (lambda: w.Checkbox(False), "value", [(True, True), (0, NO), ("true", NO)]),
        (lambda: w.Text("a"), "value", [("b", "b"), ("", ""), ("x" * 10_001, NO), (5, NO)]),
        (lambda: w.Textarea("a"), "value", [("b", "b")]),
        (lambda: w.Textarea("a", disabled=True), "value", [("b", NO)]),
        (lambda: w.Dropdown(options="abc", disabled=True), "index", [(1, NO)]),
        (lambda: w.Label("a"), "value", [("b", NO)]),
        (w.Button, "description", [("x", NO)]),
        (w.Button, "disabled", [(True, NO)]),
        (w.VBox, "children", [("IPY_MODEL_none", NO)]),
        (lambda: w.VBox().layout, "width", [("9999px", NO)]),
        (lambda: w.Button().style, "button_color", [("red", NO)]),
    ],
)
def test_a_page_writes_what_a_hand_can_change(
    make: Callable[[], Guarded], name: str, written: list[tuple[Any, Any]], page: Page
) -> None:
    control = make()
    for value, expected in written:
        before, ignored = getattr(control, name), control.ignored
        page.set(control, **{name: value})
        now = getattr(control, name)
        assert now == (before if expected is NO else expected)
        assert type(now) is type(before)
        assert control.ignored == ignored + (expected is NO)


def test_a_button_is_pressed_and_not_otherwise_spoken_to(page: Page) -> None:
    pressed: list[object] = []
    button = w.Button()
    button.on_click(pressed.append)
    junk: list[Any] = [{"event": "submit"}, {"event": ["click"]}, {"event": "click", "x": 1}, {}, [], "click", None]
    for content in junk:
        page.deliver(button, content)
    page.deliver(button, {"event": "click"}, [b"x"])
    assert (pressed, button.ignored) == ([], len(junk) + 1)
    page.deliver(button, {"event": "click"})
    assert pressed == [button]
    button.disabled = True
    page.deliver(button, {"event": "click"})
    button.disabled = False
    button.close()
    button.click()
    assert pressed == [button]


def test_what_a_pressed_button_raises_is_logged_and_the_next_press_counts(
    page: Page, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_button: object) -> None:
        raise KeyError("a bug of ours")

    button, pressed = w.Button(), []
    button.on_click(fail)
    page.deliver(button, {"event": "click"})
    assert [record.exc_info is not None for record in caplog.records] == [True]
    caplog.clear()
    button.on_click(fail, remove=True)
    button.on_click(pressed.append)
    page.deliver(button, {"event": "click"})
    assert pressed == [button]


def test_enter_in_a_line_of_text_is_no_junk(page: Page) -> None:
    line = w.Text()
    page.deliver(line, {"event": "submit"})
    assert line.ignored == 0
    page.deliver(line, {"event": "click"})
    assert line.ignored == 1
