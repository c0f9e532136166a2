"""Interventions in force: whatever the app asks is asked under them, and no answer is shown for another's."""

from __future__ import annotations

import base64
import json
from typing import Any

import numpy as np
import pytest

from explorer.language_model.interventions import Ablate, Interventions
from explorer.language_model.memory import OutOfMemory
from explorer.language_model.model import ATTENTION
from explorer.language_model.trace import Floats
from explorer.locales import ExplorerError
from explorer.probes.roles import Roles, repeated_random, roles_of
from explorer.sampling.differences import Difference
from explorer.sampling.sampling import Sampling
from explorer.sampling.softmax import Softmax
from explorer.state.reader import KEPT_ROLES
from explorer.state.state import ExplorerState
from explorer.widgets.elements.plot.widget import Plot
from explorer.widgets.elements.prefix_box.widget import PrefixBox
from explorer.widgets.panels.attention.roles import RANDOM, RolesPanel
from explorer.widgets.panels.compare.compare_views import CompareAtPanel
from explorer.widgets.panels.compare.two_prefixes import TwoPrefixesPanel
from tests.state.ablated import OFF, OTHER, TEXT, ablated, nodes, tree_of
from tests.widgets.fake_model import FakeDecoder, FakeModel
from tests.widgets.paced_model import PacedModel
from tests.widgets.page import Page, only, settle, wait_until


@pytest.fixture
def model() -> FakeModel:
    return FakeModel()


@pytest.fixture
def state(model: FakeModel) -> ExplorerState:
    """With an answer, of the intact model."""
    state = ExplorerState(model, TEXT, sampling=Sampling(temperature=1.5))
    settle(state)
    return state


def probability(model: FakeModel, ids: Any, interventions: Interventions, token_id: int) -> float:
    return float(Softmax(model.logits(ids, interventions)).probabilities[token_id])


# --- the text on show


def test_whatever_is_asked_is_asked_under_what_is_in_force(state: ExplorerState, model: FakeModel) -> None:
    ablated(state)
    assert state.reader.trace is not None
    assert state.reader.trace.interventions == OFF
    np.testing.assert_array_equal(state.reader.trace.logits, model.logits(model.tokenize(TEXT).ids, OFF))
    n_before = len(model.passes)
    state.document.prefix = "the dog"
    settle(state)
    state.playback.step()
    settle(state)
    state.reader.require(object(), frozenset({"attention", "layer", "vectors"}))
    settle(state)
    state.selection.head = (1, 2)
    settle(state)
    assert len(model.passes) == n_before + 4
    assert {request.interventions for request in model.passes[n_before:]} == {OFF}
    assert state.reader.trace.attention.has_vectors(1, 2)
    ablated(state, ())
    assert model.passes[-1].interventions == state.reader.trace.interventions == ()
    assert model.passes[-1].extras == model.passes[-2].extras


def test_the_same_interventions_in_another_form_are_no_new_question(state: ExplorerState, model: FakeModel) -> None:
    ablated(state)
    n_passes = len(model.passes)
    ablated(state, (Ablate(((1, 2),)), Ablate(((0, 1),))))
    assert state.experiment.interventions == OFF
    assert len(model.passes) == n_passes


def test_an_intact_answer_is_never_shown_as_an_ablated_one() -> None:
    paced = PacedModel(FakeModel())
    state = ExplorerState(paced, "one")
    shown: list[Interventions] = []
    state.reader.observe(lambda change: shown.append(change["new"].interventions), "trace")
    paced.wait_until_asked("one")
    state.experiment.interventions = OFF
    paced.release("one")
    wait_until(lambda: paced.asked == ["one", "one"], "it is asked anew")
    assert (state.reader.trace, state.reader.stale) == (None, True)
    paced.release("one")
    settle(state)
    assert shown == [OFF]


def test_a_step_waits_for_the_answer_under_what_is_in_force() -> None:
    fake = FakeModel()
    paced = PacedModel(fake)
    state = ExplorerState(paced, "one")
    paced.release("one")
    settle(state)
    state.experiment.interventions = OFF
    assert not state.reader.ready
    state.playback.step()
    assert nodes(state) == []
    paced.release("one")
    wait_until(lambda: len(paced.asked) == 3, "the step is taken")
    (node,) = nodes(state)
    ids = tree_of(state).prefix_ids
    assert node.interventions == OFF
    assert node.choice.raw_probability == pytest.approx(probability(fake, ids, OFF, node.choice.id))
    assert node.choice.raw_probability != pytest.approx(probability(fake, ids, (), node.choice.id))
    paced.release_all()
    settle(state)


def test_a_token_remembers_what_was_in_force_for_it(state: ExplorerState) -> None:
    for interventions in ((), OFF, OTHER, ()):
        ablated(state, interventions)
        state.playback.step()
        settle(state)
    assert [node.interventions for node in nodes(state)] == [(), OFF, OTHER, ()]
    assert [node.parent for node in nodes(state)] == [0, 1, 2, 3]


