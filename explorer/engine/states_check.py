"""Whether what a model says of its sites is what it is called: tried on one text, whatever the architecture.

A block may scale what it adds, norm it, or do something that nobody here has thought of. So its states are held against
each other, and against the attention, which was compared with transformers' own before.
"""

from __future__ import annotations

import numpy as np

from explorer.engine.check import SHORT, texts_around
from explorer.engine.local_model import LocalModel
from explorer.language_model.attention import Attention
from explorer.language_model.memory import OutOfMemory
from explorer.language_model.model import STATES
from explorer.language_model.request import Extras, Request
from explorer.language_model.sites import ATTENTION_OUT, BLOCK, EMBEDDING, HEADS, MLP_OUT, SITES
from explorer.language_model.states import States

EPSILON = {"bfloat16": 2.0**-7, "float16": 2.0**-10, "float32": 2.0**-23, "float64": 2.0**-52}
"""What two numbers next to each other differ by, as a part of them."""


def states_hold(model: LocalModel) -> bool:
    """Whether the states of ``model`` are what their sites say, on a short text; False where it gives none.

    Raises:
        OutOfMemory: the memory is full.
    """
    if STATES not in model.info.capabilities or not model.info.attention:
        return False
    ids = next(texts_around(min(SHORT, model.info.n_positions), model.info.vocab_size))
    try:
        trace = model.trace(Request(tuple(ids.tolist()), extras=Extras(attention=True, states=SITES)))
        dtype = model.info.dtype
        return sums_close(trace.states, dtype) and heads_attend(trace.states, trace.attention, dtype)
    except OutOfMemory:
        raise
    except Exception:  # whatever an architecture does that nobody has tried here
        return False


def sums_close(states: States, dtype: str) -> bool:
    """Whether each block is the one before (of the first: the embedding) with what its attention and its MLP add, up to
    the rounding of two sums in ``dtype``."""
    after, attention, mlp = states[BLOCK], states[ATTENTION_OUT], states[MLP_OUT]
    before = np.concatenate([states[EMBEDDING][None], after[:-1]])
    rounding = 4 * EPSILON[dtype] * sum(np.abs(each) for each in (before, attention, mlp, after))
    return bool((np.abs(before + attention + mlp - after) <= rounding).all())  # which NaN is not


def heads_attend(states: States, attention: Attention, dtype: str) -> bool:
    """Whether each head's output is its weights times its values."""
    may_differ = 16 * EPSILON[dtype]  # of the largest: weights, values and their products are rounded
    for layer, outputs in enumerate(states[HEADS]):
        for head, output in enumerate(outputs):
            expected = attention.head(layer, head) @ attention.vectors(layer, head).values
            if not (np.abs(output - expected) <= may_differ * np.abs(expected).max()).all():
                return False
    return True
