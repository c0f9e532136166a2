"""The panel of the roles of heads: scores, labels, clicks, and the scores on random tokens, computed elsewhere."""

from __future__ import annotations

import base64
import json
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import ipywidgets as w
import numpy as np
import pytest

from explorer.engine.loading import load
from explorer.engine.local_model import LocalModel
from explorer.language_model.attention import EXACT_TOKENS, Attention, Floats
from explorer.language_model.interventions import Interventions
from explorer.language_model.model import Model
from explorer.locales import Message
from explorer.probes.roles import KINDS, Roles, repeated_random, roles_of
from explorer.state import readings
from explorer.state.state import ExplorerState
from explorer.state.worker import worker_of
from explorer.widgets.elements.plot.widget import Plot
from explorer.widgets.elements.prefix_box.widget import PrefixBox
from explorer.widgets.elements.role_labels.widget import RoleLabels
from explorer.widgets.elements.status_line.widget import StatusLine
from explorer.widgets.panels.attention.roles import MAX_HEADS, RANDOM, TEXT, RolesPanel
from tests.attention import attention_of, random_weights
from tests.widgets.page import PATIENCE, Page, all_widgets, drawn, only, settle, wait_until

PREFIX = "The capital of France is not the capital of Spain"
IDS = [5, 3, 8, 1, 5, 3, 8, 1]


@pytest.fixture
def state(lm: LocalModel) -> ExplorerState:
    return ExplorerState(lm, PREFIX)


@pytest.fixture
def panel(state: ExplorerState) -> RolesPanel:
    """With an answer."""
    panel = RolesPanel(state)
    settle(state)
    return panel


def with_roles() -> Attention:
    """2 layers of 4 heads; L0H1 and L1H2 look at the token before, L1H3 is an induction head; the rest look at all."""
    n = len(IDS)
    weights = np.broadcast_to(np.tril(np.ones((n, n))) / np.arange(1, n + 1)[:, None], (2, 4, n, n)).copy()
    for layer, head in ((0, 1), (1, 2)):
        weights[layer, head] = np.eye(n, k=-1)
    weights[0, 1, 5] = weights[0, 0, 5]  # not so good a one
    weights[1, 3] = np.eye(n)
    weights[1, 3, 4:] = np.eye(n)[1:5]
    weights[:, :, 0] = np.eye(n)[0]
    return attention_of(weights.astype(np.float32))


def show(state: ExplorerState, record: Attention | None, ids: list[int] | None = None, **changes: Any) -> None:
    """Have the panels show a trace with this attention, of these tokens."""
    assert state.reader.trace is not None
    given = np.array(ids if ids is not None else IDS)
    numbers = np.zeros(len(given))
    state.reader.trace = replace(
        state.reader.trace,
        ids=given,
        surprisal=numbers,
        entropy=numbers.copy(),
        rank=given.copy(),
        recorded_attention=record,
        **changes,
    )


def figure(panel: RolesPanel) -> dict[str, Any]:
    drawn: dict[str, Any] = json.loads(only(panel, Plot).figure)
    return drawn


def title(panel: RolesPanel) -> str:
    text: str = figure(panel)["layout"]["title"]["text"]
    return text


def cells(panel: RolesPanel) -> Floats:
    """(n_head, n_layer) what the heatmap shows."""
    sent = figure(panel)["data"][0]["z"]
    shape = tuple(int(size) for size in sent["shape"].split(","))
    return np.frombuffer(base64.b64decode(sent["bdata"]), sent["dtype"]).reshape(shape)


def group(panel: RolesPanel, kind: str) -> dict[str, Any]:
    (found,) = (group for group in only(panel, RoleLabels).groups if group["kind"] == kind)
    return found


def names(panel: RolesPanel, kind: str) -> list[str]:
    return [head["label"] for head in group(panel, kind)["heads"]]


def explanation(panel: RolesPanel) -> StatusLine:
    (line,) = (line for line in all_widgets(panel) if isinstance(line, StatusLine))
    return line


