"""`StatusReport`: what is going on, as one sentence."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

import traitlets as t

from explorer.locales import ExplorerError, Message
from explorer.models.progress import Progress
from explorer.state.slice import Slice

log = logging.getLogger(__name__)

READY, BUSY, ERROR = "ready", "busy", "error"


@dataclass(frozen=True)
class Status:
    """What the status line says.

    Attributes:
        state: ``ready``, ``busy`` or ``error``.
        share: 0..1 of the work done, -1 for unknown, None where there is no bar.
    """

    state: str
    message: Message
    share: float | None = None


class StatusReport(Slice):
    """
    Attributes:
        current: what is said now.
    """

    current = t.Instance(Status, args=(BUSY, Message.of("status-no-model")))

    def say(self, message: Message) -> None:
        """A sentence that is no error."""
        self.current = Status(READY, message)

    def busy(self, message: Message, share: float = -1.0) -> None:
        """What is being done, and how far it is: ``share`` 0..1, or -1 for unknown."""
        self.current = Status(BUSY, message, share)

    def progress(self, progress: Progress) -> None:
        """How far a download or a conversion is; fits as a `Report`."""
        self.busy(progress.message, progress.done / progress.total if progress.total else -1.0)

    def fail(self, error: BaseException) -> Message:
        """Say what went wrong, and return the sentence; what is no message of ours goes to the log as well."""
        if isinstance(error, ExplorerError):
            message = error.message
        else:
            log.exception("unexpected error", exc_info=error)
            message = Message.of("unexpected-error", kind=type(error).__name__)
        self.current = Status(ERROR, message)
        return message

    def attempt(self, action: Callable[..., object], *arguments: object) -> None:
        """Do what a reader asked for; what cannot be done is a sentence."""
        try:
            action(*arguments)
        except Exception as error:
            self.fail(error)
