"""A beam search as plotly is handed it."""

from __future__ import annotations

import pytest

from explorer.engine.loading import load
from explorer.engine.local_model import LocalModel
from explorer.figures.comparison.beam_tree import MAX_STEPS, beam_tree
from explorer.figures.shared.theme import Theme
from explorer.generation.beam import ENDED, GOES_ON, PRUNED, Continuation
from explorer.generation.compare import compare
from explorer.generation.strategy import Beam
from tests.figures.reading import VOCABULARY, assert_no_foreign_markup, sentences, trace_named
from tests.model_repositories import make_gpt2

STEPS = (
    (Continuation(0, 0, -1.0, GOES_ON), Continuation(0, 1, -2.0, GOES_ON), Continuation(0, 2, -3.0, PRUNED)),
    (Continuation(1, 3, -2.5, GOES_ON), Continuation(0, 4, -2.6, ENDED), Continuation(1, 5, -4.0, GOES_ON)),
)


@pytest.fixture(scope="module")
def peaked_model(tmp_path_factory: pytest.TempPathFactory) -> LocalModel:
    return load(str(make_gpt2(tmp_path_factory.mktemp("beams") / "peaked", train_steps=100)), device="cpu")


def test_every_continuation_has_its_place_and_a_line_from_its_parent() -> None:
    figure = beam_tree(STEPS, VOCABULARY, Theme(), title="Beams", best=(1, 3))
    goes_on, ended, pruned, costs = (trace for trace in figure.data if trace.mode == "text")
    assert sum(len(trace.x) for trace in (goes_on, ended, pruned)) == 6
    assert list(zip(goes_on.x, goes_on.y, strict=True)) == [(0, 0), (0, 1), (1, 0), (1, 2)]
    assert list(zip(ended.x, ended.y, strict=True)) == [(1, 1)]
    assert list(zip(pruned.x, pruned.y, strict=True)) == [(0, 2)]
    won = trace_named(figure, "won-lines")
    assert list(won.y) == [1, 0, None], "from the second text to the first row"
    assert won.line.width > trace_named(figure, f"{GOES_ON}-lines").line.width
    assert list(trace_named(figure, f"{ENDED}-lines").y) == [0, 1, None]
    in_bits = ["1.4", "2.9", "4.3", "3.6", "3.8", "5.8"]  # 1, 2, 3, 2.5, 2.6, 4 nats
    assert list(costs.text) == in_bits
    assert [(x, round(y)) for x, y in zip(costs.x, costs.y, strict=True)] == [(x, y) for x in (0, 1) for y in range(3)]


def test_tokens_never_become_markup() -> None:
    for language in ("en", "zh-Hans"):
        figure = beam_tree(STEPS, VOCABULARY, Theme(language=language, dark=True), title="<b>x</b>")
        assert_no_foreign_markup(figure)
        assert any("&lt;b&gt;" in sentence for sentence in sentences(figure))


@pytest.mark.parametrize("first", [0, 5, 12])
def test_a_real_search_shows_a_window_of_steps(peaked_model: LocalModel, first: int) -> None:
    made = compare(peaked_model, "The capital of", [Beam(3)], max_new_tokens=20)
    (written,) = made.strategies
    best = [token.id for token in written.samples[0].tokens]
    figure = beam_tree(written.search, peaked_model.vocabulary, Theme(), title="Beams", best=best, first=first)
    steps = {step for trace in figure.data if trace.mode == "text" for step in trace.x}
    assert steps == set(range(first, min(len(written.search), first + MAX_STEPS)))
    won = trace_named(figure, "won-lines")
    assert len(won.x) == 3 * (len([step for step in steps if step < len(best)]) - 1), "the best text is one line"
