"""Pictures of the model before stay until the new one answers: what they offer may not be there any more."""

from __future__ import annotations

import pytest

from explorer.state.state import ExplorerState
from explorer.widgets.elements.attention_text.widget import AttentionText
from explorer.widgets.panels.attention.attention_text import AttentionTextPanel
from tests.widgets.fake_model import FakeModel
from tests.widgets.page import Page, only, settle


@pytest.mark.parametrize("heads", ["layer", "all"])
def test_buttons_for_several_heads_choose_none_that_the_present_model_lacks(page: Page, heads: str) -> None:
    model = FakeModel()
    state = ExplorerState(model, "the cat")
    panel = AttentionTextPanel(state)
    settle(state)
    state.reader.model = FakeModel(name="small", n_layer=1, n_head=2)
    before = state.selection.heads
    with state.lock:
        state.reader.trace = model.trace("the cat", attention=True)
        page.send(only(panel, AttentionText), kind="choose", what="heads", name=heads)
    assert state.selection.heads == before
