"""The whole app: typing, languages, what it costs, and starting with nothing."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ipywidgets as w
import pytest
from plotly.offline import get_plotlyjs

import explorer
from explorer.engine.local_model import LocalModel
from explorer.locales import ExplorerError
from explorer.models import bundled
from explorer.models.catalog import BUNDLED, CATALOG
from explorer.widgets.app import Explorer
from explorer.widgets.elements.attention_text.widget import AttentionText
from explorer.widgets.elements.choices.widget import Choices
from explorer.widgets.elements.draw_strip.widget import DrawStrip
from explorer.widgets.elements.file_buttons.widget import FileButtons
from explorer.widgets.elements.framed.widget import Framed
from explorer.widgets.elements.head_grid.widget import HeadGrid
from explorer.widgets.elements.plot.widget import Plot
from explorer.widgets.elements.prefix_box.widget import PrefixBox
from explorer.widgets.elements.role_labels.widget import RoleLabels
from explorer.widgets.elements.sampler_controls.widget import SamplerControls
from explorer.widgets.elements.status_line.widget import StatusLine
from explorer.widgets.elements.step_buttons.widget import StepButtons
from explorer.widgets.elements.theme_reporter.widget import ThemeReporter
from explorer.widgets.elements.token_chips.widget import TokenChips
from explorer.widgets.elements.tree_view.widget import TreeView
from explorer.widgets.panels.attention.attention import AttentionViewsPanel
from explorer.widgets.panels.main.axis import AxisPanel
from explorer.widgets.panels.main.distribution import DistributionPanel
from explorer.widgets.panels.main.funnel import FunnelPanel
from explorer.widgets.panels.main.header import HeaderPanel
from explorer.widgets.panels.main.search import SearchPanel
from explorer.widgets.panels.main.status import StatusPanel
from explorer.widgets.panels.sections import SectionsPanel
from tests.passes import Passes
from tests.widgets.page import Page, Sent, all_widgets, only, settle, wait_until
from tests.widgets.sampler_controls import ask, line

MAX_MESSAGES_A_TICK = 5
"""That a slider's tick may send for each figure on show."""

MAX_BYTES_A_TICK = 64 * 1024
MAX_BYTES_TO_OPEN = 256 * 1024
"""Of the whole app, 96 KB of it our own scripts; plotly.js (1.5 MB packed) comes once a page on top of it."""


@pytest.fixture
def app(lm: LocalModel) -> Explorer:
    app = Explorer(lm)
    settle(app.state)
    return app


def bars(app: Explorer) -> Plot:
    return only(only(app, DistributionPanel), Plot)


def changed(message: Sent) -> set[str]:
    """Which traits a message sets; bytes travel beside the others."""
    return {*message.data["state"], *(path[0] for path in message.data["buffer_paths"])}


def status_line(app: Explorer) -> StatusLine:
    return only(only(app, StatusPanel), StatusLine)


# --- typing


def test_typing_moves_the_chips_and_the_bars(app: Explorer, page: Page) -> None:
    for text in ("The capital of France is ", "The capital of France is P", "The capital of France is Pa"):
        figure, chips = bars(app).figure, only(app, TokenChips).chips
        page.set(only(app, PrefixBox), value=text)
        settle(app.state)
        assert bars(app).figure != figure
        assert only(app, TokenChips).chips != chips
        assert "".join(chip["label"] for chip in only(app, TokenChips).chips) == text.replace(" ", "·")
        assert status_line(app).state == "ready"


def test_an_error_is_one_sentence_and_everything_stays(app: Explorer, page: Page, lm: LocalModel) -> None:
    picture, chips = bars(app).figure, only(app, TokenChips).chips

    def fail(*_: object, **__: object) -> None:
        raise ExplorerError("no-start-token")

    lm.trace = fail  # type: ignore[assignment, method-assign]
    page.set(only(app, PrefixBox), value="typed")
    settle(app.state)
    line = status_line(app)
    assert line.state == "error"
    assert line.text == str(ExplorerError("no-start-token"))
    assert (bars(app).figure, only(app, TokenChips).chips) == (picture, chips)
    assert only(app, PrefixBox).value == "typed"


