"""Session files: what was tried with a model, as JSON that can be opened again, mailed, and read by other programs.

`explorer.sessions.session_format` has the format. Numbers come back exactly, and so does where undo and redo lead.
"""

from __future__ import annotations

import codecs
import json
import math
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from explorer.language_model.interventions import Interventions, canonical, intervention_of
from explorer.language_model.model import ABLATION, ModelInfo
from explorer.language_model.tokens import Encoding, Token, Vocabulary, as_read
from explorer.locales import ExplorerError
from explorer.models.user_files import read_file, reason_of, written_aside
from explorer.sampling.distribution import Candidate
from explorer.sampling.draw import DRAWN, HAND
from explorer.sampling.sampling import Sampling
from explorer.sampling.stages import GREEDY, STAGES
from explorer.sessions.session import Node, Session, Tree, as_name
from explorer.sessions.session_format import (
    SCHEMA,
    NodeRecord,
    SessionRecord,
    TreeRecord,
    model_title,
    quoted,
    read,
    where,
    wrong,
)

MAX_BYTES = 5_000_000
MAX_TOKENS = 20_000

_HOW = {"seed": "seed", "sample": "sample", "throw": "redraw", "time": "time"}
"""How a token came about: names in a file, and what `Node` calls them."""
_SHOWN_DIGITS = 12  # of a version of weights


def dumps(session: Session) -> bytes:
    """A session as a file; `loads` gives an equal one. Trees without a token are left out.

    Raises:
        ExplorerError: it is larger than what `loads` reads.
    """
    places = _Places()
    trees = [_tree_as_json(tree, places) for tree in session.trees.values() if len(tree)]
    record = {
        "schema": SCHEMA,
        "model": session.model,
        "revision": session.revision,
        "weights_version": session.weights_version,
        "dtype": session.dtype,
        "engine": session.engine,
        "prefix": as_read(session.prefix),
        "samplings": [sampling.record() for sampling in places.samplings],
        "interventions": [[each.record() for each in interventions] for interventions in places.interventions],
        "trees": trees,
    }
    # What has no UTF-8 even so (half a character in the name of a folder) becomes a question mark.
    data = json.dumps(record, ensure_ascii=False, allow_nan=False).encode("utf-8", errors="replace")
    _require_room(n_bytes=len(data), n_tokens=len(session))
    return data


def loads(data: bytes | str, vocabulary: Vocabulary | None = None) -> Session:
    """The session in a file.

    Args:
        vocabulary: of the model it will be used with. The file's tokens must be this vocabulary's: no file can show
            one token under the name of another.

    Raises:
        ExplorerError: too large, no JSON, no session, of a later version, or something in it cannot be; the sentence
            says where.
    """
    if isinstance(data, str):
        data = data.encode("utf-8", errors="surrogatepass")
    _require_room(n_bytes=len(data))
    record = read(data.removeprefix(codecs.BOM_UTF8))
    _require_room(n_tokens=sum(len(tree.nodes) for tree in record.trees))
    _require(record.prefix == as_read(record.prefix), record.prefix, "prefix")
    session = Session(
        record.model,
        record.revision,
        prefix=record.prefix,
        weights_version=record.weights_version,
        dtype=record.dtype,
        engine=record.engine,
    )
    shared = _Shared(record, [_interventions(each, k) for k, each in enumerate(record.interventions)], vocabulary)
    for k, tree in enumerate(record.trees):
        _require(tree.prefix not in session.trees, tree.prefix, "trees", k, "prefix")
        session.trees[tree.prefix] = _tree(tree, k, shared)
    return session


def save(session: Session, path: str | os.PathLike[str]) -> None:
    """Write a session file. Whoever reads ``path`` meanwhile sees the old file or the new one, whole.

    Raises:
        ExplorerError: too large, or it cannot be written there.
    """
    write(dumps(session), Path(path))


