"""A state that is stepped through: what was chosen, and waiting until nothing more is."""

from __future__ import annotations

from collections.abc import Callable

from explorer.sessions.session import Tree
from explorer.state.state import ExplorerState
from tests.state.waiting import wait_until


def tree_of(state: ExplorerState) -> Tree:
    tree = state.document.tree
    assert tree is not None
    return tree


def path_ids(state: ExplorerState) -> list[int]:
    return [node.choice.id for node in tree_of(state).path()]


def act(state: ExplorerState, *actions: Callable[[], None]) -> None:
    """Do one thing after another, each when the one before is answered."""
    for action in actions:
        action()
        quiet(state)


def quiet(state: ExplorerState) -> None:
    """Wait until nothing is asked, owed or played."""

    def still() -> bool:
        with state.lock:
            return not (state.reader.waiting or state.playback.playing or state.playback._pending_steps)

    wait_until(still, "everything that was asked for is done")


def assert_consistent(state: ExplorerState) -> None:
    tree = tree_of(state)
    assert state.reader.trace is not None
    assert state.reader.trace.ids.tolist() == list(tree.ids())
    assert state.reader.ready
    for number, children in enumerate(tree.children):
        assert all(tree.node(child).parent == number for child in children)
