"""The attention in the app: every view of it, in step with the text, and what a notebook keeps of it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import HOSTILE
from tests.browser.lab import PATIENCE, Lab, Screen, open_cell
from tests.browser.reference import Reference

MAX_BYTES_SAVED = 300_000
TEXT = "The capital of France is Paris. The capital of Italy is Rome. The capital of"
VIEWS = {
    "One head": ".nte-plot .heatmaplayer",
    "In the text": ".nte-weights-flow",
    "One weight": ".nte-plot .barlayer",
    "What heads do": ".nte-plot .heatmaplayer",
    "Summaries": ".nte-plot .heatmaplayer",
    "BertViz": "iframe",
}
"""The tabs, and what a view has painted when it is there."""


@pytest.fixture(scope="module")
def book(lab: Lab) -> str:
    """Address of a notebook with the app on the model with hostile tokens."""
    return lab.notebook('import explorer\nexplorer.Explorer("distilgpt2")')


@pytest.fixture(scope="module")
def opened(book: str, new_page: Callable[[], Page]) -> Iterator[Screen]:
    """The app with its attention open."""
    screen = open_cell(new_page(), book)
    screen.wait_ready()
    screen.open_section("Attention")
    screen.page.wait_for_selector(".nte-grid[data-answer]", timeout=PATIENCE)
    yield screen
    assert screen.problems == []
    screen.page.close()


@pytest.fixture
def screen(opened: Screen, new_page: Callable[[], Page]) -> Iterator[Screen]:
    opened.fill("")
    opened.wait_chips(["<|endoftext|>"])
    opened.fill(TEXT)  # begins at the prefix, whatever was stepped after it before
    opened.page.wait_for_function("document.querySelectorAll('.nte-chips > span').length > 5", timeout=PATIENCE)
    opened.wait_after(0)
    yield opened
    assert new_page.asked == []


def open_view(screen: Screen, title: str) -> None:
    screen.page.get_by_role("tab", name=title, exact=True).click()
    screen.page.locator(f".lm-mod-current {VIEWS[title]}, {VIEWS[title]}").locator("visible=true").first.wait_for(
        timeout=PATIENCE
    )


def painted(screen: Screen) -> int:
    """How many pixels of the grid have a colour of their own: neither empty nor no weight at all."""
    count = """canvas => {
        const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
        let n = 0;
        for (let i = 0; i < data.length; i += 4) n += data[i + 3] > 0 && data[i] < 200;
        return n;
    }"""
    return screen.page.locator(".nte-grid canvas").evaluate(count)


@pytest.mark.parametrize("title", VIEWS)
def test_each_view_is_there_and_follows_the_text(screen: Screen, title: str) -> None:
    open_view(screen, title)
    before = screen.page.locator(".nte-grid").get_attribute("data-answer")
    screen.command("step")
    screen.wait_after(1)
    screen.page.wait_for_function(
        "before => document.querySelector('.nte-grid').dataset.answer !== before", arg=before, timeout=PATIENCE
    )
    open_view(screen, title)


def test_the_grid_has_a_picture_of_every_head_and_a_click_opens_one(screen: Screen) -> None:
    assert painted(screen) > 100
    assert screen.page.locator(".nte-grid-one").count() == 8
    open_view(screen, "In the text")
    screen.page.locator(".nte-grid-one[data-name=L1H2]").click()
    screen.page.get_by_text("head L1H2", exact=False).first.wait_for(timeout=PATIENCE)
    screen.page.locator(".nte-grid-one[data-name=L0H3]").click(modifiers=["ControlOrMeta"])
    screen.page.locator(".nte-grid-one[aria-selected=true]").nth(1).wait_for(timeout=PATIENCE)


def test_on_an_untrained_model_no_head_has_a_name(screen: Screen) -> None:
    open_view(screen, "What heads do")
    screen.page.locator(".nte-roles button").first.wait_for(timeout=PATIENCE)
    assert screen.page.locator(".nte-roles button").count() == 4  # the roles alone


def test_hostile_tokens_stay_text_in_every_view(screen: Screen) -> None:
    screen.fill(" ".join(HOSTILE) + " " + HOSTILE[2])
    screen.wait_ready()
    for title in VIEWS:
        open_view(screen, title)
        screen.page.wait_for_timeout(300)
        shown = screen.page.locator(".nte-app").inner_text()
        assert "<b>bold</b>" in shown
        assert screen.page.evaluate("window.hacked") is None
        assert screen.page.locator(".nte-app b:text-is('bold'), .nte-app img[src=x]").count() == 0


def test_a_saved_notebook_keeps_no_attention(screen: Screen, lab: Lab, book: str) -> None:
    for title in VIEWS:
        open_view(screen, title)
    screen.execute("docmanager:save")
    saved = lab.folder / book.split("/")[-1].removesuffix("?reset")
    screen.page.wait_for_function("() => !document.querySelector('.jp-mod-dirty')", timeout=PATIENCE)
    assert json.loads(saved.read_text(encoding="utf-8"))["cells"][0]["outputs"]
    assert saved.stat().st_size < MAX_BYTES_SAVED


def test_the_exact_weight_of_the_reference_is_on_the_screen(screen: Screen, folders: dict[str, Path]) -> None:
    open_view(screen, "In the text")
    screen.page.locator(".nte-grid-one[data-name=L1H3]").click()
    reference = Reference(folders["distilgpt2"])
    reference.model.set_attn_implementation("eager")
    ids = reference.tokenizer(TEXT, return_tensors="pt").input_ids
    weights = reference.model(ids, output_attentions=True).attentions[1][0, 3, -1].detach().numpy()
    numbers = screen.page.locator(".nte-weights-flow").inner_text()
    screen.page.get_by_text("head L1H3", exact=False).first.wait_for(timeout=PATIENCE)
    numbers = screen.page.locator(".nte-weights-flow").inner_text()
    found = [float(number) for number in re.findall(r"(?m)^\s*(0?\.\d+|\d+e-\d+|[01])\s*$", numbers)]
    assert len(found) == len(weights)
    assert max(abs(shown - float(weight)) for shown, weight in zip(found, weights, strict=True)) < 6e-4
