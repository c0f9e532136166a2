"""A kernel that is used for hours: its memory stays where it was, and so do its threads."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from explorer.models.catalog import BUNDLED
from tests.notebooks.kernel import Alive, Kernel, kernel

MOST_MEGABYTES = 30
"""By which memory may grow once the pools (of the allocator, of prefixes that were read) are full."""


@dataclass(frozen=True)
class Use:
    """How much is done: runs of a cell, panels made and closed, keys typed."""

    runs: int
    panels: int
    keys: int


USES = [Use(6, 24, 200), pytest.param(Use(20, 300, 2000), marks=[pytest.mark.soak, pytest.mark.timeout(3600)])]


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Kernel]:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    with kernel(tmp_path) as lab:
        yield lab


def halves(lab: Kernel, code: str, n: int, cell: str | None = None, *, at_once: bool) -> tuple[Alive, Alive]:
    """What is alive after half of it, and after all. ``code`` has a place for how often; or is run so often."""
    found = []
    for _ in range(2):
        for _ in range(1 if at_once else n // 2):
            lab.run(code.format(n=n // 2), cell)
            lab.settle()
        found.append(lab.alive())
        print(f"{code[:40]!r} {n // 2}: {found[-1]}")
    return found[0], found[1]


@pytest.mark.parametrize("use", USES, ids=lambda use: f"{use.runs} runs, {use.panels} panels, {use.keys} keys")
def test_memory_threads_and_objects_stay_as_they_are(lab: Kernel, use: Use) -> None:
    lab.run(f"lm = explorer.load({BUNDLED!r})")
    lab.run("explorer.Explorer(lm, 'Once')", "app")
    lab.settle()
    first = lab.wait_until_alive(models=1, states=1, apps=1)
    print(f"at first: {first}")
    for code, n, cell, at_once in (
        ("type_texts(states()[0], {n})", use.keys, None, True),
        ("explorer.Explorer(lm, 'Once')", use.runs, "app", False),
        ("make_and_close_panels(lm, {n})", use.panels, None, True),
    ):
        half, _ = halves(lab, code, n, cell, at_once=at_once)
        lab.run("type_texts(states()[0], 1)")  # its threads end when nobody asks for a while: now they are there
        last = lab.wait_until_alive(models=1, states=1, apps=1, threads=first.threads, widgets=first.widgets)
        assert last.panels == first.panels
        assert last.megabytes - half.megabytes < MOST_MEGABYTES, code