def menus(panel: RolesPanel) -> tuple[w.Dropdown, w.Dropdown]:
    kinds, sources = (widget for widget in all_widgets(panel) if isinstance(widget, w.Dropdown))
    return kinds, sources


# --- on the text


def test_the_picture_is_of_the_scores_of_the_role_in_the_menu(panel: RolesPanel, page: Page) -> None:
    trace = panel.state.reader.trace
    assert trace is not None
    kinds, _ = menus(panel)
    for i, kind in enumerate(KINDS):
        page.set(kinds, index=i)
        np.testing.assert_allclose(cells(panel), roles_of(trace).of(kind).T, rtol=1e-5)
        assert f"“{kinds.options[i][0]}”" in title(panel)
    assert "Olsson et al. (2022)" in explanation(panel).text
    assert any("not all that it does" in note for note in explanation(panel).notes)


def test_labels_are_listed_best_first_and_marked_in_the_picture(panel: RolesPanel) -> None:
    show(panel.state, with_roles())
    assert names(panel, "previous") == ["L1H2", "L0H1"]
    assert names(panel, "induction") == ["L1H3"]
    assert names(panel, "first") == names(panel, "same") == []
    assert [group(panel, kind)["note"] for kind in KINDS] == ["2 heads", "no head", "no head", "1 head"]
    dots = figure(panel)["data"][1]
    assert (dots["x"], dots["y"]) == ([1], [3])
    hover = figure(panel)["data"][0]["hovertext"][3][1]
    assert hover.startswith("L1H3<br>score 1.00<br>chance")
    assert hover.endswith("induction")


def test_a_click_on_a_head_opens_it(panel: RolesPanel, page: Page) -> None:
    state = panel.state
    show(state, with_roles())
    page.send(only(panel, RoleLabels), kind="head", layer=1, head=2)
    assert state.selection.head == (1, 2)
    assert [head["pressed"] for head in group(panel, "previous")["heads"]] == [True, False]
    page.send(only(panel, Plot), kind="cell", column=0, row=3)
    assert state.selection.head == (0, 3)


def test_a_click_on_a_role_chooses_all_its_heads_and_shows_their_scores(panel: RolesPanel, page: Page) -> None:
    state = panel.state
    show(state, with_roles())
    page.send(only(panel, RoleLabels), kind="role", role="previous")
    assert state.selection.heads == ((1, 2), (0, 1))
    assert (state.selection.head, state.selection.blend) == ((1, 2), "mean")
    assert panel.kind == "previous"
    assert menus(panel)[0].value == "previous"
    assert group(panel, "previous")["pressed"]
    page.send(only(panel, RoleLabels), kind="role", role="same")  # which no head has
    assert panel.kind == "same"
    assert state.selection.heads == ((1, 2), (0, 1))


@pytest.mark.parametrize(
    "content",
    [
        {"kind": "head", "layer": 0, "head": 0},  # has no label
        {"kind": "head", "layer": 99, "head": 0},
        {"kind": "role", "role": "villain"},
    ],
)
def test_what_no_button_says_does_nothing(panel: RolesPanel, page: Page, content: dict[str, Any]) -> None:
    show(panel.state, with_roles())
    asked: list[object] = []
    labels = RoleLabels(asked.append, lambda *head: asked.append(head), groups=only(panel, RoleLabels).groups)
    page.send(labels, **content)
    assert asked == []
    page.send(labels, kind="head", layer=1, head=2)
    page.send(labels, kind="role", role="same")
    assert asked == [(1, 2), "same"]


def test_labels_of_the_model_before_open_no_head_that_this_one_lacks(panel: RolesPanel, lm: LocalModel) -> None:
    show(panel.state, with_roles())
    lm.info = replace(lm.info, n_layer=1)
    panel._on_head(1, 2)
    panel._on_role("previous")
    assert panel.state.selection.head == (0, 0)


def test_only_the_best_have_buttons(panel: RolesPanel) -> None:
    n = len(IDS)
    show(panel.state, attention_of(np.broadcast_to(np.eye(n, k=-1) + np.diag(np.eye(n)[0]), (2, 9, n, n))))
    assert len(names(panel, "previous")) == MAX_HEADS
    assert group(panel, "previous")["more"] == f"and {18 - MAX_HEADS} more"
    assert group(panel, "previous")["note"] == "18 heads"


