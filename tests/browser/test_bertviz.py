"""BertViz's views in a browser: they draw the weights, answer the pointer, and reach nothing outside their frame."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Frame, Locator, Page

from explorer.figures.attention.bertviz_views import BertVizView, head_view, model_view, neuron_view
from explorer.language_model.trace import Trace
from tests.bertviz import HOSTILE, trace_of, words
from tests.browser.lab import PATIENCE, Lab, open_cell

N_LAYER, N_HEAD, N_TOKENS = 3, 4, 6

# What d3 5.7.0 makes of the first colours, and of them "lightened" as head_view.js does it.
COLOURS = ["#1f77b4", "#ff7f0e", "#2ca02c", "#d62728"]
LIGHTENED = ["rgb(174, 199, 216)", "rgb(241, 205, 172)", "rgb(181, 207, 181)", "rgb(224, 184, 184)"]

SQUARES = "#vis svg > g:last-of-type rect"


@dataclass
class Shown:
    """A view on a page of its own, in its frame."""

    page: Page
    frame: Frame
    asked: list[str]
    problems: list[str]

    def all(self, selector: str) -> Locator:
        return self.frame.locator(selector)

    def values(self, selector: str, name: str) -> list[float]:
        """An attribute or, with two dashes before it, a style of every element, as numbers."""
        read = "e.style.getPropertyValue(n.slice(2))" if name.startswith("--") else "e.getAttribute(n)"
        found: list[float] = self.all(selector).evaluate_all(f"(all, n) => all.map((e) => Number({read}))", name)
        return found

    def visible(self, selector: str) -> bool:
        return bool(self.all(selector).first.evaluate("e => getComputedStyle(e).visibility === 'visible'"))

    def away(self) -> None:
        self.page.mouse.move(1100, 400)  # still in the frame


Show = Callable[[BertVizView], Shown]


@pytest.fixture
def show(browser: Browser) -> Iterator[Show]:
    """Puts a view on a page as a cell does. At the end nothing has gone wrong and nothing was asked of any network."""
    shown: list[Shown] = []

    def put(view: BertVizView) -> Shown:
        page = browser.new_page(viewport={"width": 1200, "height": 800})
        asked: list[str] = []
        problems: list[str] = []
        page.route("**/*", lambda route: (asked.append(route.request.url), route.abort()))
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.set_content(f"<!doctype html><body>{view._repr_html_()}")
        frame = page.frames[1]
        frame.wait_for_selector("#vis svg")
        shown.append(Shown(page, frame, asked, problems))
        return shown[-1]

    yield put
    for one in shown:
        assert (one.asked, one.problems) == ([], [])
        one.page.close()


@pytest.fixture(scope="module")
def trace() -> Trace:
    return trace_of(words(N_TOKENS), N_LAYER, N_HEAD)


def weights_of(trace: Trace, layers: Any = slice(None)) -> np.ndarray:
    return trace.attention.dense()[layers]


def assert_close(shown: list[float], expected: Any) -> None:
    np.testing.assert_allclose(shown, np.ravel(expected), rtol=1e-3, atol=1e-9)


# --- head view


def test_the_head_view_draws_every_weight(show: Show, trace: Trace) -> None:
    view = show(head_view(trace, heads=[0, 2]))
    lines = "#attention line"
    weights = weights_of(trace)
    switched_on = np.array([1, 0, 1, 0])[:, None, None] / 2
    assert_close(view.values(lines, "stroke-opacity"), weights[0] * switched_on)
    assert_close(view.values(lines, "left-token-index"), np.tile(np.repeat(np.arange(6), 6), N_HEAD))
    assert_close(view.values(lines, "right-token-index"), np.tile(np.arange(6), 6 * N_HEAD))
    assert view.all("#left text").all_text_contents() == [f"·w{i}" for i in range(6)]
    fills = view.all(SQUARES).evaluate_all("all => all.map((e) => e.getAttribute('fill'))")
    assert fills == [COLOURS[0], LIGHTENED[1], COLOURS[2], LIGHTENED[3]]
    view.all("#layer").select_option("2")
    assert_close(view.values(lines, "stroke-opacity"), weights[2] * switched_on)


def test_heads_are_switched_by_their_squares(show: Show, trace: Trace) -> None:
    view = show(head_view(trace, [1]))
    weights = weights_of(trace, 1)
    view.all(SQUARES).nth(1).click()
    assert_close(view.values("#attention line", "stroke-opacity"), weights * [[[1]], [[0]], [[1]], [[1]]] / 3)
    view.all(SQUARES).nth(3).dblclick()
    assert_close(view.values("#attention line", "stroke-opacity"), weights * [[[0]], [[0]], [[0]], [[1]]])
    view.all(SQUARES).nth(3).dblclick()
    assert_close(view.values("#attention line", "stroke-opacity"), weights / 4)


def test_pointing_at_a_token_shows_its_lines_alone(show: Show, trace: Trace) -> None:
    view = show(head_view(trace, [1], [2]))
    weights = weights_of(trace, 1)[2]
    boxes = "#{} .attentionBoxes g:nth-child(3) rect"
    view.all("#left text").nth(4).hover()
    assert not view.visible("#attention")
    seen = view.all("#attention line[visibility=visible]")
    assert set(seen.evaluate_all("all => all.map((e) => e.getAttribute('left-token-index'))")) == {"4"}
    assert_close(view.values(boxes.format("right"), "--opacity"), weights[4])
    view.all("#right text").nth(0).hover()
    assert_close(view.values(boxes.format("left"), "--opacity"), weights[:, 0])
    view.away()
    assert view.visible("#attention")
    assert set(view.values(".attentionBoxes rect", "--opacity")) == {0}


# --- model view


def test_the_model_view_draws_every_head_and_opens_one(show: Show, trace: Trace) -> None:
    view = show(model_view(trace, [0, 2], [1, 3]))
    weights = weights_of(trace)[np.ix_([0, 2], [1, 3])]
    assert_close(view.values("#vis line", "stroke-opacity"), weights)
    axes = ["Heads", "1", "3", "Layers", "0", "2"]
    assert view.all("#vis text").all_text_contents() == axes
    thumbnail = view.all("#vis svg > g > rect:last-child").nth(3)
    thumbnail.click(position={"x": 8, "y": 8})
    texts = view.all("#vis text").all_text_contents()
    assert texts == [*axes, "Layer 2, Head 3", *(f"·w{i}" for i in range(6)), *(f"·w{i}" for i in range(6))]
    assert_close(view.values(".attn-line-group line", "stroke-opacity"), weights[1, 1])
    view.all("text.token").nth(2).hover()
    assert view.values(".attn-line-group", "--opacity") == [0, 0, 1, 0, 0, 0]
    view.away()
    assert view.values(".attn-line-group", "--opacity") == [1] * 6
    thumbnail.click(position={"x": 8, "y": 8})
    assert view.all("#vis text").all_text_contents() == axes


def test_what_is_wider_than_the_frame_becomes_smaller(show: Show, trace: Trace) -> None:
    for width, scrolls in ((1200, False), (700, False), (400, True)):
        view = show(model_view(trace))
        view.page.set_viewport_size({"width": width, "height": 800})
        wait_in(view, f"innerWidth < {width}")
        wide = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
        wait_in(view, f"({wide}) === {str(scrolls).lower()}")


def wait_in(view: Shown, condition: str) -> None:
    """Until ``condition`` holds in the frame, whose policy lets no ``wait_for_function`` look more than once."""
    for _ in range(200):
        if view.frame.evaluate(condition):
            return
        view.page.wait_for_timeout(25)
    raise AssertionError(f"never: {condition}")


# --- neuron view


def test_the_neuron_view_computes_what_the_record_says(show: Show, trace: Trace) -> None:
    view = show(neuron_view(trace, [1, 2], [0, 3]))
    assert view.all("#layer option").all_text_contents() == ["1", "2"]
    assert view.all("#att_head option").all_text_contents() == ["0", "3"]
    view.all("#layer").select_option(label="2")
    view.all("#att_head").select_option(label="3")
    head = trace.attention.vectors(2, 3)
    assert view.visible("#collapsed text")
    assert not view.visible("#expanded text")
    view.all("#collapsed #leftText text").nth(4).hover()
    assert view.values("#collapsed .attn-line-group", "--opacity") == [0, 0, 0, 0, 1, 0]
    assert_close(view.values("#collapsed #rightText .highlight", "--opacity"), trace.attention.head(2, 3)[4])
    view.all("#collapsed #leftText g:nth-child(5) rect").nth(1).click()  # its +
    assert view.visible("#expanded text")
    assert not view.visible("#collapsed text")
    assert_close(view.values("#queries .element", "data-value"), head.queries)
    assert_close(view.values("#keys .element", "data-value"), head.keys)
    np.testing.assert_allclose(
        view.values("#product .element", "data-value"), np.ravel(head.queries[4] * head.keys), rtol=2e-3
    )
    np.testing.assert_allclose(view.values(".dotproduct", "data-value")[:5], head.scores(4), rtol=2e-3, atol=2e-3)
    assert view.values(".dotproduct", "--opacity") == [1, 1, 1, 1, 1, 0], "no token looks ahead"
    assert_close(view.values("#expanded #rightText .highlight", "--opacity"), trace.attention.head(2, 3)[4])
    path = view.all(".qk-line-group path").nth(6 * 4 + 1).get_attribute("d")
    assert path == "M346,159L363.75,159L363.75,81L379.5,81"
    view.all("#expanded #leftText g:nth-child(5) rect").nth(1).click()  # its -
    assert view.visible("#collapsed text")


# --- isolation


@pytest.mark.parametrize("make", [head_view, model_view, neuron_view])
def test_tokens_that_look_like_html_are_text(show: Show, make: Callable[[Trace], BertVizView]) -> None:
    trace = trace_of(HOSTILE)
    view = show(make(trace))
    if make is model_view:
        view.all("#vis svg > g > rect:last-child").first.click(position={"x": 8, "y": 8})
    elif make is neuron_view:
        view.all("#collapsed #leftText text").nth(1).hover()
    texts = view.all("#vis text").all_text_contents()
    for token in trace.tokens:
        assert any(text.rstrip("…") and token.label.startswith(text.rstrip("…")) for text in texts), token.label
    assert view.all("b, img, #vis script").count() == 0
    for place in view.page.frames:
        assert place.evaluate("window.hacked") is None


def test_a_script_in_the_frame_reaches_neither_the_page_nor_a_network(show: Show, trace: Trace) -> None:
    view = show(head_view(trace))
    forbidden = {
        "page": "parent.document.title",
        "storage": "localStorage.length",
        "request": "await fetch('http://127.0.0.1:9/x')",
        "data": "await fetch('data:,x')",
        "socket": "await new Promise((_, no) => (new WebSocket('ws://127.0.0.1:9').onerror = no))",
        "image": "await new Promise((y, no) => Object.assign(new Image(), "
        "{ onload: y, onerror: no, src: 'http://127.0.0.1:9/x' }))",
        "script": "await new Promise((y, no) => document.body.append(Object.assign(document.createElement('script'), "
        "{ onload: y, onerror: no, src: 'http://127.0.0.1:9/x' })))",
    }
    for what, script in forbidden.items():
        outcome = view.frame.evaluate(f"(async () => {{ {script}; }})().then(() => 'reached', () => 'refused')")
        assert outcome == "refused", what
    assert view.frame.evaluate("window.origin") == "null"


# --- in a notebook

PANEL = """
import explorer
from explorer.figures.attention.bertviz_views import head_view
from explorer.widgets.panels.attention.bertviz import BertVizPanel
from IPython.display import display