def test_hostile_text_reaches_the_page_as_text(app: Explorer, page: Page) -> None:
    text = "<script>alert(1)</script><img src=x onerror=alert(1)>&amp;$x$"
    page.set(only(app, PrefixBox), value=text)
    settle(app.state)
    figure = json.loads(bars(app).figure)
    shown = [*figure["layout"]["yaxis"]["ticktext"], *figure["data"][-1]["hovertext"]]
    assert not [s for s in shown if "<" in s.replace("<br>", "") or "$" in s]
    assert "".join(chip["label"] for chip in only(app, TokenChips).chips) == text.replace(" ", "·")


# --- languages


def strings(value: Any) -> Iterator[str]:
    """Every string in a JSON value."""
    if isinstance(value, dict):
        for inner in value.values():
            yield from strings(inner)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from strings(inner)
    elif isinstance(value, str):
        yield value


SHOWN = {
    AttentionText: ("words", "explanation", "scale"),
    Choices: ("choices",),
    DrawStrip: ("words", "line", "description"),
    FileButtons: ("words",),
    Framed: ("title",),
    HeadGrid: ("words", "line", "cells_mean"),
    Plot: ("words", "description"),
    PrefixBox: ("label",),
    RoleLabels: ("groups",),
    StatusLine: ("text", "notes"),
    StepButtons: ("words", "speeds"),
    TokenChips: ("chips", "ways", "scale", "summary", "description", "after_label", "after_hint", "root_note"),
    TreeView: ("words", "summary"),
    w.DOMWidget: ("description", "placeholder", "_options_labels", "_titles"),
}
"""What of a widget's traits a person reads."""


def words_on_screen(app: Explorer) -> set[str]:
    """Every string with a letter that a person can read, but for tokens."""
    found: set[str] = set()
    for widget in all_widgets(app):
        for kind, names in SHOWN.items():
            if isinstance(widget, kind):
                found |= {s for name in names for s in strings(getattr(widget, name, ""))}
    figure = json.loads(bars(app).figure)
    layout, n_bars = figure["layout"], app.state.display.n_bars
    found |= {*layout["meta"]["description"].split(" · "), layout["xaxis"]["title"]["text"]}
    found |= {layout["yaxis"]["ticktext"][n_bars], *figure["data"][-1]["hovertext"]}
    no_words = {chip[name] for chip in only(app, TokenChips).chips for name in ("label", "kind", "back", "ink")}
    no_words |= {choice["label"] for choice in only(app, Choices).choices}
    no_words |= {
        chip[name] for chip in only(app, TokenChips).after for name in ("label", "kind", "back", "ink", "node")
    }
    no_words |= set(only(app, TokenChips).scale["colours"])
    for labels in (widget for widget in all_widgets(app) if isinstance(widget, RoleLabels)):
        no_words |= {group["kind"] for group in labels.groups} | {head["label"] for head in labels._heads}
    if app.state.reader.trace is not None:  # the menus of places
        no_words |= {f"{place} {token.label}" for place, token in enumerate(app.state.reader.trace.tokens, start=1)}
    controls = only(app, SamplerControls)
    found |= {*strings(controls.words["stages"]), controls.words["token-explained"], line(controls)}
    found |= {segment["note"] for segment in only(app, DrawStrip).segments}
    return {s for s in found - no_words if any(c.isalpha() for c in s)}


def words_of_all_sections(app: Explorer) -> set[str]:
    places = [(section, "") for section in SectionsPanel.tabs]
    places += [("attention", view) for view in AttentionViewsPanel.tabs]

    def go(place: tuple[str, str]) -> None:
        app.state.display.section, app.state.display.view = place
        settle(app.state)

    for place in places:  # what nobody looks at is not written anew before somebody does
        go(place)
    found: set[str] = set()
    for place in places:
        go(place)
        found |= words_on_screen(app)
    return found


