"""Numbers that people read are written by `explorer.locales.numbers`, and nowhere by hand."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import explorer

ROOT = Path(explorer.__file__).parent
ROUNDS = re.compile(r"\.\d+[^,\d]?$|[eEfFgG%]$")
"""Format specs that leave digits out; ``,`` and widths do not."""

BY_HAND = {
    "figures/attention/attention_weight_steps.py": "arithmetic to follow with a pocket calculator",
    "locales/numbers.py": "where they are written",
    "training/card.py": "sizes and scores of the bundled model, none of which is close to 0 or 1",
    "training/config.py": "an error of whoever trains, with the recipe's own percents",
    "widgets/elements/attention_text/widget.py": "one digit, for the width of a chip",
    "widgets/elements/sampler_controls/widget.py": "read again as a number",
    "figures/attention/bertviz_views.py": "a repr in kilobytes",
}
IN_THE_PAGE = {
    "figures/attention/head_map.py": "plotly writes the weights; what would read 1 says how much is missing",
    "figures/attention/attention_weight_vectors.py": "significant digits, which plotly writes for each cell",
    "figures/comparison/strategies.py": "an axis of whole percents",
}


def by_hand(source: str) -> Iterator[int]:
    """Lines that format a number with a spec which rounds it; constants of ours, in capitals, have no such digits."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.FormattedValue) or not isinstance(node.format_spec, ast.JoinedStr):
            continue
        if node.conversion != -1:  # a repr, cut to a length: text
            continue
        constant = isinstance(node.value, ast.Name) and node.value.id.isupper()
        if ROUNDS.search(ast.unparse(node.format_spec).strip("f'\"")) and not constant:
            yield node.lineno


def in_the_page(source: str) -> list[str]:
    """Formats of d3 that round, which plotly applies."""
    return re.findall(r"%\{[\w\[\]]+:[^}]+\}|tickformat|hoverformat", source)


@pytest.mark.parametrize("file", sorted(ROOT.rglob("*.py")), ids=lambda file: file.relative_to(ROOT).as_posix())
def test_no_number_is_rounded_by_hand(file: Path) -> None:
    name, source = file.relative_to(ROOT).as_posix(), file.read_text(encoding="utf-8")
    lines = list(by_hand(source))
    assert bool(lines) == (name in BY_HAND), lines
    if name not in BY_HAND:
        assert bool(in_the_page(source)) == (name in IN_THE_PAGE), in_the_page(source)


@pytest.mark.parametrize("file", sorted(ROOT.rglob("*.js")), ids=lambda file: file.name)
def test_no_page_rounds_a_number_that_is_read(file: Path) -> None:
    assert not re.findall(
        r"toFixed|toPrecision|toExponential|toLocaleString|NumberFormat", file.read_text(encoding="utf-8")
    )


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ('f"{p:.4f}"', True), ('f"{p:.3g}"', True), ('f"{p:.0%}"', True), ('f"{p:g}"', True), ('f"{p:,.0f}"', True),
        ('f"{n:,}"', False), ('f"{n:>8}"', False), ('f"{n}"', False), ('f"{MOST:g}"', False), ('f"{n:04X}"', False),
    ],
)  # fmt: skip
def test_the_search_finds_what_it_is_for(source: str, found: bool) -> None:
    assert bool(list(by_hand(source))) == found
