"""What everything above a language model knows of it: `Model` and `ModelInfo`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from explorer.language_model.tokens import Encoding, Vocabulary
from explorer.language_model.trace import Floats, Trace
from explorer.locales import Message

Watch = Callable[[int, int], None]
"""Told (tokens done, tokens to do) between the chunks of a long pass; raising `Superseded` drops the pass."""


class Superseded(Exception):
    """A newer question made this one pointless; what was computed so far stays in the cache."""


@dataclass(frozen=True)
class ModelInfo:
    """What a model is. Sizes count layers, heads per layer, features, positions, tokens and parameters.

    Attributes:
        name: what ``explorer.load`` takes; title: what the screen shows.
        revision: the commit the weights come from, where there is one.
        device: ``cpu``, ``cuda`` or ``mps``; dtype: ``float32`` and so on.
        attention: whether it gives its attention weights.
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
    attention: bool = True
    end_ids: tuple[int, ...] = ()
    note: Message | None = None
    notices: tuple[Message, ...] = ()


class Model(Protocol):
    """The one interface to a model. `LanguageModel` is one in this process."""

    @property
    def info(self) -> ModelInfo: ...

    @property
    def vocabulary(self) -> Vocabulary: ...

    def tokenize(self, text: str) -> Encoding: ...

    def trace(
        self, text_or_ids: str | Sequence[int], *, attention: bool = False, watch: Watch | None = None
    ) -> Trace: ...

    def next_logits(self, rows: Sequence[Sequence[int]]) -> Floats: ...
