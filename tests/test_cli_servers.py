"""`explorer lab` and `explorer app` as servers: whom they answer, what they run, what they open, and that they end."""

from __future__ import annotations

import base64
import http.client
import json
import os
import re
import secrets
import signal
import stat
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

import psutil
import pytest

from explorer.cli import jupyter
from explorer.cli.page_server import SUBPROTOCOL
from tests.processes import PATIENCE, still_alive, tree
from tests.servers import Server, serve

SECONDS = 120  # of patience with one answer
PAGES = {"app.log": "/", "lab.log": "/lab"}


class Answer:
    """What a server said to one request."""

    def __init__(self, response: http.client.HTTPResponse, content: bool = True) -> None:
        self.status, self.headers = response.status, response.headers
        self.text = response.read().decode() if content else ""


def ask(server: Server, path: str = "/", *, method: str = "GET", token: bool = True, **headers: str) -> Answer:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=SECONDS)
    try:
        if token:
            headers["Authorization"] = f"token {server.token}"
        connection.request(method, path, headers=headers)
        return Answer(connection.getresponse(), content=headers.get("Upgrade") is None)
    finally:
        connection.close()


def new_kernel(server: Server) -> str:
    """The id of a kernel that the server has just started, and that has begun to work."""
    if server.log.name == "app.log":
        (kernel,) = re.findall(r'"kernelId": "([^"]+)"', ask(server).text)
        return str(kernel)
    kernel = json.loads(ask(server, "/api/kernels", method="POST").text)["id"]
    assert shake_hands(server, kernel, **{"Sec-WebSocket-Protocol": SUBPROTOCOL}).status == 101  # it has answered
    return str(kernel)


def shake_hands(server: Server, kernel: str, *, token: bool = True, **headers: str) -> Answer:
    """Begin a websocket to a kernel, and say nothing."""
    key = base64.b64encode(secrets.token_bytes(16)).decode()
    asked = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": key}
    return ask(server, f"/api/kernels/{kernel}/channels?session_id={key[:8]}", token=token, **(asked | headers))


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serve("app", tmp_path_factory.mktemp("app")) as server:
        yield server


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serve("lab", tmp_path_factory.mktemp("lab")) as server:
        yield server


@pytest.fixture(params=["app", "lab"])
def server(request: pytest.FixtureRequest) -> Server:
    return request.getfixturevalue(request.param)


# --- whom they answer ------------------------------------------------------------------------------------------------


def test_without_the_token_there_is_nothing_but_the_door(server: Server) -> None:
    before = tree(server.process)
    refused = ask(server, PAGES[server.log.name], token=False)
    assert refused.status == 302
    assert urlsplit(refused.headers["Location"]).path == "/login"
    assert tree(server.process) == before, "somebody without the token started a kernel"


def test_without_the_token_no_kernel_listens(server: Server) -> None:
    kernel = new_kernel(server)
    assert shake_hands(server, kernel, token=False, **{"Sec-WebSocket-Protocol": SUBPROTOCOL}).status == 403


def test_only_local_names_are_answered(server: Server) -> None:
    # A page of another site whose name leads here (DNS rebinding) sends its own name.
    for host in ("evil.example", f"evil.example:{server.port}", "169.254.1.1"):
        assert ask(server, PAGES[server.log.name], Host=host).status == 403, host
    kernel = new_kernel(server)
    assert shake_hands(server, kernel, Host="evil.example", **{"Sec-WebSocket-Protocol": SUBPROTOCOL}).status == 403
    for host in (f"localhost:{server.port}", f"127.0.0.1:{server.port}", "[::1]"):
        assert ask(server, "/login", Host=host).status in (200, 302), host


def test_a_silent_client_of_another_protocol_is_refused(app: Server) -> None:
    kernel = new_kernel(app)
    for protocols in ({}, {"Sec-WebSocket-Protocol": "v0.kernel.websocket.jupyter.org"}):
        assert shake_hands(app, kernel, **protocols).status == 400
    assert shake_hands(app, kernel, **{"Sec-WebSocket-Protocol": f"other, {SUBPROTOCOL}"}).status == 101
    assert ask(app, "/login").status in (200, 302), "the server answers nobody"


def test_no_file_beside_the_notebook_is_served(app: Server) -> None:
    assert ask(app, "/voila/files/explorer.ipynb").status == 403
    assert ask(app, "/voila/files/picture.png").status == 403


def test_a_token_and_remote_names_are_taken_as_they_are_given(tmp_path: Path) -> None:
    given = {"JUPYTER_TOKEN": "of-the-teacher"}
    with serve("app", tmp_path, "--Voila.allow_remote_access=True", environment=given) as server:
        assert "of-the-teacher" not in server.log.read_text(encoding="utf-8")
        assert ask(server, "/login?token=of-the-teacher", token=False, Host="class.example").status == 302
        assert ask(server, "/?token=wrong", token=False, Host="class.example").status in (302, 403)


