"""The comparison in the app: the list, the run, the texts, the views, and people who type meanwhile."""

from __future__ import annotations

import csv
import io
import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from ipywidgets import Label

from explorer.engine.local_model import LocalModel
from explorer.figures.comparison.measure_names import MEASURES
from explorer.generation.compare import ComparisonRun, compare
from explorer.generation.decoders import Sample, Step
from explorer.generation.generate import TEXT, Stop
from explorer.generation.presets import COMPARED
from explorer.generation.strategy import Beam
from explorer.locales import Message
from explorer.state import comparison as module
from explorer.state.comparison import StrategyComparison
from explorer.state.state import ExplorerState
from explorer.widgets.elements.downloads.widget import Downloads
from explorer.widgets.elements.plot.widget import Plot
from explorer.widgets.elements.strategy_list.widget import StrategyList
from explorer.widgets.elements.text_columns.widget import TextColumns
from explorer.widgets.panels.compare.compare import ComparePanel
from explorer.widgets.panels.compare.compare_views import (
    BeamsPanel,
    CompareAtPanel,
    MeasuresPanel,
    RanksPanel,
    SavePanel,
)
from tests.widgets.page import Page, only, settle, wait_until


@pytest.fixture
def state(lm: LocalModel) -> ExplorerState:
    state = ExplorerState(lm, "The capital of", seed=5)
    settle(state)
    return state


@pytest.fixture
def comparer(state: ExplorerState) -> StrategyComparison:
    comparer = state.comparison
    comparer.n_samples, comparer.n_tokens = 2, 6
    return comparer


def run(comparer: StrategyComparison) -> Any:
    comparer.run()
    wait_until(lambda: not comparer.running and comparer._reader._refresher.idle, "the comparison is done, and shown")
    return comparer.comparison


# --- the run


def test_the_texts_are_those_of_compare_and_go_on_where_the_stepper_is(
    state: ExplorerState, comparer: StrategyComparison
) -> None:
    state.playback.step()
    settle(state)
    comparer.add(Beam(3))
    made = run(comparer)
    assert made.complete
    assert made.ids == tuple(state.reader.trace.ids.tolist())
    alone = compare(state.reader.model, made.ids, comparer.strategies, n=2, max_new_tokens=6, seed=5, through_end=False)
    for strategy in (0, 4):
        assert made.strategies[strategy].samples[0].text == alone.strategies[strategy].samples[0].text
    # The first sample's draws are those that the stepper's own next steps have.
    state.sampler.sampling = comparer.strategies[1].method
    for token in made.strategies[1].samples[0].tokens:
        assert state.sampler.coming.id == token.id
        state.playback.step()
        settle(state)


def test_texts_end_where_playing_would(state: ExplorerState, comparer: StrategyComparison) -> None:
    comparer.add(Beam(2))
    free = run(comparer)
    stop_text = next(token.token.text for token in free.strategies[0].samples[0].tokens if token.token.text)
    state.playback.stop, state.playback.stop_at_end = Stop(text=stop_text), False
    made = run(comparer)
    assert (made.stop_text, made.through_end) == (stop_text, True)
    assert made.max_new_tokens == 6
    assert made.strategies[0].samples[0].ended == TEXT
    for written in made.strategies:
        for sample in written.samples:
            assert (stop_text in sample.text) == (sample.ended == TEXT)


def test_clicking_a_token_shows_that_place_and_going_on_takes_the_steps(
    page: Page, state: ExplorerState, comparer: StrategyComparison
) -> None:
    panel = ComparePanel(state)
    at = CompareAtPanel(state)
    made = run(comparer)
    texts = only(panel, TextColumns)
    page.send(texts, kind="pick", place=[3, 1, 2])
    assert comparer.chosen == (3, 1, 2)
    assert texts.chosen == [3, 1, 2]
    wait_until(lambda: not only(at, Plot).stale and "Token 3" in only(at, Plot).figure, "the place is drawn")
    figure = json.loads(only(at, Plot).figure)
    before = (*made.ids, *(token.id for token in made.strategies[3].samples[1].tokens[:2]))
    trace = state.reader.model.trace(before)
    for column, written in enumerate(made.strategies):
        shown = trace.distribution(written.strategy.method)
        assert sum(figure["data"][column]["x"]) == pytest.approx(1, abs=1e-5)
        assert max(figure["data"][column]["x"][:-1]) == pytest.approx(float(shown.probabilities.max()), abs=1e-6)
    at._go.click()
    settle(state)
    path = state.document.tree.path()
    assert [node.choice.id for node in path] == [token.id for token in made.strategies[3].samples[1].tokens[:3]]
    assert [node.choice.u for node in path] == [token.u for token in made.strategies[3].samples[1].tokens[:3]]
    assert {node.sample for node in path} == {1}


