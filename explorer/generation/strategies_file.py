"""A file of strategies, in TOML, for people to write."""

from __future__ import annotations

from pathlib import Path

from explorer.generation.strategy import Strategy, strategies
from explorer.locales import ExplorerError
from explorer.models.user_files import MAX_TOML_BYTES, UntrustedTomlError, parse_toml, read_file
from explorer.sampling.parameters import shown


def read_strategies(file: Path) -> tuple[Strategy, ...]:
    """The strategies in ``file``: tables ``[[strategy]]`` with a ``sampling`` or a ``beam`` and, if wanted, a ``name``.

    Raises:
        ExplorerError: it cannot be read, is no TOML, or holds something that is no strategy; the sentence says which.
    """
    try:
        content = parse_toml(read_file(file, MAX_TOML_BYTES))
    except UntrustedTomlError as error:
        raise ExplorerError("strategies-file-unreadable", file=str(file), reason=str(error)) from error
    tables = content.get("strategy")
    if set(content) != {"strategy"} or not isinstance(tables, list):
        raise ExplorerError("strategies-file-none", file=str(file), found=shown(", ".join(content)))
    return strategies(Strategy.of(table) for table in tables)
