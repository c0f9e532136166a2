"""The grid of all heads in JupyterLab: its pixels, the pointer, keys, an order, and a browser that cannot draw."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Locator, Page

from tests.browser.lab import PATIENCE, Hearing, Lab, Screen, open_cell

SOURCE = """
import ipywidgets as w
from explorer.widgets.elements.head_grid.widget import HeadGrid

heard = w.Label("heard")
heard.add_class("heard")

def hear(*what):
    heard.value += " " + "/".join(map(str, what))

def grid(side, cell, **more):
    cells = bytes(cell(head, row, column) for head in range(6) for row in range(side) for column in range(row + 1))
    made = HeadGrid(
        lambda *head: hear("open", *head), lambda *head: hear("add", *head), lambda *head: f"note of {head}",
        shape=(3, 2), names=[f"L{layer}H{head}" for layer in range(3) for head in range(2)], cells=cells, side=side,
        palette=bytes(channel for byte in range(256) for channel in (byte, 255 - byte, 7)), answer=1, chosen=[0],
        line="the line", cells_mean="a cell", scale=dict(least="0", most="1", colours=["#fff", "#000"]),
        words=dict(title="title", layers="layer", heads="head", no_canvas="<b>no"),
    )
    made.layout.width = "400px"
    return made

few = grid(4, lambda head, row, column: 40 * head + 10 * row + column)
many = grid(200, lambda head, row, column: 255 if row == 150 or column == 30 else head)

def button(name, **traits):
    made = w.Button(description=name)
    made.on_click(lambda _: [setattr(few, trait, value) for trait, value in traits.items()])
    return made

w.VBox([
    few, many, heard, button("sort", order=[5, 2, 0, 1, 3, 4]), button("unsort", order=[]),
    button("choose", opened=3, chosen=[3, 4]), button("answer", answer=2, line="<i>new</i>"),
    button("silence", sentence="<b>none</b>"), button("speak", sentence=""), button("narrow", order=[]),
    button("recolour", palette=bytes([9] * 768)), button("colour", palette=few.palette),
])
"""

SIZE, PITCH, LEFT, TOP = 64, 67, 28, 25
"""Pixels of a picture, from one to the next, and before the first, in a grid so wide and a screen of one pixel each."""


class Grids(Hearing):
    """The widgets on a page, and what the kernel heard from them."""

    def __init__(self, screen: Screen) -> None:
        super().__init__(screen)
        self.few, self.many = (screen.page.locator(".nte-grid").nth(i) for i in range(2))
        self.box = self.few.locator(".nte-grid-box")
        self.line = self.few.locator(".nte-grid-line")

    def one(self, head: int) -> Locator:
        return self.few.locator(f"[data-head='{head}']")

    def height(self) -> float:
        height: float = self.few.evaluate("g => g.getBoundingClientRect().height")
        return height

    def ask(self, name: str, done: str) -> None:
        """Press one of the kernel's buttons, and wait until ``done`` holds of the first grid, ``g``."""
        self.page.get_by_role("button", name=name, exact=True).click()
        self.page.wait_for_function(f"(g => {done})(document.querySelector('.nte-grid'))", timeout=PATIENCE)

    def says(self, text: str) -> None:
        self.page.wait_for_function(
            "t => document.querySelector('.nte-grid-line').textContent === t", arg=text, timeout=PATIENCE
        )


def pixels(grid: Locator, head: tuple[int, int]) -> list[list[list[int]]]:
    """(SIZE, SIZE, 4) of the picture in a column and a row."""
    x, y = LEFT + head[0] * PITCH, TOP + head[1] * PITCH
    read = f"c => [...c.getContext('2d').getImageData({x}, {y}, {SIZE}, {SIZE}).data]"
    flat: list[int] = grid.locator("canvas").evaluate(read)
    return [[flat[4 * (SIZE * row + i) :][:4] for i in range(SIZE)] for row in range(SIZE)]


@pytest.fixture(scope="module")
def opened(lab: Lab, new_page: Callable[[], Page]) -> Iterator[Grids]:
    screen = open_cell(new_page(), lab.notebook(SOURCE))
    screen.page.locator(".nte-grid[data-answer]").nth(1).wait_for(timeout=PATIENCE)
    screen.page.locator(".nte-grid").first.scroll_into_view_if_needed()
    yield Grids(screen)
    assert screen.problems == []
    screen.page.close()


