"""The seam to what computes: an `Engine` turns tokens into hidden states, and hidden states into logits.

There are two, each the other's oracle: `numpy_engine` reads GPT-2- and Llama-shaped models on a CPU, at the speed of
its memory; `torch_engine` reads everything that transformers does, on every device. Only numpy arrays cross the seam.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from explorer.engine.attention_buffer import AttentionBuffer, KeysValuesView, LayerRule
from explorer.engine.states_buffer import StatesBuffer
from explorer.language_model.interventions import Interventions
from explorer.language_model.trace import Floats, Ints

CHUNK = 256
"""Tokens in one pass: a whole 8,192-token window of SmolLM2 in one go would hold 2.4 GB of attention a layer."""


class KeysValues(Protocol):
    """The keys and values of one text in every layer: what an engine has to have in order to read on."""

    def __len__(self) -> int:
        """How many tokens they are of."""
        ...

    @property
    def n_bytes(self) -> int:
        """What they take, with the room they have to grow."""
        ...

    def crop(self, length: int) -> None:
        """Forget all but the first ``length`` tokens."""
        ...

    def fork(self, length: int) -> KeysValues:
        """Others with the first ``length`` tokens, which go their own way."""
        ...

    def view(self, length: int) -> KeysValuesView:
        """The first ``length`` tokens as they are now: what is read later leaves them alone."""
        ...


class Batch(Protocol):
    """The keys and values of B texts of one length."""

    def select(self, rows: Ints) -> None:
        """Keep these rows, in this order; a row may come several times."""
        ...


@dataclass(frozen=True, eq=False)
class Reading:
    """What one pass over n tokens of a vocabulary of V gives.

    Attributes:
        hidden: (n, n_embd) after the final norm, at least float32.
        logits: (V,) after the last of them, at least float32.
        surprisal, entropy, rank: (n,) as in `Trace`.
    """

    hidden: Floats
    logits: Floats
    surprisal: Floats
    entropy: Floats
    rank: Ints


class Engine(ABC):
    """What computes. Every pass goes through `read`, `read_column` or `read_texts`, and is counted there.

    Attributes:
        name: ``numpy`` or ``torch``; device, dtype: as in `ModelInfo`.
        rules: of each layer's attention.
        head_dim: features of a head's output.
        observers: told the number of tokens of each pass before it begins.
    """

    name: str
    device: str
    dtype: str
    rules: tuple[LayerRule, ...]
    head_dim: int

    def __init__(self) -> None:
        self.observers: list[Callable[[int], None]] = []

    def read(
        self,
        ids: Ints,
        cache: KeysValues,
        before: Floats | None,
        *,
        interventions: Interventions = (),
        attention: AttentionBuffer | None = None,
        states: StatesBuffer | None = None,
        text_length: int | None = None,
    ) -> Reading:
        """Read ``ids`` (n,), which follow the tokens in ``cache``; it grows by them, and so do ``attention`` and
        ``states``.

        Args:
            before: (V,) logits after the last token in ``cache``; None at the beginning of a text.
            attention: takes the rows of the new tokens.
            states: takes what stands at its sites for them.
            text_length: tokens of the text that these are a part of, where it goes on after them; see `regime`.
        """
        self._count(len(ids))
        length = text_length or len(cache) + len(ids)
        return self._read(ids, cache, before, interventions, attention, states, length)

    def read_column(self, tokens: Ints, batch: Batch, *, interventions: Interventions = ()) -> Floats:
        """(B, V) logits after one more token (B,) of each row of ``batch``, which grows by it."""
        self._count(len(tokens))
        return self._read_column(tokens, batch, interventions)

    def read_texts(self, texts: Sequence[Ints], *, interventions: Interventions = ()) -> Floats:
        """(B, V) logits after each of B texts, which may be of different lengths. Nothing is kept of them."""
        self._count(len(texts) * max(len(text) for text in texts))
        return self._read_texts(texts, interventions)

    @abstractmethod
    def empty_cache(self) -> KeysValues:
        """Of no tokens yet."""

    @abstractmethod
    def batch(self, cache: Any, length: int, n_rows: int) -> Batch:
        """``n_rows`` copies of the first ``length`` tokens of ``cache``."""

    @abstractmethod
    def logits(self, hidden: Floats) -> Floats:
        """(n, n_embd) hidden states after the final norm -> (n, V) logits, at least float32."""

    def regime(self, n_tokens: int) -> Hashable:
        """What the length of a text decides about its keys and values: those of one regime are wrong in another.

        Some models turn their positions otherwise from a certain length on; most have one regime.
        """
        return 0

    def release_memory(self) -> None:  # noqa: B027  # the CPU's goes back by itself
        """Give what is not in use back to the device."""

    def move_to_cpu(self) -> bool:
        """Go on with the CPU's memory instead of the device's; False where it is that already."""
        return False

    def _count(self, n_tokens: int) -> None:
        for observer in self.observers:
            observer(n_tokens)

    @abstractmethod
    def _read(
        self,
        ids: Ints,
        cache: Any,
        before: Floats | None,
        interventions: Interventions,
        attention: AttentionBuffer | None,
        states: StatesBuffer | None,
        text_length: int,
    ) -> Reading: ...

    @abstractmethod
    def _read_column(self, tokens: Ints, batch: Any, interventions: Interventions) -> Floats: ...

    @abstractmethod
    def _read_texts(self, texts: Sequence[Ints], interventions: Interventions) -> Floats: ...