def write(data: bytes, path: Path) -> None:
    """Write what `dumps` gave; see `save`.

    Raises:
        ExplorerError: it cannot be written there.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with written_aside(path) as unfinished:
            unfinished.write_bytes(data)
    except (OSError, ValueError) as error:
        raise ExplorerError("session-not-saved", file=str(path), reason=reason_of(error)) from error


def load(path: str | os.PathLike[str], vocabulary: Vocabulary | None = None) -> Session:
    """The session in the file ``path``; see `loads`.

    Raises:
        ExplorerError: it cannot be read, is too large, or is no session file.
    """
    return loads(read_file(Path(path), MAX_BYTES), vocabulary)


def check_model(session: Session, info: ModelInfo, tokenize: Callable[[str], Encoding] | None = None) -> None:
    """Refuse a session that another model made. Where both weights are known, they decide; else name and revision do,
    and a revision that is not known may be any.

    Args:
        tokenize: the model's; with it, the file must also hold each prefix as the tokens the model reads it as.

    Raises:
        ExplorerError: another model, or one that cannot be changed as it was when a token was chosen; the sentence
            names both, and which to choose.
    """
    _check_weights(session, info)
    _check_interventions(session, info)
    if tokenize is not None:
        for k, tree in enumerate(session.trees.values()):
            _require(tokenize(tree.prefix).ids == tree.prefix_ids, tree.prefix_ids, "trees", k, "prefix_ids")


def _check_weights(session: Session, info: ModelInfo) -> None:
    known = bool(session.weights_version and info.weights_version)
    if known and session.weights_version == info.weights_version:
        return  # whatever the folder is called that they were loaded from
    revisions = session.revision is not None and info.revision is not None
    if session.model != info.name or (revisions and session.revision != info.revision):
        theirs, ours = model_title(session.model, session.revision), model_title(info.name, info.revision)
        raise ExplorerError("session-other-model", theirs=theirs, ours=ours)
    if known:
        theirs, ours = str(session.weights_version)[:_SHOWN_DIGITS], info.weights_version[:_SHOWN_DIGITS]
        raise ExplorerError("session-other-weights", model=model_title(info.name), theirs=theirs, ours=ours)


def _check_interventions(session: Session, info: ModelInfo) -> None:
    right = set[Interventions]({()})
    for k, tree in enumerate(session.trees.values()):
        for node in tree:
            if node.interventions in right:
                continue
            place, model = where(*_place(k, node.number), "interventions"), model_title(session.model, session.revision)
            if ABLATION not in info.capabilities:
                raise ExplorerError("session-no-ablation", place=place, ours=model_title(info.name), model=model)
            try:
                info.check(node.interventions)
            except ExplorerError:
                given = quoted([each.record() for each in node.interventions])
                layers, heads = info.n_layer, info.n_head
                raise ExplorerError(
                    "session-foreign-heads", given=given, place=place, layers=layers, heads=heads, model=model
                ) from None
            right.add(node.interventions)


class _Places:
    """Where each of the things that nodes share comes to stand in the file."""

    def __init__(self) -> None:
        self.samplings: dict[Sampling, int] = {}
        self.interventions: dict[Interventions, int] = {}

    def of(self, node: Node) -> dict[str, int]:
        places = {"sampling": self.samplings.setdefault(node.sampling, len(self.samplings))}
        if node.interventions:
            known = self.interventions
            places["interventions"] = known.setdefault(node.interventions, len(known))
        return places


@dataclass(frozen=True)
class _Shared:
    """What the nodes of a file share, and the vocabulary they will be used with."""

    record: SessionRecord
    interventions: list[Interventions]
    vocabulary: Vocabulary | None


def _interventions(records: list[dict[str, Any]], k: int) -> Interventions:
    """Those of one node, from the place ``k`` of the file's list."""
    found = []
    for i, record in enumerate(records):
        try:
            found.append(intervention_of(record))
        except ExplorerError as error:
            at = ("interventions", k, i)
            if error.message.id in ("unknown-intervention", "unknown-ablation-mode"):
                raise ExplorerError("session-unknown-intervention", given=quoted(record), place=where(*at)) from None
            raise wrong(record, *at) from None
    return canonical(found)


def _tree_as_json(tree: Tree, places: _Places) -> dict[str, Any]:
    return {
        "prefix": as_read(tree.prefix),
        "prefix_ids": tree.prefix_ids,
        "current": tree.current,
        "ahead": sorted(tree.visited.values()),
        "nodes": [_node_as_json(node, **places.of(node)) for node in tree],
    }


