"""Every notebook runs from top to bottom, as a person would run it, and shows no error."""

from __future__ import annotations

from pathlib import Path

import nbclient
import nbformat
import pytest

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"


@pytest.fixture(scope="module", params=sorted(NOTEBOOKS.glob("*.ipynb")), ids=lambda path: path.stem)
def executed(request: pytest.FixtureRequest) -> list[nbformat.NotebookNode]:
    """The code cells of a notebook, with the outputs they gave."""
    notebook = nbformat.read(request.param, as_version=4)
    nbclient.NotebookClient(notebook, timeout=180, resources={"metadata": {"path": str(NOTEBOOKS)}}).execute()
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def test_a_notebook_runs_without_complaint(executed: list[nbformat.NotebookNode]) -> None:
    outputs = [output for cell in executed for output in cell.outputs]
    assert not [output for output in outputs if output.output_type == "error"]
    assert not [output.text for output in outputs if output.get("name") == "stderr"]


def test_a_notebook_shows_a_widget(executed: list[nbformat.NotebookNode]) -> None:
    shown = {kind for cell in executed for output in cell.outputs for kind in output.get("data", {})}
    assert "application/vnd.jupyter.widget-view+json" in shown
