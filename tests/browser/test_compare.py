"""Strategies side by side and two texts, in JupyterLab, with a mouse and with keys."""

from __future__ import annotations

import csv
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from explorer.engine.loading import load
from explorer.generation.compare import compare
from explorer.generation.presets import PRESETS
from tests.browser.lab import PATIENCE, Screen

TEXT = "The cat sat on the"
ONE_RUN = """button => { window.oneRun = new Promise((done) => {
    let runs = false;
    new MutationObserver(() => (button.textContent === "Compare" ? runs && done() : (runs = true)))
        .observe(button, { childList: true, characterData: true, subtree: true });
}) }"""
"""While a comparison runs, its button says Stop."""
HOSTILE = "<img src=x onerror=window.hacked=1> $x$"


@pytest.fixture
def prefix(request: pytest.FixtureRequest) -> str:
    """Another one for each test, so that no tree is there."""
    return f"{TEXT} {zlib.crc32(request.node.name.encode()) % 1000}"


@pytest.fixture(autouse=True)
def _a_clean_start(screen: Screen, new_page: Callable[[], Page], prefix: str) -> Iterator[None]:
    before = len(screen.problems)
    screen.fill(prefix)
    screen.page.wait_for_function("document.querySelectorAll('.nte-chips > span').length > 3", timeout=PATIENCE)
    screen.wait_after(0)
    yield
    assert screen.problems[before:] == []
    assert new_page.asked == []


@pytest.fixture
def texts(screen: Screen) -> Locator:
    """The columns, after “Compare” was pressed and all is written."""
    screen.open_section("Compare")
    run = screen.page.get_by_role("button", name="Compare", exact=True)
    expect(run).to_be_enabled(timeout=PATIENCE)
    run.evaluate(ONE_RUN)
    run.click()
    screen.page.evaluate("window.oneRun")
    return screen.page.locator(".nte-texts")


def written(texts: Locator, column: int, sample: int) -> str:
    shown = texts.locator(".nte-texts-column").nth(column).locator(".nte-texts-sample > span:first-child").nth(sample)
    return shown.text_content() or ""


def test_the_texts_are_those_of_compare(texts: Locator, prefix: str, folders: dict[str, Path]) -> None:
    lm = load(str(folders["gpt2"]), device="cpu")
    names = ("preset-greedy", "preset-cool", "preset-model", "preset-nucleus")
    made = compare(lm, prefix, [PRESETS[name] for name in names], n=3, max_new_tokens=30, seed=1)
    for column, strategy in enumerate(made.strategies):
        for sample, wanted in enumerate(strategy.samples):
            if "\N{REPLACEMENT CHARACTER}" in wanted.text:
                continue
            assert written(texts, column, sample).replace("⏎\n", "\n") == wanted.text


def test_a_token_is_explained_opened_and_gone_on_from(screen: Screen, texts: Locator) -> None:
    line = texts.locator(".nte-texts-line")
    token = texts.locator(".nte-texts-column").nth(2).locator(".nte-texts-sample").nth(1).locator("span > span").nth(3)
    token.hover()
    expect(line).to_contain_text("token 4", timeout=PATIENCE)
    token.click()
    expect(screen.page.locator(".gtitle", has_text="Token 4")).to_have_count(1, timeout=PATIENCE)
    screen.page.get_by_role("button", name="Go on from here").click()
    screen.wait_after(4)
    screen.command("step")
    screen.wait_after(5)


def test_nothing_below_moves_with_the_pointer(screen: Screen, texts: Locator) -> None:
    """Else what one is about to press would not be where it was."""
    texts.locator(".nte-texts-name").first.hover()
    below = screen.page.get_by_role("tab", name="At one token")
    before, tokens = below.bounding_box(), texts.locator(".nte-texts-sample").first.locator("span > span")
    for place in range(0, 9, 4):
        tokens.nth(place).hover()
        expect(texts.locator(".nte-texts-line")).to_contain_text(f"token {place + 1}", timeout=PATIENCE)
        assert below.bounding_box() == before


def test_keys_walk_through_the_texts(screen: Screen, texts: Locator) -> None:
    screen.page.mouse.move(0, 0)  # keys begin at the token below the pointer, where there is one
    texts.locator(".nte-texts-box").focus()
    line = texts.locator(".nte-texts-line")
    for key, said in (("ArrowRight", "greedy, token 1"), ("ArrowRight", "greedy, token 2"), ("PageDown", "token 2")):
        screen.page.keyboard.press(key)
        expect(line).to_contain_text(said, timeout=PATIENCE)
    screen.page.keyboard.press("Enter")
    expect(texts.locator(".nte-chosen")).to_have_count(1, timeout=PATIENCE)


def test_names_are_data(screen: Screen, texts: Locator) -> None:
    name = screen.page.locator(".nte-strategy input").first
    name.fill(HOSTILE)
    name.press("Enter")
    screen.page.get_by_role("button", name="Compare", exact=True).click()
    expect(texts.locator(".nte-texts-name").first).to_have_text(HOSTILE, timeout=PATIENCE)
    for tab in ("Measures", "Ranks", "At one token"):
        screen.page.get_by_role("tab", name=tab, exact=True).click()
        screen.page.wait_for_timeout(300)
    assert screen.page.evaluate("window.hacked") is None
    name.fill("greedy")
    name.press("Enter")


def test_the_table_is_saved(screen: Screen, texts: Locator) -> None:
    screen.page.get_by_role("tab", name="Save", exact=True).click()
    with screen.page.expect_download() as download:
        screen.page.get_by_role("button", name="Save the measures (CSV)").click()
    assert download.value.suggested_filename == "comparison.csv"
    with Path(download.value.path()).open(encoding="utf-8-sig", newline="") as file:
        assert next(csv.DictReader(file))["strategy"] == "greedy"


def test_two_texts_are_compared_while_one_types(screen: Screen) -> None:
    screen.open_section("Two texts")
    box = screen.page.locator(".nte-prefix textarea").nth(1)
    box.click()
    screen.page.keyboard.type("The dog ran to the", delay=10)
    title = screen.page.locator(".gtitle", has_text="Jensen-Shannon")
    expect(title).to_have_count(1, timeout=PATIENCE)
    expect(title).not_to_contain_text("Shannon 0.00 bits", timeout=PATIENCE)
