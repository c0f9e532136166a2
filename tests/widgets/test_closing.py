"""What is closed leaves nothing behind, of whatever kind it is."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable
from pathlib import Path

import pytest

import explorer.widgets.elements
from explorer.engine.local_model import LocalModel
from explorer.figures.distribution.bars import distribution_bars
from explorer.figures.shared.theme import Theme
from explorer.sessions.session import Tree
from explorer.widgets import controls as w
from explorer.widgets.base import Element, Guarded
from explorer.widgets.elements.attention_text.widget import AttentionText
from explorer.widgets.elements.framed.widget import Framed
from explorer.widgets.elements.plot.widget import Plot
from explorer.widgets.elements.sampler_controls.widget import SamplerControls
from explorer.widgets.elements.tree_view.widget import TreeView
from explorer.widgets.panels.main.distribution import DistributionPanel
from tests.figures.reading import some_distribution
from tests.widgets.elements import ELEMENTS, Owner
from tests.widgets.page import Page, settle

N = 300
ENGLISH = Theme(language="en")

pytestmark = pytest.mark.usefixtures("nothing_left")


def test_every_element_is_among_them() -> None:
    found = {path.parent.name for path in Path(explorer.widgets.elements.__path__[0]).glob("*/widget.py")}
    assert {kind.__module__.split(".")[-2] for kind in ELEMENTS} == found


def made_and_closed(make: Callable[[], tuple[Guarded, object]]) -> list[weakref.ref[object]]:
    """Weak references to a widget, what belongs to it, and whoever hears it; after it was closed."""
    widget, owner = make()
    widget.observe(owner.hear)  # type: ignore[attr-defined]
    found = [weakref.ref(each) for each in (widget, widget.layout, owner)]
    widget.close()
    return found


@pytest.mark.parametrize("kind", ELEMENTS, ids=lambda kind: kind.__name__)
def test_of_an_element_that_is_closed_nothing_is_left(kind: type[Element]) -> None:
    def make() -> tuple[Guarded, Owner]:
        owner = Owner()
        return ELEMENTS[kind](owner), owner

    found = [each for _ in range(N // len(ELEMENTS)) for each in made_and_closed(make)]
    gc.collect()
    assert [each() for each in found if each() is not None] == []


def test_of_a_box_that_is_closed_nothing_is_left() -> None:
    def make() -> tuple[Guarded, Owner]:
        owner = Owner()
        menu, button = w.Dropdown(options="abc"), w.Button()
        menu.observe(owner.hear, "value")
        button.on_click(owner.hear)
        rest = [w.Checkbox(), w.IntText(), w.BoundedIntText(), w.Text(), w.Textarea(), w.ToggleButtons(options="ab")]
        return w.VBox([w.HBox([menu, button]), w.Tab([w.Label(), *rest])]), owner

    found = [each for _ in range(N // 10) for each in made_and_closed(make)]
    gc.collect()
    assert [each() for each in found if each() is not None] == []


def test_a_panel_is_closed_with_all_that_it_shows(lm: LocalModel) -> None:
    panel = DistributionPanel(lm, "The cat")
    settle(panel.state)
    panel.close()


def test_a_handler_that_is_kept_does_not_hear_of_a_closed_element(page: Page) -> None:
    heard: list[object] = []
    element = Plot(on_cell=lambda *cell: heard.append(cell), on_zoom=heard.append)
    comm_of_it = element.comm
    element.observe(heard.append)
    element.close()
    page.messages.clear()
    message = {"content": {"data": {"method": "custom", "content": {"kind": "zoom", "columns": None, "rows": None}}}}
    comm_of_it.handle_msg(message)
    element._handle_msg(message)
    element.stale = True
    assert (heard, page.messages) == ([], [])


def test_what_is_shown_by_a_closed_element_goes_nowhere(page: Page) -> None:
    text, framed, plot = AttentionText(print, print, print), Framed(), Plot()
    controls, tree = SamplerControls(print), TreeView(print, print, print)
    elements = (text, framed, plot, controls, tree)
    for element in elements:
        element.close()
    page.messages.clear()
    text.show(0, False, [])
    framed.show("<p>late</p>", "late")
    plot.show(distribution_bars(some_distribution(), ENGLISH), ENGLISH)
    controls.show({"rows": []}, {})
    tree.show(Tree("late", ()), "en")
    assert page.messages == []
