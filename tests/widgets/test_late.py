"""Pictures that no longer show the latest text: dimmed once an answer is late, and not before."""

from __future__ import annotations

import pytest

from explorer.engine.local_model import LocalModel
from explorer.widgets.app import Explorer
from explorer.widgets.elements.plot.widget import Plot
from explorer.widgets.elements.prefix_box.widget import PrefixBox
from explorer.widgets.panels.main.distribution import DistributionPanel
from tests.widgets.paced_model import PacedModel
from tests.widgets.page import Page, only, settle, wait_until


def bars(app: Explorer) -> Plot:
    return only(only(app, DistributionPanel), Plot)


@pytest.fixture
def paced(lm: LocalModel) -> PacedModel:
    return PacedModel(lm)


@pytest.fixture
def app(paced: PacedModel, page: Page) -> Explorer:
    """On the text "one", which is answered."""
    app = Explorer(paced, "one")
    paced.release("one")
    settle(app.state)
    return app


def test_the_old_picture_stays_dimmed_until_the_new_one_is_there(app: Explorer, paced: PacedModel, page: Page) -> None:
    plot = bars(app)
    picture = plot.figure
    assert picture
    page.set(only(app, PrefixBox), value="two")
    wait_until(lambda: plot.stale, "it is dimmed")
    assert plot.figure == picture
    paced.release("two")
    settle(app.state)
    assert plot.stale is False
    assert plot.figure != picture


def test_pictures_that_follow_a_writer_are_not_dimmed(app: Explorer, paced: PacedModel, page: Page) -> None:
    """Each answer lifts it, though by then there is a newer text; once none comes for a while, they dim again."""
    plot = bars(app)
    page.set(only(app, PrefixBox), value="two")
    wait_until(lambda: plot.stale, "it is dimmed")
    page.set(only(app, PrefixBox), value="three")
    picture = plot.figure
    paced.release("two")
    wait_until(lambda: not plot.stale, "the answer lifts it")
    assert app.state.reader.stale
    assert plot.figure != picture
    wait_until(lambda: plot.stale, "the next is late")
    paced.release("three")
    settle(app.state)
    assert not plot.stale
