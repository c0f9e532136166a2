"""The collector rests while transformers is imported, and afterwards is as it was."""

from __future__ import annotations

import gc
import subprocess
import sys
import weakref
from collections.abc import Iterator

import pytest

from explorer.engine.torch_engine.gc_pause import gc_paused


class Cyclic:
    def __init__(self) -> None:
        self.me = self


@pytest.fixture(autouse=True)
def _as_it_was() -> Iterator[None]:
    yield
    gc.enable()


def test_transformers_is_imported_without_a_full_collection() -> None:
    program = """
import gc, sys, torch
full = []
gc.callbacks.append(lambda phase, info: phase == "start" and info["generation"] == 2 and full.append(len(sys.modules)))
import explorer.engine.torch_engine.loading
assert "transformers.modeling_utils" in sys.modules and gc.isenabled()
n_import = len(full)
gc.collect()
print(n_import, len(full) - n_import)
"""
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == ["0", "1"]


def test_garbage_made_before_and_meanwhile_is_found_later() -> None:
    before = weakref.ref(Cyclic())
    with gc_paused():
        assert not gc.isenabled()
        meanwhile = weakref.ref(Cyclic())
        [[] for _ in range(5000)]
        assert meanwhile() is not None
    assert gc.isenabled()
    assert gc.get_freeze_count() == 0
    gc.collect()
    assert (before(), meanwhile()) == (None, None)


def test_it_goes_on_after_an_error_and_stays_off_where_it_was_off() -> None:
    with pytest.raises(ImportError), gc_paused():
        raise ImportError
    assert gc.isenabled()
    gc.disable()
    with gc_paused():
        pass
    assert not gc.isenabled()


def test_what_somebody_froze_stays_frozen() -> None:
    gc.freeze()
    frozen = gc.get_freeze_count()
    with gc_paused():
        assert gc.isenabled()
    try:
        assert gc.get_freeze_count() >= frozen > 0
    finally:
        gc.unfreeze()
