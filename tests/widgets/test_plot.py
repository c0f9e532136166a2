"""`Plot`: what it sends to the page, and what of the page's messages it believes."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest

from explorer.figures.attention.head_map import head_map
from explorer.figures.distribution.bars import distribution_bars
from explorer.figures.shared.theme import Theme
from explorer.widgets.elements.plot.widget import MIN_COMPRESSED, Cells, Plot
from tests.attention import random_weights
from tests.figures.reading import some_distribution
from tests.widgets.page import Page

ENGLISH = Theme()
MAX_BYTES_OF_A_HEAD = 64 * 1024


def heatmap(n_columns: int = 4, n_rows: int = 3) -> go.Figure:
    z = np.arange(n_columns * n_rows, dtype=np.float32).reshape(n_rows, n_columns)
    layout = {"meta": {"description": "cells"}, "height": 200}
    return go.Figure(data=[{"type": "bar", "x": [1]}, {"type": "heatmap", "z": z}], layout=layout)


class Heard:
    """A plot of a heatmap and what was heard from it."""

    def __init__(self, figure: go.Figure | None) -> None:
        self.heard: list[object] = []
        self.plot = Plot(on_cell=lambda *cell: self.heard.append(cell), on_zoom=self.zoom)
        self.next: go.Figure | None = None
        if figure is not None:
            self.plot.show(figure, ENGLISH)

    def zoom(self, cells: tuple[Cells, Cells] | None) -> None:
        self.heard.append(cells)
        if self.next is not None:
            self.plot.show(self.next, ENGLISH)


@pytest.fixture
def heard() -> Heard:
    return Heard(heatmap())


# --- to the page


@pytest.mark.parametrize("n", [10, 100])
def test_a_figure_is_sent_once_and_small(page: Page, n: int) -> None:
    plot = Plot()
    page.messages.clear()
    figure = distribution_bars(some_distribution(temperature=0.5), ENGLISH, n=n)
    plot.show(figure, ENGLISH, answer=3)
    (sent,) = page.to(plot)
    assert plot.figure == figure.to_json(validate=False)
    assert json.loads(plot.figure)["layout"] == figure.to_plotly_json()["layout"]
    assert plot.packed == plot.figure.encode(), "unpacking would take the page longer than receiving"
    assert sent.n_bytes < MIN_COMPRESSED
    assert sent.data["state"]["answer"] == 3
    assert sent.data["buffer_paths"] == [["packed"]]


def test_a_long_figure_is_compressed(page: Page) -> None:
    plot, figure = Plot(), heatmap(100, 100)
    page.messages.clear()
    plot.show(figure, ENGLISH)
    (sent,) = page.to(plot)
    assert plot.figure == figure.to_json(validate=False)
    assert len(plot.figure) > MIN_COMPRESSED
    assert sent.n_bytes < len(plot.figure) / 2


def test_the_same_figure_is_not_sent_again(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    plot = Plot()
    plot.show(heatmap(100, 100), ENGLISH)
    page.messages.clear()
    monkeypatch.setattr("time.time", lambda: 2e9)  # which gzip would write into what it packs
    plot.show(heatmap(100, 100), ENGLISH)
    assert page.messages == []


def test_before_there_is_a_figure_there_is_none() -> None:
    assert Plot().figure == ""


@pytest.mark.parametrize("log", [False, True])
@pytest.mark.parametrize("language", ["en", "zh-Hans"])
def test_a_head_of_128_tokens_is_at_most_64_kb(page: Page, language: str, log: bool) -> None:
    theme = Theme(dark=True, language=language)
    triangle = random_weights(1, 1, 128)[0, 0][np.tril_indices(128)]
    labels = [f"<⟨{i:02X} E4⟩ long label {i}>" for i in range(128)]
    plot = Plot()
    page.messages.clear()
    plot.show(head_map(triangle, labels, theme, head=(29, 8), log=log, cursor=100, roles=["induction"]), theme)
    (sent,) = page.to(plot)
    assert sent.n_bytes < MAX_BYTES_OF_A_HEAD
    assert sent.n_bytes > 128 * 129 / 2 * 4, "random float32 weights cannot be packed"


@pytest.mark.parametrize("n_tokens", [256, 1000])
def test_nor_is_the_overview_of_a_longer_text_larger(page: Page, n_tokens: int) -> None:
    triangle = random_weights(1, 1, n_tokens)[0, 0][np.tril_indices(n_tokens)]
    plot = Plot()
    page.messages.clear()
    plot.show(head_map(triangle, ["·word"] * n_tokens, ENGLISH, head=(0, 0)), ENGLISH)
    assert page.n_bytes < MAX_BYTES_OF_A_HEAD


# --- from the page


def test_a_picked_cell_tells_its_column_and_its_row(page: Page, heard: Heard) -> None:
    page.send(heard.plot, kind="cell", column=3, row=2)
    page.send(heard.plot, kind="cell", column=0, row=0)
    assert heard.heard == [(3, 2), (0, 0)]


@pytest.mark.parametrize(
    "content",
    [{"kind": "cell", "column": 4, "row": 1}, {"kind": "cell", "column": 1, "row": 3}],
    ids=repr,
)
def test_what_is_no_cell_of_the_picture_is_not_picked(page: Page, heard: Heard, content: Any) -> None:
    page.deliver(heard.plot, content)
    assert heard.heard == []


def test_without_a_heatmap_there_is_no_cell(page: Page) -> None:
    bars = distribution_bars(some_distribution(), ENGLISH)
    for heard in (Heard(None), Heard(bars)):
        page.send(heard.plot, kind="cell", column=0, row=0)
        assert heard.heard == []
    heard = Heard(heatmap())
    heard.plot.show(heatmap(2, 2), ENGLISH)
    page.send(heard.plot, kind="cell", column=3, row=2)
    assert heard.heard == []


def test_a_zoom_tells_its_cells_or_that_all_are_wanted(page: Page, heard: Heard) -> None:
    page.send(heard.plot, kind="zoom", columns=[-3, 2], rows=[1, 9])
    page.send(heard.plot, kind="zoom", columns=None, rows=None)
    assert heard.heard == [((-3, 2), (1, 9)), None]


@pytest.mark.parametrize(
    "content",
    [{"kind": "zoom", "columns": columns, "rows": [0, 1]} for columns in ([1, 0], None)]
    + [{"kind": "zoom", "columns": [0, 1], "rows": rows} for rows in ([1, 0], None)],
    ids=repr,
)
def test_what_is_no_box_is_no_zoom(page: Page, heard: Heard, content: Any) -> None:
    page.deliver(heard.plot, content)
    assert heard.heard == []


def test_a_page_that_gets_no_new_picture_for_a_zoom_is_told_so(page: Page, heard: Heard) -> None:
    page.messages.clear()
    page.send(heard.plot, kind="zoom", columns=[0, 1], rows=[0, 1])
    assert [message.data["content"] for message in page.to(heard.plot)] == [{"kind": "again"}]
    page.messages.clear()
    heard.next = heatmap(2, 2)
    page.send(heard.plot, kind="zoom", columns=[0, 1], rows=[0, 1])
    assert [message.kind for message in page.to(heard.plot)] == ["update"]


def test_a_plot_that_nobody_listens_to_offers_nothing(page: Page) -> None:
    plot, heard = Plot(), Heard(None).plot
    assert (plot.picks, plot.cells, plot.zooms) == (False, False, False)
    assert (heard.picks, heard.cells, heard.zooms) == (False, True, True)
    plot.show(heatmap(), ENGLISH)
    page.send(plot, kind="cell", column=1, row=1)
    page.send(plot, kind="zoom", columns=None, rows=None)
