"""The heatmap of one head in JupyterLab: what it says, what a hand on it does, and pictures that come out of order."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.browser.lab import PATIENCE, Lab, Screen, open_cell
from tests.browser.reference import Reference

TEXT = "The capital of <img src=x onerror=window.hacked=1><b>bold</b> is $x$ & the capital of France"

SOURCE = f"""
import explorer
import ipywidgets as w
import plotly.graph_objects as go
from explorer.figures.shared.theme import Theme
from explorer.widgets.panels.attention.head import HeadPanel
from explorer.widgets.elements.plot.widget import MIN_COMPRESSED, Plot

panel = HeadPanel(explorer.load(), {TEXT!r})
heard = w.Label("heard")
heard.add_class("heard")
panel.state.selection.observe(lambda change: setattr(heard, "value", f"{{heard.value}} {{change['new']}}"), "cursor")
plot = Plot(height=120)
plot.add_class("race")

def show(*answers):
    for answer in answers:
        meta = dict(description="", padding="." * MIN_COMPRESSED)  # long figures have to be unpacked
        layout = dict(meta=meta, height=120, title=dict(text=str(answer)))
        plot.show(go.Figure(layout=layout), Theme(), answer=answer)

def button(name, *answers):
    made = w.Button(description=name)
    made.on_click(lambda _: show(*answers))
    return made

show(1)
app = w.VBox([panel, heard, w.HBox([button("race", 2, 3), button("next", 4)]), plot])
app.add_class("nte-app")
app
"""

BOX = "document.querySelector('.nte-panel .nte-plot > div')"


class Head:
    """The panel on a page."""

    def __init__(self, screen: Screen) -> None:
        self.screen, self.page = screen, screen.page
        self.n_cells = self.page.locator(".jp-Notebook .jp-Cell").count()
        self.said = self.page.locator(".nte-panel .nte-plot-said")
        self.mark = self.page.locator(".nte-panel .nte-plot-cell")

    def shape(self) -> list[int]:
        """Rows and columns."""
        shape: list[int] = self.page.evaluate(f"[{BOX}.data[0].y.length, {BOX}.data[0].x.length]")
        return shape

    def wait_shape(self, rows: int, columns: int) -> None:
        shape = f"String([{BOX}.data[0].y.length, {BOX}.data[0].x.length])"
        self.page.wait_for_function(f"{shape} === '{rows},{columns}'", timeout=PATIENCE)

    def at(self, column: float, row: float) -> tuple[float, float]:
        """Where the middle of a cell is on the page."""
        x, y = self.page.evaluate(
            f"""([column, row]) => {{
                const {{ xaxis, yaxis }} = {BOX}._fullLayout;
                const {{ left, top }} = {BOX}.getBoundingClientRect();
                return [left + xaxis._offset + xaxis.l2p(column), top + yaxis._offset + yaxis.l2p(row)];
            }}""",
            [column, row],
        )
        return x, y

    def hover(self, column: int, row: int) -> list[str]:
        """The lines beside a cell under the pointer."""
        self.page.mouse.move(*self.at(column, row))
        name = f"[{BOX}.data[0].y[{row}], {BOX}.data[0].x[{column}]].join(' → ')"
        text = "document.querySelector('.nte-panel .hoverlayer .nums')"
        self.page.wait_for_function(f"{text}?.dataset.unformatted.startsWith({name})", timeout=PATIENCE)
        lines: list[str] = self.page.locator(".nte-panel .hoverlayer .nums .line").all_text_contents()
        return [line.replace("\u200e", "") for line in lines]

    def drag(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        """A box from the middle of one cell to that of another."""
        (x0, y0), (x1, y1) = self.at(*start), self.at(*end)
        self.page.mouse.move(x0, y0)
        self.page.mouse.down()
        self.page.mouse.move(x1, y1, steps=6)
        self.page.mouse.up()

    def press(self, keys: str) -> None:
        for key in keys.split():
            self.page.keyboard.press(key)

    def wait_said(self, beginning: str) -> str:
        said = "document.querySelector('.nte-panel .nte-plot-said').textContent"
        self.page.wait_for_function(f"beginning => {said}.startsWith(beginning)", arg=beginning, timeout=PATIENCE)
        return (self.said.text_content() or "").replace("\u200e", "")

    def hears(self, cursor: int) -> None:
        """That the cursor went there; and JupyterLab has the cells that it had."""
        words = "document.querySelector('.heard').textContent.trim().split(' ')"
        self.page.wait_for_function(f"{words}.at(-1) === '{cursor}'", timeout=PATIENCE)
        assert self.page.locator(".jp-Notebook .jp-Cell").count() == self.n_cells


@pytest.fixture(scope="module")
def opened(lab: Lab, new_page: Callable[[], Page]) -> Iterator[Head]:
    screen = open_cell(new_page(), lab.notebook(SOURCE))
    screen.page.wait_for_selector(".nte-panel .nte-plot .heatmaplayer image", timeout=PATIENCE)
    screen.page.wait_for_selector(".race[data-answer='1']", timeout=PATIENCE)
    screen.page.locator(".nte-panel .nte-plot").scroll_into_view_if_needed()
    yield Head(screen)
    assert screen.problems == []
    assert new_page.asked == []  # type: ignore[attr-defined]
    assert screen.page.evaluate("window.hacked") is None
    screen.page.close()


@pytest.fixture
def head(opened: Head, weights: Any) -> Head:
    """The first head, the whole text, and nothing under the pointer."""
    for name in ("Layer", "Head"):
        opened.page.get_by_role("spinbutton", name=name).fill("0")
        opened.press("Enter")
    if opened.shape()[0] != len(weights[0][0]):
        opened.page.get_by_role("button", name="whole text").click()
    opened.wait_shape(len(weights[0][0]), len(weights[0][0]))
    opened.page.mouse.move(0, 0)
    return opened


@pytest.fixture(scope="module")
def weights(folders: dict[str, Path]) -> Any:
    """(n_layer, n_head, T, T) of the text, by transformers alone."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model = AutoModelForCausalLM.from_pretrained(folders["gpt2"], dtype=torch.float64, attn_implementation="eager")
    ids = AutoTokenizer.from_pretrained(folders["gpt2"])(TEXT, return_tensors="pt").input_ids
    with torch.no_grad():
        return [layer[0].numpy() for layer in model.eval()(ids, output_attentions=True).attentions]


