"""Replay: what a model says now of the tokens that were recorded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from explorer.language_model.model import Model
from explorer.locales import ExplorerError, Message
from explorer.sampling.distribution import Distribution
from explorer.sampling.draw import uniform
from explorer.sessions.session import ROOT, Node, Session, Tree

MOST_DIFFERENCE = 1e-3
"""Between two probabilities of the same model. Rounding (another device, another chunk of text) makes about 1e-6."""

ROUNDING = 1e-5
"""What rounding in float32 does to a log probability; so also how far it moves the end of a token's share of [0, 1)."""


@dataclass(frozen=True)
class Replayed:
    """What a model says now of one recorded token.

    Attributes:
        tree, node: which token.
        probability: after the sampler, 0..1; raw_probability: before it; 0 where there is an `error`.
        error: why there is no distribution now: the sampler leaves no token, or the model cannot read the text.
        u_differs: the token was drawn, and its u is not that of its seed, sample, step and throw.
        falls_elsewhere: the token was drawn, and its u falls on another token.
        done, total: how many tokens are compared, with this one, and how many there are.
    """

    tree: Tree
    node: Node
    probability: float
    raw_probability: float
    error: Message | None
    u_differs: bool
    falls_elsewhere: bool
    done: int
    total: int

    @property
    def difference(self) -> float:
        """Probability now minus probability then: after the sampler, or before it where that is further off."""
        choice = self.node.choice
        return max(self.probability - choice.probability, self.raw_probability - choice.raw_probability, key=abs)

    @property
    def off(self) -> bool:
        """Whether the probability is not what it was, beyond rounding."""
        return self.error is not None or abs(self.difference) > MOST_DIFFERENCE


def replay(session: Session, model: Model) -> Iterator[Replayed]:
    """Every token that a session holds by now, compared with what the model says; at most one forward pass a token.

    The walk is depth first, so that most texts only continue what was just read; and all tokens that followed the same
    text come together, from one pass.
    """
    done, total = 0, len(session)
    for tree, last in [(tree, len(tree)) for tree in session.trees.values()]:
        todo = [(ROOT, 0)]  # nodes, and how many tokens after the prefix their text has
        while todo:
            number, step = todo.pop()
            following = [tree.node(child) for child in tree.children[number] if child <= last]
            for node in following:
                done += 1
                yield _compared(model, tree, node, step, done, total)
            todo += [(node.number, step + 1) for node in reversed(following)]


def _compared(model: Model, tree: Tree, node: Node, step: int, done: int, total: int) -> Replayed:
    choice = node.choice
    u_differs = choice.u is not None and choice.u != uniform(node.seed, node.sample, step, node.throw)
    try:
        token = model.vocabulary[choice.id]
        distribution = model.trace(tree.ids(node.parent)).distribution(node.sampling)
    except ExplorerError as error:
        return Replayed(tree, node, 0.0, 0.0, error.message, u_differs, False, done, total)
    probability = float(distribution.probabilities[token.id])
    raw_probability = float(distribution.raw_probabilities[token.id])
    falls_elsewhere = choice.u is not None and not _falls_on(distribution, token.id, choice.u)
    return Replayed(tree, node, probability, raw_probability, None, u_differs, falls_elsewhere, done, total)


def _falls_on(distribution: Distribution, token_id: int, u: float) -> bool:
    """Whether u falls on a token, give or take `ROUNDING`: of the ends of its share, and of the order of the shares."""
    probabilities = distribution.probabilities.astype(np.float64)
    own = probabilities[token_id]
    before = probabilities[probabilities > own * (1 + 2 * ROUNDING)].sum()
    upto = probabilities[probabilities >= own * (1 - 2 * ROUNDING)].sum()
    return bool(own > 0 and before - ROUNDING <= u < upto + ROUNDING)
