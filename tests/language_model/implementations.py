"""Every implementation of `Model` that there is: both engines in this process, and the tests' own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from explorer.engine.loading import load
from explorer.engine.local_model import LocalModel
from explorer.language_model.model import Model
from tests.generation.bigrams import Bigrams
from tests.widgets import fake_model
from tests.widgets.fake_model import FakeModel
from tests.widgets.paced_model import PacedModel

CHUNK = 24
"""Tokens that are read in one pass, so that a text within a small window is a long one."""


@dataclass(frozen=True)
class Implementation:
    """How to make a model of one implementation.

    Attributes:
        make: a model that has read nothing, of the same weights each time.
        long: the same with room for texts of which attention is not kept exactly; None where it has no attention.
        text: one that it reads.
        has_start: whether it has a token that begins a text.
        chunk: of a long text, tokens between two reports of progress; None where there are none.
    """

    make: Callable[[], Model]
    long: Callable[[], Model] | None
    text: str = "The capital of France is"
    has_start: bool = True
    chunk: int | None = CHUNK


def implementation(name: str, folder_of: Callable[[str], Path]) -> Implementation:
    """The one of that name; ``folder_of``: of the models ``gpt2``, ``llama`` and ``long``."""
    if name in DOUBLES:
        return DOUBLES[name]
    engine, shape = name.split("-")
    return Implementation(_local(folder_of(shape), engine), _local(folder_of("long"), engine))


def _local(folder: Path, engine: str) -> Callable[[], Model]:
    loaded = load(str(folder), device="cpu", engine=engine)
    return lambda: LocalModel(loaded.engine, loaded.tokenizer, loaded.info, chunk=CHUNK)


def _paced(**info: Any) -> PacedModel:
    paced = PacedModel(FakeModel(**info))
    paced.let_flow()
    return paced


DOUBLES = {
    "fake": Implementation(FakeModel, lambda: FakeModel(n_positions=512), chunk=fake_model.CHUNK),
    "paced": Implementation(_paced, lambda: _paced(n_positions=512), chunk=fake_model.CHUNK),
    "bigrams": Implementation(lambda: Bigrams(seed=0), None, text="3 1 4 1 5", has_start=False, chunk=None),
}

NAMES = ("numpy-gpt2", "numpy-llama", "torch-gpt2", "torch-llama", *DOUBLES)


def count_passes(model: Model) -> Callable[[], int]:
    """From now on: how many passes ``model`` has made."""
    if isinstance(model, PacedModel):
        return count_passes(model._lm)
    if isinstance(model, FakeModel):
        return lambda: len(model.passes)
    assert isinstance(model, LocalModel)
    passes: list[int] = []
    model.engine.observers.append(passes.append)
    return lambda: len(passes)
