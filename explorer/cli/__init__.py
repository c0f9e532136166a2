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
    terminal.py           what they share: sentences on stderr, progress bars, JSON
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from explorer.cli.terminal import say
from explorer.locales import ExplorerError, Message, set_language

INTERRUPTED = 130  # what a shell expects of a command that Ctrl-C ended


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and end the process. What goes wrong is one sentence on stderr, never a traceback."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="replace")  # a terminal that has no Chinese gets question marks, no traceback
    try:
        if (tag := _language_asked_for(given)) is not None:
            set_language(tag)
        # Help is written while the module is read, so it is read when the language is known.
        from explorer.cli.commands import app

        app(given, prog_name="explorer")
    except ExplorerError as error:
        say(error.message)
        sys.exit(1)
    except SystemExit as end:
        if end.code == INTERRUPTED:
            say(Message.of("cli-interrupted"))
        raise
    except KeyboardInterrupt:
        say(Message.of("cli-interrupted"))
        sys.exit(INTERRUPTED)
    except Exception as error:
        if os.environ.get("EXPLORER_DEBUG"):
            raise
        say(Message.of("cli-unexpected", kind=type(error).__name__, words=str(error)))
        sys.exit(1)
    finally:
        _flush()


def _flush() -> None:
    """Write out what is left; when whoever read us has gone (``| head``), leave the interpreter nothing to report."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


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
