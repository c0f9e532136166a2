"""The process of `explorer lab`: JupyterLab, quietly, on our notebook (``python -P -m explorer.cli.lab_server``)."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jupyter_server.serverapp import ServerApp
from jupyterlab.labapp import LabApp
from traitlets.config import Config

from explorer.cli import notebooks
from explorer.cli.jupyter import run_server
from explorer.cli.terminal import say
from explorer.locales import Message

# No news prompt, no update check, no question to a package registry, no log of what goes well; Ctrl-C stops at once.
# What a user configured, in a file or on the command line, wins.
QUIET = {
    "LabApp": {
        "app_settings_dir": str(Path(__file__).parent / "lab_settings"),
        "news_url": None,
        "check_for_updates_class": "jupyterlab.NeverCheckForUpdate",
        "extension_manager": "readonly",
        "log_level": "ERROR",
    },
    "ServerApp": {"log_level": "ERROR", "answer_yes": True},
    # Seconds between two looks whether a kernel is alive: a page says within two that its kernel is gone.
    "KernelRestarter": {"time_to_dead": 1.0},
}

VOILA = "voila.server_extension"
"""Runs a voila.py of the current folder, and prints all deprecations in traitlets. `explorer app` has none of it."""


class Server(ServerApp):
    """Jupyter's server on the folder it was started in, which opens our notebook unless told what to open."""

    def init_webapp(self) -> None:
        folder = Path(self.root_dir)
        say(Message.of("cli-opening-lab", folder=str(folder)))
        if not self.file_to_run and self.default_url == LabApp.default_url.default_value:
            notebook = notebooks.notebook_in(folder)
            if notebook is not None:
                self.default_url = f"/doc/tree/{quote(notebook.as_posix())}"
        super().init_webapp()


class Lab(LabApp):
    """JupyterLab on that server."""

    serverapp_class = Server

    @classmethod
    def get_extension_package(cls) -> str:
        return "jupyterlab"

    @classmethod
    def make_serverapp(cls, **arguments: Any) -> ServerApp:
        config = Config(QUIET)
        if hasattr(os, "geteuid") and os.geteuid() == 0:  # a container's only user, who is then refused otherwise
            config.ServerApp.allow_root = True
        arguments["jpserver_extensions"][VOILA] = False
        return super().make_serverapp(config=config, **arguments)


def main() -> None:
    run_server(lambda: Lab.launch_instance(sys.argv[1:]))


if __name__ == "__main__":
    main()
