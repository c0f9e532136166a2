"""A comparison as JSON, as a table, and as the code that makes it again."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping
from dataclasses import fields
from itertools import pairwise
from typing import Any

from explorer.generation.compare import Comparison, StrategyResult
from explorer.generation.decoders import Sample
from explorer.generation.measures import BUCKETS, Measure, fingerprint
from explorer.generation.strategy import Method
from explorer.language_model.interventions import Interventions
from explorer.locales import numbers
from explorer.sampling.sampling import Sampling

SCHEMA = 1
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""How a cell begins that a spreadsheet takes for a formula."""


def to_record(comparison: Comparison) -> dict[str, Any]:
    """For JSON: every token's record (see `Candidate.record`), every measure; None where there is no number."""
    return {
        "schema": SCHEMA,
        "model": comparison.model[0],
        "revision": comparison.model[1],
        "text": comparison.text,
        "ids": list(comparison.ids),
        "seed": comparison.seed,
        "n": comparison.n_samples,
        "max_new_tokens": comparison.max_new_tokens,
        **_rarely_set(comparison),
        "interventions": [each.record() for each in comparison.interventions],
        "complete": comparison.complete,
        "strategies": [_result(each, comparison.measures[each.name]) for each in comparison.strategies],
    }


def _rarely_set(comparison: Comparison) -> dict[str, Any]:
    return {name: getattr(comparison, name) for name in ("stop_text", "through_end", "first_step")}


def _result(result: StrategyResult, measured: Mapping[str, Measure]) -> dict[str, Any]:
    return {
        **result.strategy.record(),
        "samples": [_sample(sample) for sample in result.samples],
        "measures": {name: _measure(found) for name, found in measured.items()},
        "fingerprint": [_finite(share) for share in fingerprint(result.samples)],
    }


def _sample(sample: Sample) -> dict[str, Any]:
    tokens = [
        step.choice.record() | {"raw_entropy_bits": step.raw_entropy_bits, "entropy_bits": step.entropy_bits}
        for step in sample.steps
    ]
    return {"text": sample.text, "ended": sample.ended, "tokens": tokens}


def _measure(found: Measure) -> dict[str, Any]:
    record = {"value": _finite(found.value), "low": _finite(found.low), "high": _finite(found.high)}
    return record | {"interval": found.interval.method, "of_each": [_finite(value) for value in found.of_each]}


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def to_csv(comparison: Comparison) -> str:
    """A line for each strategy: its name, what it does, its measures with their intervals, its fingerprint."""
    table = [(each, comparison.measures[each.name]) for each in comparison.strategies]
    names = list(table[0][1])
    with_interval = {name for _, found in table for name in names if not math.isnan(found[name].low)}
    columns = [column for name in names for column in _columns(name, name in with_interval)]
    ends = ["1", *(f"{low + 1}-{high}" for low, high in pairwise(BUCKETS)), f"over {BUCKETS[-1]}"]
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["strategy", "method", "samples", *columns, *(f"rank {end}" for end in ends)])
    for each, found in table:
        cells = [_number(value) for name in names for value in _values(found[name], name in with_interval)]
        shares = [_number(share) for share in fingerprint(each.samples)]
        writer.writerow([_cell(each.name), _cell(str(each.strategy.method)), len(each.samples), *cells, *shares])
    return out.getvalue()


def _columns(name: str, with_interval: bool) -> list[str]:
    return [name, f"{name} low", f"{name} high"] if with_interval else [name]


def _values(found: Measure, with_interval: bool) -> list[float]:
    return [found.value, found.low, found.high] if with_interval else [found.value]


def _number(value: float) -> str:
    return "" if math.isnan(value) else numbers.parameter(value)


def _cell(text: str) -> str:
    """Text that a spreadsheet shows and never computes."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def to_code(comparison: Comparison, *, retokenized: bool) -> str:
    """Python that makes the comparison again.

    Args:
        retokenized: whether the tokenizer makes the ids of the text; else the ids stand in the code.
    """
    made = [f"explorer.Strategy({each.name!r}, {_made(each.strategy.method)})" for each in comparison.strategies]
    prefix = repr(comparison.text) if retokenized else repr(list(comparison.ids))
    lines = [
        "import explorer",
        "",
        f"lm = explorer.load({comparison.model[0]!r})",
        "comparison = explorer.compare(",
        "    lm,",
        f"    {prefix},",
        "    [",
        *(f"        {strategy}," for strategy in made),
        "    ],",
        f"    n={comparison.n_samples},",
        f"    max_new_tokens={comparison.max_new_tokens},",
        f"    seed={comparison.seed},",
        *(f"    {name}={value!r}," for name, value in _rarely_set(comparison).items() if value),
        *_interventions(comparison.interventions),
        ")",
    ]
    return "\n".join(lines) + "\n"


def _interventions(interventions: Interventions) -> list[str]:
    """The argument that puts them into force; no line where there are none."""
    made = ", ".join(f"explorer.Ablate(heads={list(each.heads)}, mode={each.mode!r})" for each in interventions)
    return [f"    interventions=[{made}],"] if made else []


def _made(method: Method) -> str:
    """The call that makes ``method``, without what is at its default."""
    kind = type(method)
    said = {field.name: getattr(method, field.name) for field in fields(method) if field.init}
    changed = {name: value for name, value in said.items() if value != getattr(kind(), name)}
    if isinstance(method, Sampling) and "bias" in changed:
        changed["bias"] = dict(method.bias)
    return f"explorer.{kind.__name__}({', '.join(f'{name}={value!r}' for name, value in changed.items())})"
