"""`Trace`: a frozen record of what one forward pass is worth."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from explorer.language_model.attention import Attention
from explorer.language_model.interventions import Interventions
from explorer.language_model.record import cut, html_table
from explorer.language_model.states import States
from explorer.language_model.tokens import Token, Vocabulary
from explorer.locales import ExplorerError, Message, numbers, shown, tr

if TYPE_CHECKING:
    from collections.abc import Sequence

Floats = NDArray[np.floating[Any]]
Ints = NDArray[np.int64]

Result = TypeVar("Result", covariant=True)


class Rule(Protocol[Result]):
    """What turns logits into something to look at; `explorer.Sampling` is one."""

    def apply(self, logits: Floats, history: Sequence[int] | Ints, vocabulary: Vocabulary | None = None) -> Result: ...


NOT_ASKED = Message.of("attention-not-asked")
STATES_NOT_ASKED = Message.of("states-not-asked")


@dataclass(frozen=True, eq=False)
class Trace:
    """What a model makes of a text of T tokens. Arrays are read-only numpy; no torch, safe on any thread.

    The model reads ``ids[start:]``: all of them, unless they are more than it has positions. The first token it reads
    has nothing before it, so it and those before ``start`` have no surprisal, entropy (NaN) or rank (0).

    Attributes:
        ids: (T,) token ids, with whatever the tokenizer prepends.
        logits: (V,) of the token that would come next; float32, or float64 when the model is.
        surprisal: (T,) bits, -log2 of the probability the model gave each token that stands there.
        entropy: (T,) bits, of the distribution each token was one outcome of.
        rank: (T,) place of each token in that distribution, from 1; equal logits by lower id.
        start: the first token the model reads.
        computed: how many tokens went through the model for this trace; the others came from the cache.
        milliseconds: how long it took.
        vocabulary: the model's tokens.
        notices: what a reader must know about how the text was read.
        recorded_attention: the attention of ``ids[start:]``, where it was asked for and there is any; see `attention`.
        attention_unavailable: why there is none.
        recorded_states: what stood at the sites that were asked for, of ``ids[start:]``; see `states`.
        states_unavailable: why there is nothing.
        interventions: what was changed inside the model while it read; nothing that is said here holds without them.

    Raises:
        ExplorerError: a logit is NaN or infinite upwards: the weights are damaged or overflow their dtype.
    """

    ids: Ints
    logits: Floats
    surprisal: Floats
    entropy: Floats
    rank: Ints
    start: int
    computed: int
    milliseconds: float
    vocabulary: Vocabulary
    notices: tuple[Message, ...] = ()
    recorded_attention: Attention | None = None
    attention_unavailable: Message = NOT_ASKED
    recorded_states: States | None = None
    states_unavailable: Message = STATES_NOT_ASKED
    interventions: Interventions = ()

    def __post_init__(self) -> None:
        n_tokens = len(self.ids)
        shapes = [array.shape for array in (self.surprisal, self.entropy, self.rank)]
        if self.recorded_attention is not None and self.recorded_attention.n_tokens != n_tokens - self.start:
            raise ValueError(
                f"attention has {self.recorded_attention.n_tokens} rows, but {n_tokens - self.start} tokens are read"
            )
        states = self.recorded_states
        if states is not None and states.n_tokens != n_tokens - self.start:
            raise ValueError(f"states of {states.n_tokens} tokens, but {n_tokens - self.start} tokens are read")
        if not n_tokens or shapes != [(n_tokens,)] * 3 or self.logits.shape != (len(self.vocabulary),):
            raise ValueError(f"a trace of {n_tokens} tokens cannot have arrays of shapes {shapes, self.logits.shape}")
        if not self.logits.max() < np.inf:  # so of NaN, too
            raise ExplorerError("bad-logits", n=int((~(self.logits < np.inf)).sum()), of=len(self.logits))
        for array in (self.ids, self.logits, self.surprisal, self.entropy, self.rank):
            array.flags.writeable = False

    def __repr__(self) -> str:
        text = cut(repr(self.text if len(self.text) <= 60 else f"…{self.text[-60:]}"), 200)
        bits = numbers.bits(self.total_bits)
        return f"Trace({text}, {len(self.ids)} tokens, {bits} bits over {max(0, self.n_scored)})"

    def _repr_html_(self) -> str:
        header = [tr(name) for name in ("cli-column-token", "cli-column-id", "measure-surprisal", "cli-column-rank")]
        rows = (
            (
                token.label,
                str(token.id),
                numbers.bits(float(bits)) if rank else "",
                str(rank) if rank else "",
            )
            for token, bits, rank in zip(self.tokens, self.surprisal, map(int, self.rank), strict=True)
        )
        caption = f"{len(self.ids):,} · {numbers.bits(self.total_bits)} bits"
        return html_table(caption, header, rows, len(self.ids))

    @cached_property
    def tokens(self) -> tuple[Token, ...]:
        return self.vocabulary.tokens(self.ids)

    @property
    def attention(self) -> Attention:
        """What every head of every layer looked at; of ``ids[start:]``.

        Raises:
            ExplorerError: it was not asked for, the model gives none, or the text is too long for it.
        """
        if self.recorded_attention is None:
            raise ExplorerError.of(self.attention_unavailable)
        return self.recorded_attention

    @property
    def states(self) -> States:
        """What stood at the sites that were asked for; of ``ids[start:]``.

        Raises:
            ExplorerError: none was asked for, the model gives none, or the text is too long for them.
        """
        if self.recorded_states is None:
            raise ExplorerError.of(self.states_unavailable)
        return self.recorded_states

    @property
    def text(self) -> str:
        """The text that is read as these ids, where there is one; special tokens in their written form."""
        return self.vocabulary.as_typed(self.ids)

    @property
    def n_scored(self) -> int:
        """Tokens that have a surprisal: all the model reads but the first."""
        return len(self.ids) - self.start - 1

    @property
    def total_bits(self) -> float:
        """Sum of the surprisals there are, in bits."""
        return float(np.nansum(self.surprisal))

    @property
    def perplexity(self) -> float:
        """2 to the mean surprisal of the `n_scored` tokens; NaN when there are none."""
        return 2.0 ** (self.total_bits / self.n_scored) if self.n_scored else float("nan")

    def distribution(self, rule: Rule[Result]) -> Result:
        """The distribution over the next token under ``rule``: no forward pass.

        Raises:
            ExplorerError: that is no sampler, or it leaves no token.
        """
        if not hasattr(rule, "apply") or isinstance(rule, type):
            raise ExplorerError("argument-of-another-kind", name="rule", value=shown(rule), kind="sampling")
        return rule.apply(self.logits, self.ids, self.vocabulary)
