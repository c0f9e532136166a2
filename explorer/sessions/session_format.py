"""The format of session files: `SessionRecord`, what it is made of, and the sentences for what is none.

A file is read as what a stranger may have made: no value is converted, no key passed over.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, ConfigDict, FailFast, Field, TypeAdapter, ValidationError, with_config

from explorer.locales import ExplorerError, visible
from explorer.locales.untrusted import code_point
from explorer.sampling.draw import MAX_SEED
from explorer.sampling.sampling import Sampling

SCHEMA = 2
"""1 knew no interventions, and of the model no more than its name and revision."""

_MAX_SHOWN = 60
_MAX_NAME = 300
_LAST_TIME = 253_402_300_799  # the end of the year 9999, where datetime ends


def _known(schema: int) -> int:
    if schema > SCHEMA:
        raise ExplorerError("session-later-schema", schema=shown(str(schema)), known=SCHEMA)
    return schema


Number = Annotated[int, Field(ge=0, le=MAX_SEED)]
Share = Annotated[float, Field(ge=0, le=1)]
Hexadecimal = Annotated[str, Field(pattern=r"^([0-9a-f]{2})*$")]
ModelName = Annotated[str, Field(max_length=_MAX_NAME)]
WeightsVersion = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Schema = Annotated[int, Field(ge=1), AfterValidator(_known)]

# FailFast: a list of a million wrong things is one error, not a million.
_strict = with_config(ConfigDict(strict=True, extra="forbid", allow_inf_nan=False, defer_build=True))


@_strict
@dataclass(frozen=True)
class NodeRecord:
    """A `Node` in a file: `Candidate.record`, and how the token came about.

    Attributes:
        parent: number of the node before; the first node of a tree has the number 1, and 0 is the prefix.
        sampling: place in `SessionRecord.samplings`.
        seed, sample, throw (`Node.redraw`), time, name: as in `Node`.
        text: null where the bytes are no valid UTF-8 alone.
        logit: null for minus infinity, for which JSON has no number.
        removed_by: the stage that had removed a token which was then picked by hand.
        interventions: place in `SessionRecord.interventions`; without it, there were none.
    """

    parent: Number
    sampling: Number
    seed: Number
    sample: Number
    throw: Number
    time: Annotated[float, Field(ge=0, le=_LAST_TIME)]
    id: Number
    text: str | None
    bytes: Hexadecimal
    raw_probability: Share
    probability: Share
    logit: float | None
    rank: Annotated[int, Field(ge=1, le=MAX_SEED)]
    u: Annotated[float, Field(ge=0, lt=1)] | None
    chosen_by: Literal["greedy", "drawn", "hand"]
    name: str = ""
    removed_by: str | None = None
    interventions: Number | None = None


@_strict
@dataclass(frozen=True)
class TreeRecord:
    """A `Tree` in a file. ``ahead``: of every node that has been left forwards, the child that redo comes to."""

    prefix: str
    prefix_ids: Annotated[list[Number], Field(min_length=1), FailFast()]
    current: Number
    ahead: Annotated[list[Number], FailFast()]
    nodes: Annotated[list[NodeRecord], Field(min_length=1), FailFast()]


@_strict
@dataclass(frozen=True)
class SessionRecord:
    """A `Session` in a file.

    Attributes:
        prefix: the text on show, which may have no tree.
        samplings, interventions: that the nodes share; records of one node's interventions are as
            `explorer.language_model.interventions.intervention_of` reads them.
        weights_version, dtype, engine: as in `Session`; these and ``interventions`` are not in a file of schema 1.
    """

    schema: Schema
    model: ModelName
    revision: ModelName | None
    prefix: str
    samplings: Annotated[list[Sampling], FailFast()]
    trees: Annotated[list[TreeRecord], FailFast()]
    weights_version: WeightsVersion | None = None
    dtype: Literal["float64", "float32", "float16", "bfloat16"] | None = None
    engine: ModelName | None = None
    interventions: Annotated[list[Annotated[list[dict[str, Any]], Field(min_length=1), FailFast()]], FailFast()] = (
        field(default_factory=list)
    )


_format = TypeAdapter(SessionRecord)


def read(data: bytes) -> SessionRecord:
    """
    Raises:
        ExplorerError: no JSON, no session, of a later version, or a value that cannot be.
    """
    try:
        return _format.validate_json(data)
    except ValidationError as error:
        raise _refusal(error) from None


def _refusal(error: ValidationError) -> ExplorerError:
    """The first of the errors, as a sentence."""
    first = error.errors(include_url=False)[0]
    kind, place, why = first["type"], first["loc"], first.get("ctx", {}).get("error")
    if kind == "json_invalid":
        line, column = re.findall(r"\d+", str(why))[-2:]
        message = "session-cut-off" if str(why).startswith("EOF") else "session-no-json"
        return ExplorerError(message, line=line, column=column)
    if isinstance(why, ExplorerError):  # a later version; a sampling that cannot be
        arguments = {name: shown(a, _MAX_NAME) if isinstance(a, str) else a for name, a in why.message.arguments}
        return ExplorerError(why.message.id, **arguments)
    if kind in ("missing", "dataclass_type") and place in ((), ("schema",)):
        return ExplorerError("session-none")
    if kind == "missing":
        return ExplorerError("session-lacks", place=where(*place))
    return wrong(first["input"], *place)


def wrong(value: object, *place: str | int) -> ExplorerError:
    """A value that cannot stand at ``place`` of a file."""
    return ExplorerError("session-wrong-value", place=where(*place), value=quoted(value))


def quoted(value: object) -> str:
    """A value of a file, as the file writes it and a sentence quotes it."""
    return shown(json.dumps(value, ensure_ascii=False))


def where(*place: str | int) -> str:
    """``trees[0].nodes[3].u``"""
    return shown("".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place).removeprefix("."))


def shown(text: str, most: int = _MAX_SHOWN) -> str:
    """A stranger's text as a sentence quotes it: nothing long, nothing that a terminal or a page would obey."""
    seen = "".join(c if c.isprintable() else code_point(c) for c in visible(text[:most], keep=""))
    return seen if len(text) <= most and len(seen) <= most else f"{seen[:most]}…"


def model_title(name: str, revision: str | None = None) -> str:
    """A model and its revision as a sentence names them."""
    return shown(f"{name}@{revision[:12]}" if revision else name, _MAX_NAME)
