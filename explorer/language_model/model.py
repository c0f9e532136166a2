"""What everything above a language model knows of it: `Model`, `BatchDecoder` and `ModelInfo`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from explorer.language_model.interventions import Intervention, Interventions, check_heads
from explorer.language_model.record import Record
from explorer.language_model.request import Asked
from explorer.language_model.tokens import Encoding, Vocabulary
from explorer.language_model.trace import Floats, Ints, Trace
from explorer.locales import ExplorerError, Message

Watch = Callable[[int, int], None]
"""Told (tokens done, tokens to do) between the chunks of a long pass; raising `Superseded` drops the pass."""

ATTENTION, ABLATION, STATES = "attention", "ablation", "states"
"""What a model may be able to do besides predicting: give its attention weights, switch heads off, give what stands at
its sites."""


class Superseded(Exception):
    """A newer question made this one pointless; what was computed so far stays in the cache."""


@dataclass(frozen=True, eq=False, repr=False)
class ModelInfo(Record):
    """What a model is. Sizes count layers, heads per layer, features, positions, tokens and parameters.

    Attributes:
        name: what ``explorer.load`` takes; title: what the screen shows.
        revision: the commit the weights come from, where there is one.
        weights_version: SHA-256, in hexadecimal, over the weights and what else decides the numbers; the same on every
            machine and engine. "" where it is not known.
        device: ``cpu``, ``cuda`` or ``mps``; dtype: ``float32`` and so on.
        engine: what computes: ``numpy`` or ``torch``.
        capabilities: what it can do besides predicting, see `ATTENTION`, `ABLATION` and `STATES`.
        end_ids: tokens that end a text, by the model's own generation settings or its tokenizer.
        note: something about the weights that changes how their numbers should be read.
        notices: what went otherwise than asked while loading.
    """

    name: str
    title: str
    revision: str | None
    n_layer: int
    n_head: int
    n_embd: int
    n_positions: int
    vocab_size: int
    n_parameters: int
    device: str
    dtype: str
    weights_version: str = ""
    engine: str = "torch"
    capabilities: frozenset[str] = frozenset({ATTENTION, ABLATION})
    end_ids: tuple[int, ...] = ()
    note: Message | None = None
    notices: tuple[Message, ...] = ()

    @property
    def attention(self) -> bool:
        """Whether it gives its attention weights."""
        return ATTENTION in self.capabilities

    def check(self, interventions: Interventions) -> None:
        """
        Raises:
            ExplorerError: the model cannot be changed so, or does not have a head that is named.
        """
        if interventions and ABLATION not in self.capabilities:
            raise ExplorerError("no-ablation", name=self.name)
        check_heads(interventions, self.n_layer, self.n_head)


class BatchDecoder(Protocol):
    """B continuations of one text, read side by side, one token a step."""

    def __len__(self) -> int: ...

    @property
    def ids(self) -> Ints:
        """(B, T) the tokens of each row so far, the text they continue included."""
        ...

    def select(self, rows: Sequence[int] | Ints) -> None:
        """Go on with these rows, in this order: some may be left out, some may come several times.

        Raises:
            OutOfMemory: they are too many. The decoder can then not be used any more.
        """
        ...

    def advance(self, tokens: Sequence[int] | Ints) -> Floats:
        """Give each row its next token (B,): the (B, V) logits of the one after it, in the trace's dtype. They are
        those of `Model.next_logits`, also where the rows have grown past what the model reads at once.

        Raises:
            ExplorerError: a token that the model does not have; nothing has changed then.
            OutOfMemory: they are too many. The decoder can then not be used any more.
        """
        ...


class Model(Protocol):
    """The one interface to a model. `explorer.engine.local_model.LocalModel` is one in this process."""

    @property
    def info(self) -> ModelInfo: ...

    @property
    def vocabulary(self) -> Vocabulary: ...

    def tokenize(self, text: str) -> Encoding: ...

    def trace(
        self,
        asked: Asked,
        *,
        attention: bool = False,
        interventions: Iterable[Intervention] = (),
        watch: Watch | None = None,
    ) -> Trace:
        """The answer to a request; ``attention`` and ``interventions`` are the short way to make one of a text.

        Raises:
            ExplorerError: what is asked cannot be, see `as_request` and `ModelInfo.check`.
            Superseded: ``watch`` raised it.
        """
        ...

    def next_logits(self, rows: Sequence[Sequence[int]], *, interventions: Iterable[Intervention] = ()) -> Floats:
        """(B, V) logits of the token after each of B rows of token ids, which may be of different lengths.

        Raises:
            ExplorerError: one text instead of rows, an id or a head that the model does not have.
        """
        ...

    def decoder(
        self, ids: Sequence[int] | Ints, n_rows: int, *, interventions: Iterable[Intervention] = ()
    ) -> BatchDecoder:
        """``n_rows`` continuations of one text, to be read side by side.

        Raises:
            ExplorerError: an id or a head that the model does not have.
        """
        ...
