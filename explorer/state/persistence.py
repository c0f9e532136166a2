"""`Persistence`: nothing that was tried is lost. Autosave, save, open, and the check of what is opened."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from pathlib import Path

from explorer.language_model.model import Model
from explorer.locales import Argument, ExplorerError, Message, numbers
from explorer.sessions import session_file
from explorer.sessions.autosave import Autosave, Earlier
from explorer.sessions.replay import replay
from explorer.sessions.session import Session
from explorer.state.display import Display
from explorer.state.document import Document
from explorer.state.playback import Playback
from explorer.state.reader import Reader
from explorer.state.slice import Slice
from explorer.state.status import StatusReport
from explorer.state.worker import Work

AUTOSAVE_SECONDS = 0.3
"""From a step until it is on the disk; what follows in this time is written with it."""

MAX_EARLIER = 10


class Persistence(Slice):
    """Keeps the session of a `Document` on the disk, and brings earlier ones back."""

    def __init__(
        self,
        lock: threading.RLock,
        status: StatusReport,
        display: Display,
        document: Document,
        reader: Reader,
        playback: Playback,
    ) -> None:
        self._status, self._display, self._document = status, display, document
        self._reader, self._playback = reader, playback
        self._autosaves: list[tuple[Session, Autosave]] = []  # each session has a file of its own
        self._unsaved: list[Session] = []  # what they have is newer than what their files have
        self._disk = threading.Lock()  # whoever holds it asks for no other lock
        self._n_dumps = 0
        self._written: dict[Path, int] = {}  # which of the dumps each file has
        super().__init__(lock)
        document.observe(self._on_tree, "tree_version")

    # --- what is kept -------------------------------------------------------------------------------------------------

    def save(self) -> tuple[str, bytes]:
        """Name and contents of a file with the whole session.

        Raises:
            ExplorerError: nothing was chosen yet.
        """
        with self.lock:
            session = self._document.session
            if session is None or not len(session):
                raise ExplorerError("session-empty")
            name = re.sub(r"[^\w.-]+", "-", session.model)
            return f"session-{name}-{time.strftime('%Y%m%d-%H%M%S')}.json", session_file.dumps(session)

    def close(self) -> None:
        """Write what waits to be written."""
        self._write()

    def _on_tree(self, _change: object) -> None:
        session = self._document.session
        if session is None or not len(session) or not self._display.browser:
            return
        if not any(session is other for other in self._unsaved):
            self._unsaved.append(session)
        if not self._reader.busy("autosave"):
            self._reader.begin("autosave", lambda _model: self._autosave(), after=AUTOSAVE_SECONDS)

    def _autosave(self) -> Work:
        self._write()
        return
        yield  # a generator, as long work is

    def _write(self) -> None:
        with self.lock:
            unsaved, self._unsaved = self._unsaved, []
        for session in unsaved:
            try:
                with self.lock:
                    autosave, data = self._autosave_of(session), session_file.dumps(session)
                    self._n_dumps += 1
                    number = self._n_dumps
                with self._disk:  # and not the lock of the state: a disk may be slow
                    if number > self._written.get(autosave.path, 0):  # else a newer one was quicker
                        autosave.write(data)
                        self._written[autosave.path] = number
            except ExplorerError as error:
                self._status.fail(error)

    def _autosave_of(self, session: Session) -> Autosave:
        for kept, autosave in self._autosaves:
            if kept is session:
                return autosave
        self._autosaves.append((session, Autosave(self._display.browser)))
        return self._autosaves[-1][1]

    # --- what comes back ----------------------------------------------------------------------------------------------

    def earlier(self) -> list[Earlier]:
        """Sessions that were kept for this browser, newest first, without the one on show."""
        session = self._document.session
        if not self._display.browser or session is None:
            return []
        return self._autosave_of(session).earlier()[:MAX_EARLIER]

    def open_earlier(self, key: str) -> None:
        """Open one of the `earlier` sessions by the name of its file.

        Raises:
            ExplorerError: as `open`.
        """
        found = {session.path.name: session.path for session in self.earlier()}
        if (path := found.get(key)) is not None:
            self._put(lambda model: session_file.load(path, model.vocabulary))

    def open(self, data: bytes) -> None:
        """Put a session file in the place of the session; every token is then read again and compared.

        Raises:
            ExplorerError: no session file, or of another model; the session on show stays.
        """
        self._put(lambda model: session_file.loads(data, model.vocabulary))

    def _put(self, read: Callable[[Model], Session]) -> None:
        if (model := self._reader.model) is None:
            raise ExplorerError("session-without-model")
        session = read(model)
        session_file.check_model(session, model.info, self._reader.tokenize)
        dtype = session.dtype
        with self.lock:
            if self._reader.model is model:
                self._playback.halt()
                self._document.put(session, model.info)
                self._reader.begin("replay", lambda model: self._check(session, model, dtype))
                return
        self._put(read)  # another model was taken while the file was read

    def _check(self, session: Session, model: Model, dtype: str | None) -> Work:
        """``dtype``: that of the file; ``session`` may go on in another one."""
        try:
            yield from self._read_again(session, model, dtype)
        except GeneratorExit:  # nobody wants it any more
            raise
        except BaseException as error:
            self._status.fail(error)

    def _read_again(self, session: Session, model: Model, dtype: str | None) -> Work:
        wrong, total = [], len(session)
        for step in replay(session, model):
            if self._document.session is not session:
                return
            if step.off or step.u_differs or step.falls_elsewhere:
                wrong.append(step)
            with self.lock:
                if not self._reader.waiting:
                    share = step.done / step.total
                    message = Message.of("session-checking", done=step.done, total=step.total)
                    self._status.busy(message, share)
            yield 0.0
        rounded = dtype is not None and dtype != model.info.dtype
        formats = {"theirs": dtype or "", "ours": model.info.dtype} if rounded else {}
        if not wrong:
            self._status.say(Message.of("session-same-rounded" if rounded else "session-same", total=total, **formats))
            return
        worst = max(wrong, key=lambda step: abs(step.difference))
        difference, token = numbers.probability(abs(worst.difference)), worst.node.choice.token.label
        found: dict[str, Argument] = {"n": len(wrong), "total": total, "difference": difference, "token": token}
        self._status.fail(
            ExplorerError("session-differs-rounded" if rounded else "session-differs", **found, **formats)
        )
