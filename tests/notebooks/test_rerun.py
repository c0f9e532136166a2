"""Cells that are run again, in a real kernel: there is one model and one app, and nothing of the others is left."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations
from pathlib import Path

import pytest

from tests.notebooks.kernel import Alive, Kernel, kernel

N_RUNS = [8, pytest.param(20, marks=pytest.mark.soak)]
VIEW = "application/vnd.jupyter.widget-view+json"


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Kernel]:
    with kernel(tmp_path) as lab:
        yield lab


@pytest.fixture
def folder(tiny_gpt2: Path) -> str:
    return repr(str(tiny_gpt2))


def flat(alive: Alive) -> tuple[int, ...]:
    return alive.models, alive.states, alive.apps, alive.panels, alive.widgets, alive.threads


@pytest.mark.parametrize("n_runs", N_RUNS)
@pytest.mark.parametrize("wait", [True, False], ids=["at rest", "in a hurry"])
def test_a_cell_that_is_run_again_has_one_model_and_one_app(lab: Kernel, folder: str, n_runs: int, wait: bool) -> None:
    for number in range(n_runs):
        ran = lab.run(f"explorer.Explorer({folder})", "app")
        assert VIEW in ran.shown[-1]
        if wait or number == 0:
            lab.settle()
        if number == 0:
            first = lab.wait_until_alive(models=1, states=1, apps=1)
    lab.settle()
    last = lab.wait_until_alive(models=1, states=1, apps=1, widgets=first.widgets, threads=first.threads)
    assert flat(last) == flat(first)
    assert last.megabytes - first.megabytes < 30


@pytest.mark.parametrize("order", [*permutations("123")], ids="".join)
def test_a_state_in_one_cell_and_panels_in_others_run_again_in_any_order(
    lab: Kernel, folder: str, order: tuple[str, ...]
) -> None:
    cells = {
        "1": f"lm = explorer.load({folder}); state = explorer.ExplorerState(lm, 'The capital of France is')",
        "2": "explorer.DistributionPanel(state)",
        "3": "explorer.AttentionPanel(state)",
    }
    for cell in "123":
        lab.run(cells[cell], cell)
    lab.settle()
    first = lab.wait_until_alive(models=1, states=1)
    for cell in order:
        lab.run(cells[cell], cell)
        lab.settle()
    for cell in "23":
        lab.run(cells[cell], cell)
        lab.settle()
    last = lab.wait_until_alive(models=1, states=1, widgets=first.widgets, threads=first.threads)
    assert flat(last) == flat(first)
    lab.run("state.document.prefix = 'The capital of Italy is'")
    lab.settle()
    assert lab.run("print(state.reader.trace.text)").text.strip() == "The capital of Italy is"


def test_an_app_that_another_cell_shows_is_closed_with_that(lab: Kernel, folder: str) -> None:
    make, show = f"app = explorer.Explorer({folder})", "app"
    lab.run(make, "1")
    lab.run(show, "2")
    lab.settle()
    first = lab.wait_until_alive(apps=1, models=1)
    lab.run(make, "1")
    lab.settle()
    lab.wait_until_alive(apps=2, models=1)  # the first is still on the page
    lab.run(show, "2")
    last = lab.wait_until_alive(apps=1, models=1, widgets=first.widgets, threads=first.threads)
    assert flat(last) == flat(first)
    lab.run(show, "3")
    lab.run("1", "2")
    lab.wait_until_alive(apps=1)  # cell 3 shows it
    lab.run("1", "3")
    lab.wait_until_alive(apps=0, states=0)


def test_without_the_ids_of_cells_nothing_is_closed_by_itself(lab: Kernel, folder: str) -> None:
    for _ in range(3):
        lab.run(f"explorer.Explorer({folder})")
    lab.settle()
    lab.wait_until_alive(apps=3, models=1)


def test_a_cell_that_fails_closes_what_it_displayed(lab: Kernel, folder: str) -> None:
    lab.run(f"explorer.Explorer({folder})", "1")
    lab.settle()
    with pytest.raises(AssertionError, match="ZeroDivisionError"):
        lab.run("1 / 0", "1")
    lab.wait_until_alive(apps=0, models=0)


def test_what_out_holds_keeps_no_model_alive_and_says_what_to_do(lab: Kernel, folder: str) -> None:
    lab.run(f"app = explorer.Explorer({folder})\napp", "1")
    lab.settle()
    lab.wait_until_alive(apps=1, models=1)
    lab.run("app = None", "1")
    lab.wait_until_alive(apps=0, models=0, states=0, threads=0)
    assert lab.run("print(any(isinstance(out, explorer.Explorer) for out in Out.values()))").text.strip() == "True"
    (shown,) = lab.run("next(out for out in Out.values() if isinstance(out, explorer.Explorer))").shown
    assert VIEW not in shown
    assert "Run its cell again" in shown["text/plain"]


def test_a_panel_of_a_state_that_is_closed_says_so(lab: Kernel, folder: str) -> None:
    lab.run(f"state = explorer.ExplorerState(explorer.load({folder}), 'The')\nstate.reader.model", "1")
    lab.run("panel = explorer.DistributionPanel(state)\npanel", "2")
    lab.settle()
    lab.run("state.close()")
    assert "Run its cell again" in lab.run("print(panel.children[0].text)").text
    (shown,) = lab.run("panel", "3").shown
    assert VIEW in shown, "with its last picture"
    lab.run("state = explorer.ExplorerState(explorer.load(" + folder + "), 'The')", "1")
    lab.run("panel = explorer.DistributionPanel(state)\npanel", "2")
    lab.settle()
    assert "Run its cell again" not in lab.run("print(panel.children[0])").text
