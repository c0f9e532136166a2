"""Each panel: what it shows of the state, and what a person's hand on it does."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from explorer import DistributionPanel
from explorer.engine.local_model import LocalModel
from explorer.figures.shared.escape import escape
from explorer.language_model.tokens import Vocabulary
from explorer.sampling.distribution import Distribution
from explorer.sampling.sampling import Sampling
from explorer.state.state import ExplorerState
from explorer.widgets.elements.choices.widget import Choices
from explorer.widgets.elements.plot.widget import Plot
from explorer.widgets.elements.prefix_box.widget import PrefixBox
from explorer.widgets.elements.status_line.widget import StatusLine
from explorer.widgets.elements.theme_reporter.widget import ThemeReporter
from explorer.widgets.elements.token_chips.widget import TokenChips
from explorer.widgets.panels.main.axis import AxisPanel
from explorer.widgets.panels.main.examples import EXAMPLES, ExamplesPanel
from explorer.widgets.panels.main.prefix import PrefixPanel
from explorer.widgets.panels.main.search import MAX_PINS, SearchPanel, find
from explorer.widgets.panels.main.status import StatusPanel
from explorer.widgets.panels.main.tokens import MAX_CHIPS, TokensPanel
from tests.widgets.page import Page, only, settle


@pytest.fixture
def state(lm: LocalModel) -> ExplorerState:
    """With an answer to a short text."""
    state = ExplorerState(lm, "The capital of")
    settle(state)
    return state


def figure_of(panel: DistributionPanel) -> dict[str, Any]:
    """What the page is to draw."""
    figure: dict[str, Any] = json.loads(only(panel, Plot).figure)
    return figure


def bar_labels(panel: DistributionPanel) -> list[str]:
    labels: list[str] = figure_of(panel)["layout"]["yaxis"]["ticktext"]
    return labels


def expected_labels(distribution: Distribution, n: int) -> list[str]:
    return [escape(candidate.token.label, 22) for candidate in distribution.top(n)]


# --- bars


def test_the_bars_show_the_latest_distribution(state: ExplorerState) -> None:
    panel = DistributionPanel(state)
    assert state.sampler.distribution is not None
    assert bar_labels(panel)[:10] == expected_labels(state.sampler.distribution, 10)
    before = figure_of(panel)
    state.document.prefix = "Once upon a time"
    settle(state)
    assert figure_of(panel) != before
    assert bar_labels(panel)[:10] == expected_labels(state.sampler.distribution, 10)
    assert only(panel, Plot).answer == state.reader.answer
    assert not only(panel, Plot).stale


def test_the_bars_alone_in_a_cell_are_a_whole_tool(lm: LocalModel, page: Page) -> None:
    panel = DistributionPanel(lm, "The capital of")
    settle(panel.state)
    before = figure_of(panel)
    page.set(only(panel, PrefixBox), value="The capital of France")
    settle(panel.state)
    assert panel.state.reader.trace is not None
    assert panel.state.reader.trace.text == "The capital of France"
    assert figure_of(panel) != before
    for kind in (ThemeReporter, StatusLine, PrefixBox, Plot, AxisPanel):
        assert only(panel, kind)


def test_a_panel_shown_before_there_is_an_answer_keeps_the_place_of_the_bars(state: ExplorerState) -> None:
    empty = DistributionPanel(ExplorerState())
    assert only(empty, Plot).figure == ""
    assert only(empty, Plot).height == only(DistributionPanel(state), Plot).height


def test_figure_gives_a_picture_of_its_own(state: ExplorerState) -> None:
    panel = DistributionPanel(state)
    mine = panel.figure()
    mine.layout.title.text = "mine"
    assert panel.figure().layout.title.text != "mine"
    assert DistributionPanel(ExplorerState()).figure().data == ()


def test_a_theme_that_changes_redraws_the_bars(state: ExplorerState) -> None:
    panel = DistributionPanel(state)
    light = only(panel, Plot).figure
    state.display.theme = replace(state.display.theme, dark=True)
    dark = only(panel, Plot).figure
    assert state.display.theme.accent in dark
    assert state.display.theme.accent not in light


# --- axis


def test_the_number_of_bars_and_the_axis_are_the_readers_choice(state: ExplorerState, page: Page) -> None:
    axis, bars = AxisPanel(state), DistributionPanel(state)
    page.set(axis._n_bars, value=25)
    assert len(bar_labels(bars)) == 26
    page.set(axis._log_axis, value=True)
    assert figure_of(bars)["layout"]["xaxis"]["type"] == "log"
    page.set(axis._log_axis, value=False)
    assert figure_of(bars)["layout"]["xaxis"]["type"] == "linear"


@pytest.mark.parametrize(("asked", "given"), [(1, 5), (5, 5), (100, 100), (1000, 100)])
def test_the_number_of_bars_stays_between_5_and_100(state: ExplorerState, page: Page, asked: int, given: int) -> None:
    page.set(AxisPanel(state)._n_bars, value=asked)
    assert state.display.n_bars == given


# --- prefix and examples


def test_what_is_typed_becomes_the_prefix_and_is_not_sent_back(state: ExplorerState, page: Page) -> None:
    box = only(PrefixPanel(state), PrefixBox)
    page.messages.clear()
    page.set(box, value="The robot\n<b>你好</b>")
    assert state.document.prefix == "The robot\n<b>你好</b>"
    assert page.messages == []


def test_a_prefix_set_by_a_program_stands_in_the_box(state: ExplorerState, page: Page) -> None:
    box = only(PrefixPanel(state), PrefixBox)
    page.messages.clear()
    state.document.prefix = "set by a cell"
    assert box.value == "set by a cell"
    assert [message.data["state"] for message in page.to(box)] == [{"value": "set by a cell"}]


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_example_can_be_chosen_and_is_answered(state: ExplorerState, page: Page, name: str) -> None:
    menu = ExamplesPanel(state)._menu
    values = [value for _, value in menu.options]
    page.set(menu, index=values.index(name))
    assert state.document.prefix == EXAMPLES[name]
    settle(state)
    assert state.status.current.state == "ready"


def test_an_example_can_be_chosen_again_after_typing(state: ExplorerState, page: Page) -> None:
    menu = ExamplesPanel(state)._menu
    page.set(menu, index=1)
    state.document.prefix += "!"
    assert menu.index == 0
    page.set(menu, index=1)
    assert state.document.prefix == next(iter(EXAMPLES.values()))


# --- chips


def chips_for(lm: LocalModel, text: str) -> TokenChips:
    state = ExplorerState(lm, text)
    settle(state)
    return only(TokensPanel(state), TokenChips)


def test_there_is_a_chip_a_token(state: ExplorerState) -> None:
    chips = only(TokensPanel(state), TokenChips)
    assert state.reader.trace is not None
    assert [chip["label"] for chip in chips.chips] == [token.label for token in state.reader.trace.tokens]
    state.document.prefix = "<b> & 你"
    settle(state)
    assert [chip["label"] for chip in chips.chips] == [token.label for token in state.reader.trace.tokens]


def test_the_first_chip_is_neutral_and_the_others_say_what_they_cost(state: ExplorerState) -> None:
    trace = state.reader.trace
    assert trace is not None
    first, *others = only(TokensPanel(state), TokenChips).chips
    assert (first["kind"], first["back"]) == ("plain", "")
    assert "there is no context before it" in first["note"]
    for i, chip in enumerate(others, start=1):
        assert f"surprisal {trace.surprisal[i]:.1f} bits" in chip["note"]
        assert f"rank {trace.rank[i]}" in chip["note"]
        assert f"token {i + 1} " in chip["note"]
        assert chip["back"].startswith("rgb(")
        assert chip["ink"] in ("#000000", "#ffffff")


def test_the_summary_covers_the_tokens_that_have_a_surprisal(state: ExplorerState) -> None:
    trace = state.reader.trace
    assert trace is not None
    summary = only(TokensPanel(state), TokenChips).summary
    assert f"{len(trace.ids)} tokens" in summary
    assert f"{trace.total_bits:.1f} bits over {len(trace.ids) - 1}" in summary


def test_special_tokens_and_joined_characters_are_marked(lm: LocalModel) -> None:
    special = chips_for(lm, "a<|endoftext|>").chips[-1]
    assert (special["label"], "special" in special["kind"]) == ("<|endoftext|>", True)
    fragments = chips_for(lm, "🦜").chips  # not among what the tokenizer was trained on
    assert len(fragments) > 1
    assert [chip["joined"] for chip in fragments] == ["🦜", *[""] * (len(fragments) - 1)]
    assert "🦜" in fragments[0]["note"]


@pytest.mark.parametrize("way", ["surprisal", "rank", "probability"])
def test_colours_follow_what_they_are_to_tell(state: ExplorerState, page: Page, way: str) -> None:
    panel = TokensPanel(state)
    chips, trace = only(panel, TokenChips), state.reader.trace
    assert trace is not None
    page.set(chips, way=way)
    assert state.display.colour_by == way
    amounts = {"surprisal": trace.surprisal, "rank": trace.rank, "probability": 2.0**-trace.surprisal}[way]
    most = {"surprisal": 16, "rank": 1000, "probability": 1}[way]
    for chip, amount in list(zip(chips.chips, amounts, strict=True))[1:]:
        share = np.log(amount) / np.log(most) if way == "rank" else amount / most
        assert chip["back"] == state.display.theme.amount(float(share))
    assert chips.scale["colours"] == list(state.display.theme.amounts)


def test_a_colouring_that_there_is_not_changes_nothing(state: ExplorerState, page: Page) -> None:
    page.set(only(TokensPanel(state), TokenChips), way="abacus")
    assert state.display.colour_by == "surprisal"


def test_of_a_long_text_the_end_has_chips_and_the_rest_is_counted(lm: LocalModel) -> None:
    text = "word " * 600
    n = len(lm.tokenize(text).ids)
    chips = chips_for(lm, text).chips
    assert len(chips) == MAX_CHIPS + 1
    assert chips[0]["kind"] == "elided"
    assert f"{n - MAX_CHIPS:,}" in chips[0]["label"]
    start = lm.trace(text).start - (n - MAX_CHIPS)
    assert ["unread" in chip["kind"] for chip in chips[1:]] == [i < start for i in range(MAX_CHIPS)]


# --- search and pins


def vocabulary_of_cats() -> Vocabulary:
    return Vocabulary([b"the", b" catalog", b"cat", b" dog", b" cat", b"cats", b"a cat"])


def test_search_finds_the_word_with_and_without_a_space_then_what_begins_so() -> None:
    distribution = Sampling().apply(np.arange(7.0), (), vocabulary_of_cats())
    assert [c.text for c in find(distribution, "cat")] == [" cat", "cat", "cats", " catalog"]
    assert [c.text for c in find(distribution, " cat")] == [" cat", " catalog"]
    assert [c.text for c in find(distribution, "cat", most=3)] == [" cat", "cat", "cats"]
    assert find(distribution, "") == find(distribution, "zebra") == find(distribution, "\ud800") == []


def choices_for(panel: SearchPanel, page: Page, query: str) -> list[dict[str, Any]]:
    page.set(panel._query, value=query)
    choices: list[dict[str, Any]] = only(panel, Choices).choices
    return choices


def test_what_is_found_shows_its_probability_and_rank(state: ExplorerState, page: Page) -> None:
    (choice, *_) = choices_for(SearchPanel(state), page, " the")
    assert state.sampler.distribution is not None
    token = state.reader.model.vocabulary.find(" the")
    candidate = state.sampler.distribution.candidate(token.id)
    assert choice["label"] == "·the"
    assert f"{candidate.probability:.3g}" in choice["note"]
    assert f"rank {candidate.rank}" in choice["note"]
    assert choice["pressed"] is False


def test_a_pin_stays_in_the_bars_while_the_text_changes_until_it_is_taken_off(state: ExplorerState, page: Page) -> None:
    panel, bars = SearchPanel(state), DistributionPanel(state)
    choices = only(panel, Choices)
    key = choices_for(panel, page, " the")[0]["key"]
    page.send(choices, kind="chosen", key=key)
    assert state.selection.pins == (int(key),)
    assert bar_labels(bars)[-1] == "·the"
    assert len(bar_labels(bars)) == 12

    page.set(panel._query, value="")
    state.document.prefix = "Once upon"
    settle(state)
    assert bar_labels(bars)[-1] == "·the"
    assert [(choice["label"], choice["pressed"]) for choice in choices.choices] == [("·the", True)]
    page.send(choices, kind="chosen", key=key)
    assert state.selection.pins == ()
    assert len(bar_labels(bars)) == 11


def test_pins_are_few_and_one_too_many_is_refused_with_a_sentence(state: ExplorerState, page: Page) -> None:
    panel = SearchPanel(state)
    letters = "abcdefghijkl"
    keys = []
    for letter in letters:
        choices = choices_for(panel, page, letter)
        keys.append(next(choice["key"] for choice in choices if not choice["pressed"]))
        page.send(only(panel, Choices), kind="chosen", key=keys[-1])
    assert state.selection.pins == tuple(int(key) for key in keys[:MAX_PINS])
    assert state.status.current.message.id == "pins-full"


@pytest.mark.parametrize("content", [{"kind": "chosen", "key": "99999"}, {"kind": "chosen"}, {"kind": "x"}, {}])
def test_messages_that_no_button_sends_change_nothing(
    state: ExplorerState, page: Page, content: dict[str, str]
) -> None:
    panel = SearchPanel(state)
    choices_for(panel, page, " the")
    page.send(only(panel, Choices), **content)
    assert state.selection.pins == ()


# --- status


def status_of(lm: LocalModel, text: str) -> StatusLine:
    state = ExplorerState(lm, text)
    panel = StatusPanel(state)
    settle(state)
    return only(panel, StatusLine)


def test_the_status_line_says_ready_and_how_long_it_took(lm: LocalModel) -> None:
    line = status_of(lm, "The robot")
    assert line.state == "ready"
    assert "ready" in line.text
    assert " ms" in line.text
    assert line.share is None
    assert line.notes == []


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("", "the model starts from its start token <|endoftext|>"),
        ("a\ud800b", "lone surrogate"),
        ("word " * 200, "it reads the last"),
        ("x" * 70_000, "Only its last 64 KB were read"),
    ],
    ids=["empty", "surrogate", "window", "long"],
)
def test_what_a_reader_must_know_about_the_text_is_said(lm: LocalModel, text: str, note: str) -> None:
    line = status_of(lm, text)
    assert line.state == "ready"
    assert any(note in each for each in line.notes), line.notes
    assert status_of(lm, "short").notes == []


def test_a_window_notice_tells_how_much_is_read(lm: LocalModel) -> None:
    text = "word " * 200
    trace = lm.trace(text)
    (note,) = status_of(lm, text).notes
    assert f"the last {len(trace.ids) - trace.start} tokens" in note
    assert f"the first {trace.start}" in note
