"""A file of strategies, in TOML, for people to write."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from explorer.generation.strategy import Strategy, strategies
from explorer.locales import ExplorerError, shown
from explorer.models.text_files import read_utf8
from explorer.models.user_files import MAX_TOML_BYTES, UntrustedTomlError, parse_toml


def read_strategies(file: Path) -> tuple[Strategy, ...]:
    """The strategies in ``file``: tables ``[[strategy]]`` with a ``sampling`` or a ``beam`` and, if wanted, a ``name``.

    Raises:
        ExplorerError: it cannot be read, is no TOML, or holds something that is no strategy; the sentence says which.
    """
    try:
        content = parse_toml(read_utf8(file, MAX_TOML_BYTES))
    except UntrustedTomlError as error:
        raise ExplorerError("strategies-file-unreadable", file=str(file), reason=str(error)) from error
    tables = content.get("strategy")
    if set(content) != {"strategy"} or not isinstance(tables, list):
        raise ExplorerError("strategies-file-none", file=str(file), found=shown(", ".join(content)))
    return strategies(_strategy(file, number, table) for number, table in enumerate(tables, 1))


def _strategy(file: Path, number: int, table: Any) -> Strategy:
    try:
        return Strategy.of(table)
    except ExplorerError as error:
        name = table.get("name") if isinstance(table, dict) else None
        which = f"{number} ({shown(name)})" if isinstance(name, str) else str(number)
        problem = error.message
        raise ExplorerError("strategies-file-wrong", file=str(file), which=which, problem=problem) from error