@pytest.fixture
def grids(opened: Grids) -> Grids:
    """Without focus, and without the pointer on it."""
    opened.page.mouse.move(0, 0)
    opened.page.evaluate("document.activeElement.blur()")
    return opened


def test_a_picture_has_the_colour_of_every_byte_in_its_place(grids: Grids) -> None:
    for head, column_row in [(0, (0, 0)), (1, (0, 1)), (4, (2, 0)), (5, (2, 1))]:
        picture = pixels(grids.few, column_row)
        for y in range(SIZE):
            for x in range(SIZE):
                row, column = y * 4 // SIZE, x * 4 // SIZE
                byte = 40 * head + 10 * row + column
                assert picture[y][x] == ([byte, 255 - byte, 7, 255] if column <= row else [0, 0, 0, 0]), (head, y, x)


def test_what_is_one_cell_wide_is_not_lost_among_many(grids: Grids) -> None:
    for head, column_row in [(0, (0, 0)), (5, (2, 1))]:
        picture = pixels(grids.many, column_row)
        column, row = 30 * SIZE // 200, 150 * SIZE // 200
        for y in range(SIZE):
            for x in range(y + 1):
                byte = 255 if y == row or x == column else head
                assert picture[y][x] == [byte, 255 - byte, 7, 255], (head, y, x)


def test_new_colours_repaint_the_same_bytes(grids: Grids) -> None:
    read = "g.querySelector('canvas').getContext('2d').getImageData(30, 80, 1, 1).data[2]"
    grids.ask("recolour", f"{read} === 9")
    grids.ask("colour", f"{read} === 7")
    test_a_picture_has_the_colour_of_every_byte_in_its_place(grids)


def test_the_pointer_names_a_head_and_repaints_no_picture(grids: Grids) -> None:
    grids.page.evaluate(
        """() => {
          const put = CanvasRenderingContext2D.prototype.putImageData;
          window.painted = 0;
          CanvasRenderingContext2D.prototype.putImageData = function (...all) {
            window.painted++;
            put.apply(this, all);
          };
        }"""
    )
    assert grids.line.inner_text() == "the line"
    for head in (0, 3, 5, 3):
        grids.one(head).hover()
        grids.says(f"note of ({head // 2}, {head % 2})")
    assert grids.few.locator(".nte-grid-active").get_attribute("data-head") == "3"
    grids.page.mouse.move(0, 0)
    grids.says("the line")
    assert grids.page.evaluate("window.painted") == 0
    grids.hears()


def test_clicks_open_and_add(grids: Grids) -> None:
    grids.one(3).click()
    grids.one(2).click(modifiers=["Shift"])
    grids.one(5).click(modifiers=["ControlOrMeta"])
    grids.hears("open/1/1", "add/1/0", "add/2/1")


def test_keys_walk_open_and_add_and_jupyterlab_keeps_out(grids: Grids) -> None:
    grids.box.focus()
    grids.says("note of (0, 0)")
    grids.press("ArrowLeft ArrowUp Enter ArrowRight ArrowDown Space ArrowDown Enter End Enter Home Space")
    grids.hears("open/0/0", "add/1/1", "open/1/1", "open/2/1", "add/0/0")
    assert grids.box.get_attribute("aria-activedescendant") == grids.one(0).get_attribute("id")
    assert grids.page.evaluate("document.activeElement.className") == "nte-grid-box"


def test_frames_and_screen_readers_tell_the_chosen_and_the_open_one(grids: Grids) -> None:
    grids.ask("choose", "g.querySelector('[data-head=\"3\"]').ariaCurrent === 'true'")
    options = grids.box.get_by_role("option")
    assert [option.get_attribute("aria-label") for option in options.all()] == [
        "L0H0",
        "L0H1",
        "L1H0",
        "L1H1",
        "L2H0",
        "L2H1",
    ]
    assert [option.get_attribute("aria-selected") for option in options.all()] == ["false"] * 3 + ["true"] * 2 + [
        "false"
    ]
    assert grids.few.locator("[aria-current]").count() == 1
    frame = "getComputedStyle(o, '::after')"
    widths = f"o => parseFloat({frame}.outlineWidth) * ({frame}.content !== 'none')"
    frames = [grids.one(head).evaluate(widths) for head in range(6)]
    assert frames[3] > frames[4] > 0 == frames[0] == frames[5]
    assert grids.page.get_by_role("listbox", name="title").first.is_visible()


