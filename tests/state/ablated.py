"""States with heads switched off."""

from __future__ import annotations

from explorer.language_model.interventions import Ablate, Interventions
from explorer.sessions.session import Node, Tree
from explorer.state.state import ExplorerState
from tests.state.waiting import settle

TEXT = "the cat"
OFF: Interventions = (Ablate(((0, 1), (1, 2))),)
OTHER: Interventions = (Ablate(((1, 0),)),)


def ablated(state: ExplorerState, interventions: Interventions = OFF) -> ExplorerState:
    state.experiment.interventions = interventions
    settle(state)
    return state


def tree_of(state: ExplorerState) -> Tree:
    assert state.document.tree is not None
    return state.document.tree


def nodes(state: ExplorerState) -> list[Node]:
    return list(tree_of(state))