def test_a_token_picked_in_an_earlier_picture_is_that_pictures(state: ExplorerState, model: FakeModel) -> None:
    intact = state.reader.answer
    ablated(state)
    state.playback.pick(7, answer=intact)
    settle(state)
    state.playback.undo()
    settle(state)
    state.playback.pick(7)
    settle(state)
    assert [node.interventions for node in nodes(state)] == [(), OFF]
    ids = tree_of(state).prefix_ids
    for node in nodes(state):
        assert node.choice.raw_probability == pytest.approx(probability(model, ids, node.interventions, 7))


def test_what_the_model_cannot_do_is_refused_and_what_was_in_force_stays(state: ExplorerState) -> None:
    ablated(state)
    for wrong, message in (
        ((Ablate(((2, 0),)),), "unknown-layer"),
        ((Ablate(((0, 3),)),), "unknown-head"),
        (("all",), "not-an-intervention"),
    ):
        with pytest.raises(ExplorerError) as caught:
            state.experiment.interventions = wrong
        assert caught.value.message.id == message
        assert state.experiment.interventions == OFF
    plain = ExplorerState(FakeModel(capabilities=frozenset({ATTENTION})), TEXT)
    with pytest.raises(ExplorerError, match="cannot be switched off"):
        plain.experiment.interventions = OFF
    assert plain.experiment.interventions == ()


def test_another_model_begins_with_all_its_heads(state: ExplorerState) -> None:
    ablated(state)
    other = FakeModel(name="other", n_layer=1, n_head=1)
    state.reader.model = other
    settle(state)
    assert state.experiment.interventions == ()
    assert state.reader.trace is not None
    assert state.reader.trace.interventions == ()
    assert {request.interventions for request in other.passes} == {()}
    assert {request.ids for request in other.passes} == {other.tokenize(TEXT).ids}


def test_what_is_given_with_the_first_model_holds() -> None:
    model = FakeModel()
    state = ExplorerState(model, TEXT, interventions=OFF)
    settle(state)
    assert [request.interventions for request in model.passes] == [OFF]


def test_weights_that_differ_under_one_name_have_sessions_of_their_own() -> None:
    first, second = FakeModel(weights_version="a" * 64), FakeModel(weights_version="b" * 64)
    coarse = FakeModel(weights_version="a" * 64, dtype="bfloat16")
    state = ExplorerState(first, TEXT)
    settle(state)
    state.playback.step()
    settle(state)
    for model, n_tokens in ((second, 0), (coarse, 0), (first, 1)):
        state.reader.model = model
        settle(state)
        session = state.document.session
        assert session is not None
        assert len(session) == n_tokens
        assert (session.weights_version, session.dtype) == (model.info.weights_version, model.info.dtype)


# --- two texts


def compared(panel: TwoPrefixesPanel) -> str:
    wait_until(lambda: not panel.state.reader.stale and not only(panel, Plot).stale, "both texts are answered")
    return json.loads(only(panel, Plot).figure)["layout"]["meta"]["description"]


def test_two_texts_are_read_under_the_same_interventions(page: Page, state: ExplorerState, model: FakeModel) -> None:
    panel = TwoPrefixesPanel(state)
    page.set(only(panel, PrefixBox), value="the dog")
    for interventions in ((), OFF, OTHER, ()):
        state.experiment.interventions = interventions
        description = compared(panel)
        both = [
            model.trace(text, interventions=interventions).distribution(state.sampler.sampling)
            for text in (TEXT, "the dog")
        ]
        assert f"{Difference(*both).js_bits:.2f}" in description


def test_while_one_of_two_texts_is_of_the_intact_model_the_old_picture_stays(page: Page) -> None:
    paced = PacedModel(FakeModel())
    state = ExplorerState(paced, "one")
    panel = TwoPrefixesPanel(state)
    page.set(only(panel, PrefixBox), value="two")
    paced.release("one")
    paced.release("two")
    compared(panel)
    before = only(panel, Plot).figure
    state.experiment.interventions = OFF
    paced.release("one")
    wait_until(lambda: state.reader.trace.interventions == OFF, "the first text is answered")
    page.rest()
    assert (only(panel, Plot).figure, only(panel, Plot).stale) == (before, True)
    state.sampler.sampling = Sampling(top_k=5)
    assert only(panel, Plot).figure == before
    paced.release("two")
    compared(panel)
    assert only(panel, Plot).figure != before


# --- roles


def cells(panel: RolesPanel) -> Floats:
    """(n_layer, n_head) the scores of the picture."""
    sent = json.loads(only(panel, Plot).figure)["data"][0]["z"]
    shape = tuple(int(size) for size in sent["shape"].split(","))
    return np.frombuffer(base64.b64decode(sent["bdata"]), sent["dtype"]).reshape(shape).T


