"""A search that finds no token of its own."""

from __future__ import annotations

from dataclasses import replace

import pytest

from explorer.engine.local_model import LocalModel
from explorer.language_model.tokens import Vocabulary
from explorer.sampling.sampling import Sampling
from explorer.state.state import ExplorerState
from explorer.widgets.elements.choices.widget import Choices
from explorer.widgets.elements.status_line.widget import StatusLine
from explorer.widgets.panels.main.search import SearchPanel
from tests.widgets.page import Page, only, settle


@pytest.fixture
def state(lm: LocalModel) -> ExplorerState:
    state = ExplorerState(lm, "Once upon a time")
    settle(state)
    return state


def search(panel: SearchPanel, page: Page, query: str) -> list[dict[str, str]]:
    page.set(panel._query, value=query)
    settle(panel.state)
    choices: list[dict[str, str]] = only(panel, Choices).choices
    return choices


def test_a_search_for_what_is_no_token_shows_the_pieces_it_is_read_as(state: ExplorerState, page: Page) -> None:
    panel = SearchPanel(state)
    text = "qzxjjkw"
    shown = search(panel, page, f"{text} ")
    assert [int(choice["key"]) for choice in shown] == list(dict.fromkeys(state.reader.model.tokenize(text).ids))[
        : len(shown)
    ]
    assert text in only(panel, StatusLine).text
    assert search(panel, page, "") == []
    assert text not in only(panel, StatusLine).text


def test_a_search_survives_a_change_to_a_model_with_other_tokens(state: ExplorerState, page: Page) -> None:
    panel = SearchPanel(state)
    search(panel, page, "qzxjjkw")
    state.reader.trace = replace(state.reader.trace, vocabulary=Vocabulary([b"x"] * len(state.reader.trace.vocabulary)))
    assert only(panel, Choices).choices == []


def test_a_token_is_found_by_its_id_and_one_that_is_gone_says_which_stage_took_it(
    state: ExplorerState, page: Page
) -> None:
    panel = SearchPanel(state)
    assert state.sampler.distribution is not None
    likeliest, least = int(state.sampler.distribution.order[0]), int(state.sampler.distribution.order[-1])
    (found,) = search(panel, page, f"#{least}")
    assert found["key"] == str(least)
    assert "rank" in found["note"]
    state.sampler.sampling = Sampling(top_k=1)
    (found,) = only(panel, Choices).choices
    assert found["note"] == "removed by top-k"
    (found,) = search(panel, page, f"#{likeliest}")
    assert "rank 1" in found["note"]
    assert f"#{10**8}" not in [choice["label"] for choice in search(panel, page, f"#{10**8}")]
