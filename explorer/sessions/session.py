"""`Session`: what was tried, as trees of tokens over prefixes. State is ids; text is derived from them."""

from __future__ import annotations

import time
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from explorer.language_model.interventions import Interventions
from explorer.language_model.model import ModelInfo
from explorer.language_model.record import Record, cut, short
from explorer.language_model.tokens import as_read
from explorer.locales import ExplorerError
from explorer.sampling.distribution import Candidate
from explorer.sampling.sampling import Sampling

ROOT = 0
"""Number of a tree's first node, which stands for the prefix."""

LONGEST_NAME = 80

DTYPES = ("float64", "float32", "float16", "bfloat16")
"""Number formats that a model computes in, from the finest to the coarsest."""


def as_name(text: str) -> str:
    """A name made of what somebody typed: one line, at most 80 characters, no control characters."""
    shown = "".join(" " if unicodedata.category(c) in ("Cc", "Cs") else c for c in text)
    return " ".join(shown.split())[:LONGEST_NAME].rstrip()


@dataclass(frozen=True, eq=False, repr=False)
class Node(Record):
    """One token of a tree, and how it came to be chosen.

    Attributes:
        number: its place in `Tree.nodes`; parent: that of the node before it.
        choice: the record of the choice.
        sampling: in force when it was made; `Candidate.probability` is what it gave.
        seed, sample, redraw: with the depth of the node they give `Candidate.u`, see `explorer.sampling.draw`.
        time: seconds since 1970, UTC.
        name: what somebody called the text that ends here.
        interventions: what was changed inside the model that gave `Candidate.probability`.
    """

    number: int
    parent: int
    choice: Candidate
    sampling: Sampling
    seed: int
    sample: int
    redraw: int
    time: float
    name: str = ""
    interventions: Interventions = ()

    def same_choice(self, other: Node) -> bool:
        """Whether both are the same token after the same text, chosen in the same way."""
        return (
            self.parent == other.parent
            and (self.sampling, self.interventions) == (other.sampling, other.interventions)
            and (self.choice.id, self.choice.u, self.choice.chosen_by)
            == (other.choice.id, other.choice.u, other.choice.chosen_by)
        )


