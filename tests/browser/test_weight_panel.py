"""The panel of a single weight on a page: rows that are clicked and walked, cells pointed at, tokens like markup."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Locator, Page

from tests.browser.conftest import HOSTILE
from tests.browser.lab import PATIENCE, Lab, open_cell

SOURCE = f"""
import explorer
import ipywidgets as w
from explorer.widgets.panels.attention.weight import WeightPanel
from explorer.state.state import ExplorerState

state = ExplorerState(explorer.load("distilgpt2"), {"".join(HOSTILE)!r})
panel = WeightPanel(state)
panel.add_class("weight")
panel.layout.width = "600px"
widths = w.Text()
widths.observe(lambda change: panel.layout.set_trait("width", change["new"]), "value")
w.VBox([widths, panel])
"""

ARITHMETIC = r"q·k × \S+ = \S+ × \S+ = \S+.*exp\(\S+ [−+] \S+\) = \S+.*\S+ / \S+ = (\S+)"


class Weight:
    """The panel on a page."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.vectors, self.rows = (page.locator(".weight .nte-plot").nth(number) for number in range(2))
        self.n_cells = page.locator(".jp-Notebook .jp-Cell").count()

    def labels(self) -> list[str]:
        return self.rows.locator(".ytick text").all_text_contents()

    def wait_for_key(self, place: int) -> None:
        """Until the row of that token is marked, and its vector shown."""
        label = self.labels()[place]
        bold = ".nte-plot .ytick text tspan[style*='bold'], .nte-plot .ytick text[style*='bold']"
        wanted = "([bold, label]) => [...document.querySelectorAll(bold)].some(e => e.textContent.trim() === label)"
        self.page.wait_for_function(wanted, arg=[bold, label], timeout=PATIENCE)
        self.vectors.locator(".ytick text", has_text=re.compile(f"^k {place + 1} ")).wait_for(timeout=PATIENCE)

    def row(self, place: int) -> tuple[float, float]:
        """A point in a row."""
        label = self.rows.locator(".ytick text").nth(place).bounding_box()
        area = self.rows.locator(".nsewdrag").bounding_box()
        assert label is not None
        assert area is not None
        return area["x"] + area["width"] - 20, label["y"] + label["height"] / 2

    def tooltip(self) -> Locator:
        return self.page.locator(".weight .hovertext text")


@pytest.fixture(scope="module")
def opened(lab: Lab, new_page: Callable[[], Page]) -> Iterator[Weight]:
    screen = open_cell(new_page(), lab.notebook(SOURCE))
    screen.page.wait_for_selector(".weight .nte-plot .annotation-text", timeout=PATIENCE)
    weight = Weight(screen.page)
    weight.rows.locator(".ytick text").first.wait_for(timeout=PATIENCE)
    weight.rows.scroll_into_view_if_needed()
    yield weight
    assert screen.problems == []
    screen.page.close()


def test_tokens_are_shown_as_they_are(opened: Weight) -> None:
    names = [f"{place} {token.replace(' ', '·')}" for place, token in enumerate(HOSTILE, 1)]
    assert opened.labels() == [name if len(name) <= 15 else f"{name[:14]}…" for name in names]
    options = [text.replace("\xa0", " ") for text in opened.page.locator(".weight option").all_text_contents()]
    assert options[:2] == [f"{name[:23]}…" for name in names[:2]]
    assert opened.page.evaluate("window.hacked") is None


def test_a_click_and_keys_choose_the_key(opened: Weight) -> None:
    for place in (2, 0):
        opened.page.mouse.click(*opened.row(place))
        opened.wait_for_key(place)
        written = opened.vectors.locator(".annotation-text").text_content() or ""
        found = re.search(ARITHMETIC, written, re.DOTALL)
        assert found, written
    for key in ("ArrowDown", "ArrowDown", "ArrowDown", "Enter"):
        opened.page.keyboard.press(key)
    opened.wait_for_key(3)
    said = opened.rows.locator(".nte-plot-said").text_content() or ""
    assert said.startswith(f"4 {HOSTILE[3]}, score ")
    assert opened.page.locator(".jp-Notebook .jp-Cell").count() == opened.n_cells


def test_a_cell_tells_the_numbers_of_its_dimension(opened: Weight) -> None:
    area = opened.vectors.locator(".nsewdrag").bounding_box()
    assert area is not None
    opened.page.mouse.move(area["x"] + area["width"] * 0.6, area["y"] + area["height"] * 0.9)
    opened.tooltip().wait_for(timeout=PATIENCE)
    said = (opened.tooltip().text_content() or "").replace("−", "-")
    numbers = [float(number) for number in re.findall(r"-?\d+\.\d+", said)]
    assert numbers[0] * numbers[1] == pytest.approx(numbers[2], abs=2e-3)
    opened.page.mouse.move(0, 0)


def test_a_narrow_screen_has_the_pictures_under_each_other(opened: Weight) -> None:
    for width, beside in (("600px", False), ("1240px", True), ("600px", False)):
        opened.page.locator(".jp-OutputArea input[type=text]").first.fill(width)
        side = "const [a, b] = [...document.querySelectorAll('.weight .nte-plot')].map(p => p.getBoundingClientRect())"
        wanted = f"() => {{ {side}; return (a.top === b.top) === {str(beside).lower()}; }}"
        opened.page.wait_for_function(wanted, timeout=PATIENCE)
        box = opened.page.locator(".weight").bounding_box()
        assert box is not None
        assert box["height"] <= (320 if beside else 520)
