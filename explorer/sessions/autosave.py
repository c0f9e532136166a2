"""`Autosave`: sessions that are kept by themselves, one file a running app, found again by the browser they were in."""

from __future__ import annotations

import logging
import re
import time
import uuid
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from explorer.language_model.record import Record
from explorer.locales import ExplorerError
from explorer.models import storage
from explorer.sessions import session_file, session_format

log = logging.getLogger(__name__)

MAX_KEPT = 20
"""Files of one owner; older ones are deleted."""


@dataclass(frozen=True, eq=False, repr=False)
class Earlier(Record):
    """A session that was kept.

    Attributes:
        path: its file.
        time: when it was last written, in seconds since 1970, UTC.
        model: that it was made with.
        n_tokens: how many it holds.
        prefix: the first one that something was chosen after.
    """

    path: Path
    time: float
    model: str
    n_tokens: int
    prefix: str


class Autosave:
    """Keeps the session of one running app in a file of its own.

    Args:
        owner: who will find it again: 16 hexadecimal digits that a browser keeps. One machine may serve a whole class.
        folder: without it, ``sessions`` in our cache folder.

    Attributes:
        path: the file; there is none before something was chosen.

    Raises:
        ExplorerError: the owner is something else. It becomes part of a file's name.
    """

    def __init__(self, owner: str, folder: Path | None = None) -> None:
        if not re.fullmatch(r"[0-9a-f]{16}", owner):
            raise ExplorerError("session-no-owner", owner=session_format.shown(owner))
        self._owner = owner
        self._folder = storage.cache_folder() / "sessions" if folder is None else folder
        began = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
        self.path = self._folder / f"{owner}-{began}-{uuid.uuid4().hex[:8]}.json"

    def write(self, data: bytes) -> None:
        """Keep a session as `session_file.dumps` gives it; the oldest files beyond `MAX_KEPT` go.

        Raises:
            ExplorerError: the folder cannot be written.
        """
        session_file.write(data, self.path)
        others = [path for _, path in self._files() if path != self.path]
        for path in others[MAX_KEPT - 1 :]:
            with suppress(OSError):  # another app was quicker, or holds it open
                path.unlink()

    def earlier(self) -> list[Earlier]:
        """The owner's other sessions, newest first. What cannot be read is left out, and the log says why."""
        found = []
        for written, path in self._files():
            if path != self.path:
                try:
                    session = session_file.load(path)
                except ExplorerError as error:
                    log.warning("%s is left out: %s", path, error)
                    continue
                found.append(Earlier(path, written, session.model, len(session), next(iter(session.trees), "")))
        return found

    def _files(self) -> list[tuple[float, Path]]:
        """When each file of the owner was written, and the file; newest first."""
        found = []
        for path in self._folder.glob(f"{self._owner}-*.json"):
            with suppress(OSError):  # deleted by another app meanwhile
                found.append((path.stat().st_mtime, path))
        return sorted(found, reverse=True)