def test_a_switch_of_language_leaves_no_word_behind(app: Explorer, page: Page) -> None:
    app.state.display.section = "search"
    page.set(only(app, SearchPanel)._query, value="the")
    page.send(only(app, Choices), kind="chosen", key=only(app, Choices).choices[0]["key"])
    ask(page, only(app, SamplerControls), ("value", "temperature", 0.7))
    app.state.playback.step()
    settle(app.state)
    english = words_of_all_sections(app)
    languages = only(app, HeaderPanel)._language_switch
    page.messages.clear()
    page.set(languages, index=[value for _, value in languages.options].index("zh-Hans"))
    assert app.state.display.theme.language == "zh-Hans"
    assert len(page.to(bars(app))) == 1  # title, axes and hovers together
    chinese = words_of_all_sections(app)
    same_in_both = {entry.title for entry in CATALOG.values()}
    same_in_both |= {app.state.reader.model.info.title, "English", "中文", "p = 0", "p = 1"}
    same_in_both |= {"top-k", "top-p", "min-p", "max"}
    assert not (english & chinese) - same_in_both
    assert len(english) > 120
    assert all(any("\u4e00" <= c <= "\u9fff" for c in s) for s in chinese - same_in_both)
    page.set(languages, index=[value for _, value in languages.options].index("en"))
    assert words_of_all_sections(app) == english


def test_the_theme_of_the_page_reaches_the_figure(app: Explorer, page: Page) -> None:
    light = bars(app).figure
    page.set(only(app, ThemeReporter), dark=True)
    assert bars(app).figure != light
    assert app.state.display.theme.text in bars(app).figure
    assert "var(" not in bars(app).figure


# --- what it costs


@pytest.mark.parametrize("temperature", [0.7, 0.0, 3.0])
@pytest.mark.parametrize(("section", "n_bars"), [("funnel", 10), ("search", 100)])
def test_a_tick_of_the_slider_is_few_messages_and_no_forward_pass(
    app: Explorer, page: Page, lm: LocalModel, temperature: float, section: str, n_bars: int
) -> None:
    page.set(only(app, AxisPanel)._n_bars, value=n_bars)
    app.state.display.section = section
    funnel = only(only(app, FunnelPanel), Plot)
    shown = [bars(app), funnel] if section == "funnel" else [bars(app)]
    before = [plot.figure for plot in shown]
    page.messages.clear()
    with Passes(lm) as passes:
        ask(page, only(app, SamplerControls), ("value", "temperature", temperature))
    assert passes.tokens == []
    assert all(plot.figure != figure for plot, figure in zip(shown, before, strict=True))
    visible = [*shown, only(app, DrawStrip), only(app, SamplerControls)]
    assert all(0 < len(page.to(widget)) <= MAX_MESSAGES_A_TICK for widget in visible)
    assert {message.widget_id for message in page.messages} <= {w.model_id for w in visible}, "nothing else is redrawn"
    assert all(len(page.to(plot)) == 1 for plot in shown)
    assert page.n_bytes < MAX_BYTES_A_TICK