class Tree:
    """Every way in which one prefix was continued. Nodes are added and never removed.

    Attributes:
        prefix: the text as it was typed; prefix_ids: its token ids.
        nodes: by number; `ROOT` is None, the prefix itself.
        children: (len(nodes)) numbers of the nodes after each.
        current: the node that the text on show ends with.
        visited: of each node, the child that was visited last; redo goes there.
    """

    def __init__(self, prefix: str, prefix_ids: Sequence[int]) -> None:
        self.prefix = prefix
        self.prefix_ids = tuple(int(i) for i in prefix_ids)
        self.nodes: list[Node | None] = [None]
        self.children: list[list[int]] = [[]]
        self.current = ROOT
        self.visited: dict[int, int] = {}

    def __repr__(self) -> str:
        return f"Tree({short(self.prefix)}, {len(self)} tokens, current={self.current})"

    def __len__(self) -> int:
        """How many tokens it holds; the prefix does not count."""
        return len(self.nodes) - 1

    def __iter__(self) -> Iterator[Node]:
        return (node for node in self.nodes if node is not None)

    def node(self, number: int) -> Node:
        """
        Raises:
            ExplorerError: there is no such node; the root is none.
        """
        node = self.nodes[number] if 0 <= number < len(self.nodes) else None
        if node is None:
            raise ExplorerError("no-such-node", number=str(number), last=str(len(self)))
        return node

    def path(self, number: int | None = None) -> tuple[Node, ...]:
        """The nodes from the first token after the prefix to ``number`` (without it: to the current one).

        Raises:
            ExplorerError: there is no such node.
        """
        backwards = []
        number = self.current if number is None else number
        while number != ROOT:
            backwards.append(self.node(number))
            number = backwards[-1].parent
        return tuple(reversed(backwards))

    def ahead(self) -> tuple[Node, ...]:
        """The nodes after the current one that redo would come to."""
        found, number = [], self.current
        while (number := self.visited.get(number, ROOT)) != ROOT:
            found.append(self.node(number))
        return tuple(found)

    def ids(self, number: int | None = None) -> tuple[int, ...]:
        """Token ids of the prefix and of the `path` to ``number``."""
        return (*self.prefix_ids, *(node.choice.id for node in self.path(number)))

    def add(
        self,
        choice: Candidate,
        sampling: Sampling,
        *,
        seed: int = 0,
        sample: int = 0,
        redraw: int = 0,
        interventions: Interventions = (),
    ) -> Node:
        """Choose a token after the current node, and go there. The same choice as before is no new node."""
        now = round(time.time(), 3)
        new = Node(
            len(self.nodes), self.current, choice, sampling, seed, sample, redraw, now, interventions=interventions
        )
        for number in self.children[self.current]:
            if self.node(number).same_choice(new):
                self.go(number)
                return self.node(number)
        self.attach(new)
        self.go(new.number)
        return new

    def attach(self, node: Node) -> None:
        """Take in a node as it was recorded; its number is the next one."""
        self.nodes.append(node)
        self.children.append([])
        self.children[node.parent].append(node.number)

    def go(self, number: int) -> None:
        """Make ``number`` the current node; redo then comes along here.

        Raises:
            ExplorerError: there is no such node.
        """
        for node in self.path(number):
            self.visited[node.parent] = node.number
        self.current = number

    def undo(self) -> bool:
        """One token back; False at the prefix."""
        if self.current == ROOT:
            return False
        self.current = self.node(self.current).parent
        return True

    def redo(self) -> bool:
        """One token forward along the way that was taken last; False where there is none."""
        if self.current not in self.visited:
            return False
        self.current = self.visited[self.current]
        return True

    def rename(self, number: int, name: str) -> None:
        """Call the text that ends at ``number`` by a name, see `as_name`; "" takes the name away.

        Raises:
            ExplorerError: there is no such node.
        """
        self.nodes[number] = replace(self.node(number), name=as_name(name))


@dataclass(repr=False)
class Session:
    """The trees that were grown with one model, one for each prefix.

    Attributes:
        model: name of the model; revision: of its weights, where there is one.
        trees: by prefix, in the order in which they were begun. Prefixes that nothing was chosen after leave no tree.
        prefix: of the tree that was asked for last.
        weights_version: `ModelInfo.weights_version` of the model; dtype: the coarsest of the formats that its tokens
            were chosen in, see `DTYPES`; engine: what computed. None where it is not known.
    """

    model: str
    revision: str | None = None
    trees: dict[str, Tree] = field(default_factory=dict)
    prefix: str = ""
    weights_version: str | None = None
    dtype: str | None = None
    engine: str | None = None

    def __repr__(self) -> str:
        return cut(f"Session({short(self.model)}, {len(self.trees)} trees, {len(self)} tokens)")

    @classmethod
    def of(cls, info: ModelInfo) -> Session:
        """A session of this model, in which nothing was tried yet."""
        return cls(
            info.name,
            info.revision,
            weights_version=info.weights_version or None,
            dtype=info.dtype if info.dtype in DTYPES else None,
            engine=info.engine,
        )

    def __len__(self) -> int:
        """How many tokens its trees hold."""
        return sum(len(tree) for tree in self.trees.values())

    def tree(self, prefix: str, prefix_ids: Sequence[int]) -> Tree:
        """The tree over a prefix (`as_read`): the one there is, as it was left, or a new one."""
        self.prefix = prefix = as_read(prefix)
        self.trees = {text: tree for text, tree in self.trees.items() if len(tree) or text == prefix}
        return self.trees.setdefault(prefix, Tree(prefix, prefix_ids))

    def continue_in(self, dtype: str) -> None:
        """Tokens will be chosen in this format as well. Of a session of which some format is not known, none is."""
        if self.dtype is not None:
            self.dtype = max(self.dtype, dtype, key=DTYPES.index) if dtype in DTYPES else None
