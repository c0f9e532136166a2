"""The notebook that comes with the package, and the copies of it in folders of the user's."""

from __future__ import annotations

import hashlib
import json
import shutil
from contextlib import suppress
from pathlib import Path

import platformdirs

from explorer.cli.terminal import say
from explorer.locales import ExplorerError, Message
from explorer.models import packaged

NOTEBOOK = "explorer.ipynb"


def packaged_notebook() -> Path:
    """The one that travels with the package.

    Raises:
        ExplorerError: the package was installed without it.
    """
    notebook = packaged.NOTEBOOKS / NOTEBOOK
    if not notebook.is_file():
        raise ExplorerError("cli-no-notebooks")
    return notebook


def notebook_in(folder: Path) -> Path | None:
    """The notebook to open in ``folder``, relative to it: the checkout's where that lies in it, else a copy.

    A copy is made where none is, and renewed with the package unless somebody changed it. What is done is said. None:
    there is no copy, and none could be made.

    Raises:
        ExplorerError: the package was installed without notebooks.
    """
    folder = folder.resolve()
    ours = packaged_notebook().resolve()
    if ours.is_relative_to(folder) and not packaged.is_installed():  # a checkout's
        return ours.relative_to(folder)
    copy = folder / NOTEBOOK
    try:
        _bring_up_to_date(copy, ours)
    except OSError as error:
        say(Message.of("cli-notebook-not-copied", file=str(copy), reason=error.strerror or str(error)))
    return Path(NOTEBOOK) if copy.exists() else None


def record_file() -> Path:
    """Where we keep what was copied: a path to the digest of the notebook that it was given."""
    return platformdirs.user_data_path("next-token-explorer") / "notebooks.json"


def _bring_up_to_date(copy: Path, original: Path) -> None:
    """
    Raises:
        OSError: a file cannot be read or written.
    """
    record = _read_record()
    newest, given = _digest(original), record.get(str(copy))
    if not copy.exists():
        shutil.copyfile(original, copy)
        said = Message.of("cli-notebook-copied", file=str(copy))
    elif given in (None, newest):  # somebody's own, or as new as can be
        return
    elif _digest(copy) == given:
        shutil.copyfile(original, copy)
        said = Message.of("cli-notebook-renewed", file=str(copy))
    else:
        beside = _free_name_beside(copy)
        shutil.copyfile(original, beside)
        said = Message.of("cli-notebook-kept", file=str(copy), beside=beside.name)
    say(said)
    record[str(copy)] = newest
    with suppress(OSError):  # a copy that is not on record counts as somebody's own
        record_file().parent.mkdir(parents=True, exist_ok=True)
        record_file().write_text(json.dumps(record, indent=1), encoding="utf-8")


def _free_name_beside(copy: Path) -> Path:
    names = (copy.with_stem(f"{copy.stem}-new{'' if n == 1 else n}") for n in range(1, 1000))
    return next(name for name in names if not name.exists())


def _read_record() -> dict[str, str]:
    try:
        record = json.loads(record_file().read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {str(path): str(digest) for path, digest in record.items()} if isinstance(record, dict) else {}


def _digest(notebook: Path) -> str:
    """Of what the cells say. JupyterLab saves outputs and settings by itself: these are no change of the user's."""
    content = notebook.read_bytes()
    with suppress(ValueError, KeyError, TypeError):
        cells = [[cell["cell_type"], "".join(cell["source"])] for cell in json.loads(content)["cells"]]
        content = json.dumps(cells).encode()
    return hashlib.sha256(content).hexdigest()