def test_a_text_without_repetition_says_that_there_is_nothing_to_measure(panel: RolesPanel) -> None:
    show(panel.state, attention_of(random_weights(2, 4, 6)), ids=[1, 2, 3, 4, 5, 6])
    assert np.isnan(cells(panel)).all()
    assert "nothing to measure" in figure(panel)["layout"]["annotations"][0]["text"]
    assert group(panel, "induction")["note"] == "too little to go by in this text"


@pytest.mark.parametrize("text", ["", "a", "<b>x</b> $x$\n你<b>x</b>"])
def test_any_text_has_a_picture(state: ExplorerState, text: str) -> None:
    panel = RolesPanel(state)
    state.document.prefix = text
    settle(state)
    for kind in KINDS:
        panel.kind = kind
        assert figure(panel)["data"]
    assert state.status.current.state == "ready"


def test_bytes_are_called_bytes(panel: RolesPanel) -> None:
    n = EXACT_TOKENS + 2
    show(panel.state, attention_of(random_weights(1, 2, n)), ids=[i % 7 for i in range(n)])
    assert any("bytes" in note for note in explanation(panel).notes)


def test_where_there_is_no_attention_the_reason_stands_in_the_place_of_the_picture(panel: RolesPanel) -> None:
    reason = Message.of("attention-too-long", n=2000, most=1000)
    show(panel.state, None, attention_unavailable=reason)
    assert title(panel) == str(reason)
    assert only(panel, RoleLabels).groups == []
    broken = random_weights(2, 2, len(IDS))
    broken[1, 0, 2, :3] = np.nan
    show(panel.state, attention_of(broken))
    assert "not made of numbers" in title(panel)


# --- on random tokens


class Gate:
    """Takes the place of `repeated_random`: waits until it may go on, and counts."""

    def __init__(self) -> None:
        self.open, self.asked = threading.Event(), 0
        self.error: Exception | None = None

    def __call__(self, model: Model, *, n: int, interventions: Interventions = ()) -> Roles:
        self.asked += 1
        assert self.open.wait(PATIENCE)
        if self.error is not None:
            raise self.error
        return repeated_random(model, n=n, interventions=interventions)


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Gate:
    gate = Gate()
    monkeypatch.setattr(readings, "repeated_random", gate)
    return gate


def wait_for_random(panel: RolesPanel) -> None:
    wait_until(lambda: "random" in title(panel), "the scores on random tokens are drawn")
    drawn(panel.state)


def test_they_are_computed_off_this_thread_and_the_panel_says_so(
    panel: RolesPanel, gate: Gate, page: Page, lm: LocalModel
) -> None:
    before = title(panel)
    page.set(menus(panel)[1], index=1)
    assert panel.source == RANDOM
    assert "Computing" in explanation(panel).text
    assert title(panel) == before, "the old picture stays"
    assert only(panel, Plot).stale
    assert only(panel, RoleLabels).stale
    gate.open.set()
    wait_for_random(panel)
    np.testing.assert_allclose(cells(panel), repeated_random(lm).of("induction").T, rtol=1e-5)
    assert not only(panel, Plot).stale
    assert not only(panel, RoleLabels).stale
    assert "Computing" not in explanation(panel).text


def test_they_are_computed_once_a_model(panel: RolesPanel, gate: Gate, lm: LocalModel) -> None:
    panel.source = RANDOM
    wait_until(lambda: gate.asked == 1, "the pass has begun")
    panel.state.selection.open_head(1, 1)  # refreshes the panel while it waits
    gate.open.set()
    wait_for_random(panel)
    panel.source = TEXT
    panel.source = RANDOM
    other = RolesPanel(panel.state)
    other.source = RANDOM
    assert "random" in title(other)
    panel.state.document.prefix = "Another text"
    settle(panel.state)
    assert gate.asked == 1
    assert "random" in title(panel)


