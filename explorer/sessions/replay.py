"""Replay: what a model says now of the tokens that were recorded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import exp

import numpy as np

from explorer.language_model.model import Model
from explorer.language_model.record import Record
from explorer.locales import ExplorerError, Message
from explorer.sampling.distribution import Distribution
from explorer.sampling.draw import uniform
from explorer.sessions.session import ROOT, Node, Session, Tree

MAX_DIFFERENCE = 1e-3
"""Between two probabilities of the same model. Rounding (another device, another chunk of text) makes about 1e-6."""

ROUNDING = 1e-5
"""What rounding in float32 does to a log probability; so also how far it moves the end of a token's share of [0, 1)."""

COARSE_ROUNDING = {"float16": 0.1, "bfloat16": 0.7}
"""The same in the 16-bit formats. Over 500 tokens of gpt2-mini and 60 of SmolLM2-135M it was at most 0.03 and 0.13; the
logits of GPT-2 are near -100, where the numbers of these formats are 0.06 and 0.5 apart."""


@dataclass(frozen=True, eq=False, repr=False)
class Replayed(Record):
    """What a model says now of one recorded token.

    Attributes:
        tree, node: which token.
        probability: after the sampler, 0..1; raw_probability: before it; 0 where there is an `error`.
        error: why there is no distribution now: the sampler leaves no token, or the model cannot read the text.
        u_differs: the token was drawn, and its u is not that of its seed, sample, step and redraw.
        falls_elsewhere: the token was drawn, and its u falls on another token.
        done, total: how many tokens are compared, with this one, and how many there are.
        rounding: what it may have done to a log probability, in the coarser of the two formats.
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
    rounding: float = ROUNDING

    @property
    def difference(self) -> float:
        """Probability now minus probability then: after the sampler, or before it where that is further off.

        Between 16-bit numbers it is the one before: of two tokens that are nearly alike, rounding decides which one a
        greedy choice takes, or the edge of top-p, and then what comes after the sampler is 1 or 0.
        """
        choice = self.node.choice
        raw = self.raw_probability - choice.raw_probability
        return raw if self.rounding > ROUNDING else max(self.probability - choice.probability, raw, key=abs)

    @property
    def off(self) -> bool:
        """Whether the probability is not what it was, beyond rounding."""
        likelier = max(self.raw_probability, self.node.choice.raw_probability)
        most = max(MAX_DIFFERENCE, (1 - exp(-self.rounding)) * likelier)
        return self.error is not None or abs(self.difference) > most


def replay(session: Session, model: Model) -> Iterator[Replayed]:
    """Every token that a session holds by now, compared with what the model says under the interventions that were in
    force when it was chosen; at most one forward pass a token.

    The walk is depth first, so that most texts only continue what was just read; and all tokens that followed the same
    text come together, from one pass for each of their interventions.
    """
    rounding = max(COARSE_ROUNDING.get(dtype or "", ROUNDING) for dtype in (session.dtype, model.info.dtype))
    done, total = 0, len(session)
    for tree, last in [(tree, len(tree)) for tree in session.trees.values()]:
        todo = [(ROOT, 0)]  # nodes, and how many tokens after the prefix their text has
        while todo:
            number, step = todo.pop()
            following = [tree.node(child) for child in tree.children[number] if child <= last]
            for node in following:
                done += 1
                u_differs = _u_differs(node, step)
                unread = Replayed(tree, node, 0.0, 0.0, None, u_differs, False, done, total, rounding)
                yield _read(model, unread)
            todo += [(node.number, step + 1) for node in reversed(following)]


def _u_differs(node: Node, step: int) -> bool:
    u = node.choice.u
    return u is not None and u != uniform(node.seed, node.sample, step, node.redraw)


def _read(model: Model, unread: Replayed) -> Replayed:
    """With what the model says of the token."""
    tree, node, u = unread.tree, unread.node, unread.node.choice.u
    try:
        token = model.vocabulary[node.choice.id]
        trace = model.trace(tree.ids(node.parent), interventions=node.interventions)
        distribution = trace.distribution(node.sampling)
    except ExplorerError as error:
        return replace(unread, error=error.message)
    # Between 16-bit numbers the shares of likely tokens change their order: where u falls says nothing.
    falls_elsewhere = u is not None and unread.rounding <= ROUNDING and not _falls_on(distribution, token.id, u)
    return replace(
        unread,
        probability=float(distribution.probabilities[token.id]),
        raw_probability=float(distribution.raw_probabilities[token.id]),
        falls_elsewhere=falls_elsewhere,
    )


def _falls_on(distribution: Distribution, token_id: int, u: float) -> bool:
    """Whether u falls on a token, give or take `ROUNDING`: of the ends of its share, and of the order of the shares."""
    probabilities = distribution.probabilities.astype(np.float64)
    own = probabilities[token_id]
    before = probabilities[probabilities > own * (1 + 2 * ROUNDING)].sum()
    upto = probabilities[probabilities >= own * (1 - 2 * ROUNDING)].sum()
    return bool(own > 0 and before - ROUNDING <= u < upto + ROUNDING)
