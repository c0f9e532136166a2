"""Drives JupyterLab in a headless Chromium the way a person would: open, run, type, look."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, Playwright

from explorer.state.reader import LATE_SECONDS
from tests.processes import ends_whole
from tests.servers import free_port

CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE = 120_000  # milliseconds; a loaded machine may need them, a quick one does not wait
LATE = 1000 * LATE_SECONDS + 100  # milliseconds; an answer that takes longer is seen to be missing

LISTED_TOO_EARLY = re.compile(r"status of 500 .*/api/kernels\?\d+\]$")
"""Jupyter Server answers so when the kernels are asked for while one is being made, which has no last activity yet.
JupyterLab asks again."""


def chromium() -> str | None:
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    return next(filter(None, map(shutil.which, names)), None)


def launch(playwright: Playwright) -> Browser:
    return playwright.chromium.launch(executable_path=chromium(), args=CHROMIUM_FLAGS)


@dataclass
class Lab:
    """A running JupyterLab server whose notebooks lie in ``folder``."""

    url: str
    folder: Path
    counter: int = 0

    def notebook(self, *sources: str) -> str:
        """Write a notebook with a code cell for each; its address."""
        self.counter += 1
        name = f"test-{self.counter}.ipynb"
        cell = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
        kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
        book = {
            "cells": [cell | {"id": f"cell-{i}", "source": source} for i, source in enumerate(sources)],
            "metadata": {"kernelspec": kernel},
            "nbformat": 4,
            "nbformat_minor": 5,
        }
        (self.folder / name).write_text(json.dumps(book), encoding="utf-8")
        return f"{self.url}/lab/workspaces/{name[:-6]}/tree/{name}?reset"


def wait_for_server(url: str, process: subprocess.Popen[bytes], seconds: float = 90) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with status {process.returncode}")
        try:
            urllib.request.urlopen(url, timeout=2).close()
            return
        except urllib.error.HTTPError:
            return  # an answer all the same
        except OSError:
            time.sleep(0.2)
    raise TimeoutError(f"{url} did not answer within {seconds} s")


@contextmanager
def serve_lab(folder: Path, environment: dict[str, str]) -> Iterator[Lab]:
    """`explorer lab` on ``folder``, without a password on a port of its own."""
    port = free_port()
    options = [
        f"--ServerApp.root_dir={folder}",
        f"--ServerApp.port={port}",
        "--ServerApp.ip=127.0.0.1",
        "--ServerApp.open_browser=False",
        "--IdentityProvider.token=",
        "--LabApp.expose_app_in_browser=True",
    ]
    command = [sys.executable, "-m", "explorer", "lab", "--", *options]
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(command, env=os.environ | environment, stdout=log, stderr=log)
        with ends_whole(process):
            wait_for_server(f"http://127.0.0.1:{port}/api", process)
            yield Lab(f"http://127.0.0.1:{port}", folder)


@dataclass
class Screen:
    """The app on a page."""

    page: Page
    problems: list[str] = field(default_factory=list)

    @property
    def box(self) -> Locator:
        return self.page.locator(".nte-prefix textarea")

    def type(self, text: str, delay: float = 0) -> None:
        self.box.click()
        self.page.keyboard.press("ControlOrMeta+End")
        self.page.keyboard.type(text, delay=delay)

    def fill(self, text: str) -> None:
        """Put ``text`` into the box in one go, as a paste does."""
        self.box.fill(text)

    def bar_labels(self) -> list[str]:
        return self.page.locator(".nte-bars .ytick text").all_text_contents()

    def bar_values(self) -> list[str]:
        return self.page.locator(".nte-bars .barlayer .trace:last-child .bartext").all_text_contents()

    def chips(self) -> list[str]:
        return self.page.locator(".nte-chips > span").all_text_contents()

    def after(self) -> list[str]:
        """The tokens that were chosen after the prefix, without those that redo would come to."""
        return self.page.locator(".nte-generated > span:not(.ahead)").all_text_contents()

    def command(self, name: str) -> None:
        """Press the button that steps, goes back, plays, …"""
        self.page.locator(f".nte-steps button[data-command={name}]").click()

    def open_section(self, name: str) -> None:
        self.page.get_by_role("tab", name=name).click()

    def set_parameter(self, name: str, value: str) -> None:
        """Type a number into the row of a stage of the sampler."""
        entry = self.page.locator(".nte-stage", has_text=name).locator(".nte-stage-entry")
        entry.fill(value)
        entry.press("Enter")

    def wait_ready(self) -> None:
        """Until the latest question is answered and painted. A page knows of one that is open once it is late."""
        self.page.wait_for_timeout(LATE)
        self.page.wait_for_selector(".nte-status[data-state='ready']", timeout=PATIENCE)
        self.page.wait_for_selector(".nte-root:not(.nte-ahead) .nte-bars:not(.nte-stale) .ytick", timeout=PATIENCE)

    def wait_chips(self, expected: list[str]) -> None:
        shown = "JSON.stringify([...document.querySelectorAll('.nte-chips > span')].map(s => s.textContent))"
        text = json.dumps(expected, ensure_ascii=False, separators=(",", ":"))
        self.page.wait_for_function(f"expected => {shown} === expected", arg=text, timeout=PATIENCE)

    def wait_first_bar(self, expected: str) -> None:
        """Until the uppermost bar is that of a token: the bars are painted some messages after the chips."""
        label = "document.querySelector('.nte-bars .ytick text')?.textContent"
        self.page.wait_for_function(f"expected => {label} === expected", arg=expected, timeout=PATIENCE)

    def wait_after(self, n: int) -> None:
        """Until ``n`` tokens stand after the prefix, and their answer is painted."""
        count = "document.querySelectorAll('.nte-generated > span:not(.ahead)').length"
        self.page.wait_for_function(f"n => {count} === n", arg=n, timeout=PATIENCE)
        self.wait_ready()

    def execute(self, command: str, **arguments: Any) -> None:
        """A command of JupyterLab, as from its menu."""
        self.page.evaluate("([c, a]) => window.jupyterapp.commands.execute(c, a)", [command, arguments])


class Hearing:
    """Widgets on a page whose kernel writes what it heard from them into an element of the class ``heard``."""

    def __init__(self, screen: Screen) -> None:
        self.screen, self.page, self.n_heard = screen, screen.page, 0
        self.n_cells = self.cells()

    def cells(self) -> int:
        return self.page.locator(".jp-Notebook .jp-Cell").count()

    def hears(self, *expected: str) -> None:
        """That, and nothing else since the last time; and the notebook has the cells that it had."""
        words = "document.querySelector('.heard').textContent.trim().split(' ')"
        wanted = 1 + self.n_heard + len(expected)
        self.page.wait_for_function(f"{words}.length >= {wanted}", timeout=PATIENCE)
        heard = self.page.evaluate(words)[1 + self.n_heard :]
        self.n_heard += len(heard)
        assert heard == list(expected)
        assert self.cells() == self.n_cells

    def press(self, keys: str) -> None:
        for key in keys.split():
            self.page.keyboard.press(key)


def open_cell(page: Page, address: str) -> Screen:
    """Open a notebook and run its first cell."""
    screen = Screen(page)

    def on_console(message: ConsoleMessage) -> None:
        problem = f"{message.text} [{message.location.get('url', '')}]"
        if message.type == "error" and not LISTED_TOO_EARLY.search(problem):
            screen.problems.append(problem)

    page.on("pageerror", lambda error: screen.problems.append(f"page error: {error.stack or error}"))
    page.on("console", on_console)
    page.goto(address)
    page.wait_for_selector(".jp-Notebook .jp-CodeCell", timeout=PATIENCE)
    # Before the kernel says so itself in the status bar, a run is lost.
    page.get_by_text(re.compile(r"\| Idle$")).wait_for(timeout=PATIENCE)
    prompt = page.locator(".jp-Notebook .jp-CodeCell .jp-InputPrompt").first
    for _ in range(5):
        page.locator(".jp-Notebook .jp-CodeCell .cm-content").first.click()
        page.keyboard.press("Shift+Enter")
        page.wait_for_timeout(500)
        if prompt.inner_text().strip() != "[ ]:":
            return screen
    raise AssertionError("JupyterLab did not run the cell")
