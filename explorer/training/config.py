"""The recipe: every number of a training, read from a TOML file and checked."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from explorer.locales.messages import ExplorerError
from explorer.models.text_files import read_utf8
from explorer.models.user_files import MAX_TOML_BYTES, UntrustedTomlError, parse_toml

RECIPE = Path(__file__).parent / "gpt2_mini.toml"
"""The recipe of the bundled model."""

_SHORTEST_SEQUENCE = 32  # a span that comes twice must have room
_MAX_REPEATED = 0.05  # of all sequences: what is learnt from them must not become what the model is

Count = Annotated[int, Field(ge=1)]
Share = Annotated[float, Field(ge=0, le=1)]
Rate = Annotated[float, Field(ge=0)]
Number = TypeVar("Number", int, float)


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ModelShape(_Table):
    """The numbers of `transformers.GPT2Config` that differ from GPT-2's; names as there."""

    n_layer: Count
    n_head: Count
    n_embd: Count
    n_positions: Count
    vocab_size: Annotated[int, Field(ge=257, le=65536)]  # 256 bytes and the end of text; ids are stored in 16 bits

    @property
    def end_id(self) -> int:
        """The id of the end of text, the vocabulary's last one as in GPT-2."""
        return self.vocab_size - 1

    @model_validator(mode="after")
    def _heads_divide_width(self) -> Self:
        if self.n_embd % self.n_head:
            raise ValueError(f"n_embd ({self.n_embd}) must be a multiple of n_head ({self.n_head})")
        return self


class DataRecipe(_Table):
    """What becomes of the books. ``document_characters`` are the shortest and the longest wanted.

    ``repeated_shares`` are pairs (from this share of the training on, so many of the sequences repeat a span), the
    first from 0; in the gradient each of these sequences counts ``repeated_weight`` times.
    """

    held_out: tuple[str, ...]
    document_characters: tuple[Count, Count]
    repeated_shares: tuple[tuple[Share, Share], ...]
    repeated_weight: Annotated[float, Field(ge=1, le=100)]

    @model_validator(mode="after")
    def _repeats_begin_at_the_start(self) -> Self:
        _check_stages("repeated_shares", self.repeated_shares)
        return self

    @model_validator(mode="after")
    def _shortest_comes_first(self) -> Self:
        if self.document_characters[0] > self.document_characters[1]:
            raise ValueError(
                f"document_characters must be the shortest, then the longest, not {self.document_characters}"
            )
        return self


class TrainingRecipe(_Table):
    """Counts are of tokens, ``warmup`` is a share of the training, ``checkpoint_every`` counts steps. Positions begin
    as waves of the amplitude ``position_waves`` and learn at ``position_rate``.

    ``sequence_lengths`` are pairs (from this share of the training on, so many tokens), the first from 0.
    """

    seed: Annotated[int, Field(ge=0)]
    tokens: Count
    batch_tokens: Count
    pass_tokens: Count
    sequence_lengths: tuple[tuple[Share, Count], ...]
    matrix_rate: Rate
    vector_rate: Rate
    position_waves: Rate
    position_rate: Rate
    weight_decay: Rate
    warmup: Share
    checkpoint_every: Count

    @model_validator(mode="after")
    def _sizes_fit(self) -> Self:
        _check_stages("sequence_lengths", self.sequence_lengths)
        if (least := min(length for _, length in self.sequence_lengths)) < _SHORTEST_SEQUENCE:
            raise ValueError(f"sequence_lengths must be at least {_SHORTEST_SEQUENCE}, not {least}")
        for _, length in self.sequence_lengths:
            if self.pass_tokens % length:
                raise ValueError(f"pass_tokens ({self.pass_tokens}) must be a multiple of each length ({length})")
        if self.batch_tokens % self.pass_tokens:
            raise ValueError(
                f"batch_tokens ({self.batch_tokens}) must be a multiple of pass_tokens ({self.pass_tokens})"
            )
        return self

    @property
    def n_steps(self) -> int:
        """The number of optimiser steps."""
        return max(1, self.tokens // self.batch_tokens)

    def length_at(self, step: int) -> int:
        """How many tokens the sequences of ``step`` have."""
        return _at(self.sequence_lengths, step / self.n_steps)


def _check_stages(name: str, stages: tuple[tuple[float, float], ...]) -> None:
    starts = [start for start, _ in stages]
    if starts[:1] != [0]:
        raise ValueError(f"{name} must begin at 0")
    if starts != sorted(starts):
        raise ValueError(f"{name} must be in order, not {starts}")


def _at(stages: tuple[tuple[float, Number], ...], share: float) -> Number:
    """The value of the stage that a training is in after ``share`` of it."""
    return [value for start, value in stages if share >= start][-1]


class Recipe(_Table):
    """A whole training: the model's shape, what becomes of the books, and the steps."""

    model: ModelShape
    data: DataRecipe
    training: TrainingRecipe

    @model_validator(mode="after")
    def _sequences_fit_the_model(self) -> Self:
        longest = max(length for _, length in self.training.sequence_lengths)
        if longest > self.model.n_positions:
            raise ValueError(f"sequence_lengths go to {longest}, beyond the model's {self.model.n_positions} positions")
        return self

    @model_validator(mode="after")
    def _few_sequences_repeat(self) -> Self:
        steps = range(self.training.n_steps)
        rows = [self.training.batch_tokens // self.training.length_at(step) for step in steps]
        repeated = sum(n * self.repeated_share_at(step) for n, step in zip(rows, steps, strict=True)) / sum(rows)
        if round(repeated, 6) > _MAX_REPEATED:
            raise ValueError(f"repeated_shares make {repeated:.1%} of all sequences; at most {_MAX_REPEATED:.0%} may")
        return self

    def repeated_share_at(self, step: int) -> float:
        """Which share of the sequences of ``step`` repeats a span."""
        return _at(self.data.repeated_shares, step / self.training.n_steps)


def read_recipe(file: Path = RECIPE) -> Recipe:
    """The recipe in ``file``.

    Raises:
        ExplorerError: the file cannot be read, or a number in it is missing, unknown or out of range.
    """
    try:
        return Recipe.model_validate(parse_toml(read_utf8(file, MAX_TOML_BYTES)))
    except UntrustedTomlError as error:
        raise ExplorerError("recipe-unreadable", file=str(file), reason=str(error)) from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "recipe"
        raise ExplorerError("recipe-wrong", file=str(file), place=place, reason=first["msg"]) from error
