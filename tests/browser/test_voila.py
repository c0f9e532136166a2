"""The same notebook as a page without code."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page

from tests.browser.lab import PATIENCE, Screen, free_port, wait_for_server
from tests.browser.reference import Reference


def test_the_app_is_a_page(
    environment: dict[str, str], new_page: Callable[[], Page], reference: Reference, tmp_path: Path
) -> None:
    port = free_port()
    command = [sys.executable, "-m", "explorer", "app", "--", "--no-browser", f"--port={port}"]
    with (tmp_path / "voila.log").open("wb") as log:
        process = subprocess.Popen(command, env=os.environ | environment, stdout=log, stderr=log)
        try:
            wait_for_server(f"http://127.0.0.1:{port}/voila/nothing", process)
            screen = Screen(new_page())
            screen.page.goto(f"http://127.0.0.1:{port}", timeout=PATIENCE)
            screen.wait_ready()
            screen.type(" and the")
            text = "The capital of France is and the"
            screen.wait_chips(reference.labels(text))
            screen.wait_first_bar(reference.top(text, 1)[0][0])
            plot = screen.page.locator(".nte-bars").bounding_box()
            assert plot["y"] + plot["height"] <= 720, "a projector's screen does not show all of it"
            assert new_page.asked == []
            screen.page.close()
        finally:
            process.terminate()
            process.wait(20)