def drawn(panel: RolesPanel, roles: Roles) -> None:
    """The picture shows these scores, once they are there."""

    def there() -> bool:
        with panel.state.lock:
            return (
                panel._shown is not None
                and not panel.state.reader.roles.stale
                and panel.state.refresher.idle
                and not only(panel, Plot).stale
            )

    wait_until(there, "the scores are there")
    np.testing.assert_allclose(cells(panel), roles.of(panel.kind), rtol=1e-5)


def random_roles(state: ExplorerState) -> RolesPanel:
    panel = RolesPanel(state)
    panel.source = RANDOM
    return panel


def test_scores_on_random_tokens_are_kept_for_what_was_in_force(state: ExplorerState, model: FakeModel) -> None:
    panel = random_roles(state)
    expected = {each: repeated_random(model, interventions=each) for each in ((), OFF, OTHER)}
    drawn(panel, expected[()])
    for interventions in (OFF, OTHER):
        state.experiment.interventions = interventions
        drawn(panel, expected[interventions])
    settle(state)
    n_random = sum(len(request.ids) > 20 for request in model.passes)
    for interventions in ((), OFF, OTHER):
        drawn(random_roles(ablated(state, interventions)), expected[interventions])
    assert sum(len(request.ids) > 20 for request in model.passes) == n_random, "they were computed once"


def test_not_every_set_of_scores_is_kept_for_ever(model: FakeModel, state: ExplorerState) -> None:
    panel = random_roles(state)
    for n in range(1, KEPT_ROLES + 3):
        heads = tuple((i // 3, i % 3) for i in range(6) if n >> i & 1)
        state.experiment.interventions = (Ablate(heads),)
        drawn(panel, repeated_random(model, interventions=state.experiment.interventions))
        settle(state)
    kept = state.reader.roles._kept
    assert len(kept) == KEPT_ROLES
    under = [interventions for _, (_, interventions) in kept]
    assert state.experiment.interventions in under
    assert () not in under


def test_scores_on_the_text_are_those_of_the_trace_on_show(state: ExplorerState, model: FakeModel) -> None:
    state.document.prefix = "abcabcabc"
    panel = RolesPanel(state)
    for interventions in ((), OFF, ()):
        ablated(state, interventions)
        drawn(panel, roles_of(model.trace("abcabcabc", attention=True, interventions=interventions)))


# --- comparisons


def compare(state: ExplorerState) -> Any:
    comparer = state.comparison
    comparer.n_samples, comparer.n_tokens = 2, 4
    comparer.run()
    wait_until(lambda: not comparer.running, "the comparison is done")
    return comparer.comparison


def test_a_comparison_is_of_what_was_in_force_when_it_began(state: ExplorerState, model: FakeModel) -> None:
    ablated(state)
    n_before = len(model.passes)
    made = compare(state)
    assert made.interventions == OFF
    assert {request.interventions for request in model.passes[n_before:]} == {OFF}
    for written in made.strategies:
        for sample in written.samples:
            ids = list(made.ids)
            for choice in sample.tokens:
                assert choice.raw_probability == pytest.approx(probability(model, ids, OFF, choice.id), rel=1e-5)
                ids.append(choice.id)
    ablated(state, ())
    state.comparison.go_on(2, 1, 2)
    settle(state)
    assert [node.interventions for node in nodes(state)] == [OFF] * 3


def test_so_it_is_where_the_memory_is_too_small_for_a_batch(
    state: ExplorerState, model: FakeModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OutOfMemory

    ablated(state)
    whole = compare(state)
    monkeypatch.setattr(FakeDecoder, "advance", full)
    n_before = len(model.passes)
    made = compare(state)
    assert [notice.id for notice in made.notices] == ["compare-memory-full"]
    assert made.strategies == whole.strategies
    assert {request.interventions for request in model.passes[n_before:]} == {OFF}


def test_the_place_of_a_comparison_is_read_as_the_comparison_was(state: ExplorerState, model: FakeModel) -> None:
    panel = CompareAtPanel(state)
    likeliest = []
    for interventions in ((), OFF, ()):
        ablated(state, interventions)
        made = compare(state)
        state.comparison.chosen = (2, 0, 0)  # the first token after the same text
        wait_until(lambda: not only(panel, Plot).stale, "the place is drawn")
        figure = json.loads(only(panel, Plot).figure)
        shown = model.trace(made.ids, interventions=interventions).distribution(made.strategies[2].strategy.method)
        assert max(figure["data"][2]["x"][:-1]) == pytest.approx(float(shown.probabilities.max()), abs=1e-6)
        likeliest.append(max(figure["data"][2]["x"][:-1]))
    assert likeliest[0] == likeliest[2] != likeliest[1]