def _node_as_json(node: Node, sampling: int, interventions: int | None = None) -> dict[str, Any]:
    how = {name: getattr(node, ours) for name, ours in _HOW.items()}
    record = {"parent": node.parent, "sampling": sampling, **how, **node.choice.record()}
    if node.choice.logit == -math.inf:
        record["logit"] = None
    optional = {"name": node.name or None, "removed_by": node.choice.removed_by, "interventions": interventions}
    return record | {name: value for name, value in optional.items() if value is not None}


def _tree(record: TreeRecord, k: int, shared: _Shared) -> Tree:
    at = ("trees", k)
    last = len(record.nodes)
    _require(record.prefix == as_read(record.prefix), record.prefix, *at, "prefix")
    for i, token_id in enumerate(record.prefix_ids):
        if shared.vocabulary is not None and token_id >= len(shared.vocabulary):
            raise _foreign_token(token_id, shared.record.model, *at, "prefix_ids", i)
    tree = Tree(record.prefix, record.prefix_ids)
    for number, node in enumerate(record.nodes, 1):
        tree.attach(_node(node, number, _place(k, number), shared))
    for i, number in enumerate(record.ahead):
        _require(1 <= number <= last and tree.node(number).parent not in tree.visited, number, *at, "ahead", i)
        tree.visited[tree.node(number).parent] = number
    _require(record.current <= last, record.current, *at, "current")
    tree.go(record.current)  # whatever the file says: redo comes back to where undo came from
    return tree


def _place(k: int, number: int) -> tuple[str | int, ...]:
    """Where the file has node ``number`` of its tree ``k``."""
    return ("trees", k, "nodes", number - 1)


def _node(record: NodeRecord, number: int, at: tuple[str | int, ...], shared: _Shared) -> Node:
    session, vocabulary = shared.record, shared.vocabulary

    def require(right: bool, name: str) -> None:
        _require(right, getattr(record, name), *at, name)

    require(record.parent < number, "parent")
    require(record.sampling < len(session.samplings), "sampling")
    sampling = session.samplings[record.sampling]
    token = Token(record.id, bytes.fromhex(record.bytes))
    if vocabulary is not None:
        if record.id >= len(vocabulary) or vocabulary[record.id].bytes != token.bytes:
            raise _foreign_token(record.id, session.model, *at, "id")
        token = vocabulary[record.id]
    require(record.text == token.text, "text")
    require((record.u is not None) == (record.chosen_by == DRAWN), "u")
    require(record.chosen_by == HAND or (record.chosen_by == GREEDY) == sampling.greedy, "chosen_by")
    require(record.removed_by is None or record.removed_by in (*STAGES, GREEDY), "removed_by")
    require(record.name == as_name(record.name), "name")
    require(record.interventions is None or record.interventions < len(shared.interventions), "interventions")
    interventions = () if record.interventions is None else shared.interventions[record.interventions]
    choice = Candidate(
        token=token,
        raw_probability=record.raw_probability,
        probability=record.probability,
        logit=-math.inf if record.logit is None else record.logit,
        rank=record.rank,
        u=record.u,
        chosen_by=record.chosen_by,
        removed_by=record.removed_by,
    )
    how = {ours: getattr(record, name) for name, ours in _HOW.items()}
    return Node(number, record.parent, choice, sampling, **how, name=record.name, interventions=interventions)


def _require(right: bool, value: object, *place: str | int) -> None:
    if not right:
        raise wrong(value, *place)


def _require_room(*, n_bytes: int = 0, n_tokens: int = 0) -> None:
    if n_bytes > MAX_BYTES:
        megabytes = math.ceil(n_bytes / 100_000) / 10
        raise ExplorerError("session-too-large", megabytes=megabytes, most=MAX_BYTES // 10**6)
    if n_tokens > MAX_TOKENS:
        raise ExplorerError("session-too-long", n=n_tokens, most=MAX_TOKENS)


def _foreign_token(token_id: int, model: str, *place: str | int) -> ExplorerError:
    return ExplorerError("session-foreign-token", id=str(token_id), place=where(*place), model=model_title(model))
