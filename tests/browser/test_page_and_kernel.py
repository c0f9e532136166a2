"""What a page shows is what its kernel knows; where it is not, the page says so: dead kernels, busy ones, tabs."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.browser.lab import PATIENCE, Lab, Screen, open_cell

APP = "import explorer, os\nopen('kernel.pid', 'w').write(str(os.getpid()))\nexplorer.Explorer()"
BUSY = "import time, pathlib\nwhile not pathlib.Path('let-go').exists(): time.sleep(0.02)"
NOTICED = 2_000
"""Milliseconds within which a page has noticed that its kernel is gone."""


@pytest.fixture
def screen(lab: Lab, new_page: Callable[[], Page]) -> Iterator[Screen]:
    """An app of its own, whose kernel may die; below it a cell that keeps the kernel busy until a file is there."""
    (lab.folder / "let-go").unlink(missing_ok=True)
    opened = open_cell(new_page(), lab.notebook(APP, BUSY))
    opened.wait_ready()
    yield opened
    opened.page.close()


def places(screen: Screen) -> dict[str, Any]:
    """Where each part of the app stands."""
    script = """() => Object.fromEntries([...document.querySelectorAll('.nte-root > *, .nte-root .nte-panel')]
        .filter((e) => !e.matches('.nte-kernel'))
        .map((e, i) => [i + e.className.replace(/ ?jupyter-widgets-disconnected/, ''),
            e.getBoundingClientRect().top]))"""
    found: dict[str, Any] = screen.page.evaluate(script)
    return found


def assert_said(screen: Screen, before: dict[str, Any]) -> None:
    banner = screen.page.locator(".nte-kernel-banner")
    banner.wait_for(state="visible", timeout=NOTICED)
    assert "Run this cell again" in banner.inner_text()
    assert screen.page.locator(".nte-root > [inert] .nte-prefix, .nte-root > .nte-prefix[inert]").count() == 1
    assert places(screen) == before, "nothing moves"


def test_a_kernel_that_is_killed_is_missed(screen: Screen, lab: Lab) -> None:
    before = places(screen)
    os.kill(int((lab.folder / "kernel.pid").read_text()), signal.SIGKILL)
    assert_said(screen, before)


def test_a_kernel_that_is_restarted_is_missed_and_the_cell_goes_on(screen: Screen) -> None:
    before = places(screen)
    screen.page.evaluate("() => { window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart(); }")
    assert_said(screen, before)
    screen.page.locator(".jp-Notebook .jp-CodeCell .cm-content").first.click()
    screen.page.keyboard.press("Shift+Enter")
    screen.page.locator(".nte-kernel-banner").wait_for(state="hidden", timeout=PATIENCE)
    screen.wait_ready()
    screen.fill("The capital of Italy")
    screen.wait_chips(["The", "·capital", "·of", "·Italy"])


def test_while_another_cell_runs_the_pictures_are_marked_as_old(screen: Screen, lab: Lab) -> None:
    chips = screen.chips()
    screen.page.locator(".jp-Notebook .jp-CodeCell .cm-content").nth(1).click()
    screen.page.keyboard.press("Shift+Enter")
    screen.page.get_by_text("| Busy").wait_for(timeout=PATIENCE)
    screen.fill("The capital of")
    screen.page.wait_for_selector(".nte-root.nte-ahead", timeout=PATIENCE)
    if screen.chips() == chips:  # a kernel with subshells may answer all the same
        assert "older text" in screen.page.locator(".nte-prefix-note").first.inner_text()
        opacity = "getComputedStyle(document.querySelector('.nte-bars > div')).opacity < 0.9"
        screen.page.wait_for_function(opacity, timeout=PATIENCE)
    (lab.folder / "let-go").touch()
    screen.wait_chips(["The", "·capital", "·of"])
    screen.page.wait_for_selector(".nte-root:not(.nte-ahead)", timeout=PATIENCE)


def test_a_text_without_an_answer_is_marked(screen: Screen) -> None:
    """Not even where the question failed."""
    screen.page.evaluate("() => document.querySelector('.nte-root').scrollIntoView()")
    screen.fill("The capital")
    screen.wait_chips(["The", "·capital"])
    screen.page.wait_for_selector(".nte-root:not(.nte-ahead)", timeout=PATIENCE)


def test_two_tabs_agree(screen: Screen, new_page: Callable[[], Page]) -> None:
    screen.execute("docmanager:save")  # a tab that is opened later finds the outputs in the file
    screen.page.wait_for_function("() => !window.jupyterapp.shell.currentWidget.context.model.dirty", timeout=PATIENCE)
    other = new_page()
    other.goto(screen.page.url.replace("/lab/workspaces/", "/lab/workspaces/other-"))
    second = Screen(other)
    second.wait_ready()
    screen.fill("The capital of Italy")
    second.wait_chips(["The", "·capital", "·of", "·Italy"])
    assert second.box.input_value() == "The capital of Italy"
    second.type(" is")
    screen.wait_chips(["The", "·capital", "·of", "·Italy", "·is"])
    assert screen.box.input_value() == "The capital of Italy is"
    screen.fill("The capital of Spain")
    second.command("step")  # whatever this tab knew of it, the newer text is not lost
    second.wait_after(1)
    assert [screen.box.input_value(), second.box.input_value()] == ["The capital of Spain"] * 2
    other.close()


def test_typing_is_not_echoed_to_who_types(screen: Screen) -> None:
    """Not a letter is lost or doubled, however quick."""
    screen.fill("")
    text = "The quick brown fox jumps over the lazy dog. " * 3
    screen.type(text, delay=5)
    deadline = time.monotonic() + 20
    while screen.box.input_value() != text and time.monotonic() < deadline:
        screen.page.wait_for_timeout(50)
    assert screen.box.input_value() == text
