"""`ModelChoice`: which model is to answer, from the moment somebody chooses it until it is there."""

from __future__ import annotations

import threading

import traitlets as t

from explorer.locales import ExplorerError, Message
from explorer.models import sources
from explorer.models.catalog import CATALOG
from explorer.models.progress import Progress
from explorer.state.reader import Reader
from explorer.state.shared_models import shared_model
from explorer.state.slice import Slice
from explorer.state.status import StatusReport
from explorer.state.worker import in_background

BEST = ""
"""Stands for the best model on the disk, whichever that is."""


class _Outdated(Exception):
    """Somebody chose another model, or none, while this one was being loaded."""


class ModelChoice(Slice):
    """The choice made last wins, in whatever order the models come. The model in use answers until the next is there.

    Attributes:
        loading: the name of the model that is being fetched or loaded; None while none is.
        to_confirm: the name of one that would be downloaded first, and waits for a word.
    """

    loading = t.Unicode(None, allow_none=True)
    to_confirm = t.Unicode(None, allow_none=True)

    def __init__(self, lock: threading.RLock, status: StatusReport, reader: Reader) -> None:
        self._status, self._reader = status, reader
        self._number = 0  # of the latest choice
        self._closed = False
        super().__init__(lock)

    def choose(self, name: str) -> None:
        """Have a model answer; one that would have to be downloaded is only asked about. The present one cancels."""
        with self.lock:
            present = self._reader.model.info.name if self._reader.model is not None else None
            if name == present:
                self.cancel()
            elif name == self.loading:  # it is on its way
                self.to_confirm = None
            elif name in CATALOG and not is_on_disk(name):
                self.cancel()
                self.to_confirm = name
            else:
                self.load(name)

    def load(self, name: str = BEST) -> None:
        """Have a model fetched (if need be) and loaded in the background, without a question."""
        with self.lock:
            if self._closed:
                return
            self._number += 1
            self.to_confirm, self.loading = None, name
            self._status.busy(Message.of("status-loading"))
            number = self._number
            in_background(lambda: self._load(number, name))

    def confirm(self) -> None:
        """Download the model that waits for it."""
        with self.lock:
            if self.to_confirm is not None:
                self.load(self.to_confirm)

    def cancel(self) -> None:
        """Stay with the model in use; a download ends at its next report."""
        with self.lock:
            self._number += 1
            was_loading = self.loading is not None
            self.to_confirm = self.loading = None
            if self._reader.model is None:
                self._status.say(Message.of("status-no-model"))
            elif was_loading:
                self._reader.say_ready()

    def close(self) -> None:
        """Load nothing any more; what is being loaded is given up at its next report."""
        with self.lock:
            self._closed = True
            self._number += 1
            self.to_confirm = self.loading = None

    def _load(self, number: int, name: str) -> None:
        def report(progress: Progress) -> None:
            with self.lock:
                if number != self._number:
                    raise _Outdated
                self._status.progress(progress)

        try:
            model = shared_model(name or None, report)
        except _Outdated:
            return
        except BaseException as error:  # what panics in Rust, say, is no Exception
            with self.lock:
                if number == self._number:
                    self.loading = None
                    self._status.fail(error)
            return
        with self.lock:
            if number == self._number:
                self.loading = None
                self._reader.model = model


def is_on_disk(name: str) -> bool:
    """Whether the model of this name can be loaded without a network."""
    try:
        return sources.on_disk(name) is not None
    except ExplorerError:
        return False
