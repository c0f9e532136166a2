"""Two texts beside each other in the app."""

from __future__ import annotations

import json

import pytest

from explorer.engine.local_model import LocalModel
from explorer.sampling.differences import Difference
from explorer.sampling.sampling import Sampling
from explorer.state.state import ExplorerState
from explorer.widgets.elements.plot.widget import Plot
from explorer.widgets.elements.prefix_box.widget import PrefixBox
from explorer.widgets.panels.compare.two_prefixes import TwoPrefixesPanel
from tests.widgets.page import Page, only, settle, wait_until


@pytest.fixture
def state(lm: LocalModel) -> ExplorerState:
    state = ExplorerState(lm, "The capital of France is")
    settle(state)
    return state


def description(panel: TwoPrefixesPanel) -> str:
    return json.loads(only(panel, Plot).figure)["layout"]["meta"]["description"]


def settled(panel: TwoPrefixesPanel) -> None:
    settle(panel.state)
    wait_until(lambda: not only(panel, Plot).stale, "the second text is answered")


def test_the_second_text_is_read_and_both_follow(page: Page, state: ExplorerState, lm: LocalModel) -> None:
    panel = TwoPrefixesPanel(state)
    page.set(only(panel, PrefixBox), value="The capital of Italy is")
    settled(panel)
    wait_until(lambda: "Italy" in only(panel, Plot).figure, "it is drawn")
    for sampling in (Sampling(), Sampling(temperature=0.5, top_k=20)):
        state.sampler.sampling = sampling
        both = [lm.trace(f"The capital of {name} is").distribution(sampling) for name in ("France", "Italy")]
        assert f"{Difference(*both).js_bits:.2f}" in description(panel)
    state.sampler.sampling = Sampling()
    state.document.prefix = "The capital of Spain is"
    settled(panel)
    both = [lm.trace(f"The capital of {name} is").distribution(Sampling()) for name in ("Spain", "Italy")]
    assert f"{Difference(*both).js_bits:.2f}" in description(panel)
    page.set(panel._order, value=True)
    figure = json.loads(only(panel, Plot).figure)
    changes = [abs(x) for x in figure["data"][-1]["x"][:-1]]
    assert changes == sorted(changes, reverse=True)


def test_another_model_reads_the_second_text_anew(
    page: Page, state: ExplorerState, tiny_llama: object, lm: LocalModel
) -> None:
    from explorer.engine.loading import load

    panel = TwoPrefixesPanel(state)
    page.set(only(panel, PrefixBox), value="One and one")
    settled(panel)
    state.reader.model = load(str(tiny_llama), device="cpu")
    settled(panel)
    wait_until(lambda: "Jensen" in description(panel), "both are of the new model")
    assert len(state.reader.second.answer.logits) == state.reader.model.info.vocab_size


def test_an_empty_second_text_is_the_start_token(page: Page, state: ExplorerState) -> None:
    panel = TwoPrefixesPanel(state)
    page.set(only(panel, PrefixBox), value="x")
    page.set(only(panel, PrefixBox), value="")
    settled(panel)
    wait_until(lambda: "endoftext" in only(panel, Plot).figure, "it is drawn")
