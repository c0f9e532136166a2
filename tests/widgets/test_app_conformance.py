"""What a reader does with the whole app, over every kind of model that there may be."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from explorer.engine.loading import load
from explorer.language_model.interventions import Ablate
from explorer.language_model.model import Model
from explorer.probes.roles import roles_of
from explorer.sampling.differences import Difference
from explorer.sampling.sampling import Sampling
from explorer.sessions.session import ROOT, Tree
from explorer.widgets.app import Explorer
from explorer.widgets.elements.file_buttons.widget import FileButtons
from explorer.widgets.elements.head_grid.widget import HeadGrid
from explorer.widgets.elements.plot.widget import Plot
from explorer.widgets.elements.prefix_box.widget import PrefixBox
from explorer.widgets.elements.status_line.widget import StatusLine
from explorer.widgets.elements.step_buttons.widget import StepButtons
from explorer.widgets.elements.text_columns.widget import TextColumns
from explorer.widgets.elements.token_chips.widget import TokenChips
from explorer.widgets.panels.attention.roles import RANDOM, RolesPanel
from explorer.widgets.panels.compare.compare import ComparePanel
from explorer.widgets.panels.compare.two_prefixes import TwoPrefixesPanel
from explorer.widgets.panels.main.distribution import DistributionPanel
from explorer.widgets.panels.main.prefix import PrefixPanel
from explorer.widgets.panels.main.status import StatusPanel
from tests.state.hammering import SlowModel, let_go
from tests.widgets.failing_model import ERRORS, FailingModel
from tests.widgets.fake_model import FakeModel
from tests.widgets.page import Page, only, settle, wait_until
from tests.widgets.process_model import ProcessModel

TEXT, SECOND = "The cat and the", "The cat and a"


class Reader:
    """Somebody at a page with the app, who tries again what fails; ``n_tries`` counts how often.

    Each method does one thing, waits until the app is at rest, and says what is then on the page.
    """

    def __init__(self, model: Model, page: Page) -> None:
        self.model, self.page = model, page
        self.app = Explorer(model, "")
        self.n_tries = 0
        self.state = self.app.state
        self._answered()

    @property
    def tree(self) -> Tree:
        assert self.state.document.tree is not None
        return self.state.document.tree

    @property
    def path(self) -> list[int]:
        return [node.choice.id for node in self.tree.path()]

    def type(self, text: str) -> None:
        self.page.set(only(only(self.app, PrefixPanel), PrefixBox), value=text)
        self._answered()

    def press(self, name: str) -> None:
        self.page.send(only(self.app, StepButtons), kind="command", name=name, prefix=None)
        self._answered()

    def branch(self) -> None:
        n_tokens = len(self.path)
        self.press("branch")
        while len(self.path) < n_tokens:  # the text before could not be read: from there it goes on by hand
            self.press("redo")
            self.press("branch")

    def open(self, section: str, view: str = "") -> None:
        self.state.display.section, self.state.display.view = section, view
        self._answered()

    def compare(self) -> None:
        self.open("compare")
        panel = only(self.app, ComparePanel)
        self.page.set(panel._n, value=2)
        self.page.set(panel._length, value=3)

        def run() -> None:
            panel._run.click()
            wait_until(lambda: not self.state.comparison.running, "the comparison is done")
            settle(self.state)

        self._until(run, lambda: self._compared)

    def ask_roles(self) -> None:
        self.open("attention", "roles")
        panel = only(self.app, RolesPanel)

        def choose() -> None:
            self.state.reader.roles.again()
            panel.source = RANDOM
            panel.redraw()
            settle(self.state)

        self._until(choose, lambda: self.state.reader.roles.answer is not None)

    def type_second(self, text: str) -> None:
        self.open("second")
        box = only(only(self.app, TwoPrefixesPanel), PrefixBox)

        def write() -> None:
            self.page.set(box, value="")
            self.page.set(box, value=text)
            settle(self.state)

        second = self.state.reader.second
        self._until(write, lambda: second.answer is not None and not second.stale)

    def save(self) -> bytes:
        self.open("history")
        buttons = only(self.app, FileButtons)
        self.page.messages.clear()
        self.page.send(buttons, kind="save")
        (sent,) = (message for message in self.page.to(buttons) if message.kind == "custom")
        assert sent.data["content"]["kind"] == "file"
        return self.state.persistence.save()[1]

    def open_file(self, data: bytes) -> None:
        self.open("history")

        def choose() -> None:
            self.state.persistence.open(data)
            let_go(self.state)
            self._answered()

        self._until(choose, lambda: self.state.status.current.state != "error")

    def ablate(self, *heads: tuple[int, int]) -> None:
        self.state.experiment.interventions = (Ablate(heads),) if heads else ()
        self._answered()

    @property
    def _compared(self) -> bool:
        made = self.state.comparison.comparison
        return made is not None and made.complete

    def _answered(self) -> None:
        reader = self.state.reader
        settle(self.state)
        if reader.problem is not None:
            self._until(lambda: (reader.ask(), settle(self.state)), lambda: reader.problem is None)
        assert reader.ready

    def _until(self, do: Callable[[], object], done: Callable[[], bool]) -> None:
        """Do it, and again as long as it fails; each time that is a sentence on the page."""
        for _ in range(2 * len(ERRORS)):
            do()
            if done():
                return
            self.n_tries += 1
            line = only(only(self.app, StatusPanel), StatusLine)
            made = self.state.comparison.comparison
            assert line.state == "error" or (made is not None and made.notices), line.text
            assert "secret" not in line.text
        raise AssertionError("it fails again and again")


MODELS: dict[str, Callable[[], Model]] = {
    "fake": FakeModel,
    "slow": lambda: SlowModel(0.02),
    "failing": FailingModel,
    "in another process": lambda: ProcessModel(FakeModel),
    "gpt2-mini": lambda: load("gpt2-mini", device="cpu"),
}


@pytest.fixture(params=MODELS)
def model(request: pytest.FixtureRequest) -> Iterator[Model]:
    model = MODELS[request.param]()
    yield model
    if isinstance(model, ProcessModel):
        model.close()


@pytest.fixture
def reader(model: Model, page: Page, caplog: pytest.LogCaptureFixture) -> Iterator[Reader]:
    level = logging.CRITICAL if isinstance(model, FailingModel) else logging.NOTSET
    with caplog.at_level(level):
        reader = Reader(model, page)
        yield reader
        if isinstance(model, FailingModel):
            assert len(model.raised) > 1, "it did fail"
        else:
            assert reader.n_tries == 0
        reader.app.close()


def mended(model: Model) -> Model:
    """``model`` from now on without failures: the test itself asks it."""
    if isinstance(model, FailingModel):
        model.mended = True
    return model


def assert_shown(reader: Reader, text: str) -> None:
    """The text, its tokens and the distribution after it are on the page, and are those of the model."""
    state, trace = reader.state, reader.app.trace
    assert trace is not None
    assert trace.text == text
    chips = only(reader.app, TokenChips)
    shown = [chip["label"] for chip in (*chips.chips, *chips.after) if "ahead" not in chip["kind"]]
    assert shown == [token.label for token in trace.tokens]
    bars = only(only(reader.app, DistributionPanel), Plot)
    assert (bars.answer, bars.stale) == (state.reader.answer, False)
    assert reader.app.distribution is not None
    figure = json.loads(bars.figure)
    assert {each.id for each in reader.app.distribution.top(5)} <= set(figure["data"][-1]["customdata"])
    line = only(only(reader.app, StatusPanel), StatusLine)
    assert line.state == "ready"


def test_a_text_is_typed_and_read(reader: Reader, model: Model) -> None:
    for end in range(4, len(TEXT) + 1, 3):
        reader.type(TEXT[:end])
        assert_shown(reader, TEXT[:end])
    trace = reader.app.trace
    assert trace is not None
    expected = mended(model).trace(trace.ids.tolist())
    np.testing.assert_allclose(trace.logits, expected.logits, atol=1e-4)
    if isinstance(model, FailingModel):
        assert len(model.raised) > 0


def test_steps_are_taken_back_and_drawn_anew(reader: Reader) -> None:
    reader.state.sampler.sampling = Sampling(temperature=1.5)
    reader.type(TEXT)
    for _ in range(4):
        reader.press("step")
    assert len(reader.path) == 4
    taken = reader.path
    reader.press("undo")
    assert reader.path == taken[:3]
    reader.press("redo")
    assert reader.path == taken
    reader.branch()
    assert reader.path[:3] == taken[:3]
    assert reader.path[3:] != taken[3:]
    assert len(reader.tree.children[reader.tree.path()[-1].parent]) == 2
    reader.state.playback.go(ROOT)
    reader._answered()
    assert_shown(reader, TEXT)


def test_strategies_are_compared(reader: Reader) -> None:
    reader.type(TEXT)
    reader.compare()
    made = reader.app.comparison
    assert made is not None
    assert made.complete
    assert made.text == TEXT
    columns = only(only(reader.app, ComparePanel), TextColumns)
    assert columns.heading
    reader.state.comparison.go_on(0, 0, 2)
    reader._answered()
    assert len(reader.path) == 3


def test_a_second_text_is_read_beside_it(reader: Reader, model: Model) -> None:
    reader.type(TEXT)
    reader.type_second(SECOND)
    traces = [mended(model).trace(text) for text in (TEXT, SECOND)]
    difference = Difference(*(trace.distribution(Sampling()) for trace in traces))
    figure = only(only(reader.app, TwoPrefixesPanel), Plot).figure
    assert f"{difference.js_bits:.2f}" in json.loads(figure)["layout"]["meta"]["description"]


def test_attention_and_roles_are_looked_at(reader: Reader) -> None:
    reader.type(TEXT)
    reader.open("attention", "head")
    attention = reader.app.attention
    assert attention.n_tokens == len(reader.app.trace.ids)  # type: ignore[union-attr]
    assert only(reader.app, HeadGrid).answer == reader.state.reader.answer
    reader.open("attention", "roles")
    assert roles_of(reader.app.trace) is not None  # type: ignore[arg-type]
    reader.ask_roles()
    assert reader.state.reader.roles.answer is not None
    assert not reader.state.reader.roles.stale


def test_heads_are_switched_off_and_on(reader: Reader) -> None:
    reader.type(TEXT)
    before = reader.app.trace
    reader.ablate((0, 0), (1, 1))
    changed = reader.app.trace
    assert before is not None
    assert changed is not None
    assert changed.interventions == (Ablate(((0, 0), (1, 1))),)
    assert not np.allclose(before.logits, changed.logits)
    reader.ablate()
    assert reader.app.trace is not None
    np.testing.assert_allclose(reader.app.trace.logits, before.logits, atol=1e-5)


def test_a_session_is_saved_and_opened(reader: Reader) -> None:
    reader.state.sampler.sampling = Sampling(temperature=1.5)
    reader.type(TEXT)
    for _ in range(3):
        reader.press("step")
    taken, data = reader.path, reader.save()
    reader.type(SECOND)
    reader.press("step")
    reader.open_file(data)
    assert (reader.state.document.prefix, reader.path) == (TEXT, taken)
    assert reader.state.status.current.message.id in ("session-same", "status-ready")
    reader.press("step")
    assert reader.path[:3] == taken


# --- the one that is elsewhere


def test_where_the_other_process_is_gone_the_app_says_so_and_takes_another_model(
    page: Page, caplog: pytest.LogCaptureFixture
) -> None:
    model = ProcessModel(FakeModel)
    reader = Reader(model, page)
    reader.type(TEXT)
    with caplog.at_level(logging.CRITICAL):
        model.process.kill()
        model.process.join()
        page.set(only(only(reader.app, PrefixPanel), PrefixBox), value=SECOND)
        settle(reader.state)
    line = only(only(reader.app, StatusPanel), StatusLine)
    assert line.state == "error"
    assert reader.app.trace is not None
    assert reader.app.trace.text == TEXT, "the last picture stays"
    reader.state.reader.model = FakeModel(name="another")
    settle(reader.state)
    assert_shown(reader, SECOND)
    reader.app.close()
