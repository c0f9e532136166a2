"""`shared_model`: within one process a model is loaded once, and freed when nobody uses it any more."""

from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from explorer.engine import loading
from explorer.language_model.model import Model
from explorer.locales import ExplorerError
from explorer.models.catalog import BUNDLED
from explorer.state import shared_models
from explorer.state.shared_models import shared_model
from explorer.state.state import ExplorerState
from tests.state.loads import Loads
from tests.state.waiting import PATIENCE, settle, wait_until


@pytest.fixture
def loads(monkeypatch: pytest.MonkeyPatch) -> Iterator[Loads]:
    loads = Loads()
    monkeypatch.setattr(loading, "load", loads)
    yield loads
    loads.let_flow()


class Asks:
    """Asks for a model on a thread of its own."""

    def __init__(self, name: str | None) -> None:
        self.name, self.got = name, list[Any]()
        self._given_up = threading.Event()
        self._thread = threading.Thread(target=self._ask)
        self._thread.start()

    def give_up(self) -> None:
        self._given_up.set()

    def wait(self) -> Any:
        self._thread.join(PATIENCE)
        return self.got.pop()

    def _ask(self) -> None:
        try:
            self.got.append(shared_model(self.name, self._report))
        except Exception as error:
            self.got.append(error)

    def _report(self, _progress: object) -> None:
        if self._given_up.is_set():
            raise InterruptedError


def test_two_that_ask_at_once_get_one_model(loads: Loads) -> None:
    first, second = Asks("a"), Asks("a")
    loads.finish("a")
    assert first.wait() is second.wait()
    assert loads.began == ["a"]


def test_other_names_devices_and_dtypes_are_other_models(loads: Loads, monkeypatch: pytest.MonkeyPatch) -> None:
    loads.let_flow()
    models: list[Model] = [shared_model("a", print), shared_model("b", print)]
    for setting, value in (("EXPLORER_DEVICE", "cuda"), ("EXPLORER_DTYPE", "float64"), ("EXPLORER_ENGINE", "torch")):
        monkeypatch.setenv(setting, value)
        models += [shared_model("a", print)]
        assert shared_model("a", print) is models[-1]
    assert len({id(model) for model in models}) == len(models) == len(loads.began)


def test_names_of_one_model_load_side_by_side(loads: Loads) -> None:
    first, second = Asks("a"), Asks("b")
    loads.wait_until_began("a", "b")
    loads.finish("b")
    assert second.wait().info.name == "b"
    loads.finish("a")
    assert first.wait().info.name == "a"


@pytest.mark.parametrize("names", [(None, BUNDLED), (BUNDLED, None), ("", None)])
def test_the_best_one_is_the_one_of_its_name(loads: Loads, names: tuple[str | None, str | None]) -> None:
    first, second = (Asks(name) for name in names)
    loads.finish(BUNDLED)
    assert first.wait() is second.wait()
    assert loads.began == [BUNDLED]


def test_the_model_of_the_environment_is_the_one_of_its_name(loads: Loads, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXPLORER_MODEL", "a")
    loads.let_flow()
    model = shared_model(None, print)
    assert shared_model("a", print) is model


def test_who_waits_for_one_that_another_gave_up_loads_it(loads: Loads) -> None:
    first = Asks("a")
    loads.wait_until_began("a")
    second = Asks("a")
    first.give_up()
    loads.go_on("a")
    assert isinstance(first.wait(), InterruptedError)
    loads.go_on("a", 11)
    assert second.wait().info.name == "a"
    assert loads.began == ["a", "a"]


def test_what_fails_is_tried_again(loads: Loads) -> None:
    loads.let_flow()
    loads.errors["a"] = ExplorerError("no-start-token")
    with pytest.raises(ExplorerError):
        shared_model("a", print)
    del loads.errors["a"]
    assert shared_model("a", print).info.name == "a"


def test_two_apps_have_one_model_which_is_freed_when_both_are_closed(tiny_gpt2: Path) -> None:
    states = [ExplorerState(prefix="The capital") for _ in range(2)]
    for state in states:
        state.models.load(str(tiny_gpt2))
    for state in states:
        wait_until(lambda state=state: state.reader.trace is not None, "it is loaded, and answers")
        settle(state)
    assert states[0].reader.model is states[1].reader.model
    model = weakref.ref(states[0].reader.model)
    states[0].close()
    gc.collect()
    assert model() is states[1].reader.model
    states[1].document.prefix = "The capital of"
    settle(states[1])
    assert states[1].reader.trace.text == "The capital of"
    states[1].close()
    wait_until(lambda: gc.collect() >= 0 and model() is None, "it is freed")
    assert not shared_models._models
