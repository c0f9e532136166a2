"""Standard streams as a shell may hand them over: closed, on a full disk, or read by somebody who has left."""

from __future__ import annotations

import os
import sys
from contextlib import suppress


def open_closed_streams() -> None:
    """Put something in the place of standard streams that are closed (``>&-``).

    Python has None there: `print` to a stderr of None goes to stdout, and the next file to be opened gets the number of
    the missing stream, and with it what is meant for that. Reading and writing fail as they do for every program
    (EBADF), except that a stderr of nobody takes what it is told.
    """
    for number, name, flags in ((0, "stdin", os.O_WRONLY), (1, "stdout", os.O_RDONLY), (2, "stderr", os.O_WRONLY)):
        if getattr(sys, name) is None:
            opened = os.open(os.devnull, flags)  # takes the lowest number that is free
            os.set_inheritable(opened, opened == number)
            setattr(sys, name, os.fdopen(opened, "w" if number else "r", encoding="utf-8"))


def flush_output() -> OSError | None:
    """Write out what is left for stdout; why that was not possible.

    What cannot be written is dropped then: otherwise the interpreter would try again at its end, and complain.
    """
    failed: OSError | None = None
    for stream in filter(None, (sys.stdout, sys.__stdout__, sys.stderr)):
        try:
            stream.flush()
        except OSError as error:
            failed = failed or (error if stream is not sys.stderr else None)
            with suppress(OSError):
                nowhere = os.open(os.devnull, os.O_WRONLY)
                os.dup2(nowhere, stream.fileno())
                os.close(nowhere)
    return failed
