"""The process of `explorer app`: Voila, with a token and for known hosts (``python -P -m explorer.cli.page_server``).

Voila alone asks for no token, answers under any name and opens its page without the token if there is one. Here these
are as in JupyterLab, by jupyter_server's own means.
"""

from __future__ import annotations

import ipaddress
import socket
import sys
import threading
import webbrowser
from functools import partial
from pathlib import Path
from typing import Any

from jupyter_core.paths import jupyter_config_path
from jupyter_server.log import log_request
from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection
from tornado.httputil import url_concat
from tornado.ioloop import IOLoop
from tornado.web import HTTPError
from traitlets import Bool, List, Unicode, default
from traitlets.config import Config
from voila.app import Voila

from explorer.cli import notebooks
from explorer.cli.jupyter import run_server
from explorer.cli.terminal import say
from explorer.locales import Message

SUBPROTOCOL = "v1.kernel.websocket.jupyter.org"

# Every page has a kernel with a model of its own: those whose page is closed must not pile up. No file beside the
# notebook is served. What a user configured wins.
SETTINGS = {
    "MappingKernelManager": {"cull_interval": 30, "cull_idle_timeout": 60},
    "VoilaConfiguration": {"template": "explorer", "file_allowlist": []},
}


class Connection(ZMQChannelsWebsocketConnection):
    """A page's line to its kernel, for clients that speak as Voila's page does.

    Voila takes a message in Jupyter's older format for one in the newer, reads four gigabytes' worth of offsets from
    it, and answers nobody meanwhile.
    """

    async def prepare(self) -> None:
        offered = self.websocket_handler.request.headers.get("Sec-WebSocket-Protocol", "")
        if SUBPROTOCOL not in (name.strip() for name in offered.split(",")):
            raise HTTPError(400, SUBPROTOCOL)
        await super().prepare()


class PageServer(Voila):
    """Voila on our notebook, unless it is given another."""

    aliases = Voila.aliases | {"ip": "Voila.ip"}  # as JupyterLab calls it

    # As of JupyterLab's server: answer under every name that leads here, or under these alone.
    allow_remote_access = Bool().tag(config=True)
    local_hostnames = List(Unicode(), ["localhost"]).tag(config=True)

    @default("allow_remote_access")
    def _listens_to_others(self) -> bool:
        """Whoever has it listen on an address of the network means to be reached there."""
        found = socket.getaddrinfo(self.ip or None, self.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        return not all(ipaddress.ip_address(address[0]).is_loopback for *_, address in found)

    @default("auto_token")
    def _token_unless_given(self) -> bool:
        return True

    @default("config_file_paths")
    def _no_file_of_the_current_folder(self) -> list[str]:
        return jupyter_config_path()

    @default("log_level")
    def _quiet(self) -> str:
        return "ERROR"

    @default("kernel_websocket_connection_class")
    def _connection(self) -> type[Connection]:
        return Connection

    def initialize(self, argv: list[str] | None = None) -> None:
        self.ioloop = IOLoop.current()  # which SIGTERM stops, even before `listen`
        super().initialize(argv)
        if not self.notebook_path and not self.extra_args:  # type: ignore[has-type]
            self.notebook_path = str(notebooks.packaged_notebook())

    def init_settings(self) -> dict[str, Any]:
        return super().init_settings() | {
            "allow_remote_access": self.allow_remote_access,
            "local_hostnames": self.local_hostnames,
            "log_function": partial(log_request, record_prometheus_metrics=False),  # tornado's own logs the token
        }

    def listen(self) -> None:
        # The port is known once the loop runs.
        self.ioloop.add_callback(lambda: say(Message.of("cli-opening-app", url=self.display_url)))
        super().listen()

    def launch_browser(self) -> None:
        try:
            browser = webbrowser.get(self.browser or None)
        except webbrowser.Error:
            return
        # By way of a file that nobody else may read: a program's arguments can be seen by everybody on the machine.
        url = url_concat(self.connection_url, {"token": self.identity_provider.token})
        page = Path(self.connection_dir, "open.html")
        page.touch(mode=0o600)
        template = self.app.settings["jinja2_env"].get_template("browser-open.html")
        page.write_text(template.render(open_url=url), encoding="utf-8")
        threading.Thread(target=lambda: browser.open(page.as_uri(), new=self.webbrowser_open_new)).start()


def main() -> None:
    run_server(lambda: PageServer.launch_instance(sys.argv[1:], config=Config(SETTINGS)))


if __name__ == "__main__":
    main()