@pytest.mark.skipif(os.name != "posix", reason="BROWSER is a shell's command")
def test_the_browser_is_sent_to_the_page_with_its_token(tmp_path: Path) -> None:
    opened = tmp_path / "opened"
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\nprintf %s "$1" > {opened}.part && mv {opened}.part {opened}\n', encoding="utf-8")
    browser.chmod(0o755)
    with serve("app", tmp_path, environment={"BROWSER": f"{browser} %s"}) as server:
        while not opened.exists():
            assert server.process.poll() is None
            time.sleep(0.1)
        page = Path(unquote(urlsplit(opened.read_text(encoding="utf-8")).path))
        assert f"?token={server.token}" in page.read_text(encoding="utf-8")
        assert stat.S_IMODE(page.stat().st_mode) == 0o600, "others on this machine can read the token"


# --- what they run and open ------------------------------------------------------------------------------------------

NAMES = (
    "jupyterlab",
    "voila",
    "jupyter_server",
    "traitlets",
    "explorer",
    "jupyter_lab_config",
    "jupyter_server_config",
)


@pytest.mark.parametrize("command", ["app", "lab"])
def test_no_module_or_settings_of_the_current_folder_are_run(command: str, tmp_path: Path) -> None:
    folder = tmp_path / "course"
    folder.mkdir()
    for name in NAMES:
        marker = tmp_path / f"{name}-was-run"
        (folder / f"{name}.py").write_text(f"open({str(marker)!r}, 'w')", encoding="utf-8")
    with serve(command, tmp_path, cwd=folder) as server:
        assert ask(server, "/login").status in (200, 302)
    assert list(tmp_path.glob("*-was-run")) == []


def test_lab_opens_the_current_folder_and_puts_the_notebook_there(lab: Server) -> None:
    folder = lab.log.parent
    assert ask(lab).headers["Location"].startswith("/doc/tree/explorer.ipynb")
    assert re.search(r'"path": "explorer.ipynb"', ask(lab, "/api/contents").text)
    assert (folder / "explorer.ipynb").is_file()
    assert str(folder) in lab.log.read_text(encoding="utf-8")


def test_lab_is_quiet(lab: Server) -> None:
    page = ask(lab, "/lab").text
    assert '"news": {"disabled": true}' in page
    assert "Warning" not in lab.log.read_text(encoding="utf-8")


def test_lab_takes_another_root_and_other_settings_of_ours(tmp_path: Path) -> None:
    folder = tmp_path / "another"
    folder.mkdir()
    options = (f"--ServerApp.root_dir={folder}", "--ServerApp.log_level=INFO", "--LabApp.news_url=http://localhost:9")
    with serve("lab", tmp_path, *options) as server:
        assert ask(server).headers["Location"].startswith("/doc/tree/explorer.ipynb")
        assert '"news": {"disabled": false}' in ask(server, "/lab").text
    assert (folder / "explorer.ipynb").is_file()
    assert not (tmp_path / "explorer.ipynb").exists()


def test_lab_in_a_checkout_opens_the_notebook_itself(tmp_path: Path) -> None:
    checkout = Path(jupyter.__file__).parents[2]
    with serve("lab", tmp_path, cwd=checkout) as server:
        assert ask(server).headers["Location"].startswith("/doc/tree/notebooks/explorer.ipynb")
    assert not (checkout / "explorer.ipynb").exists()


# --- how they end ----------------------------------------------------------------------------------------------------


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such signals")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT], ids=lambda number: number.name)
@pytest.mark.parametrize("command", ["app", "lab"])
def test_a_signal_ends_server_and_kernels(command: str, number: signal.Signals, tmp_path: Path) -> None:
    with serve(command, tmp_path) as server:
        new_kernel(server)
        processes = tree(server.process)
        assert any("ipykernel" in " ".join(process.cmdline()) for process in processes)
        server.process.send_signal(number)
        status = server.process.wait(PATIENCE)  # before psutil takes it
        left = still_alive(processes)
        for process in left:
            process.kill()
        assert left == []
        assert status == 0, "it was killed before it could end its kernels"
    assert "Traceback" not in server.log.read_text(encoding="utf-8")


def test_the_command_becomes_the_server(lab: Server) -> None:
    """No process stands between a signal and the server."""
    assert "explorer.cli.lab_server" in psutil.Process(lab.process.pid).cmdline()
    assert psutil.Process(lab.process.pid).exe() == os.path.realpath(sys.executable)
