"""Records are equal to their equals, also where a number is NaN, on every version of Python."""

from __future__ import annotations

import dataclasses
import importlib
import math
import pkgutil
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import explorer
from explorer.engine.check import Outcome
from explorer.generation.beam import Continuation, Finished
from explorer.generation.decoders import Sample, Step
from explorer.generation.intervals import Interval
from explorer.generation.measures import Measure
from explorer.generation.strategy import Beam
from explorer.language_model.record import Record
from explorer.language_model.tokens import Token
from explorer.locales import ExplorerError
from explorer.sampling.distribution import Candidate
from explorer.sampling.sampling import Sampling
from explorer.sessions.session import Node
from explorer.training.evaluate import Completion, HeldOut, Induction


def nan() -> float:
    """Another object each time: that is what `is`, by which tuples compare first, would not notice."""
    return float("nan")


def candidate() -> Candidate:
    return Candidate(Token(1, b"a"), nan(), nan(), nan(), 1, u=nan())


def step() -> Step:
    return Step(candidate(), nan(), nan())


MADE: dict[type, Callable[[], Any]] = {
    Candidate: candidate,
    Step: step,
    Sample: lambda: Sample((step(),), None),
    Interval: lambda: Interval(nan(), nan(), "few"),
    Measure: lambda: Measure(nan(), (1.0, nan()), Interval.none("few")),
    Continuation: lambda: Continuation(**_filled(Continuation)),
    Finished: lambda: Finished(**_filled(Finished)),
    Node: lambda: Node(1, 0, candidate(), Sampling(), 1, 0, 0, nan()),
    Outcome: lambda: Outcome(**_filled(Outcome)),
    HeldOut: lambda: HeldOut(**_filled(HeldOut)),
    Completion: lambda: Completion(**_filled(Completion)),
    Induction: lambda: Induction(**_filled(Induction)),
}


def _filled(kind: type) -> dict[str, Any]:
    return {
        field.name: nan() if field.type == "float" else ((1.0, nan()) if "tuple[float" in str(field.type) else 1)
        for field in dataclasses.fields(kind)
    }


@pytest.mark.parametrize("kind", MADE, ids=lambda kind: kind.__name__)
def test_two_of_a_kind_are_equal(kind: type) -> None:
    one, other = MADE[kind](), MADE[kind]()
    assert one == other
    assert hash(one) == hash(other)
    assert len({one, other}) == 1
    assert one != object()


def test_what_differs_is_unequal() -> None:
    assert Measure(1.0, (1.0,)) == Measure(1.0, (1.0,))
    assert Measure(1.0, (1.0,)) != Measure(1.0, (2.0,))
    assert Measure(1.0, (nan(),)) != Measure(1.0, (2.0,))
    assert Measure(nan()) != Measure(0.0)
    assert Interval(0.0, 1.0, "student") != Interval(0.0, 1.0, "wilson")


@pytest.mark.parametrize("make", [lambda: Sampling(temperature=nan()), lambda: Beam(4, nan())])
def test_a_method_has_no_nan(make: Callable[[], object]) -> None:
    with pytest.raises(ExplorerError):
        make()


def records() -> Iterator[type]:
    """Every dataclass of the package that compares by value."""
    for module in pkgutil.walk_packages(explorer.__path__, "explorer."):
        if "__main__" not in module.name:
            for kind in vars(importlib.import_module(module.name)).values():
                if isinstance(kind, type) and dataclasses.is_dataclass(kind) and kind.__module__ == module.name:
                    yield kind


def test_whoever_has_numbers_is_a_record() -> None:
    """What stays a plain dataclass is private to its module, never holds NaN by how it is made, or is not frozen."""
    plain = {
        f"{kind.__module__}.{kind.__name__}"
        for kind in records()
        if kind.__dataclass_params__.eq
        and kind.__dataclass_params__.frozen
        and not kind.__name__.startswith("_")
        and not issubclass(kind, Record)
        and any(re.search(r"\bfloat\b", str(field.type)) for field in dataclasses.fields(kind))
    }
    known = {
        "explorer.engine.attention_buffer.LayerRule",  # of a config, checked
        "explorer.engine.numpy_engine.shape.Shape",
        "explorer.figures.shared.rows.Others",  # sums of probabilities
        "explorer.sessions.session_format.NodeRecord",  # of a file that may hold none
        "explorer.state.status.Status",  # a share of work
    }
    assert plain - known == set()


def test_no_record_compares_arrays() -> None:
    """Two arrays have no truth value: a dataclass that holds some is equal to itself alone."""
    wrong = {
        f"{kind.__module__}.{kind.__name__}"
        for kind in records()
        if kind.__eq__ is not object.__eq__
        and any(
            re.fullmatch(r"(Floats|Ints|Bytes|Places|NDArray.*)( \| None)?", str(f.type))
            for f in dataclasses.fields(kind)
        )
    }
    assert wrong - {"explorer.widgets.panels.attention.summary.Summary"} == set()


def test_nan_itself_is_what_is_meant() -> None:
    assert math.isnan(Measure(nan()).low)
