"""`Document`: the text that is typed, and the tree of the tokens that were chosen after it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

import traitlets as t

from explorer.language_model.interventions import Interventions
from explorer.language_model.model import ModelInfo
from explorer.language_model.tokens import as_read
from explorer.locales import Message
from explorer.sampling.distribution import Candidate
from explorer.sampling.sampling import Sampling
from explorer.sessions.session import ROOT, Session, Tree
from explorer.state.slice import Slice


@dataclass(frozen=True)
class NodeRef:
    """A text: the node of a tree at which it ends. ``tree`` is None for a prefix whose ids are not known yet."""

    prefix: str
    tree: Tree | None
    number: int

    @property
    def n_after(self) -> int:
        """How many tokens of it were chosen after the prefix."""
        return len(self.tree.path(self.number)) if self.tree is not None else 0


class Document(Slice):
    """Every prefix that was answered has a tree; the trees of one model are a session. All of it is ids, not text.

    Attributes:
        prefix: the text, as typed.
        second: another text, to be compared with it; None before anybody typed one.
        text_version: grows with every change of the text that is to be read.
        tree_version: grows with every change of a tree.
        session: of the model in use.
        tree: over the prefix; None until its ids are known.
    """

    prefix = t.Unicode("")
    second = t.Unicode(None, allow_none=True)
    text_version = t.Int(0)
    tree_version = t.Int(0)

    def __init__(self, lock: Any, prefix: str = "") -> None:
        self._sessions: dict[tuple[str | None, ...], Session] = {}
        self._notices: WeakKeyDictionary[Tree, tuple[Message, ...]] = WeakKeyDictionary()
        self.session: Session | None = None
        self.tree: Tree | None = None
        super().__init__(lock, prefix=prefix)
        self.observe(self._on_prefix, "prefix")

    @property
    def node(self) -> NodeRef:
        """The text that is to be read."""
        return NodeRef(self.prefix, self.tree, self.tree.current if self.tree is not None else ROOT)

    def notices(self, node: NodeRef) -> tuple[Message, ...]:
        """What a reader must know about how the prefix of ``node`` was read."""
        return self._notices.get(node.tree, ()) if node.tree is not None else ()

    # --- what becomes of it when something else changes ---------------------------------------------------------------

    def on_model(self, info: ModelInfo) -> None:
        """Another model: its own session goes on, or begins."""
        with self.lock:
            self.session = self._sessions.setdefault(_session_key(info), Session.of(info))
            self.tree = None
            self._find_tree()

    def learn(self, node: NodeRef, ids: Sequence[int], notices: tuple[Message, ...]) -> NodeRef:
        """The ids of ``node`` are ``ids``: the tree of its prefix begins with them, if it has not begun yet."""
        if node.tree is not None or self.session is None:
            return node
        tree = self.session.tree(node.prefix, ids)
        self._notices[tree] = notices
        if self.tree is None and self.prefix == node.prefix:
            self.tree = tree
        return NodeRef(node.prefix, tree, node.number)

    def put(self, session: Session, info: ModelInfo) -> None:
        """Go on with ``session``, where it was left; the one before is let go."""
        with self.lock:
            session.continue_in(info.dtype)
            self._sessions[_session_key(info)] = self.session = session
            self.tree = session.trees.get(session.prefix)
            if self.tree is not None:
                self.prefix = self.tree.prefix
            self._moved()

    def has(self, node: NodeRef) -> bool:
        """Whether the node is still there: not of another model, nor of a session that was let go."""
        return node.tree is not None and self.session is not None and self.session.trees.get(node.prefix) is node.tree

    # --- what people do -----------------------------------------------------------------------------------------------

    def add(
        self,
        choice: Candidate,
        sampling: Sampling,
        *,
        seed: int,
        redraw: int = 0,
        interventions: Interventions = (),
    ) -> None:
        """Go on by a token, after the present text; ``sampling`` and the rest say how it was chosen."""
        with self.lock:
            if self.tree is not None:
                self.tree.add(choice, sampling, seed=seed, redraw=redraw, interventions=interventions)
                self._moved()

    def follow(
        self,
        node: NodeRef,
        choices: Sequence[Candidate],
        sampling: Sampling,
        *,
        seed: int,
        sample: int,
        interventions: Interventions,
    ) -> None:
        """Go on by tokens that were chosen elsewhere, one after the other, after the text that ends at ``node``."""
        with self.lock:
            if node.tree is None or not self.has(node):
                return
            self.prefix = node.prefix
            self.tree = node.tree
            self.tree.go(node.number)
            for choice in choices:
                self.tree.add(choice, sampling, seed=seed, sample=sample, interventions=interventions)
            self._moved()

    def undo(self) -> None:
        """Take the last token back."""
        with self.lock:
            if self.tree is not None and self.tree.undo():
                self._moved()

    def redo(self) -> None:
        """The token that undo took back."""
        with self.lock:
            if self.tree is not None and self.tree.redo():
                self._moved()

    def go(self, number: int) -> None:
        """To any node of the tree; `ROOT` is the prefix alone.

        Raises:
            ExplorerError: there is no such node.
        """
        with self.lock:
            if self.tree is not None and number != self.tree.current:
                self.tree.go(number)
                self._moved()

    def rename(self, number: int, name: str) -> None:
        """Call the text that ends at a node by a name; an empty one takes it away.

        Raises:
            ExplorerError: there is no such node.
        """
        with self.lock:
            if self.tree is not None:
                self.tree.rename(number, name)
                self.tree_version += 1

    # --- inside -------------------------------------------------------------------------------------------------------

    def _on_prefix(self, _change: object) -> None:
        # The tree over the old one stays in the session. One that comes back begins at its root.
        if self.tree is None or self.tree.prefix != as_read(self.prefix):
            self._find_tree()
        self.text_version += 1

    def _find_tree(self) -> None:
        read = as_read(self.prefix)
        self.tree = self.session.trees.get(read) if self.session is not None else None
        if self.session is not None and self.tree is not None:
            self.session.prefix = read
            self.tree.go(ROOT)
        self.tree_version += 1

    def _moved(self) -> None:
        self.tree_version += 1
        self.text_version += 1


def _session_key(info: ModelInfo) -> tuple[str | None, ...]:
    """Models of which it differs have sessions of their own."""
    return info.name, info.revision, info.weights_version, info.dtype