def test_a_keystroke_costs_one_pass_and_one_picture(
    app: Explorer, page: Page, lm: LocalModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("explorer.state.reader.LATE_SECONDS", 60)
    page.messages.clear()
    with Passes(lm) as passes:
        page.set(only(app, PrefixBox), value=app.state.document.prefix + " n")
        settle(app.state)
    assert len(passes.tokens) == 1
    to_the_plot = [changed(message) for message in page.to(bars(app))]
    assert to_the_plot == [{"answer", "description", "packed"}]  # what is answered at once is not dimmed
    to_the_chips = [set(message.data["state"]) for message in page.to(only(app, TokenChips))]
    assert to_the_chips == [{"chips", "summary"}]
    assert len(page.messages) <= 8
    assert page.n_bytes < MAX_BYTES_A_TICK


def test_opening_the_app_is_light_and_the_library_comes_when_it_is_asked_for(lm: LocalModel, page: Page) -> None:
    app = Explorer(lm)
    settle(app.state)
    assert page.n_bytes < MAX_BYTES_TO_OPEN
    assert not [message for message in page.messages if message.kind == "custom"]
    plot = bars(app)
    page.messages.clear()
    page.send(plot, kind="library")
    (sent,) = page.messages
    assert sent.data["content"] == {"kind": "library"}
    assert sent.n_bytes < 2_000_000
    page.messages.clear()
    page.send(plot, kind="something else")
    assert page.messages == []


def test_the_library_that_is_sent_is_plotlys(app: Explorer, page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[bytes] = []
    plot = bars(app)
    monkeypatch.setattr(plot, "send", lambda _content, buffers: sent.extend(buffers))
    page.send(plot, kind="library")
    assert gzip.decompress(sent[0]).decode() == get_plotlyjs()


# --- models


def test_with_nothing_on_disk_the_app_starts_with_the_bundled_model_and_says_that_it_is_small() -> None:
    app = Explorer(None, "The capital")
    wait_until(lambda: app.state.reader.trace is not None, "the model has answered")
    settle(app.state)
    assert app.state.reader.model.info.name == BUNDLED
    lines = [line for line in all_widgets(only(app, HeaderPanel)) if isinstance(line, StatusLine)]
    assert any("Small, came with the package" in note for line in lines for note in line.notes)
    assert bars(app).figure


def test_the_app_without_any_model_says_what_to_do(page: Page, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundled, "ASSETS", tmp_path)
    app = Explorer()
    wait_until(lambda: app.state.status.current.state == "error", "the failure is said")
    missing = tmp_path / "gpt2-mini" / "config.json"
    assert status_line(app).text == str(ExplorerError("bundled-missing", file=str(missing)))
    page.set(only(app, PrefixBox), value="typed meanwhile")
    assert app.state.document.prefix == "typed meanwhile"
    assert bars(app).figure == ""


def test_the_frame_is_there_at_once_and_the_model_is_loaded_behind_it(tiny_llama: Path, page: Page) -> None:
    app = Explorer(str(tiny_llama), "The capital")
    page.set(only(app, PrefixBox), value="The capital of")
    wait_until(lambda: app.state.reader.trace is not None, "the model has answered")
    settle(app.state)
    assert app.state.reader.model.info.name == str(tiny_llama)
    assert app.state.reader.trace.text.endswith("The capital of")
    assert bars(app).figure
    assert only(app, HeaderPanel)._model.value == str(tiny_llama)


def test_the_model_is_changed_behind_the_one_in_use(app: Explorer, page: Page, tiny_llama: Path) -> None:
    app.state.models.load(str(tiny_llama))
    wait_until(lambda: app.state.reader.model.info.name == str(tiny_llama), "the other model is there")
    settle(app.state)
    trace = app.state.reader.trace
    assert len(trace.vocabulary) == app.state.reader.model.info.vocab_size
    assert [chip["label"] for chip in only(app, TokenChips).chips] == [token.label for token in trace.tokens]


def test_a_model_that_cannot_be_had_leaves_the_one_in_use(app: Explorer, page: Page) -> None:
    model, header = app.state.reader.model, only(app, HeaderPanel)
    menu = header._model
    page.set(menu, index=[value for _, value in menu.options].index("gpt2"))
    assert app.state.models.to_confirm == "gpt2", "nothing is downloaded without a word"
    app.state.models.confirm()
    wait_until(lambda: app.state.status.current.state == "error", "the failure is said")
    settle(app.state)
    assert app.state.reader.model is model
    with app.state.lock:
        assert menu.value == model.info.name
    page.set(only(app, PrefixBox), value="still here")
    settle(app.state)
    assert (status_line(app).state, app.state.reader.trace.text) == ("ready", "still here")


def test_the_picker_offers_every_model_of_the_catalogue_with_what_it_costs(app: Explorer) -> None:
    options = {value: label for label, value in only(app, HeaderPanel)._model.options}
    assert set(CATALOG) <= set(options)
    assert options[BUNDLED] == CATALOG[BUNDLED].title, "nothing to download"
    others = [entry for entry in CATALOG.values() if entry.name != BUNDLED]
    assert all(f"{round(entry.download_bytes / 1e6):,} MB" in options[entry.name] for entry in others)


def test_the_facts_about_the_model_are_on_the_screen(app: Explorer) -> None:
    facts = only(only(app, HeaderPanel), StatusLine).text
    for fact in ("cpu", "float32", "128"):
        assert fact in facts


def test_the_app_and_the_bars_are_at_the_front_door() -> None:
    assert explorer.Explorer is Explorer
