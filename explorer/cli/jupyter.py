"""`explorer lab` and `explorer app`: JupyterLab and Voila on our notebook, in the place of this process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from explorer.cli.options import ModelOptions
from explorer.cli.terminal import progress_bar
from explorer.models import sources
from explorer.models.catalog import CATALOG
from explorer.models.download_permission import ALLOW_DOWNLOAD

if TYPE_CHECKING:
    from types import FrameType

VOILA_SHARE = Path(__file__).parent / "voila_share"
"""Holds a Voila template that asks nobody for an icon font."""

# Kernels share their cores with the browser. Threads of a matrix product that spin while they wait for each other slow
# both down: a key press then takes a third longer to reach the bars.
KERNEL_ENVIRONMENT = {"OMP_WAIT_POLICY": "PASSIVE"}


def lab(options: Sequence[str]) -> int:
    """Become JupyterLab on the current folder. ``options`` go to it as they are."""
    return _become("explorer.cli.lab_server", options)


def app(options: Sequence[str], *, allow_download: bool) -> int:
    """Become the server of the app as a page without code. ``options`` go to Voila as they are.

    The model that its pages begin with is fetched now, where it is not on this disk.

    Args:
        allow_download: whether visitors may fetch models.

    Raises:
        ExplorerError: there is no such model, or it cannot be fetched.
    """
    if model := os.environ.get("EXPLORER_MODEL"):
        with progress_bar() as report:
            sources.locate(model, report=report)
    os.environ["JUPYTER_PATH"] = os.pathsep.join(filter(None, [str(VOILA_SHARE), os.environ.get("JUPYTER_PATH")]))
    os.environ[ALLOW_DOWNLOAD] = "1" if allow_download else "0"
    return _become("explorer.cli.page_server", options)


def hand_to_kernels(asked: ModelOptions, lang: str | None) -> None:
    """What was asked for becomes what `explorer.load` and `tr` go by in the kernels that start from here."""
    model = asked.model
    if model is not None and model not in CATALOG and (folder := Path(model).expanduser()).is_dir():
        model = str(folder.absolute())  # a kernel runs in the folder of its notebook
    wanted = {"MODEL": model, "DEVICE": asked.device, "DTYPE": asked.dtype, "ENGINE": asked.engine, "LANG": lang}
    for name, value in wanted.items():
        if value is not None:
            os.environ[f"EXPLORER_{name}"] = value


def _become(module: str, options: Sequence[str]) -> int:
    """Run one of our servers in the place of this process, so that signals reach it and no other is left behind.

    -P: a jupyterlab.py or voila.py in the current folder must not be run instead.
    """
    command = [sys.executable, "-P", "-m", module, *options]
    environment = KERNEL_ENVIRONMENT | os.environ
    sys.stdout.flush()
    sys.stderr.flush()
    if os.name == "posix":
        os.execve(sys.executable, command, environment)
    # Windows has no exec that a shell would wait for. Ctrl-C reaches both processes there: we end with the server.
    signal.signal(signal.SIGINT, lambda *_: None)
    return subprocess.call(command, env=environment)


def run_server(start: Callable[[], None]) -> None:
    """Run a server of Jupyter's in its own process until it ends; a terminal that is closed ends it like SIGTERM."""
    hangup = getattr(signal, "SIGHUP", None)
    if hangup is not None and signal.getsignal(hangup) != signal.SIG_IGN:  # as it is under nohup
        signal.signal(hangup, _terminate)
    try:
        start()
    except KeyboardInterrupt:  # before the server answers it itself
        sys.exit(130)


def _terminate(_signal: int, _frame: FrameType | None) -> None:
    signal.raise_signal(signal.SIGTERM)
