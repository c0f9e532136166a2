"""`Record`: a frozen dataclass that equals its equal and says what it is in a few lines; `html_table` for notebooks."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import MISSING, fields
from html import escape
from itertools import islice
from typing import Any

import numpy as np

from explorer.locales import visible

MAX_REPR = 480
"""Characters of a record in the output of a cell."""

MAX_ROWS = 30
_MAX_TEXT = 60
_MAX_ENTRIES = 4


class Record:
    """What frozen dataclasses of ours share: ``@dataclass(frozen=True, eq=False, repr=False)``.

    Two are equal where all their fields are, and NaN, which stands for a number that there is not, equals NaN: what
    `dataclass` makes of it differs between versions of Python. The repr leaves out what is at its default, and cuts
    what is long.
    """

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return _values(self) == _values(other)

    def __hash__(self) -> int:
        return hash((type(self), _values(self)))

    def __repr__(self) -> str:
        return brief(self)


def brief(record: Any) -> str:
    """The repr of a dataclass in a few lines: without what is at its default, and the beginning of what is long."""
    said = []
    for field in fields(record):
        value = getattr(record, field.name)
        if field.repr and not _is_default(field, value):
            said.append(f"{field.name}={short(value)}")
    return cut(f"{type(record).__name__}({', '.join(said)})")


def short(value: object) -> str:
    """A value as part of a repr: arrays by their shape, the beginning of what is long."""
    if isinstance(value, np.ndarray):
        return f"{value.dtype} ({', '.join(map(str, value.shape))})"
    if isinstance(value, Mapping):
        return f"{len(value)} entries" if len(value) > _MAX_ENTRIES else cut(repr(value), _MAX_TEXT)
    if isinstance(value, str | bytes):
        return repr(value) if len(value) <= _MAX_TEXT else f"{cut(repr(value[:_MAX_TEXT]), _MAX_TEXT)}"
    if isinstance(value, tuple | list):
        entries = [short(entry) for entry in value[:_MAX_ENTRIES]]
        more = [f"… {len(value):,} in all"] if len(value) > _MAX_ENTRIES else []
        return f"({', '.join([*entries, *more])}{',' if len(value) == 1 else ''})"
    return cut(repr(value), 2 * _MAX_TEXT)


def cut(text: str, most: int = MAX_REPR) -> str:
    """``text``, with an ellipsis in the place of what is beyond ``most`` characters."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def html_table(caption: str, header: Sequence[str], rows: Iterable[Sequence[str]], n_rows: int) -> str:
    """A small table for the output of a cell; no text in it is markup, whatever a token or a name holds.

    Args:
        rows: the first `MAX_ROWS` of them are shown.
        n_rows: how many there are.
    """
    lines = [f"<tr>{''.join(f'<th>{_text(cell)}</th>' for cell in header)}</tr>"]
    for row in islice(rows, MAX_ROWS):
        first, *others = row
        cells = "".join(f"<td>{_text(cell)}</td>" for cell in others)
        lines.append(f'<tr><td style="text-align: left">{_text(first)}</td>{cells}</tr>')
    if (n_more := n_rows - len(lines) + 1) > 0:
        lines.append(f'<tr><td colspan="{len(header)}" style="text-align: left">… {n_more:,}</td></tr>')
    return f"<table><caption>{_text(caption)}</caption>{''.join(lines)}</table>"


def _text(text: str) -> str:
    return escape(cut(visible(text), 2 * _MAX_TEXT))


def _is_default(field: Any, value: object) -> bool:
    default = field.default_factory() if field.default_factory is not MISSING else field.default
    return default is not MISSING and type(default) is type(value) and bool(default == value)


def _values(record: Any) -> tuple[Any, ...]:
    return tuple(_comparable(getattr(record, field.name)) for field in fields(record) if field.compare)


def _comparable(value: Any) -> Any:
    if isinstance(value, float):
        return None if math.isnan(value) else value
    return tuple(map(_comparable, value)) if type(value) is tuple else value
