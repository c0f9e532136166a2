"""Pictures drawn by a real Chrome, and what is said where there is none."""

from __future__ import annotations

import http.server
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import kaleido
import plotly.graph_objects as go
import pytest

from explorer.figures.comparison.comparison import require_savable
from explorer.figures.shared.picture import HEIGHT, SCALE, WIDTH, picture
from explorer.locales import ExplorerError
from tests.browser.lab import chromium

NAME = "$x$ 天"


@pytest.fixture
def chrome() -> None:
    if chromium() is None:
        pytest.skip("no Chromium found")


def figure(**layout: int) -> go.Figure:
    return go.Figure(go.Bar(x=[3, 1], y=[NAME, "b"], orientation="h"), layout=layout)


@contextmanager
def listening() -> Iterator[tuple[str, list[str]]]:
    """An address of this machine, and the paths it was asked for."""
    asked = list[str]()

    class Listener(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Listener) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/mathjax.js", asked
        server.shutdown()


@pytest.mark.usefixtures("chrome")
def test_a_png_has_its_size_and_is_sharp() -> None:
    for layout, expected in ({}, (WIDTH, HEIGHT)), ({"width": 300, "height": 200}, (300, 200)):
        drawn = picture(figure(**layout), "png")
        assert drawn.startswith(b"\x89PNG\r\n\x1a\n")
        assert struct.unpack(">II", drawn[16:24]) == tuple(SCALE * pixels for pixels in expected)


@pytest.mark.usefixtures("chrome")
def test_an_svg_has_the_words_as_they_are_and_nothing_is_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    with listening() as (address, asked):
        monkeypatch.setattr("kaleido._page_generator.DEFAULT_MATHJAX", address)
        drawn = picture(figure(), "svg").decode()
        assert f">{NAME}</text>" in drawn
        assert asked == []
        kaleido.calc_fig_sync(figure(), opts={"format": "svg"})
        assert set(asked) == {"/mathjax.js"}, "what kaleido does unless told otherwise; else this test could not fail"


def test_without_a_chrome_there_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("choreographer.browsers.chromium.Chromium.find_browser", lambda *_, **__: None)
    monkeypatch.delenv("BROWSER_PATH", raising=False)
    with pytest.raises(ExplorerError, match=r"needs a Chrome or Chromium .* Save it as .html"):
        picture(figure(), "png")


def test_a_chrome_that_fails_gets_a_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    broken = tmp_path / "chrome"
    broken.write_text("#!/bin/sh\nexit 3\n")
    broken.chmod(0o755)
    monkeypatch.setenv("BROWSER_PATH", str(broken))
    with pytest.raises(ExplorerError, match=r"did not draw the picture: .+"):
        picture(figure(), "png")


def test_a_missing_chrome_is_known_before_the_work(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("choreographer.browsers.chromium.Chromium.find_browser", lambda *_, **__: None)
    monkeypatch.delenv("BROWSER_PATH", raising=False)
    require_savable(tmp_path / "x.html")
    with pytest.raises(ExplorerError, match="needs a Chrome or Chromium"):
        require_savable(tmp_path / "x.png")