lm = explorer.load("gpt2")
display(BertVizPanel(lm, "The capital of France is"), head_view(lm.trace("The cat", attention=True)))
"""

# How few frames there ever were that a reader sees, and whether a new one came.
WATCH = """box => {
  window.fewest = 1;
  window.changes = 0;
  new MutationObserver(() => {
    window.fewest = Math.min(window.fewest, box.querySelectorAll("iframe:not(.nte-framed-coming)").length);
    window.changes += 1;
  }).observe(box, { childList: true, attributes: true, subtree: true });
}"""


def test_in_a_notebook_the_panel_follows_the_text_without_a_gap(lab: Lab, new_page: Any) -> None:
    screen = open_cell(new_page(), lab.notebook(PANEL))
    box = screen.page.locator(".nte-framed")
    view = screen.page.frame_locator(".nte-framed iframe:not(.nte-framed-coming)")
    view.locator("#left text").first.wait_for(timeout=PATIENCE)
    box.evaluate(WATCH)
    screen.type(" Paris and the", delay=20)
    view.locator("#left text", has_text="·the").first.wait_for(timeout=PATIENCE)
    menu = screen.page.get_by_label("View", exact=True)
    menu.select_option("model view")
    view.locator("text", has_text="Heads").wait_for(timeout=PATIENCE)
    menu.select_option("neuron view")
    view.locator("#expanded").wait_for(state="attached", timeout=PATIENCE)
    screen.page.wait_for_function("!document.querySelector('.nte-framed-coming')", timeout=PATIENCE)
    assert box.locator("iframe").get_attribute("title") == "BertViz: neuron view"
    assert box.locator("iframe").get_attribute("sandbox") == "allow-scripts"
    assert screen.page.evaluate("[fewest, changes > 2]") == [1, True]
    cell = screen.page.frame_locator(".jp-RenderedHTML iframe")
    assert cell.locator("#right text").all_text_contents() == ["The", "·cat"]
    assert screen.problems == []
    assert new_page.asked == []
    screen.page.close()
