"""Files that a person names: read within limits, written whole or not at all.

What is read may be a stranger's, or no file at all: its size, its kind and its nesting are looked at before it costs
memory. What is written is written aside, in the same folder, and then renamed: whoever reads meanwhile sees the old
file or the new one, and a failure leaves the old one as it was.
"""

from __future__ import annotations

import errno
import os
import re
import shutil
import stat
import tomllib
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from explorer.locales.messages import ExplorerError

MAX_TOML_BYTES = 256 * 1024
MAX_KEY_PARTS = 16
"""Parts of a dotted key of TOML. Python's parser keeps every beginning of a key: 10,000 parts would take 400 MB."""

_STRINGS_AND_COMMENTS = re.compile(
    r'"""(?:\\.|[^\\])*?(?:"""(?:"{0,2})|\Z)'  # up to two quotation marks may be the text's last
    r"|'''.*?(?:'''(?:'{0,2})|\Z)"
    r'|"(?:\\.|[^"\\\n])*+"?+'  # what is not closed is refused by the parser, at this place
    r"|'[^'\n]*+'?+"
    r"|(?P<comment>\#[^\n]*+)",
    re.DOTALL,
)
_LONG_KEY = re.compile(rf"(?<![\w-])(?:[\w-]++[ \t]*+\.[ \t]*+){{{MAX_KEY_PARTS}}}")


class NotRegularError(OSError):
    """A device, a pipe or a folder where a file should be: reading it may have no end."""


class UntrustedTomlError(ValueError):
    """Data that should be TOML and is none, or nested deeper than any that is meant well."""


def read_at_most(file: Path, max_bytes: int) -> bytes:
    """The content of a regular file; of a longer one, its first ``max_bytes`` + 1 bytes.

    Raises:
        NotRegularError: it is something else; another OSError where it cannot be read.
    """
    try:
        with open(file, "rb", opener=_without_waiting) as opened:
            if not stat.S_ISREG(os.fstat(opened.fileno()).st_mode):
                raise NotRegularError(errno.EINVAL, os.strerror(errno.EINVAL), str(file))
            return opened.read(max_bytes + 1)
    except IsADirectoryError as error:
        raise NotRegularError(errno.EISDIR, os.strerror(errno.EISDIR), str(file)) from error


def read_file(file: Path, max_bytes: int) -> bytes:
    """The content of a file that somebody asked for by name.

    Raises:
        ExplorerError: it cannot be read, is no regular file, or has more than ``max_bytes``.
    """
    try:
        data = read_at_most(file, max_bytes)
    except NotRegularError as error:
        raise ExplorerError("file-not-regular", file=str(file)) from error
    except (OSError, ValueError) as error:  # a name with a zero byte is a ValueError
        raise ExplorerError("file-not-read", file=str(file), reason=reason_of(error)) from error
    if len(data) > max_bytes:
        raise ExplorerError("file-too-large", file=str(file), most=max_bytes // 1000)
    return data


def parse_toml(data: bytes) -> dict[str, Any]:
    """The TOML that ``data`` holds.

    Raises:
        UntrustedTomlError: it is none, no UTF-8, or has a number, a key or a nesting beyond all use.
    """
    try:
        text = data.decode("utf-8")
        bare = _STRINGS_AND_COMMENTS.sub(lambda found: "" if found["comment"] else "s", text)
        if _LONG_KEY.search(bare):
            raise UntrustedTomlError(f"a key of more than {MAX_KEY_PARTS} parts")
        return tomllib.loads(text)
    except RecursionError as error:
        raise UntrustedTomlError("nested too deeply") from error
    except ValueError as error:  # also of whole numbers of more than 4,300 digits
        raise UntrustedTomlError(str(error)[:200]) from error


def write_file(file: Path, content: bytes) -> None:
    """Write a file that somebody asked for by name, whole or not at all.

    Raises:
        ExplorerError: it cannot be written.
    """
    try:
        with written_aside(file) as unfinished:
            unfinished.write_bytes(content)
    except (OSError, ValueError) as error:
        raise ExplorerError("file-not-written", file=str(file), reason=reason_of(error)) from error


@contextmanager
def written_aside(file: Path) -> Iterator[Path]:
    """A name in the folder of ``file``, to write to; at the end it is renamed to ``file``, or removed after an error.

    A link is followed, and what stands there keeps its permissions. A device or a pipe is written to directly.

    Raises:
        OSError: it cannot be written there.
    """
    target = Path(os.path.realpath(file))
    if target.exists():
        if not (target.is_file() or target.is_dir()):
            yield target
            return
        if not os.access(target, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(target))
    unfinished = target.with_name(f".{uuid.uuid4().hex}.unfinished")
    try:
        yield unfinished
        if target.is_file():
            shutil.copymode(target, unfinished)
        os.replace(unfinished, target)
    finally:
        unfinished.unlink(missing_ok=True)


def why_not_writable(file: Path) -> str | None:
    """Why a file of this name could not be written, as far as that can be known before; None where nothing speaks
    against it."""
    try:
        target = Path(os.path.realpath(file))
        if not stat.S_ISDIR(target.parent.stat().st_mode):
            return os.strerror(errno.ENOTDIR)
        try:
            kind = target.stat().st_mode
        except FileNotFoundError:
            needed = [target.parent]
        else:
            if stat.S_ISDIR(kind):
                return os.strerror(errno.EISDIR)
            needed = [target, target.parent] if stat.S_ISREG(kind) else [target]
        return None if all(os.access(place, os.W_OK) for place in needed) else os.strerror(errno.EACCES)
    except (OSError, ValueError) as error:  # no such folder; a name that is too long, or has a zero byte
        return reason_of(error)


def require_writable(file: Path) -> None:
    """Refuse now what could not be written after long work.

    Raises:
        ExplorerError: there is no such folder, it must not be written to, or the name is a folder's.
    """
    if (reason := why_not_writable(file)) is not None:
        raise ExplorerError("file-not-written", file=str(file), reason=reason)


def reason_of(error: Exception) -> str:
    """The system's words for what went wrong, without the name of the file, which the sentence has."""
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


def _without_waiting(name: str, flags: int) -> int:
    return os.open(name, flags | getattr(os, "O_NONBLOCK", 0))  # a pipe that nobody writes to is opened at once
