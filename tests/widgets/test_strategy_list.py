"""The list of strategies: what they are called, what is done to them, the numbers of a beam search."""

from __future__ import annotations

import pytest

from explorer.engine.local_model import LocalModel
from explorer.generation.presets import COMPARED
from explorer.generation.strategy import Beam
from explorer.sampling.sampling import Sampling
from explorer.state.state import ExplorerState
from explorer.widgets.elements.strategy_list.widget import StrategyList
from explorer.widgets.panels.compare.compare import ComparePanel
from tests.widgets.page import Page, only, settle


@pytest.fixture
def state(lm: LocalModel) -> ExplorerState:
    state = ExplorerState(lm, "The capital of")
    settle(state)
    return state


def test_strategies_are_added_renamed_moved_duplicated_and_removed(page: Page, state: ExplorerState) -> None:
    panel = ComparePanel(state)
    listed = only(panel, StrategyList)
    first = [each["name"] for each in listed.strategies]
    assert first == ["greedy", "temperature 0.7", "as the model says", "nucleus (top-p 0.95)"]
    page.send(listed, kind="duplicate", place=1)
    assert [each.name for each in state.comparison.strategies][1:3] == ["temperature 0.7", "temperature 0.7 (2)"]
    page.send(listed, kind="rename", place=2, name="  mine ")
    page.send(listed, kind="up", place=2)
    page.send(listed, kind="remove", place=0)
    assert [each["name"] for each in listed.strategies] == ["mine", "temperature 0.7", *first[2:]]
    page.send(listed, kind="rename", place=0, name="temperature 0.7")
    assert listed.strategies[0]["name"] == "temperature 0.7 (2)", "no two of one name"
    page.send(listed, kind="down", place=3)
    page.send(listed, kind="down", place=4)
    page.send(listed, kind="remove", place=-1)
    page.send(listed, kind="explode", place=0)
    assert len(listed.strategies) == 4


def test_the_sampler_is_taken_and_shown(page: Page, state: ExplorerState) -> None:
    panel = ComparePanel(state)
    listed = only(panel, StrategyList)
    state.sampler.sampling = Sampling(top_k=7)
    page.send(listed, kind="take", place=3)
    assert state.comparison.strategies[3].method == Sampling(top_k=7)
    page.send(listed, kind="show", place=1)
    assert state.sampler.sampling == Sampling(temperature=0.7)
    page.set(panel._add, index=[value for _, value in panel._add.options].index("preset-beam"))
    assert state.comparison.strategies[-1].method == Beam(4)
    page.send(listed, kind="show", place=4)
    assert state.sampler.sampling == Sampling(temperature=0.7), "a beam is no sampler"


def test_names_say_what_is_done_until_somebody_names_it(page: Page, state: ExplorerState) -> None:
    comparer, listed = state.comparison, only(ComparePanel(state), StrategyList)
    page.send(listed, kind="rename", place=0, name="my greedy")
    state.sampler.sampling = Sampling(top_k=7, top_p=0.5)
    for place in (0, 1):
        page.send(listed, kind="take", place=place)
    comparer.add(Sampling(temperature=0.7))
    comparer.add(Sampling(temperature=0.7))
    assert [each.name for each in comparer.strategies] == [
        "my greedy", "top-k 7 → top-p 0.5", "as the model says", "nucleus (top-p 0.95)", "temperature 0.7",
        "temperature 0.7 (2)",
    ]  # fmt: skip
    state.display.theme = type(state.display.theme)(language="zh-Hans")
    names = [each["name"] for each in listed.strategies]
    assert names[0] == "my greedy"
    assert names[2:] == ["模型原样", "核采样（top-p 0.95）", "温度 0.7", "温度 0.7 (2)"]
    page.send(listed, kind="rename", place=0, name=" ")
    assert comparer.strategies[0].name == names[1], "what was typed is gone"
    assert comparer.strategies[1].name == f"{names[1]} (2)"


def test_the_numbers_of_a_beam_search_can_be_changed(page: Page, state: ExplorerState) -> None:
    comparer, listed = state.comparison, only(ComparePanel(state), StrategyList)
    comparer.add(COMPARED["preset-beam"])
    assert listed.strategies[4]["beam"] == {"n_beams": "4", "length_penalty": "1"}
    assert "beam" not in listed.strategies[0]
    page.send(listed, kind="beam", place=4, n_beams="７", length_penalty="−0.5")  # as an input method types them
    assert comparer.strategies[4].method == Beam(7, -0.5)
    assert comparer.strategies[4].name == "beam search, 7 beams, length penalty -0.5"
    for n_beams, penalty, said in (("many", "1", "n_beams is 'many'"), ("65", "1", "65"), ("3", "", "length_penalty")):
        page.send(listed, kind="beam", place=4, n_beams=n_beams, length_penalty=penalty)
        assert comparer.strategies[4].method == Beam(7, -0.5)
        assert state.status.current.state == "error"
        assert said in str(state.status.current.message)
    page.send(listed, kind="beam", place=4, n_beams=3, length_penalty=None)
    page.send(listed, kind="beam", place=4, n_beams=" 2 ", length_penalty="1")
    assert comparer.strategies[4].method == Beam(2)
    assert state.status.current.state == "ready", "what was wrong is right now"
