"""The sampling panel: what its rows show, and what a person's hand on them does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from explorer.engine.loading import load
from explorer.engine.local_model import LocalModel
from explorer.figures.shared.theme import Theme
from explorer.generation.presets import PRESETS, preset_of
from explorer.locales import LANGUAGES, ExplorerError
from explorer.sampling.sampling import RANGES, Sampling
from explorer.sampling.stages import DEFAULT_ORDER, STAGES
from explorer.state.state import ExplorerState
from explorer.widgets.elements.plot.widget import Plot
from explorer.widgets.elements.sampler_controls.widget import SamplerControls, scales
from explorer.widgets.panels.main.distribution import DistributionPanel
from explorer.widgets.panels.main.sampling import USUAL, SamplingPanel
from tests.passes import Passes
from tests.widgets.page import Page, all_widgets, only, settle
from tests.widgets.sampler_controls import Change, ask, in_view, line, row

# What is raised while a message is read, ipywidgets only warns of.
pytestmark = pytest.mark.filterwarnings("error:Exception in widget method")

MAX_MESSAGES_A_TICK = 2
MAX_BYTES_A_TICK = 4096


@pytest.fixture
def state(lm: LocalModel) -> ExplorerState:
    """With an answer to a short text."""
    state = ExplorerState(lm, "The capital of")
    settle(state)
    return state


@pytest.fixture
def controls(state: ExplorerState) -> SamplerControls:
    return only(SamplingPanel(state), SamplerControls)


# --- sliders


@pytest.mark.parametrize("stage", RANGES)
def test_every_slider_sets_its_parameter_and_only_that(
    state: ExplorerState, controls: SamplerControls, page: Page, stage: str
) -> None:
    stops = controls.scales[stage]["stops"]
    stop = stops[len(stops) // 4]
    ask(page, controls, ("value", stage, stop))
    assert state.sampler.sampling == Sampling(**{stage: stop})
    shown = row(controls, stage)
    assert (shown["place"], shown["text"]) == (len(stops) // 4, f"{stop:g}")
    assert [r["stage"] for r in controls.shown["rows"] if r["in_force"]] == [stage]


def test_a_tick_of_a_slider_costs_one_message_and_no_forward_pass(
    state: ExplorerState, controls: SamplerControls, page: Page
) -> None:
    bars = DistributionPanel(state)
    before = only(bars, Plot).figure
    page.messages.clear()
    with Passes(state.reader.model) as passes:
        ask(page, controls, ("value", "top_p", 0.7))
    assert passes.tokens == []
    assert only(bars, Plot).figure != before
    assert len(page.to(controls)) <= MAX_MESSAGES_A_TICK
    assert sum(message.n_bytes for message in page.to(controls)) < MAX_BYTES_A_TICK
    assert all(set(message.data["state"]) == {"shown"} for message in page.to(controls))


def test_the_panel_is_one_widget(state: ExplorerState) -> None:
    panel = SamplingPanel(state)
    assert list(all_widgets(panel)) == [panel, only(panel, SamplerControls)]


def test_what_is_not_answered_yet_is_asked_for_again_and_comes_to_the_same(
    state: ExplorerState, controls: SamplerControls, page: Page
) -> None:
    first: list[Change] = [("switch", "top_k", True), ("token", "token", " the"), ("value", "top_p", 0.5)]
    ask(page, controls, *first)
    ask(page, controls, *first, ("switch", "min_p", True), ("value", "top_p", 0.6))
    the = state.reader.model.vocabulary.find(" the").id
    assert state.sampler.sampling == Sampling(top_k=USUAL["top_k"], top_p=0.6, min_p=USUAL["min_p"], banned=(the,))


# --- numbers that are typed


@pytest.mark.parametrize(
    ("stage", "typed", "value"),
    [
        ("temperature", "0.7", 0.7),
        ("temperature", " 50 ", 50.0),
        ("temperature", "０．７", 0.7),  # as a Chinese keyboard may give it
        ("top_k", "40", 40),
        ("top_k", "40.0", 40),
        ("top_k", "all", None),
        ("top_k", "ALL", None),
        ("top_k", "", None),
        ("top_p", "", 1.0),
        ("min_p", "1e-3", 0.001),
        ("repetition_penalty", "50", 50.0),
        ("presence_penalty", "−1.5", -1.5),  # a minus sign
        ("no_repeat_ngram", "12", 12),
    ],
)
def test_a_number_that_is_typed_may_be_any_that_the_parameter_takes(
    state: ExplorerState, controls: SamplerControls, page: Page, stage: str, typed: str, value: Any
) -> None:
    state.sampler.sampling = Sampling(top_k=3, top_p=0.3)
    ask(page, controls, ("value", stage, typed))
    assert state.sampler.sampling == Sampling(**({"top_k": 3, "top_p": 0.3} | {stage: value}))
    assert row(controls, stage)["typed"] is None


NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize("tag", LANGUAGES)
@pytest.mark.parametrize(
    ("stage", "typed", "meant"),
    [
        ("temperature", "abc", "abc"),
        ("temperature", "NaN", NAN),
        ("temperature", "inf", INF),
        ("temperature", "-1", -1),
        ("temperature", "1e9", 10**9),
        ("temperature", "9" * 5000, 1e200),
        ("top_k", "0", 0),
        ("top_k", "-3", -3),
        ("top_k", "40.5", 40.5),
        ("top_k", "infinity", INF),
        ("top_p", "0", 0),
        ("top_p", "1.2", 1.2),
        ("top_p", "0,9", "0,9"),
        ("min_p", "-0.1", -0.1),
        ("typical_p", "0", 0),
        ("repetition_penalty", "0", 0),
        ("presence_penalty", "1000", 1000),
        ("no_repeat_ngram", "2.5", 2.5),
        ("no_repeat_ngram", "<b>", "<b>"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_what_is_out_of_range_is_refused_with_the_samplers_own_sentence_and_stays_for_mending(
    state: ExplorerState, controls: SamplerControls, page: Page, stage: str, typed: str, meant: Any, tag: str
) -> None:
    with pytest.raises(ExplorerError) as caught:
        Sampling(**{stage: meant})
    expected = caught.value.message.render(tag)
    state.display.theme = Theme(language=tag)
    state.sampler.sampling = before = Sampling(top_k=3, min_p=0.1)
    in_force = row(controls, stage)
    ask(page, controls, ("value", stage, typed))
    assert state.sampler.sampling is before
    assert row(controls, stage) == in_force | {"note": expected, "typed": typed[:200]}
    assert controls.shown["line"] == {"note": expected, "typed": typed[:200]}


def test_what_was_refused_stays_until_it_is_mended_given_up_or_overtaken(
    state: ExplorerState, controls: SamplerControls, page: Page
) -> None:
    wrong = ("value", "top_p", "1.2")
    ask(page, controls, wrong)
    ask(page, controls, ("value", "temperature", 0.5))
    assert state.sampler.sampling == Sampling(temperature=0.5)
    assert row(controls, "top_p")["typed"] == "1.2"
    assert "1.2" in line(controls)
    ask(page, controls, ("value", "top_p", "0.2"))
    assert state.sampler.sampling == Sampling(temperature=0.5, top_p=0.2)
    assert "1.2" not in line(controls)
    for way_out in (("forget", "top_p", ""), ("preset", "preset", "preset-model")):
        ask(page, controls, wrong)
        assert row(controls, "top_p")["typed"] == "1.2"
        ask(page, controls, way_out)
        assert row(controls, "top_p")["typed"] is None
        assert controls.shown["line"]["typed"] is None
    ask(page, controls, wrong)
    state.sampler.sampling = Sampling(top_p=0.3)  # from a cell
    assert (row(controls, "top_p")["typed"], row(controls, "top_p")["text"]) == (None, "0.3")


def test_what_went_wrong_is_said_before_what_is_worth_knowing(
    state: ExplorerState, controls: SamplerControls, page: Page
) -> None:
    ask(page, controls, ("value", "top_k", "9999999"), ("value", "top_p", "1.2"))
    assert state.sampler.sampling == Sampling()
    assert line(controls) == row(controls, "top_p")["note"] != row(controls, "top_k")["note"] != ""


def test_a_refusal_is_said_in_the_language_of_the_screen(
    state: ExplorerState, controls: SamplerControls, page: Page
) -> None:
    ask(page, controls, ("value", "top_p", "1.2"))
    english = line(controls)
    state.display.theme = Theme(language="zh-Hans")
    assert "1.2" in line(controls) != english
    assert row(controls, "top_p")["typed"] == "1.2"


def test_half_a_character_can_be_sent_back(controls: SamplerControls, page: Page) -> None:
    ask(page, controls, ("value", "top_p", "\ud800"), ("token", "token", "a\udc00"))
    for said in (row(controls, "top_p"), controls.shown["token"]):
        assert "\ufffd" in said["typed"]
        said["note"].encode("utf-8")


# --- temperature 0, and a k above the vocabulary


@pytest.mark.parametrize("zero", [0, 0.0, "0", "-0", "0.0"])
def test_temperature_0_is_greedy_and_the_line_says_so(
    state: ExplorerState, controls: SamplerControls, page: Page, zero: object
) -> None:
    before = line(controls)
    ask(page, controls, ("value", "temperature", 1.5), ("value", "temperature", zero))
    assert state.sampler.sampling == Sampling(greedy=True)
    assert line(controls).startswith("Greedy:")
    assert (row(controls, "temperature")["text"], row(controls, "temperature")["place"]) == ("0", 0)
    assert controls.shown["preset"] == "preset-greedy"
    ask(page, controls, ("value", "temperature", 1))
    assert state.sampler.sampling == Sampling()
    assert line(controls) == before


def test_greedy_passes_over_what_reshapes_a_draw_and_keeps_it(
    state: ExplorerState, controls: SamplerControls, page: Page
) -> None:
    state.sampler.sampling = Sampling(temperature=0.5, top_k=5, repetition_penalty=1.5)
    ask(page, controls, ("value", "temperature", 0))
    assert state.sampler.sampling == Sampling(greedy=True, top_k=5, repetition_penalty=1.5)
    passed = {r["stage"] for r in controls.shown["rows"] if r["passed"]}
    assert passed == {stage for stage, kind in STAGES.items() if kind.reshapes} - {"temperature"}
    in_force = {r["stage"] for r in controls.shown["rows"] if r["in_force"]}
    assert in_force == {"repetition_penalty", "temperature"}
    assert row(controls, "top_k")["on"]
    assert "repetition penalty 1.5 → greedy" in line(controls)
    ask(page, controls, ("switch", "temperature", False))
    assert state.sampler.sampling == Sampling(top_k=5, repetition_penalty=1.5)


def test_a_greedy_sampler_with_a_temperature_can_be_switched_off(
    state: ExplorerState, controls: SamplerControls, page: Page
) -> None:
    state.sampler.sampling = Sampling(temperature=0.5, greedy=True)
    assert row(controls, "temperature")["text"] == "0"
    ask(page, controls, ("switch", "temperature", False))
    assert state.sampler.sampling == Sampling()


@pytest.mark.parametrize("typed", ["+0", "+1", "000000", "1e300"])
def test_a_k_that_keeps_the_whole_vocabulary_is_all_and_the_line_says_so(
    state: ExplorerState, controls: SamplerControls, page: Page, typed: str
) -> None:
    n = state.reader.model.info.vocab_size
    k = str(n + int(typed)) if typed[0] == "+" else typed if "e" in typed else f"{n}{typed}"
    state.sampler.sampling = Sampling(top_k=5)
    ask(page, controls, ("value", "top_k", k))
    assert state.sampler.sampling == Sampling()
    assert (row(controls, "top_k")["text"], row(controls, "top_k")["typed"]) == ("all", None)
    assert k[:20] in line(controls)
    ask(page, controls, ("value", "top_k", str(n - 1)))
    assert state.sampler.sampling == Sampling(top_k=n - 1)
    assert "keeps all" not in line(controls)


# --- switches, order, presets


@pytest.mark.parametrize("stage", RANGES)
def test_a_switch_takes_a_stage_out_of_force_and_back_or_sets_what_is_usual(
    state: ExplorerState, controls: SamplerControls, page: Page, stage: str
) -> None:
    assert not row(controls, stage)["on"]
    ask(page, controls, ("switch", stage, True))
    usual = Sampling(**{stage: USUAL[stage]})
    assert state.sampler.sampling == usual
    ask(page, controls, ("switch", stage, False))
    assert state.sampler.sampling.in_force == ()
    assert getattr(state.sampler.sampling, stage) == USUAL[stage]
    assert (row(controls, stage)["on"], row(controls, stage)["in_view"]) == (False, True)
    ask(page, controls, ("switch", stage, True))
    assert state.sampler.sampling == usual
    ask(page, controls, ("switch", stage, False), ("value", stage, controls.scales[stage]["stops"][3]))
    assert row(controls, stage)["in_force"]  # who moves a slider wants to see what it does


def test_a_value_of_ones_own_outlives_the_switch(state: ExplorerState, controls: SamplerControls, page: Page) -> None:
    state.sampler.sampling = Sampling(top_k=7)
    ask(page, controls, ("switch", "top_k", False), ("switch", "top_k", True))
    assert state.sampler.sampling == Sampling(top_k=7)


def test_the_rows_stand_in_the_order_in_force(state: ExplorerState, controls: SamplerControls, page: Page) -> None:
    assert [r["stage"] for r in controls.shown["rows"]] == list(DEFAULT_ORDER) == controls.words["default-order"]
    state.sampler.sampling = Sampling(temperature=0.5, top_k=5)
    assert line(controls) == "In this order: temperature 0.5 → top-k 5."
    order = tuple(reversed(DEFAULT_ORDER))
    ask(page, controls, ("order", "order", list(order)))
    assert state.sampler.sampling == Sampling(temperature=0.5, top_k=5, order=order)
    assert [r["stage"] for r in controls.shown["rows"]] == list(order)
    assert line(controls) == "In this order: top-k 5 → temperature 0.5."
    assert (controls.shown["default_order"], controls.shown["preset"]) == (False, "")
    ask(page, controls, ("order", "order", list(DEFAULT_ORDER)))
    assert controls.shown["default_order"]


def test_in_view_is_what_is_always_there_and_what_was_moved(state: ExplorerState, controls: SamplerControls) -> None:
    assert in_view(controls) == ["temperature", "top_k", "top_p", "min_p"]
    state.sampler.sampling = Sampling(typical_p=0.5, presence_penalty=1, off=("presence_penalty",), banned=(3,))
    assert in_view(controls) == ["presence_penalty", "banned", "temperature", "top_k", "top_p", "min_p", "typical_p"]


def test_presets_differ_and_the_first_changes_nothing() -> None:
    assert len(set(PRESETS.values())) == len(PRESETS)
    assert next(iter(PRESETS.values())) == Sampling()
    assert [preset_of(sampling) for sampling in PRESETS.values()] == list(PRESETS)
    assert preset_of(Sampling(temperature=0.71)) is None


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_is_the_whole_sampler(state: ExplorerState, controls: SamplerControls, page: Page, name: str) -> None:
    state.sampler.sampling = Sampling(top_k=3, banned=(5,), order=tuple(reversed(DEFAULT_ORDER)), off=("top_k",))
    assert controls.shown["preset"] == ""
    ask(page, controls, ("preset", "preset", name))
    assert state.sampler.sampling == PRESETS[name]
    assert controls.shown["preset"] == name
    assert name in dict(controls.words["presets"])
    ask(page, controls, ("value", "min_p", 0.123))
    assert controls.shown["preset"] == ""


# --- what others change


def test_a_sampler_set_by_a_program_moves_the_rows(state: ExplorerState, controls: SamplerControls) -> None:
    state.sampler.sampling = Sampling(temperature=2.53, top_k=7, order=tuple(reversed(DEFAULT_ORDER)))
    assert row(controls, "temperature")["text"] == "2.53"
    assert controls.scales["temperature"]["stops"][row(controls, "temperature")["place"]] == 2.55
    assert row(controls, "top_k")["text"] == "7"
    assert controls.shown["preset"] == ""


def test_the_words_follow_the_language(state: ExplorerState, controls: SamplerControls) -> None:
    state.sampler.sampling = Sampling(temperature=0.5)
    english, said = controls.words, line(controls)
    state.display.theme = Theme(language="zh-Hans")
    assert set(english) == set(controls.words)
    for stage in STAGES:
        assert set(controls.words["stages"][stage]) == set(english["stages"][stage])
        assert controls.words["stages"][stage]["explained"] != english["stages"][stage]["explained"]
    assert line(controls) != said
    assert row(controls, "top_k")["text"] == "全部"


def test_another_model_has_its_own_scale_and_drops_the_tokens(
    state: ExplorerState, controls: SamplerControls, page: Page, tiny_llama: Path
) -> None:
    ask(page, controls, ("token", "token", "#7"), ("token", "token", "#8=1"), ("value", "top_k", "9999999"))
    assert row(controls, "top_k")["note"]
    first, other = state.reader.model, load(str(tiny_llama), device="cpu")
    assert other.info.vocab_size != state.reader.model.info.vocab_size
    state.reader.model = other
    settle(state)
    assert state.sampler.sampling == Sampling()
    assert row(controls, "banned")["chips"] == row(controls, "bias")["chips"] == []
    assert not row(controls, "top_k")["note"]
    assert controls.scales == scales(other.info.vocab_size)
    page.messages.clear()
    state.reader.model = first
    settle(state)
    assert controls.scales == scales(first.info.vocab_size)
    assert len(page.to(controls)) == 1  # a scale without its rows would be shown for a moment


def test_before_there_is_a_model_all_but_tokens_can_be_set(page: Page) -> None:
    state = ExplorerState()
    controls = only(SamplingPanel(state), SamplerControls)
    ask(page, controls, ("value", "top_k", 40), ("token", "token", "cat"))
    assert state.sampler.sampling == Sampling(top_k=40)
    assert line(controls) == str(ExplorerError("status-no-model"))
    state.sampler.sampling = Sampling(banned=(464,))
    assert [chip["label"] for chip in row(controls, "banned")["chips"]] == ["⟨#464⟩"]