def test_in_an_order_heads_stand_best_first_with_their_names(grids: Grids) -> None:
    height = grids.height()
    grids.ask("sort", "g.querySelector('.nte-grid-sorted')")
    assert grids.height() == height, "nothing below moves"
    options = grids.box.get_by_role("option").all()
    assert [option.get_attribute("data-head") for option in options] == ["5", "2", "0", "1", "3", "4"]
    places = [option.evaluate("o => [o.offsetTop, o.offsetLeft]") for option in options]
    assert places == sorted(places)
    assert grids.one(5).evaluate("o => getComputedStyle(o, '::before').content") == '"L2H1"'
    corner = "c => [...c.getContext('2d').getImageData(4, 4, 1, 1).data]"
    assert grids.few.locator("canvas").evaluate(corner) == [200, 55, 7, 255]
    assert grids.few.locator(".nte-grid-edges > span").count() == 0
    grids.box.focus()
    grids.press("Home ArrowRight Enter")
    grids.hears("open/1/0")
    grids.ask("unsort", "!g.querySelector('.nte-grid-sorted')")
    assert grids.few.locator(".nte-grid-edges > span").all_inner_texts() == ["layer", "head", "0", "1", "2", "0", "1"]


def test_a_narrower_place_makes_smaller_pictures(grids: Grids) -> None:
    size = "() => document.querySelector('.nte-grid-one').offsetWidth"
    assert grids.page.evaluate(size) == SIZE
    grids.few.evaluate("g => (g.style.width = '130px')")
    grids.page.wait_for_function("() => document.querySelector('.nte-grid-one').offsetWidth === 31", timeout=PATIENCE)
    grids.page.wait_for_function("() => document.querySelector('.nte-grid canvas').width === 130", timeout=PATIENCE)
    grids.few.evaluate("g => (g.style.width = '')")
    grids.page.wait_for_function(
        f"() => document.querySelector('.nte-grid-one').offsetWidth === {SIZE}", timeout=PATIENCE
    )


def test_a_sentence_takes_the_place_of_the_pictures(grids: Grids) -> None:
    before = grids.height()
    grids.ask("silence", "!g.querySelector('.nte-grid-sentence').hidden")
    assert grids.few.locator(".nte-grid-sentence").inner_text() == "<b>none</b>"
    assert not grids.few.locator("canvas").is_visible()
    assert grids.height() == before
    grids.ask("speak", "g.querySelector('.nte-grid-sentence').hidden")
    assert grids.few.locator("canvas").is_visible()


def test_with_a_new_answer_the_lines_are_asked_for_again(grids: Grids) -> None:
    grids.page.evaluate(
        """() => {
          const line = document.querySelector('.nte-grid-line');
          window.told = [];
          new MutationObserver(() => window.told.push(line.textContent)).observe(line, { childList: true });
        }"""
    )
    grids.ask("answer", "g.querySelector('.nte-grid-line').textContent === '<i>new</i>'")
    grids.one(3).hover()
    grids.says("note of (1, 1)")
    assert grids.page.evaluate("window.told")[-2:] == ["L1H1", "note of (1, 1)"], "not the line of the answer before"


def test_where_no_page_may_draw_it_says_so(lab: Lab, new_page: Callable[[], Page]) -> None:
    page = new_page()
    page.add_init_script("HTMLCanvasElement.prototype.getContext = () => null;")
    screen = open_cell(page, lab.notebook(SOURCE))
    sentence = page.locator(".nte-grid-sentence").first
    sentence.get_by_text("<b>no").wait_for(timeout=PATIENCE)
    assert not page.locator(".nte-grid canvas").first.is_visible()
    assert screen.problems == []
    page.close()
