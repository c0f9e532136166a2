"""`TreeView`: everything that was tried after a prefix, as a tree one can walk."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import traitlets as t

from explorer.figures.shared.stage_names import stage_parameter
from explorer.locales import numbers, tr, visible
from explorer.sampling.distribution import Candidate
from explorer.sampling.draw import DRAWN, HAND
from explorer.sampling.sampling import Sampling
from explorer.sampling.stages import GREEDY
from explorer.sessions.session import LONGEST_NAME, ROOT, Tree
from explorer.widgets.base import Element
from explorer.widgets.page_message import Index, PageMessage, Text

MARKS = {DRAWN: "⚄", HAND: "☞", GREEDY: "★"}
"""The sign of each way in which a token is chosen. Not emoji: those bring colours of their own."""

WORDS = {
    "title": "tree-title",
    "prefix": "tree-prefix",
    DRAWN: "tree-drawn",
    HAND: "tree-hand",
    GREEDY: "tree-greedy",
    "share": "tree-share",
    "name": "tree-name",
    "help": "tree-help",
}
"""What the page says, as message ids."""

LONGEST_LABEL = 16
"""Characters of a token that are sent; a box holds fewer, and the note has them all."""


def tree_rows(tree: Tree) -> list[int]:
    """(len(tree.nodes)) the row of each node, from 0; its column is its depth.

    The first child goes on in its parent's row. Each further child begins a row below, under the rows that branch off
    further right: so no two connecting lines cross, and a row belongs to one line alone. Of two nodes the upper one
    stays the upper one whatever is added: rows only make room.
    """
    rows = [0] * len(tree.nodes)
    waiting, row = [ROOT], 0  # the nodes with which rows begin, the next one last
    while waiting:
        number = waiting.pop()
        rows[number] = row
        while children := tree.children[number]:
            waiting.extend(reversed(children[1:]))
            number = children[0]
            rows[number] = row
        row += 1
    return rows


def tree_picture(tree: Tree) -> dict[str, Any]:
    """What the page draws, by node number (0 is the prefix): 10 to 14 KB for 500 nodes.

    ``labels``, ``parents``, ``rows``; ``chosen``, a string with the first letter of each node's `Candidate.chosen_by`;
    ``shares``, the raw probabilities in per cent; ``names``, of those that have one, by number as text; the ``current``
    node, and those ``ahead`` of it, which redo would come to.
    """
    nodes = list(tree)
    return {
        "labels": ["", *(_cut(node.choice.token.label) for node in nodes)],
        "parents": [ROOT, *(node.parent for node in nodes)],
        "rows": tree_rows(tree),
        "chosen": " " + "".join((node.choice.chosen_by or " ")[0] for node in nodes),
        "shares": [0, *(round(100 * node.choice.raw_probability) for node in nodes)],
        "names": {str(node.number): visible(node.name) for node in nodes if node.name},
        "current": tree.current,
        "ahead": [node.number for node in tree.ahead()],
    }


def node_note(tree: Tree, number: int, language: str) -> tuple[str, float | None]:
    """One line about a node, and when it was chosen (seconds since 1970, UTC; None for the prefix).

    Raises:
        ExplorerError: there is no such node.
    """
    if number == ROOT:
        return tr("tree-note-prefix", language, n=len(tree.prefix_ids)), None
    node = tree.node(number)
    choice = node.choice
    note = tr(
        "tree-note",
        language,
        position=len(tree.prefix_ids) + len(tree.path(number)),
        token=choice.token.label,
        chosen=_chosen(choice, language),
        raw=numbers.probability(choice.raw_probability),
        probability=numbers.probability(choice.probability),
        rank=choice.rank,
        sampling=_in_words(node.sampling, language),
    )
    return tr("tree-note-named", language, name=node.name, note=note) if node.name else note, node.time


def _chosen(choice: Candidate, language: str) -> str:
    if choice.u is not None:
        return tr("tree-note-drawn", language, u=numbers.draw(choice.u))
    return tr(WORDS[choice.chosen_by], language) if choice.chosen_by in MARKS else "–"


def _in_words(sampling: Sampling, language: str) -> str:
    stages = [*sampling.in_force, *([GREEDY] if sampling.greedy else [])]
    return " → ".join(stage_parameter(sampling, stage, language) for stage in stages or ["temperature"])


class NodeMessage(PageMessage):
    """What is asked for a node: to go there, or its line."""

    kind: Literal["go", "note"]
    node: Index


class NameNode(PageMessage):
    """A name for a node was typed."""

    kind: Literal["name"]
    node: Index
    name: Text


class TreeView(Element):
    """A tree of tokens in a box that scrolls, a line about the node pointed at, and a legend.

    Args:
        on_go: called with the number of the node to go to.
        on_name: called with a node's number and the name it is to have; "" takes it away.
        on_note: the line about a node and its time, see `node_note`; asked for one node at a time, because the notes
            of a whole tree would be many times the size of its picture.

    Attributes:
        picture: see `tree_picture`. Nodes that it does not have are not asked for.
        words: see `WORDS`; summary: the line while no node is pointed at.
    """

    picture = t.Dict().tag(sync=True)
    marks = t.Dict(MARKS).tag(sync=True)
    words = t.Dict().tag(sync=True)
    summary = t.Unicode("").tag(sync=True)
    longest_name = t.Int(LONGEST_NAME).tag(sync=True)

    def __init__(
        self,
        on_go: Callable[[int], None],
        on_name: Callable[[int, str], None],
        on_note: Callable[[int], tuple[str, float | None]],
        **traits: Any,
    ) -> None:
        super().__init__(**traits)
        self._on_go, self._on_name, self._on_note = on_go, on_name, on_note

    def show(self, tree: Tree, language: str) -> None:
        """Show ``tree`` as it is now; one message."""
        picture = tree_picture(tree)
        with self.hold_sync():
            self.words = {word: tr(message, language) for word, message in WORDS.items()}
            self.summary = tr("tree-summary", language, n=len(tree), rows=max(picture["rows"]) + 1)
            self.picture = picture

    def receive(self, message: NodeMessage | NameNode) -> None:
        match message:
            case _ if message.node >= len(self.picture.get("labels", ())):
                self.ignore()
            case NodeMessage(kind="go", node=node):
                self._on_go(node)
            case NodeMessage(node=node):
                text, time = self._on_note(node)
                self.send({"kind": "note", "node": node, "text": text, "time": time})
            case NameNode(node=node, name=name) if node != ROOT:
                self._on_name(node, name)
            case _:
                self.ignore()


def _cut(label: str) -> str:
    return label if len(label) <= LONGEST_LABEL else label[: LONGEST_LABEL - 1] + "…"