def test_a_cell_says_which_tokens_and_the_exact_weight(head: Head, weights: Any, reference: Reference) -> None:
    labels = reference.labels(TEXT)
    hostile = [row for row, label in enumerate(labels) if set(label) & set("<>$&")]
    assert len(hostile) >= 4
    for row in [1, len(labels) // 2, len(labels) - 1, *hostile]:
        column = row // 2
        names, value = head.hover(column, row)
        query, key = (label if len(label) <= 12 else label[:11] + "…" for label in (labels[row], labels[column]))
        assert names == f"{query} {row + 1} → {key} {column + 1}"
        assert weight_in(value) == pytest.approx(weights[0][0][row, column], rel=6e-4)


def weight_in(line: str) -> float:
    name, number = line.split(" ")
    assert name == "weight"
    return float(number.replace("−", "-"))


def test_where_a_token_sees_nothing_nothing_is_said(head: Head) -> None:
    head.hover(1, 2)
    head.page.mouse.move(*head.at(9, 2))
    head.page.wait_for_selector(".nte-panel .hoverlayer .nums", state="detached", timeout=PATIENCE)


def test_cells_are_square_and_names_are_no_markup(head: Head) -> None:
    (x0, y0), (x1, y1) = head.at(0, 0), head.at(10, 10)
    assert x1 - x0 == pytest.approx(y1 - y0, rel=0.01)
    assert head.page.locator(".nte-panel .nte-plot img, .nte-panel .nte-plot b").count() == 0


def test_a_click_looks_from_the_token_of_the_cell(head: Head) -> None:
    head.page.mouse.click(*head.at(2, 5))
    head.hears(5)
    head.press("ArrowUp ArrowUp Enter")  # the keys go on from there
    head.hears(3)


def test_cells_are_walked_by_keys_and_said(head: Head, weights: Any) -> None:
    last = len(weights[0][0]) - 1
    head.page.get_by_role("spinbutton", name="Head").focus()
    head.press("Tab Tab Tab")  # over the two buttons
    said = head.wait_said("·France")
    assert f"→ ·France {last + 1}, weight " in said
    x, y = head.at(last, last)
    box = head.mark.bounding_box()
    assert box is not None
    assert (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2) == pytest.approx((x, y), abs=1)
    head.press("ArrowRight ArrowDown ArrowUp")  # there is nothing beside it, nor above: no token sees a later one
    assert head.mark.bounding_box() == box
    head.press("ArrowLeft")
    head.press("Enter")
    head.hears(last)
    head.press("ArrowLeft ArrowUp Enter")
    head.hears(last - 1)
    head.press("Tab")
    assert head.said.text_content() == ""
    assert head.mark.is_hidden()


def test_a_box_is_shown_larger_with_its_exact_weights_and_a_double_click_goes_back(head: Head, weights: Any) -> None:
    n = len(weights[0][0])
    head.drag((1.6, n - 6.4), (6.4, n - 1.6))
    head.page.wait_for_function(f"{BOX}.data[0].y.length < {n}", timeout=PATIENCE)
    rows, columns = head.shape()
    assert 3 <= rows <= 8
    first_row, first_column = (
        int(head.page.evaluate(f"{BOX}.data[0].{axis}[0].match(/>(\\d+)</)[1]")) - 1 for axis in "yx"
    )
    _, value = head.hover(1, 2)
    assert weight_in(value) == pytest.approx(weights[0][0][first_row + 2, first_column + 1], rel=6e-4)
    head.page.get_by_role("button", name="›").click()
    head.page.wait_for_function(f"{BOX}.layout.title.text.includes('L0H1')", timeout=PATIENCE)
    assert head.shape() == [rows, columns]
    head.page.mouse.dblclick(*head.at(1, 1))
    head.wait_shape(n, n)


def test_a_box_where_nothing_is_leaves_the_picture_as_it_was(head: Head, weights: Any) -> None:
    n = len(weights[0][0])
    ranges = f"String([...{BOX}._fullLayout.xaxis.range, ...{BOX}._fullLayout.yaxis.range])"
    before = head.page.evaluate(ranges)
    head.page.evaluate(f"window.seen = []; {BOX}.on('plotly_relayout', () => window.seen.push({ranges}))")
    head.drag((0.6 * n, 0.1 * n), (0.9 * n, 0.4 * n))
    head.page.wait_for_function(f"window.seen.some((ranges) => ranges !== '{before}')", timeout=PATIENCE)
    head.page.wait_for_function(f"{ranges} === '{before}'", timeout=PATIENCE)


def test_keys_make_it_larger_and_whole_again(head: Head, weights: Any) -> None:
    n = len(weights[0][0])
    head.page.mouse.click(*head.at(0, n - 1))
    head.press("ArrowUp ArrowDown +")
    head.wait_shape((n + 1) // 2, (n + 1) // 2)
    head.press("-")
    head.wait_shape(n, n)


def test_a_picture_is_never_followed_by_an_older_one(head: Head) -> None:
    page = head.page
    page.evaluate(
        """() => {
            window.painted = [];
            const plot = document.querySelector(".race");
            new MutationObserver(() => window.painted.push(plot.dataset.answer))
                .observe(plot, { attributes: true, attributeFilter: ["data-answer"] });
            // The first figure from now on is unpacked when the test says so.
            const text = Response.prototype.text;
            Response.prototype.text = function () {
                const unpacked = text.call(this);
                if (this.url || window.release) return unpacked;
                return new Promise((resolve) => (window.release = () => unpacked.then(resolve)));
            };
        }"""
    )
    page.get_by_role("button", name="race").click()
    page.wait_for_selector(".race[data-answer='3']", timeout=PATIENCE)
    frames = "for (let i = 0; i < 3; i++) await new Promise(requestAnimationFrame);"
    page.evaluate(f"async () => {{ window.release(); {frames} }}")
    page.get_by_role("button", name="next").click()
    page.wait_for_selector(".race[data-answer='4']", timeout=PATIENCE)
    assert page.evaluate("window.painted") == ["3", "4"]
