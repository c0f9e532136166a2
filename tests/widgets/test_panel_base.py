"""What every panel does: be refreshed, fail in its own place, and be closed."""

from __future__ import annotations

import gc
import logging
import threading
import weakref
from collections.abc import Callable

import pytest
from ipywidgets.widgets.widget import _instances

import explorer
from explorer.locales import ExplorerError
from explorer.state.refresher import Paint
from explorer.state.state import ExplorerState
from explorer.widgets.app import Explorer
from explorer.widgets.elements.plot.widget import Plot
from explorer.widgets.elements.status_line.widget import StatusLine
from explorer.widgets.panels.attention.attention import AttentionViewsPanel
from explorer.widgets.panels.main.distribution import DistributionPanel
from explorer.widgets.panels.panel import Panel
from explorer.widgets.panels.sections import SectionsPanel
from tests.widgets.fake_model import FakeModel
from tests.widgets.page import PATIENCE, drawn, only, settle, wait_until

PANELS: list[type[Panel]] = [
    kind
    for kind in (getattr(explorer, name) for name in explorer.__all__)
    if isinstance(kind, type) and issubclass(kind, Panel)
]


class NumberPanel(Panel):
    """Shows one number; ``meanwhile`` happens after the first look at it."""

    follows = ("display.n_bars",)
    meanwhile: Callable[[ExplorerState], None]

    def build(self) -> list[object]:
        self.shown = 0
        return []

    def refresh(self) -> None:
        first, self.shown = self.shown == 0, self.state.display.n_bars
        if first:
            self.meanwhile(self.state)


def test_what_changes_while_a_panel_is_made_is_shown() -> None:
    threads = []

    def answer_from_another_thread(_panel: object, state: ExplorerState) -> None:
        def answer() -> None:
            state.display.n_bars = 20

        threads.append(threading.Thread(target=answer))
        threads[0].start()
        threads[0].join(0.2)

    class Made(NumberPanel):
        meanwhile = answer_from_another_thread  # type: ignore[assignment]

    panel = Made(ExplorerState())
    threads[0].join(PATIENCE)
    drawn(panel.state)
    assert panel.shown == 20


# --- a refresh that fails


class Failing(Panel):
    """Raises ``error`` as long as there is one: while the state is read, or while it paints."""

    follows = ("display.n_bars",)
    dimmed = ()
    error: Exception | None = None
    while_it_paints = False

    def build(self) -> list[Plot]:
        self.n_refreshed = 0
        self.plot = Plot()
        self.dimmed = (self.plot,)
        return [self.plot]

    def refresh(self) -> Paint | None:
        self.n_refreshed += 1
        if self.while_it_paints:
            return self.fail
        self.fail()
        return None

    def fail(self) -> None:
        if self.error is not None:
            raise self.error


def notices(panel: Panel) -> list[str]:
    return [child.text for child in panel.children if isinstance(child, StatusLine)]


@pytest.fixture
def state() -> ExplorerState:
    state = ExplorerState(FakeModel(), "the cat")
    settle(state)
    return state


@pytest.fixture
def failing(state: ExplorerState) -> Failing:
    return Failing(state)


@pytest.mark.parametrize("while_it_paints", [False, True])
@pytest.mark.parametrize("error", [ZeroDivisionError("secret"), ExplorerError("no-start-token")])
def test_a_panel_that_fails_says_so_the_others_go_on_and_it_comes_back(
    state: ExplorerState, failing: Failing, caplog: pytest.LogCaptureFixture, error: Exception, while_it_paints: bool
) -> None:
    bars = DistributionPanel(state)
    settle(state)
    failing.error, failing.while_it_paints = error, while_it_paints
    pictures = []
    with caplog.at_level(logging.CRITICAL):
        for n_bars in (5, 6, 7):
            state.display.n_bars = n_bars
            drawn(state)
            (said,) = notices(failing)
            pictures.append(
                bars.children[-1].packed if hasattr(bars.children[-1], "packed") else only(bars, Plot).figure
            )
    expected = str(error) if isinstance(error, ExplorerError) else "ZeroDivisionError"
    assert expected in said
    assert "secret" not in said
    assert len(set(map(str, pictures))) == 3, "the others are refreshed"
    failing.error = None
    state.display.n_bars = 8
    drawn(state)
    assert notices(failing) == []
    assert failing.children == (failing.plot,)


