"""What heads are known to do: a score for each of four roles, on any text.

The roles are those of the literature: heads that look at the token before, and heads that look for what came after an
earlier copy of the present token (Elhage et al. 2021, "A Mathematical Framework for Transformer Circuits"; Olsson et
al. 2022, "In-context Learning and Induction Heads"); heads that rest on the first token (Xiao et al. 2023, "Efficient
Streaming Language Models with Attention Sinks"). A score says what a head did on one text, not what it is for.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np

from explorer.language_model.arguments import check_head, require, require_model
from explorer.language_model.attention import Attention, Floats, Places
from explorer.language_model.interventions import Intervention
from explorer.language_model.model import Model
from explorer.language_model.request import whole_numbers
from explorer.language_model.trace import Ints, Trace
from explorer.locales import ExplorerError, shown
from explorer.sampling.draw import checked_seed
from explorer.sampling.parameters import MAX_COUNT, number

KINDS = ("previous", "first", "same", "induction")
"""Heads look at: the token before; the first token; earlier tokens that are equal; what came after these."""

LIFT = 0.4
"""A head has a role's label from so much of the way between chance and all its weight on. In ten draws of random
tokens SmolLM2-135M had 23 labels (but for those of the first token), 14 of them each time; heads of an untrained model
stay at chance and have none."""

FEWEST = 2
"""Tokens a label stands on, at least: of a single one many heads do by accident what the role says."""

MAX_PAIRS = 1 << 14
"""Pairs of equal tokens that are looked at. A text with more, one token over and over, is judged by its last tokens."""


@dataclass(frozen=True, eq=False, repr=False)
class Roles:
    """How far each head did what each role says, on one text.

    Attributes:
        scores: (4, n_layer, n_head) in the order of `KINDS`: the weight, 0..1, on the tokens the role is about, a mean
            over the tokens that have such before them. NaN where none has.
        chance: (4,) the same of a head that looks at all it may see alike.
        n_cases: (4,) how many tokens the mean is over.
    """

    scores: Floats
    chance: Floats
    n_cases: Ints

    def __post_init__(self) -> None:
        for array in (self.scores, self.chance, self.n_cases):
            array.flags.writeable = False

    def __repr__(self) -> str:
        _, n_layer, n_head = self.scores.shape
        return f"Roles({n_layer} × {n_head} heads; {', '.join(f'{kind} {len(self.heads(kind))}' for kind in KINDS)})"

    def of(self, kind: str) -> Floats:
        """(n_layer, n_head) scores of one role."""
        return np.asarray(self.scores[_place(kind)])

    @property
    def lift(self) -> Floats:
        """(4, n_layer, n_head) how far above chance: 0 is chance, 1 all weight."""
        chance = self.chance[:, None, None]
        return (self.scores - chance) / (1 - chance)

    @property
    def labelled(self) -> Floats:
        """(4, n_layer, n_head) `lift` where a head has the label, else 0."""
        enough = (self.n_cases >= FEWEST)[:, None, None]
        return np.where((self.lift >= LIFT) & enough, self.lift, 0)

    def labels(self, layer: int, head: int) -> tuple[str, ...]:
        """The roles of a head, best first.

        Raises:
            ExplorerError: there is no such layer or head.
        """
        _, n_layer, n_head = self.scores.shape
        check_head(layer, head, n_layer, n_head)
        lift = self.labelled[:, layer, head]
        return tuple(KINDS[i] for i in np.argsort(-lift, kind="stable") if lift[i])

    def heads(self, kind: str) -> tuple[tuple[int, int], ...]:
        """(layer, head) of those that have the label, best first."""
        lift = self.labelled[_place(kind)]
        best = np.argsort(-lift, axis=None, kind="stable")[: np.count_nonzero(lift)]
        return tuple((int(place) // lift.shape[1], int(place) % lift.shape[1]) for place in best)


def _place(kind: str) -> int:
    if kind not in KINDS:
        raise ExplorerError("unknown-role", role=shown(kind), known=", ".join(KINDS))
    return KINDS.index(kind)


def roles(attention: Attention, ids: Sequence[int] | Ints) -> Roles:
    """The roles of all heads on a text.

    The first token draws weight whatever it is, so it counts for its own role only: else a head that rests on it would
    seem to look for equal tokens, in a text that ends with its first word. The scores of ``induction`` are the prefix
    matching scores of Olsson et al., on this text instead of random tokens: `repeated_random` has those.

    Args:
        ids: (T,) the tokens of ``attention``: ``trace.ids[trace.start:]``.

    Raises:
        ExplorerError: that is no attention, or not of so many tokens.
    """
    require("attention", attention, "attention", Attention)
    ids = whole_numbers(ids)
    if len(ids) != attention.n_tokens:
        raise ExplorerError("attention-of-another-text", n=attention.n_tokens, given=len(ids))
    measured = [_measured(attention, *pairs) for pairs in _pairs(np.asarray(ids))]
    scores, chance, n_cases = zip(*measured, strict=True)
    return Roles(np.stack(scores), np.array(chance), np.array(n_cases))


def repeated_random(model: Model, *, n: int = 50, seed: int = 0, interventions: Iterable[Intervention] = ()) -> Roles:
    """The roles of all heads on ``n`` different random tokens that come twice, one forward pass, under interventions.

    In such a text nothing but the repetition can be known, so a score owes nothing to what the tokens mean.

    Raises:
        ExplorerError: that is no model, or it gives no attention; ``n`` or ``seed`` cannot be.
    """
    require_model(model)
    n = int(number("n", n, 2, MAX_COUNT, whole_only=True))
    tokens = model.vocabulary.tokens(range(len(model.vocabulary)))
    ids = [token.id for token in tokens if token.bytes and not token.special and token.id not in model.info.end_ids]
    n = min(n, len(ids), model.info.n_positions // 2)
    once = np.random.default_rng(checked_seed(seed)).choice(ids, n, replace=False).tolist()
    return roles_of(model.trace([*once, *once], attention=True, interventions=interventions))


def roles_of(trace: Trace) -> Roles:
    """The roles of all heads on the text of ``trace``; computed once for each trace.

    Raises:
        ExplorerError: the trace has no attention.
    """
    found = _known.get(trace)
    if found is None:
        found = _known[trace] = roles(trace.attention, trace.ids[trace.start :])
    return found


_known: WeakKeyDictionary[Trace, Roles] = WeakKeyDictionary()


def _pairs(ids: Ints) -> list[tuple[Places, Places]]:
    """For each role, the queries and the keys that it is about; queries ascend."""
    later, from_third = np.arange(1, len(ids)), np.arange(2, len(ids))
    queries, earlier = _equal(ids)
    not_first, followed = earlier > 0, earlier + 1 < queries  # what came after the token before is the query itself
    return [
        (from_third, from_third - 1),
        (later, np.zeros_like(later)),
        (queries[not_first], earlier[not_first]),
        (queries[followed], earlier[followed] + 1),
    ]


def _equal(ids: Ints) -> tuple[Places, Places]:
    """Every token with every earlier one that is equal; of a text with too many of these, the last."""
    queries: list[Places] = []
    earlier: list[Places] = []
    n_pairs = 0
    for query in range(len(ids) - 1, 0, -1):
        found = np.flatnonzero(ids[:query] == ids[query])
        n_pairs += len(found)
        if n_pairs > MAX_PAIRS:
            break
        queries.append(np.full_like(found, query))
        earlier.append(found)
    if not queries:
        return np.array([], np.int64), np.array([], np.int64)
    return np.concatenate(queries[::-1]), np.concatenate(earlier[::-1])


def _measured(attention: Attention, queries: Places, keys: Places) -> tuple[Floats, float, int]:
    """Score, chance and number of cases: the means, over the queries, of the weight on all their keys together."""
    n_cases = len(np.unique(queries))
    if not n_cases:
        return np.full((attention.n_layer, attention.n_head), np.nan), np.nan, 0
    scores = attention.at(queries, keys).sum(-1, dtype=np.float64) / n_cases
    return scores, float((1 / (queries + 1)).sum() / n_cases), n_cases
