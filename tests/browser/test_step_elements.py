"""Keys, the draw, generated chips and rows of bars in JupyterLab, whose own keys insert and delete cells."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Locator, Page

from tests.browser.lab import PATIENCE, Hearing, Lab, open_cell

SOURCE = """
import ipywidgets as w
import plotly.graph_objects as go
from explorer.figures.shared.theme import Theme
from explorer.widgets.elements.draw_strip.widget import DrawStrip
from explorer.widgets.elements.prefix_box.widget import PrefixBox
from explorer.widgets.elements.token_chips.widget import TokenChips
from explorer.widgets.elements.plot.widget import Plot
from explorer.widgets.elements.step_buttons.widget import StepButtons

heard = w.Label("heard")
heard.add_class("heard")

def hear(*what):
    heard.value += " " + "/".join(map(str, what))

def chip(label, **more):
    return dict(label=label, note=f"note of {label}", kind="", back="", ink="", joined="") | more

box = PrefixBox(value="x", label="prefix")
chips = TokenChips(
    hear, way="a", ways={"a": "alpha", "b": "beta"}, chips=[chip("The"), chip("<b>")],
    after_label="then", after=[chip("·a", node="1"), chip("<i>", node="2", kind="current"), chip("·c", node="3")],
)
NAMES = ("undo", "redo", "step", "play", "pause", "branch", "seed", "stop", "again", "histogram")
words = {name: name for name in NAMES}
buttons = StepButtons(lambda name, prefix: hear(name), words=words, enabled={"redo": False})
shares = [0.5, 0.2999, 0.0001, 0.2]
strip = DrawStrip(
    hear, words=words, u=0.6, mark="u = 0.6000", chosen=1, line="the line",
    segments=[dict(label=f"<u>{s}", share=s, note=f"share {s}", colour="", ink="") for s in shares],
)
plot = Plot(hear)
rows = list(range(4))
bars = dict(
    type="bar", orientation="h", y=rows, x=[0.5, 0.3, 0.1, 0.05], customdata=[40, 41, 42, -1],
    hovertext=[f"&lt;b&gt; {row}<br>second" for row in rows], hoverinfo="text",
)
plot.show(
    go.Figure(data=[bars], layout=dict(
        meta=dict(description="bars"), height=160, margin=dict(l=150, r=60, t=30, b=38), hovermode="y",
        xaxis=dict(range=[0, 1], fixedrange=True),
        yaxis=dict(tickvals=rows, ticktext=list("abcd"), range=[3.6, -0.6], fixedrange=True),
    )), Theme(), answer=7,
)
app = w.VBox([box, chips, buttons, strip, heard, plot])
app.add_class("nte-app")
app
"""


class Steps(Hearing):
    """The widgets on a page, and what the kernel heard from them."""

    def button(self, name: str) -> Locator:
        return self.page.locator(f".nte-steps [data-command={name}]")

    def row(self, place: int) -> dict[str, float]:
        """Where a row of the bars is: its middle, and the left and right ends of the axis."""
        area = self.page.locator(".nte-plot .nsewdrag").bounding_box()
        assert area is not None
        y = area["y"] + area["height"] * (place + 0.6) / 4.2
        return {"y": y, "left": area["x"], "right": area["x"] + area["width"]}


@pytest.fixture(scope="module")
def opened(lab: Lab, new_page: Callable[[], Page]) -> Iterator[Steps]:
    screen = open_cell(new_page(), lab.notebook(SOURCE))
    screen.page.wait_for_selector(".nte-plot .ytick", timeout=PATIENCE)
    screen.page.locator(".nte-plot").scroll_into_view_if_needed()
    yield Steps(screen)
    assert screen.problems == []
    screen.page.close()


@pytest.fixture
def steps(opened: Steps) -> Steps:
    opened.button("undo").click()
    opened.hears("undo")
    return opened


def test_keys_are_the_app_s_while_the_focus_is_in_it(steps: Steps) -> None:
    steps.press("b d d s u p Control+Enter")
    steps.hears("branch", "again", "again", "step", "undo", "play", "step")
    steps.press("a x m c v y z Shift+M Shift+B ArrowDown s")  # JupyterLab has something for each
    steps.hears("step")


def test_a_click_on_an_empty_place_keeps_the_keys_in_the_app(steps: Steps) -> None:
    for place in (".nte-steps-row", ".nte-foot", ".heard"):
        steps.page.locator(".jp-Notebook .cm-content").first.focus()
        steps.page.locator(place).click()
        steps.press("b d d")
        steps.hears("branch", "again", "again")


def test_outside_the_app_and_in_text_keys_are_what_they_were(steps: Steps) -> None:
    steps.screen.box.fill("")
    steps.press("s b d Control+Enter")
    steps.hears("step")
    assert steps.screen.box.input_value() == "sbd"
    steps.page.locator(".nte-tokens select").focus()
    steps.press("b s")
    steps.page.locator(".nte-steps input[type=text]").first.fill("")
    steps.press("s")
    steps.page.locator(".jp-Notebook .jp-Cell").first.focus()
    steps.press("s u")
    steps.button("step").click()
    steps.hears("step")


def test_keys_with_modifiers_stay_jupyterlab_s(steps: Steps) -> None:
    files = steps.page.locator(".jp-FileBrowser").first
    assert files.is_visible()
    steps.press("s Control+b")
    files.wait_for(state="hidden", timeout=PATIENCE)
    steps.press("Control+b")
    files.wait_for(timeout=PATIENCE)
    steps.hears("step")


@pytest.mark.parametrize(
    ("init", "heard"),
    [
        pytest.param({"key": "ы", "code": "KeyS"}, ["step"], id="another-alphabet"),
        pytest.param({"key": "S"}, ["step"], id="caps-lock"),
        pytest.param({"key": "s", "shiftKey": True}, [], id="shift"),
        pytest.param({"key": "s", "altKey": True}, [], id="alt"),
        pytest.param({"key": "s", "isComposing": True}, [], id="composing"),
        pytest.param({"key": "p", "repeat": True}, [], id="a-toggle-held-down"),
        pytest.param({"key": "s", "repeat": True}, ["step"], id="step-held-down"),
        pytest.param({"key": "r"}, [], id="disabled"),
        pytest.param({"key": "Enter", "metaKey": True}, ["step"], id="mac"),
        pytest.param({"key": "Enter", "ctrlKey": True, "shiftKey": True}, [], id="two-modifiers"),
    ],
)
def test_which_key_is_meant(steps: Steps, init: dict[str, object], heard: list[str]) -> None:
    event = json.dumps({"bubbles": True, "cancelable": True} | init)
    steps.button("undo").evaluate(f"b => b.dispatchEvent(new KeyboardEvent('keydown', {event}))")
    steps.press("u")
    steps.hears(*heard, "undo")


def test_a_disabled_button_keeps_the_focus_and_does_nothing(steps: Steps) -> None:
    steps.button("redo").focus()
    steps.press("Enter Space u")
    steps.hears("undo")
    assert steps.page.evaluate("document.activeElement.dataset.command") == "redo"


def test_generated_chips_lead_to_their_nodes(steps: Steps) -> None:
    generated = steps.page.locator(".nte-generated > span")
    assert generated.all_text_contents() == ["·a", "<i>", "·c"]
    generated.nth(2).click()
    steps.hears("3")
    assert steps.page.locator(".nte-line").inner_text() == "note of ·c"
    steps.press("Home Enter ArrowRight Enter b")
    steps.hears("1", "2", "branch")
    steps.page.get_by_role("button", name="then").click()
    steps.hears("0")


def test_the_strip_is_laid_out_by_probability(steps: Steps) -> None:
    strip = steps.page.locator(".nte-draw-shares")
    x, width, bottom = strip.evaluate("s => { const r = s.getBoundingClientRect(); return [r.x, r.width, r.bottom]; }")
    shares = strip.evaluate("s => [...s.children].map(c => c.getBoundingClientRect()).map(r => [r.left, r.right])")
    ends = [(end - x) / width for share in shares for end in share]
    assert ends == pytest.approx([0, 0.5, 0.5, 0.7999, 0.7999, 0.8, 0.8, 1], abs=1e-4)
    labels = strip.evaluate("s => [...s.querySelectorAll('span')].map(l => l.getBoundingClientRect().top)")
    assert [top < bottom for top in labels] == [True, True, False, True]  # where there is no room, there is none
    at = "([...document.querySelectorAll('.nte-draw-mark')][0].offsetLeft)"
    steps.page.wait_for_function(f"Math.abs({at} / {width} - 0.6) < 0.005", timeout=PATIENCE)
    assert steps.page.locator(".nte-draw-mark").inner_text() == "u = 0.6000"
    assert strip.locator(".nte-draw-chosen").inner_text() == "<u>0.2999"
    strip.locator("div").last.hover()
    line = steps.page.locator(".nte-draw-line")
    assert line.inner_text() == "share 0.2"
    strip.focus()
    steps.press("Home ArrowRight")
    assert line.inner_text() == "share 0.2999"
    steps.page.get_by_role("button", name="histogram").click()
    steps.hears("histogram")
    assert line.inner_text() == "the line"


@pytest.mark.parametrize("where", ["bar", "right", "label"])
def test_a_click_anywhere_in_a_row_picks_its_token(steps: Steps, where: str) -> None:
    row = steps.row(1)
    x = {"bar": row["left"] + 5, "right": row["right"] - 5, "label": row["left"] - 8}[where]
    steps.page.mouse.click(x, row["y"])
    steps.hears("41/7")
    steps.press("ArrowDown Enter b")  # the focus came along
    steps.hears("42/7", "branch")


def test_what_is_no_token_s_row_is_not_picked(steps: Steps) -> None:
    others = steps.row(3)
    steps.page.mouse.click(others["left"] + 5, others["y"])
    steps.page.mouse.click(others["left"] + 5, steps.row(0)["y"] - 40)
    steps.press("s")
    steps.hears("step")


def test_a_row_is_picked_by_keys_and_said(steps: Steps) -> None:
    steps.page.mouse.move(0, 0)
    steps.page.locator(".nte-draw button").last.focus()
    steps.press("Tab")  # to the bars: the first row is marked
    steps.press("ArrowDown Enter ArrowDown ArrowDown Enter ArrowUp ArrowUp Enter")
    steps.hears("41/7", "42/7", "40/7")  # the last row stands for many tokens
    assert steps.page.locator(".nte-plot-said").text_content() == "<b> 0, second"
