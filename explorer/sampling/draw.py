"""The draw: a number u in [0, 1) that depends on where it is needed alone, and the token it falls on."""

from __future__ import annotations

from dataclasses import replace
from operator import index

import numpy as np

from explorer.language_model.trace import Floats, Ints
from explorer.locales import ExplorerError
from explorer.sampling.distribution import Candidate, Distribution
from explorer.sampling.stages import GREEDY

DRAWN, HAND = "drawn", "hand"
"""With ``greedy``, the ways in which a token is chosen."""

MOST_SEED = 2**63 - 1
_NUMBERS_A_COUNT = 4  # the generator gives four for each value of its counter


def checked_seed(seed: int) -> int:
    """A seed as it is recorded.

    Raises:
        ExplorerError: no whole number from 0 to 2 ** 63 - 1.
    """
    try:
        number = -1 if isinstance(seed, bool) else index(seed)
    except TypeError:
        number = -1
    if not 0 <= number <= MOST_SEED:
        raise ExplorerError("seed-out-of-range", value=str(seed)[:60], most=str(MOST_SEED))
    return number


def uniforms(seed: int, sample: int, step: int, throws: range) -> Floats:
    """(len(throws),) float64 in [0, 1): the u of each throw.

    Counter-based (Philox 4x64-10, Salmon et al. 2011, section 3.3): the key is the seed, the counter is (throw + 1,
    step, sample, 0), and u the upper 53 bits of the first of the four numbers that come out. So a u depends on seed,
    sample, step and throw alone, and not on what was drawn before.

    Args:
        seed: see `checked_seed`.
        sample: which of several texts from the same prefix, from 0.
        step: which token after the prefix, from 0.
        throws: numbers of the throws at this place, consecutive; the first is 0.
    """
    counter = np.array([throws.start, step, sample, 0], np.uint64)  # numpy adds 1 before it generates
    generator = np.random.Philox(key=checked_seed(seed), counter=counter)
    raw = generator.random_raw(_NUMBERS_A_COUNT * len(throws))[::_NUMBERS_A_COUNT]
    return (raw >> np.uint64(11)) * 2.0**-53


def uniform(seed: int, sample: int, step: int, throw: int = 0) -> float:
    """The u of one throw, see `uniforms`."""
    return float(uniforms(seed, sample, step, range(throw, throw + 1))[0])


def boundaries(distribution: Distribution) -> Floats:
    """(n,) float64 upper ends of the survivors' shares of [0, 1), in the order of `Distribution.survivors`.

    The token at place i is drawn by every u from ``boundaries[i - 1]`` (0 for the first) up to, and without,
    ``boundaries[i]``; the last is 1.
    """
    ends: Floats = np.cumsum(distribution.probabilities[distribution.survivors], dtype=np.float64)
    ends /= ends[-1]
    return ends


def drawn(distribution: Distribution, us: Floats) -> Ints:
    """(n,) ids of the tokens on which the (n,) numbers ``us`` fall."""
    return distribution.survivors[np.searchsorted(boundaries(distribution), us, side="right")]


def choose(distribution: Distribution, u: float) -> Candidate:
    """The token that comes next: the only one there is after a greedy sampler, else the one on which ``u`` falls."""
    if distribution.stages and distribution.stages[-1].name == GREEDY:
        return replace(distribution.candidate(int(distribution.survivors[0])), chosen_by=GREEDY)
    return replace(distribution.candidate(int(drawn(distribution, np.array([u]))[0])), u=u, chosen_by=DRAWN)


def by_hand(distribution: Distribution, token_id: int) -> Candidate:
    """The token that somebody picked, whatever the sampler would have done.

    Raises:
        ExplorerError: there is no such token.
    """
    return replace(distribution.candidate(token_id), chosen_by=HAND)
