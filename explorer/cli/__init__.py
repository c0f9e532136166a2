"""The command `explorer`: lab, app, predict, generate, compare, train, models, doctor.

::

    commands.py           every command and its options, as Typer reads them
    options.py            options that several commands share: which model
    sampling_options.py   the sampler's options, which predict and generate share
    predict.py            the distribution over the next token, as a table or as JSON
    generate.py           texts, token by token or as JSON
    compare.py            strategies side by side
    train.py              a small GPT-2 from a folder of books
    models.py             what the catalogue has and what is on disk; fetching
    jupyter.py            becoming one of the servers: lab_server.py (JupyterLab), page_server.py (Voila)
    notebooks.py          the notebook that they open, and copies of it in folders of the user's
    doctor.py             what works here
    tables.py             tables in which no number is ever cut
    streams.py            standard streams that are closed, full, or read by somebody who has left
    terminal.py           what they share: sentences on stderr, progress bars, JSON
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Sequence

from explorer.cli.streams import flush_output, open_closed_streams
from explorer.cli.terminal import say
from explorer.locales import ExplorerError, Message, set_language

# What a shell says of a command that a signal ended: SIGINT by Ctrl-C, SIGPIPE when who read us has gone (``| head``).
INTERRUPTED = 128 + 2
BROKEN_PIPE = 128 + 13

CANNOT_WRITE = {errno.EBADF, errno.EPIPE, errno.ENOSPC, errno.EFBIG, errno.EIO}
"""How writing to a stream fails: it is closed, its reader has left, its disk is full or broken."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and end the process. What goes wrong is one sentence on stderr, never a traceback."""
    open_closed_streams()
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="replace")  # a terminal that has no Chinese gets question marks, no traceback
    status = _run(sys.argv[1:] if arguments is None else list(arguments))
    if (failed := flush_output()) is not None and status == 0:
        status = _not_written(failed)
    sys.exit(status)


def _run(given: Sequence[str]) -> int:
    """The status of the command ``given``.

    Raises:
        Exception: something that nobody foresaw, where EXPLORER_DEBUG is set.
    """
    try:
        if (tag := _language_asked_for(given)) is not None:
            set_language(tag)
        # Help is written while the module is read, so it is read when the language is known.
        from explorer.cli.commands import app

        app(given, prog_name="explorer")
    except ExplorerError as error:
        say(error.message)
        return 1
    except SystemExit as end:  # every command that Typer runs ends so, some that fail as well
        if isinstance(end.__context__, BrokenPipeError):
            return BROKEN_PIPE
        if end.code == INTERRUPTED:
            say(Message.of("cli-interrupted"))
        return int(end.code or 0)
    except KeyboardInterrupt:
        say(Message.of("cli-interrupted"))
        return INTERRUPTED
    except Exception as error:
        if isinstance(error, OSError) and error.errno in CANNOT_WRITE and error.filename is None:
            return _not_written(error)
        if os.environ.get("EXPLORER_DEBUG"):
            raise
        say(Message.of("cli-unexpected", kind=type(error).__name__, words=str(error)))
        return 1
    return 0


def _not_written(reason: OSError) -> int:
    """The status when the output is not taken, which is said unless it was a reader who left."""
    if reason.errno == errno.EPIPE:
        return BROKEN_PIPE
    say(Message.of("cli-no-output", reason=reason.strerror or str(reason)))
    return 1


def _language_asked_for(arguments: Sequence[str]) -> str | None:
    """The value of ``--lang``, wherever it stands before ``--``."""
    for i, argument in enumerate(arguments):
        if argument == "--":
            break
        if argument.startswith("--lang="):
            return argument.removeprefix("--lang=")
        if argument == "--lang" and i + 1 < len(arguments):
            return arguments[i + 1]
    return None
