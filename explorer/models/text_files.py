"""Files that people write: UTF-8, with or without the mark that some editors put before it."""

from __future__ import annotations

import codecs
from pathlib import Path

from explorer.locales.messages import ExplorerError
from explorer.models.user_files import read_file

_OTHER_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)


def read_utf8(file: Path, max_bytes: int) -> bytes:
    """The content of a text file that somebody asked for by name, without its mark.

    Raises:
        ExplorerError: as `read_file` and `without_mark`.
    """
    return without_mark(read_file(file, max_bytes), str(file))


def without_mark(content: bytes, name: str) -> bytes:
    """``content`` without the byte order mark of UTF-8, which is no part of a text.

    Args:
        name: what a reader knows it by.

    Raises:
        ExplorerError: it is UTF-16 or UTF-32, by its mark or by the zeros that these have beside every letter.
    """
    if content.startswith(_OTHER_MARKS) or content.count(0) > len(content) // 4:
        raise ExplorerError("text-not-utf8", file=name)
    return content.removeprefix(codecs.BOM_UTF8)
