"""Attention in the text on a page: chips, numbers and arcs under a mouse, a finger and keys."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page

from explorer.engine.loading import load
from explorer.language_model.trace import Trace
from explorer.locales import numbers
from explorer.widgets.elements.attention_text.widget import MIN_ARC
from tests.browser.conftest import HOSTILE
from tests.browser.lab import PATIENCE, Lab, Screen, open_cell

TEXT = "The cat " + " and ".join(HOSTILE) + "\nsat"

SOURCE = f"""
import explorer
from explorer.widgets.panels.attention.attention_text import AttentionTextPanel
panel = AttentionTextPanel(explorer.load("distilgpt2"), {TEXT!r})
panel
"""


class Text:
    """The text on a page, and what the model says of it here."""

    def __init__(self, screen: Screen, folder: Path) -> None:
        self.screen, self.page = screen, screen.page
        self.lm = load(str(folder), device="cpu")
        self.n_cells = self.notebook_cells()

    def notebook_cells(self) -> int:
        return self.page.locator(".jp-Notebook .jp-Cell").count()

    def chip(self, row: int) -> Locator:
        return self.page.locator(".nte-weights-cell").nth(row)

    def wait_for(self, trace: Trace, row: int, verb: str = "looks at") -> None:
        """Until the look of ``row`` in a text is painted."""
        n, label = len(trace.ids), trace.tokens[row].label
        self.page.wait_for_function(
            """([n, title, row]) => {
                const cells = [...document.querySelectorAll(".nte-weights-cell")];
                const said = document.querySelector(".nte-weights-title")?.textContent.endsWith(title);
                return cells.length === n && said && cells[row].matches(".nte-weights-now:not(.nte-weights-apart)");
            }""",
            arg=[n, f": {label} {verb}", row],
            timeout=PATIENCE,
        )

    def numbers(self) -> list[str]:
        return self.page.locator(".nte-weights-number").all_text_contents()

    def strongest(self) -> list[tuple[str, str]]:
        named = self.page.locator(".nte-weights-top")
        labels, amounts = (named.locator(part).all_text_contents() for part in (".nte-weights-label", "b"))
        return list(zip(labels, amounts, strict=True))

    def arcs(self) -> Any:
        """Of each the x of both ends, and its width; the weakest first."""
        return self.page.locator(".nte-weights-flow path").evaluate_all(
            """paths => paths.map((path) => {
                const [from, to] = [path.getPointAtLength(0), path.getPointAtLength(path.getTotalLength())];
                return [from.x, to.x, Number(path.getAttribute("stroke-width"))];
            })"""
        )

    def layout(self) -> Any:
        """Where everything is."""
        return self.page.locator(
            ".nte-weights, .nte-weights > *, .nte-weights-cell, .nte-weights-cell > .nte-chip"
        ).evaluate_all(
            "all => all.map((each) => each.getBoundingClientRect()).map((r) => [r.x, r.y, r.width, r.height])"
        )

    def button(self, name: str) -> Locator:
        return self.page.locator(f".nte-weights button[data-choice={name}]")


@pytest.fixture(scope="module")
def opened(lab: Lab, new_page: Callable[[], Page], folders: dict[str, Path]) -> Iterator[Text]:
    screen = open_cell(new_page(), lab.notebook(SOURCE))
    screen.page.wait_for_selector(".nte-weights-top", timeout=PATIENCE)
    yield Text(screen, folders["distilgpt2"])
    assert screen.problems == []
    screen.page.close()


@pytest.fixture
def trace(opened: Text) -> Trace:
    return opened.lm.trace(TEXT, attention=True)


@pytest.fixture
def text(opened: Text, trace: Trace) -> Iterator[Text]:
    """As at the beginning."""
    opened.page.mouse.move(2, 2)
    opened.screen.fill(TEXT)
    opened.button("head").click()
    opened.button("to").click()
    opened.page.locator(".nte-weights-flow").focus()
    opened.page.keyboard.press("Escape")
    opened.wait_for(trace, len(trace.ids) - 1)
    yield opened
    assert opened.notebook_cells() == opened.n_cells, "JupyterLab took a key"


def test_tokens_are_read_back_as_text_and_numbers_are_those_of_the_model(text: Text, trace: Trace) -> None:
    assert text.page.locator(".nte-weights .nte-chip").all_text_contents() == [token.label for token in trace.tokens]
    assert {token.replace(" ", "·") for token in HOSTILE} <= {token.label for token in trace.tokens}
    assert text.page.evaluate("window.hacked") is None
    last = len(trace.ids) - 1
    row = trace.attention.row(0, 0, last)
    assert [float(number) for number in text.numbers()] == pytest.approx(row.tolist(), rel=0.06)
    found = [(label, float(number)) for label, number in text.strongest()]
    assert [weight for _, weight in found] == pytest.approx(sorted(row.tolist(), reverse=True)[:5], rel=0.006)
    assert [label for label, _ in found] == [trace.tokens[at].label for at in (-row).argsort(kind="stable")[:5]]
    assert text.chip(last).get_attribute("aria-label") == f"{trace.tokens[last].label} {text.numbers()[last]}"


def test_names_in_the_line_are_read_back_as_text(text: Text, trace: Trace) -> None:
    hostile = [i for i, token in enumerate(trace.tokens) if token.label.startswith("<script")]
    text.chip(hostile[0]).hover()
    text.wait_for(trace, hostile[0])
    assert len(trace.tokens[: hostile[0] + 1]) <= 5, "all of them are named"
    assert {label for label, _ in text.strongest()} == {token.label for token in trace.tokens[: hostile[0] + 1]}


def test_pointing_looks_from_a_token_for_a_moment_and_nothing_jumps(text: Text, trace: Trace) -> None:
    last, before = len(trace.ids) - 1, text.layout()
    for row in (1, 4, last - 1):
        text.chip(row).hover()
        text.wait_for(trace, row)
        assert [bool(number) for number in text.numbers()] == [i <= row for i in range(last + 1)]
        assert text.layout() == before
    text.page.mouse.move(2, 2)
    text.wait_for(trace, last)
    assert text.page.locator(".nte-weights [aria-selected=true]").count() == 1


def test_a_click_stays_and_escape_goes_back(text: Text, trace: Trace) -> None:
    text.chip(2).click()
    text.page.wait_for_selector(".nte-weights-pinned")
    text.page.mouse.move(2, 2)
    text.wait_for(trace, 2)
    text.screen.type(" on")
    longer = text.lm.trace(TEXT + " on", attention=True)
    text.wait_for(longer, 2)
    text.page.locator(".nte-weights-flow").focus()
    text.page.keyboard.press("Escape")
    text.wait_for(longer, len(longer.ids) - 1)


def test_the_look_of_a_new_token_comes_with_it(text: Text) -> None:
    text.screen.type(" on the")
    longer = text.lm.trace(TEXT + " on the", attention=True)
    text.wait_for(longer, len(longer.ids) - 1)
    row = longer.attention.row(0, 0, len(longer.ids) - 1)
    assert [float(number) for number in text.numbers()] == pytest.approx(row.tolist(), rel=0.06)


def test_keys_walk_through_the_text(text: Text, trace: Trace) -> None:
    last, flow = len(trace.ids) - 1, text.page.locator(".nte-weights-flow")
    flow.focus()
    for keys, row in (("ArrowLeft ArrowLeft", last - 2), ("Home ArrowRight", 1), ("ArrowLeft ArrowLeft", 0)):
        for key in keys.split():
            text.page.keyboard.press(key)
        text.wait_for(trace, row)
        assert flow.get_attribute("aria-activedescendant") == text.chip(row).get_attribute("id")
    text.chip(4).click()  # from now on the notebook takes keys as commands: to go to another cell, to edit this one
    text.page.wait_for_selector(".nte-weights-pinned")
    for key in ("ArrowUp", "ArrowDown", "Home", "ArrowRight", "Enter"):
        text.page.keyboard.press(key)
    text.page.wait_for_function(
        "document.querySelectorAll('.nte-weights-cell')[1].matches('.nte-weights-pinned')", timeout=PATIENCE
    )
    assert flow.evaluate("flow => flow === document.activeElement")
    assert text.page.locator(".nte-weights [aria-selected=true] .nte-chip").inner_text() == trace.tokens[1].label
    text.page.keyboard.press("End")
    text.wait_for(trace, last)
    text.page.keyboard.press("Escape")
    text.page.wait_for_selector(".nte-weights-pinned", state="detached")


def test_lines_are_above_and_below_each_other(text: Text, trace: Trace) -> None:
    text.page.set_viewport_size({"width": 700, "height": 720})
    tops = "[...document.querySelectorAll('.nte-weights-cell')].map((cell) => cell.offsetTop)"
    text.page.wait_for_function(f"new Set({tops}).size > 1", timeout=PATIENCE)
    text.page.locator(".nte-weights-flow").focus()
    text.page.keyboard.press("Home")
    text.page.keyboard.press("ArrowDown")
    row = text.page.evaluate(f"{tops}.findIndex((top, _, all) => top > all[0])")
    text.wait_for(trace, row)
    assert len(text.arcs()) == sum(weight >= MIN_ARC for weight in trace.attention.row(0, 0, row)[:-1])
    text.page.keyboard.press("ArrowUp")
    now = "document.querySelector('.nte-weights-now').offsetTop"
    text.page.wait_for_function(f"{now} === {tops}[0]", timeout=PATIENCE)
    text.page.set_viewport_size({"width": 1280, "height": 720})


def test_each_weight_that_counts_has_an_arc_from_chip_to_chip(text: Text, trace: Trace) -> None:
    row = len(trace.ids) - 2
    text.chip(row).click()
    text.wait_for(trace, row)
    weights = trace.attention.row(0, 0, row)
    drawn = [at for at in weights[:row].argsort() if weights[at] >= MIN_ARC]
    middles = text.page.locator(".nte-weights-cell").evaluate_all(
        "all => all.map((c) => c.offsetLeft + c.offsetWidth / 2)"
    )
    assert len(drawn) > 3
    assert [width for _, _, width in text.arcs()] == pytest.approx([1 + 9 * weights[at] for at in drawn], abs=1e-3)
    assert sorted(to for _, to, _ in text.arcs()) == pytest.approx(sorted(middles[at] for at in drawn), abs=1)
    assert {round(start) for start, _, _ in text.arcs()} == {round(middles[row])}
    arcs = text.page.locator(".nte-weights input[type=checkbox]")
    arcs.uncheck()
    assert text.arcs() == []
    arcs.check()
    assert len(text.arcs()) == len(drawn)


def test_from_shows_what_looks_at_a_token(text: Text, trace: Trace) -> None:
    text.button("from").click()
    text.chip(2).hover()
    text.wait_for(trace, 2, "is looked at by")
    column = trace.attention.head(0, 0)[2:, 2]
    assert text.numbers()[:2] == ["", ""]
    assert [float(number) for number in text.numbers()[2:]] == pytest.approx(column.tolist(), rel=0.06)
    assert len(text.arcs()) == sum(column[1:] >= MIN_ARC)


def test_heads_are_put_together_by_the_buttons(text: Text, trace: Trace) -> None:
    text.button("all").click()
    text.page.wait_for_selector(".nte-weights [data-choice=all][aria-pressed=true]")
    text.button("mean").click()
    mean = trace.attention.dense().mean((0, 1))[-1]
    said = "([...document.querySelectorAll('.nte-weights-top b')].map((b) => b.textContent).join())"
    expected = ",".join(numbers.probability(weight) for weight in sorted(mean.tolist(), reverse=True)[:5])
    text.page.wait_for_function(f"expected => {said} === expected", arg=expected, timeout=PATIENCE)
    text.button("layer").click()
    text.page.wait_for_selector(".nte-weights [data-choice=layer][aria-pressed=true]")


def test_a_finger_looks_and_stays(text: Text, trace: Trace) -> None:
    chip = text.chip(3).locator(".nte-chip")
    chip.dispatch_event("pointerdown", {"pointerType": "touch", "bubbles": True})
    text.wait_for(trace, 3)
    chip.click()
    text.page.wait_for_selector(".nte-weights-pinned")


def test_a_name_in_the_line_shows_which_token_it_means(text: Text, trace: Trace) -> None:
    row = trace.attention.row(0, 0, len(trace.ids) - 1)
    text.page.locator(".nte-weights-top").first.hover()
    meant = text.page.locator(".nte-weights-cell").evaluate_all(
        "all => all.findIndex((c) => c.matches('.nte-weights-meant'))"
    )
    assert meant == int(row.argmax())