def test_who_went_back_to_the_text_sees_the_text(panel: RolesPanel, gate: Gate, lm: LocalModel) -> None:
    panel.source = RANDOM
    panel.source = TEXT
    assert "this text" in title(panel)
    assert not only(panel, Plot).stale
    gate.open.set()
    wait_until(lambda: not panel.state.reader.roles.stale, "the scores are there")
    settle(panel.state)
    assert "this text" in title(panel)


def test_what_comes_while_the_panel_is_out_of_view_is_there_when_it_is_seen(
    panel: RolesPanel, gate: Gate, lm: LocalModel
) -> None:
    panel.source = RANDOM
    panel.visible = False
    gate.open.set()
    wait_until(lambda: not panel.state.reader.roles.stale, "the scores are there")
    panel.visible = True
    wait_for_random(panel)


def test_a_failure_is_a_sentence_and_choosing_again_tries_again(panel: RolesPanel, gate: Gate, page: Page) -> None:
    gate.error = RuntimeError("out of luck")
    gate.open.set()
    page.set(menus(panel)[1], index=1)
    wait_until(lambda: "unexpected went wrong" in title(panel), "the failure is told")
    assert only(panel, RoleLabels).groups == []
    assert not only(panel, Plot).stale
    gate.error = None
    page.set(menus(panel)[1], index=0)
    assert "this text" in title(panel)
    page.set(menus(panel)[1], index=1)
    wait_for_random(panel)


def test_scores_of_the_model_before_are_not_shown(
    panel: RolesPanel, monkeypatch: pytest.MonkeyPatch, lm: LocalModel, tiny_llama: Path
) -> None:
    other = load(str(tiny_llama), device="cpu")
    gates = {lm: Gate(), other: Gate()}
    monkeypatch.setattr(readings, "repeated_random", lambda model, **how: gates[model](model, **how))
    panel.source = RANDOM
    panel.state.reader.model = other
    gates[lm].open.set()
    wait_until(lambda: worker_of(lm).idle, "the scores of the model before are there")
    wait_until(lambda: gates[other].asked == 1, "the new ones are being computed")
    drawn(panel.state)
    assert "random" not in title(panel)
    assert only(panel, Plot).stale
    gates[other].open.set()
    wait_for_random(panel)
    np.testing.assert_allclose(cells(panel), repeated_random(other).of("induction").T, rtol=1e-5)
    assert [gate.asked for gate in gates.values()] == [1, 1]


def test_scores_that_are_let_go_while_they_are_drawn_are_drawn(panel: RolesPanel, gate: Gate, page: Page) -> None:
    gate.open.set()
    panel.source = RANDOM
    wait_until(lambda: panel.state.reader.roles.answer is not None, "they are computed")
    settle(panel.state)
    with panel.state.lock:
        paint = panel.refresh()
        panel.state.reader.roles.forget()
    assert paint is not None
    paint()
    assert panel._shown is not None


def test_a_failure_is_that_of_its_model(panel: RolesPanel, gate: Gate, tiny_llama: Path) -> None:
    gate.error = RuntimeError("out of luck")
    gate.open.set()
    panel.source = RANDOM
    wait_until(lambda: "unexpected went wrong" in title(panel), "the failure is told")
    gate.error = None
    panel.state.reader.model = load(str(tiny_llama), device="cpu")
    wait_for_random(panel)


# --- as a panel


def test_it_is_a_whole_tool_alone_in_a_cell(lm: LocalModel, page: Page) -> None:
    panel = RolesPanel(lm, PREFIX)
    settle(panel.state)
    panel.kind = "first"
    before = only(panel, Plot).figure
    page.set(only(panel, PrefixBox), value="Another text altogether")
    wait_until(lambda: not panel.state.reader.stale and only(panel, Plot).figure != before, "the picture is renewed")


def test_it_speaks_chinese(panel: RolesPanel) -> None:
    panel.state.display.theme = replace(panel.state.display.theme, language="zh-Hans")
    assert "归纳" in title(panel)
    assert group(panel, "induction")["name"] == "归纳"
    assert menus(panel)[0].options[3][0] == "归纳"