def test_going_on_from_a_beam_is_as_if_picked_by_hand(state: ExplorerState, comparer: StrategyComparison) -> None:
    comparer.strategies = ()
    comparer.add(Beam(2))
    made = run(comparer)
    comparer.go_on(0, 0, 3)
    settle(state)
    path = state.document.tree.path()
    assert [node.choice.id for node in path] == [token.id for token in made.strategies[0].samples[0].tokens[:4]]
    assert {node.choice.chosen_by for node in path} == {"hand"}


def test_cancelling_takes_effect_within_a_step_and_keeps_what_is_there(
    state: ExplorerState, comparer: StrategyComparison, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps, third, go = [], threading.Event(), threading.Event()
    real = ComparisonRun.advance

    def paced(self: ComparisonRun) -> bool:
        steps.append(1)
        if len(steps) == 3:
            third.set()
            assert go.wait(20)
        return real(self)

    monkeypatch.setattr(ComparisonRun, "advance", paced)
    comparer.n_tokens = 50
    comparer.run()
    assert third.wait(20)
    comparer.cancel()
    go.set()
    wait_until(lambda: not comparer.running, "it stops")
    assert len(steps) == 3
    assert not comparer.comparison.complete
    assert [len(written.samples[0].steps) for written in comparer.comparison.strategies] == [3] * 4
    assert state.status.current.message.id == "comparison-stopped"


def test_a_key_is_answered_between_two_steps(
    state: ExplorerState, comparer: StrategyComparison, monkeypatch: pytest.MonkeyPatch
) -> None:
    n_steps, at_answer = list[int](), list[int]()
    real = ComparisonRun.advance

    def counted(self: ComparisonRun) -> bool:
        n_steps.append(1)
        if len(n_steps) == 4:  # the key is pressed in the middle of a step
            state.document.prefix = "The capital of Fr"
        return real(self)

    monkeypatch.setattr(ComparisonRun, "advance", counted)
    state.reader.observe(lambda _: at_answer.append(len(n_steps)), "trace")
    comparer.n_samples, comparer.n_tokens = 8, 100
    comparer.run()
    wait_until(lambda: bool(at_answer), "the key is answered")
    assert state.reader.trace.text.endswith("Fr")
    assert at_answer[0] == 4, "before the next step"
    assert comparer.running
    comparer.cancel()
    wait_until(lambda: not comparer.running, "it stops")


def test_what_fails_is_a_sentence_and_keeps_what_is_there(
    state: ExplorerState, comparer: StrategyComparison, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, steps = ComparisonRun.advance, []

    def failing(self: ComparisonRun) -> bool:
        steps.append(1)
        if len(steps) == 3:
            raise RuntimeError("the model is gone")
        return real(self)

    monkeypatch.setattr(ComparisonRun, "advance", failing)
    made = run(comparer)
    assert state.status.current.state == "error"
    assert [len(written.samples[0].steps) for written in made.strategies] == [2] * 4


def test_nothing_to_compare_is_a_sentence(page: Page, state: ExplorerState, comparer: StrategyComparison) -> None:
    panel = ComparePanel(state)
    comparer.strategies = ()
    panel._run.click()
    assert state.status.current.state == "error"
    assert "no strategy" in str(state.status.current.message)
    assert not comparer.running


# --- what is shown


def test_the_columns_have_the_texts_and_where_they_part(
    page: Page, state: ExplorerState, comparer: StrategyComparison
) -> None:
    panel = ComparePanel(state)
    made = run(comparer)
    columns = only(panel, TextColumns).columns
    first = made.strategies[0].samples[0]
    for column, written in zip(columns, made.strategies, strict=True):
        assert column["name"] == written.name
        for shown, sample in zip(column["samples"], written.samples, strict=True):
            text = "".join(shown["tokens"]).replace("⏎\n", "\n")
            if "\N{REPLACEMENT CHARACTER}" not in sample.text and "⟨" not in text:
                assert text == sample.text
            assert len(shown["shades"]) == len(sample.steps)
            if sample is not first:
                pairs = list(zip(sample.tokens, first.tokens, strict=False))
                parts = next((i for i, (a, b) in enumerate(pairs) if a.id != b.id), -1)
                assert shown["parts"] == parts or len(sample.steps) != len(first.steps)
    assert {sample["ended"] for column in columns for sample in column["samples"]} <= {"…", "■"}
    comparer.colour_by = "choice"
    shades = only(panel, TextColumns).columns[0]["samples"][0]["shades"]
    assert set(shades) == {-1}, "greedy takes the first choice always"


def test_the_heading_says_what_the_texts_follow_and_what_is_another_now(
    page: Page, state: ExplorerState, comparer: StrategyComparison
) -> None:
    panel = ComparePanel(state)
    texts, listed = only(panel, TextColumns), only(panel, StrategyList)
    assert texts.heading == ""
    made = run(comparer)
    assert texts.heading == "After “The capital of”"
    page.send(listed, kind="down", place=0)
    assert texts.heading.endswith("the list of strategies is another now")
    page.send(listed, kind="up", place=1)
    page.send(listed, kind="rename", place=0, name="mine")
    assert texts.heading == "After “The capital of”", "a name changes no text"
    state.document.prefix = "The capital of France"
    settle(state)
    assert texts.heading.startswith("After “The capital of” · the text above is another now")
    state.document.prefix = "The capital of"
    settle(state)
    comparer.comparison = replace(made, complete=False, text="x\n" * 50)
    assert texts.heading.startswith("After “… x⏎x⏎")
    assert texts.heading.endswith("stopped before these texts were complete")
    for _ in range(4):
        page.send(listed, kind="remove", place=0)
    assert panel._run.disabled, "there is nothing to compare"


def test_what_went_otherwise_than_asked_is_said(state: ExplorerState, comparer: StrategyComparison) -> None:
    texts = only(ComparePanel(state), TextColumns)
    comparer.comparison = replace(run(comparer), notices=(Message.of("compare-memory-full"),))
    assert texts.summary.startswith("The memory is too small for all texts at once")
    state.display.theme = type(state.display.theme)(language="zh-Hans")
    assert texts.summary.startswith("内存不足")


class CountedSteps(tuple[Step, ...]):
    """Steps of a text, which count how often somebody walks over all of them."""

    n_walks = 0

    def __iter__(self) -> Iterator[Step]:
        CountedSteps.n_walks += 1
        return super().__iter__()


@pytest.mark.parametrize("colours", ["surprisal", "choice"])
def test_what_is_of_a_whole_text_is_computed_once(
    state: ExplorerState, comparer: StrategyComparison, colours: str
) -> None:
    comparer.colour_by = colours
    made = run(comparer)
    panels = [ComparePanel(state), MeasuresPanel(state), RanksPanel(state)]
    walks = []
    for length in (2, 6):
        texts = [
            replace(each, samples=tuple(Sample(CountedSteps(s.steps[:length]), s.ended) for s in each.samples))
            for each in made.strategies
        ]
        CountedSteps.n_walks = 0
        comparer.comparison = replace(made, strategies=tuple(texts))
        assert len(only(panels[0], TextColumns).columns[1]["samples"][0]["shades"]) == length
        walks.append(CountedSteps.n_walks / sum(len(each.samples) for each in made.strategies))
    assert walks[0] == walks[1] <= 5, "of each text: tokens, text, surprisal, entropy"


def test_the_legend_says_what_is_seen(state: ExplorerState, comparer: StrategyComparison) -> None:
    panel = ComparePanel(state)
    texts = only(panel, TextColumns)
    assert texts.legend == []
    made = run(comparer)
    assert texts.legend[0]["colours"] == list(state.display.theme.amounts)
    assert texts.legend[1] == {"parts": True, "text": "parts from the first column here"}
    signs = {entry["sign"] for entry in texts.legend if "sign" in entry}
    assert signs == {sample["ended"] for column in texts.columns for sample in column["samples"]} != set()
    comparer.colour_by = "choice"
    legend = {entry["text"]: entry["colours"] for entry in texts.legend if "colours" in entry}
    n_seen = 0
    for column, written in zip(texts.columns, made.strategies, strict=True):
        for shown, sample in zip(column["samples"], written.samples, strict=True):
            for shade, token in zip(shown["shades"], sample.tokens, strict=True):
                if token.rank > 1:
                    name = "rank 2–10" if token.rank <= 10 else "rank > 10"
                    assert legend[name] == [texts.palette[shade]["back"]]
                    n_seen += 1
    assert n_seen > 0
    comparer.strategies = comparer.strategies[:1]
    run(comparer)
    assert not any("parts" in entry for entry in texts.legend), "there is nothing to part from"


def test_a_token_is_explained_on_demand(page: Page, state: ExplorerState, comparer: StrategyComparison) -> None:
    panel = ComparePanel(state)
    made = run(comparer)
    texts = only(panel, TextColumns)
    page.messages.clear()
    page.send(texts, kind="note", place=[1, 0, 1])
    (sent,) = [message for message in page.to(texts) if message.kind == "custom"]
    choice = made.strategies[1].samples[0].tokens[1]
    assert choice.token.label in sent.data["content"]["text"]
    assert f"rank {choice.rank}" in sent.data["content"]["text"]


def test_measures_ranks_and_beams_follow(page: Page, state: ExplorerState, comparer: StrategyComparison) -> None:
    panels = [MeasuresPanel(state), RanksPanel(state), BeamsPanel(state)]
    comparer.add(COMPARED["preset-beam"])
    run(comparer)
    for panel in panels:
        assert json.loads(only(panel, Plot).figure)["data"], type(panel).__name__
    panels[0].what = "length"
    assert only(panels[0], Label).value == "How many tokens a text has."
    figure = json.loads(only(panels[0], Plot).figure)
    assert figure["layout"]["meta"]["description"].startswith("length")
    state.display.theme = type(state.display.theme)(language="zh-Hans")
    assert "长度" in json.loads(only(panels[0], Plot).figure)["layout"]["meta"]["description"]


def test_files_and_code_leave(page: Page, state: ExplorerState, comparer: StrategyComparison) -> None:
    panel = SavePanel(state)
    files = only(panel, Downloads)
    assert files.disabled
    page.send(files, kind="save", key="csv")
    made = run(comparer)
    assert not files.disabled
    assert "explorer.compare(" in panel._code.value
    name, table = files._files["csv"]()
    assert (name, len(list(csv.DictReader(io.StringIO(table.decode("utf-8-sig")))))) == ("comparison.csv", 4)
    name, record = files._files["json"]()
    assert json.loads(record)["strategies"][0]["name"] == made.strategies[0].name
    name, content = files._files["html"]()
    assert (name, content.count(b"Plotly.newPlot(")) == ("comparison.html", 1 + len(MEASURES)), "no search, no tree"
    page.messages.clear()
    page.send(files, kind="save", key="json")
    assert [m.data["content"]["name"] for m in page.to(files) if m.kind == "custom"] == ["comparison.json"]
    page.send(files, kind="save", key="/etc/passwd")


def test_bytes_of_a_large_comparison_stay_small(
    page: Page, state: ExplorerState, comparer: StrategyComparison, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SECONDS_BETWEEN_PICTURES", 1e9)
    panel = ComparePanel(state)
    comparer.n_samples, comparer.n_tokens = 8, 40
    page.messages.clear()
    made = run(comparer)
    n_tokens = sum(len(sample.steps) for written in made.strategies for sample in written.samples)
    texts = only(panel, TextColumns)
    n_bytes = sum(message.n_bytes for message in page.to(texts))
    assert n_bytes < 40 * n_tokens * 3, "a few pictures of it, and no record of each token"
    assert np.isfinite(n_bytes)