def test_a_panel_that_fails_leaves_no_widget_behind(
    state: ExplorerState, failing: Failing, caplog: pytest.LogCaptureFixture
) -> None:
    before = len(_instances)
    with caplog.at_level(logging.CRITICAL):
        for n_bars in range(5, 25):
            failing.error = ZeroDivisionError() if n_bars % 3 else None
            state.display.n_bars = n_bars
            drawn(state)
    assert notices(failing) == []
    assert len(_instances) == before


def test_a_picture_that_only_grows_old_does_not_take_a_failure_back(
    state: ExplorerState, failing: Failing, caplog: pytest.LogCaptureFixture
) -> None:
    failing.error = ZeroDivisionError()
    with caplog.at_level(logging.CRITICAL):
        state.display.n_bars = 5
        drawn(state)
        state.reader.late = True
        drawn(state)
    assert notices(failing) != []
    failing.error = None
    state.reader.late = False
    drawn(state)
    assert notices(failing) == [], "it is drawn whole"


def test_an_app_with_a_panel_that_fails_from_the_start_is_there(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_panel: Panel) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(DistributionPanel, "refresh", fail)
    with caplog.at_level(logging.CRITICAL):
        app = Explorer(FakeModel(), "the cat")
        settle(app.state)
        bars = only(app, DistributionPanel)
        assert notices(bars) != []
        monkeypatch.undo()
        app.state.display.n_bars = 5
        drawn(app.state)
    assert notices(bars) == []
    app.close()


# --- the end


def test_a_panel_of_a_closed_state_says_so_for_good(state: ExplorerState, caplog: pytest.LogCaptureFixture) -> None:
    panel = DistributionPanel(state)
    settle(state)
    state.close()
    (said,) = notices(panel)
    assert "cell" in said
    assert panel.children[1:], "the last picture stays"
    with caplog.at_level(logging.CRITICAL):
        panel.failed(ZeroDivisionError())
        panel.redraw()
    assert notices(panel) == [said]
    (late,) = notices(DistributionPanel(state))
    assert late == said, "one that is made afterwards, too"


def test_closing_while_it_paints_leaves_the_sentence(state: ExplorerState) -> None:
    paints, go_on = threading.Event(), threading.Event()

    class Slow(Panel):
        follows = ("display.n_bars",)

        def build(self) -> list[Plot]:
            return [Plot()]

        def refresh(self) -> Paint | None:
            if self.state.display.n_bars != 5:
                return None

            def paint() -> None:
                paints.set()
                assert go_on.wait(PATIENCE)

            return paint

    panel = Slow(state)
    thread = state.refresher._thread
    with state.lock:  # so that this thread does not wait until it is drawn
        state.display.n_bars = 5
    assert paints.wait(PATIENCE)
    state.close()
    go_on.set()
    wait_until(lambda: thread._thread is None, "it has painted")
    assert notices(panel) != []


def used(panel: Panel) -> None:
    """Have it make all that it makes on demand, and say something twice."""
    state = panel.state
    settle(state)
    for section in SectionsPanel.tabs:
        state.display.section = section
        settle(state)
    state.display.section = "attention"
    for view in AttentionViewsPanel.tabs:
        state.display.view = view
        settle(state)
    state.comparison.n_samples, state.comparison.n_tokens = 1, 2
    state.comparison.run()
    wait_until(lambda: not state.comparison.running, "the comparison is done")
    settle(state)
    for view in ("measures", "ranks", "beams", "at", "save", "nowhere"):
        state.display.compare_view = view
        settle(state)


@pytest.mark.parametrize("alone", [False, True])
@pytest.mark.parametrize("kind", PANELS, ids=lambda kind: kind.__name__)
@pytest.mark.usefixtures("nothing_left")
def test_of_a_panel_that_is_closed_nothing_is_left(kind: type[Panel], alone: bool) -> None:
    found = made_used_and_closed(kind, alone)
    wait_until(lambda: gc.collect() >= 0 and all(each() is None for each in found), "all of it is freed")


def made_used_and_closed(kind: type[Panel], alone: bool) -> list[weakref.ref[object]]:
    model = FakeModel()
    state = None if alone else ExplorerState(model, "the cat")
    panel = kind(state if state is not None else model)  # type: ignore[arg-type]
    panel._repr_mimebundle_()
    used(panel)
    found: list[weakref.ref[object]] = [weakref.ref(each) for each in (panel, panel.state, panel.state.reader, model)]
    panel.close()
    if state is not None:
        state.close()
    assert "text/plain" in panel._repr_mimebundle_(), "who still shows it is told what to do"
    return found
