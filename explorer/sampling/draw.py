"""The draw: a number u in [0, 1) that depends on where it is needed alone, and the token it falls on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from explorer.language_model.arguments import whole
from explorer.language_model.trace import Floats, Ints
from explorer.locales import ExplorerError, shown
from explorer.sampling.distribution import Candidate, Distribution
from explorer.sampling.ranking import at_mass
from explorer.sampling.softmax import Softmax
from explorer.sampling.stages import GREEDY

DRAWN, HAND = "drawn", "hand"
"""With ``greedy``, the ways in which a token is chosen."""

MAX_SEED = 2**63 - 1
_NUMBERS_A_COUNT = 4  # the generator gives four for each value of its counter


def checked_seed(seed: int) -> int:
    """A seed as it is recorded.

    Raises:
        ExplorerError: no whole number from 0 to 2 ** 63 - 1.
    """
    number = whole(seed)
    if number is None or not 0 <= number <= MAX_SEED:
        raise ExplorerError("seed-out-of-range", value=shown(seed), most=str(MAX_SEED))
    return number


def uniforms(seed: int, sample: int, step: int, redraws: range) -> Floats:
    """(len(redraws),) float64 in [0, 1): the u of each redraw.

    Counter-based (Philox 4x64-10, Salmon et al. 2011, section 3.3): the key is the seed, the counter is (redraw + 1,
    step, sample, 0), and u the upper 53 bits of the first of the four numbers that come out. So a u depends on seed,
    sample, step and redraw alone, and not on what was drawn before.

    Args:
        seed: see `checked_seed`.
        sample: which of several texts from the same prefix, from 0.
        step: which token after the prefix, from 0.
        redraws: which draws at this place, consecutive; the first is 0, each time that it is drawn again is one more.
    """
    counter = np.array([redraws.start, step, sample, 0], np.uint64)  # numpy adds 1 before it generates
    generator = np.random.Philox(key=checked_seed(seed), counter=counter)
    raw = generator.random_raw(_NUMBERS_A_COUNT * len(redraws))[::_NUMBERS_A_COUNT]
    return (raw >> np.uint64(11)) * 2.0**-53


def uniform(seed: int, sample: int, step: int, redraw: int = 0) -> float:
    """The u of one draw, see `uniforms`."""
    return float(uniforms(seed, sample, step, range(redraw, redraw + 1))[0])


def boundaries(distribution: Distribution) -> Floats:
    """(n,) float64 upper ends of the survivors' shares of [0, 1), in the order of `Distribution.survivors`.

    The token at place i is drawn by every u from ``boundaries[i - 1]`` (0 for the first) up to, and without,
    ``boundaries[i]``; the last is 1.
    """
    ends: Floats = np.cumsum(distribution.final.weights[distribution.survivors])
    ends /= ends[-1]
    return ends


def drawn(distribution: Distribution, us: Floats) -> Ints:
    """(n,) ids of the tokens on which the (n,) numbers ``us`` fall."""
    return distribution.survivors[np.searchsorted(boundaries(distribution), us, side="right")]


def choose(distribution: Distribution, u: float) -> Candidate:
    """The token that comes next: the only one there is after a greedy sampler, else the one on which ``u`` falls."""
    final = distribution.final
    if distribution.stages and distribution.stages[-1].name == GREEDY:
        return replace(distribution.candidate(int(np.argmax(final.scores))), chosen_by=GREEDY)
    return replace(distribution.candidate(_drawn(final, u)), u=u, chosen_by=DRAWN)


def _drawn(final: Softmax, u: float) -> int:
    """The token that `drawn` gives for one u, without sorting all of them."""
    mass = u * float(final.total[0])
    if 2 * final.n_survivors > len(final.scores):
        return at_mass(final.scores, final.weights, mass, beyond=True)
    ids = np.flatnonzero(final.survives)
    return int(ids[at_mass(final.scores[ids], final.weights[ids], mass, beyond=True)])


def by_hand(distribution: Distribution, token_id: int) -> Candidate:
    """The token that somebody picked, whatever the sampler would have done.

    Raises:
        ExplorerError: there is no such token.
    """
    return replace(distribution.candidate(token_id), chosen_by=HAND)
