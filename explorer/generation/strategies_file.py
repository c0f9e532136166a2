"""A file of strategies, in TOML, for people to write."""

from __future__ import annotations

import tomllib
from pathlib import Path

from explorer.generation.strategy import Strategy, strategies
from explorer.locales import ExplorerError
from explorer.models.text_files import read_text
from explorer.sampling.parameters import shown

MAX_BYTES = 1_000_000


def read_strategies(file: Path) -> tuple[Strategy, ...]:
    """The strategies in ``file``: tables ``[[strategy]]`` with a ``sampling`` or a ``beam`` and, if wanted, a ``name``.

    Raises:
        ExplorerError: it cannot be read, is no TOML, or holds something that is no strategy; the sentence says which.
    """
    try:
        if file.stat().st_size > MAX_BYTES:
            raise ExplorerError("strategies-file-unreadable", file=str(file), reason=f"> {MAX_BYTES:,} B")
        content = tomllib.loads(read_text(file))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise ExplorerError("strategies-file-unreadable", file=str(file), reason=str(error)[:200]) from error
    tables = content.get("strategy")
    if set(content) != {"strategy"} or not isinstance(tables, list):
        raise ExplorerError("strategies-file-none", file=str(file), found=shown(", ".join(content)))
    return strategies(Strategy.of(table) for table in tables)
