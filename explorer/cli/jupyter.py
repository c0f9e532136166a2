"""`explorer lab` and `explorer app`: JupyterLab and Voila on our notebooks, quietly."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from importlib.metadata import distribution
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs

from explorer.cli.terminal import say
from explorer.locales import ExplorerError, Message

if TYPE_CHECKING:
    from explorer.cli.options import ModelOptions

NOTEBOOK = "explorer.ipynb"

# No news prompt, no update check, no question to a package registry, no log of what goes well; Ctrl-C stops at once.
# These are flags of this one run: the user's own JupyterLab settings stay as they are, and win over our defaults.
QUIET_LAB = (
    f"--LabApp.app_settings_dir={Path(__file__).parent / 'lab_settings'}",
    "--LabApp.news_url=None",
    "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    "--LabApp.extension_manager=readonly",
    "--LabApp.log_level=ERROR",
    "--ServerApp.log_level=ERROR",
    "--ServerApp.answer_yes=True",
)

VOILA_SHARE = Path(__file__).parent / "voila_share"
"""Holds a Voila template that asks nobody for an icon font."""

# Every page has a kernel with a model of its own, about 1 GB: those whose page is closed must not pile up.
CULLING = ("--MappingKernelManager.cull_interval=30", "--MappingKernelManager.cull_idle_timeout=60")

# Kernels share their cores with the browser. Threads of a matrix product that spin while they wait for each other slow
# both down: a key press then takes a third longer to reach the bars.
KERNEL_ENVIRONMENT = {"OMP_WAIT_POLICY": "PASSIVE"}


def lab(options: Sequence[str]) -> int:
    """Run JupyterLab on the notebooks until it ends; its exit status. ``options`` go to it as they are."""
    folder = notebooks_folder()
    where = [f"--ServerApp.root_dir={folder}", f"--LabApp.default_url=/doc/tree/{NOTEBOOK}"]
    if hasattr(os, "geteuid") and os.geteuid() == 0:  # a container's only user, who is then refused otherwise
        where.append("--ServerApp.allow_root=True")
    say(Message.of("cli-opening-lab", folder=str(folder)))
    return _run("jupyterlab", [*where, *QUIET_LAB, *options])


def app(options: Sequence[str]) -> int:
    """Serve the same notebook as a page without code until it ends; its exit status."""
    say(Message.of("cli-opening-app"))
    os.environ["JUPYTER_PATH"] = os.pathsep.join(filter(None, [str(VOILA_SHARE), os.environ.get("JUPYTER_PATH")]))
    return _run("voila", [str(notebooks_folder() / NOTEBOOK), "--template=explorer", *CULLING, *options])


def hand_to_kernels(asked: ModelOptions, lang: str | None) -> None:
    """What was asked for becomes what `explorer.load` and `tr` go by in the kernels that start from here."""
    wanted = {"MODEL": asked.model, "DEVICE": asked.device, "DTYPE": asked.dtype, "ENGINE": asked.engine, "LANG": lang}
    for name, value in wanted.items():
        if value is not None:
            os.environ[f"EXPLORER_{name}"] = value


def notebooks_folder() -> Path:
    """The checkout's notebooks; for an installed package, a copy that belongs to the user.

    Raises:
        ExplorerError: the package was installed without its notebooks.
    """
    checkout = Path(__file__).parents[2] / "notebooks"
    if (checkout / NOTEBOOK).is_file():
        return checkout
    ours = platformdirs.user_data_path("next-token-explorer") / "notebooks"
    ours.mkdir(parents=True, exist_ok=True)
    for packaged in _packaged_notebooks():
        if not (ours / packaged.name).exists():  # what is there may hold somebody's work
            shutil.copyfile(packaged, ours / packaged.name)
    if not (ours / NOTEBOOK).is_file():
        raise ExplorerError("cli-no-notebooks")
    return ours


def _packaged_notebooks() -> list[Path]:
    """pyproject.toml puts them into the wheel as shared data; the record of the installation knows where."""
    recorded = distribution("next-token-explorer").files or []
    return [Path(str(file.locate())) for file in recorded if file.suffix == ".ipynb"]


def _run(module: str, options: Sequence[str]) -> int:
    # Ctrl-C reaches both processes: the server ends by it, and we end with the server. A handler, unlike SIG_IGN, is
    # not inherited.
    signal.signal(signal.SIGINT, lambda *_: None)
    return subprocess.call([sys.executable, "-m", module, *options], env=KERNEL_ENVIRONMENT | os.environ)
