"""Session files: everything comes back exactly, what belongs to another model is refused, and files stay whole."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from explorer.language_model.model import ModelInfo
from explorer.language_model.tokens import Encoding, Vocabulary
from explorer.locales import ExplorerError
from explorer.sampling.sampling import Sampling
from explorer.sessions import session_file
from explorer.sessions.session import Session, Tree
from tests.models.conftest import no_space
from tests.sessions.sessions import (
    PIECES,
    SAMPLINGS,
    SMALL,
    VOCABULARY,
    WEIGHTS,
    candidate,
    contents,
    refusal,
    sessions,
    small_session,
)

INFO = ModelInfo(
    name="gpt2",
    title="GPT-2",
    revision="607a30d783dfa663caf39e06633721c8d4cfcd7e",
    n_layer=12,
    n_head=12,
    n_embd=768,
    n_positions=1024,
    vocab_size=len(VOCABULARY),
    n_parameters=124_439_808,
    device="cpu",
    dtype="float32",
)


@given(sessions())
def test_a_session_comes_back_as_it_was_left(session: Session) -> None:
    session.trees = {text: tree for text, tree in session.trees.items() if len(tree)}
    for vocabulary in (VOCABULARY, Vocabulary(PIECES, special=[7])):
        copy = session_file.loads(session_file.dumps(session), vocabulary)
        assert contents(copy) == contents(session)
    assert session_file.dumps(copy) == session_file.dumps(session)


@given(st.floats(0, 1, width=32), st.floats(-200, 200, width=32))
def test_float32_numbers_come_back_exactly(share: float, logit: float) -> None:
    session = Session("gpt2")
    values: dict[str, Any] = {"raw_probability": float(np.float32(share)), "logit": float(np.float32(logit))}
    session.tree("a", (0,)).add(candidate(**values), Sampling())
    choice = session_file.loads(session_file.dumps(session)).trees["a"].node(1).choice
    assert np.float32(choice.raw_probability).tobytes() == np.float32(share).tobytes()
    assert np.float32(choice.logit).tobytes() == np.float32(logit).tobytes()


def test_undo_and_redo_go_on_where_they_were() -> None:
    tree = session_file.loads(SMALL).trees["The cat"]
    assert tree.current == 1
    assert [node.number for node in tree.ahead()] == [4]
    tree.go(2)
    assert [node.number for node in tree.ahead()] == [3]


def test_the_format_is_the_one_that_other_programs_read() -> None:
    assert SMALL.startswith(b'{"schema": 2, "model": "gpt2", "revision": "607a30d')
    record = json.loads(SMALL, parse_constant=pytest.fail)
    about = ["model", "revision", "weights_version", "dtype", "engine"]
    assert list(record) == ["schema", *about, "prefix", "samplings", "interventions", "trees"]
    assert [record[name] for name in about[2:]] == [WEIGHTS, "float32", "numpy"]
    assert record["interventions"] == [
        [{"kind": "ablate", "heads": [[0, 3], [5, 1]], "mode": "zero"}],
        [{"kind": "ablate", "heads": [[11, 11]], "mode": "zero"}],
    ]
    assert record["samplings"] == [json.loads(json.dumps(SAMPLINGS[k].record())) for k in (1, 0, 2, 3)]
    tree, other = record["trees"]
    assert {name: tree[name] for name in tree if name != "nodes"} == {
        "prefix": "The cat",
        "prefix_ids": [0, 1],
        "current": 1,
        "ahead": [1, 3, 4],
    }
    how = ["parent", "sampling", "seed", "sample", "throw", "time"]
    choice = ["id", "text", "bytes", "raw_probability", "probability", "logit", "rank", "u", "chosen_by"]
    assert list(tree["nodes"][0]) == how + choice
    assert list(tree["nodes"][1]) == [*how, *choice, "name", "removed_by"]
    assert [list(node) for node in other["nodes"]] == [[*how, *choice, "interventions"]] * 2
    assert [node["interventions"] for node in other["nodes"]] == [0, 1]
    assert [node["parent"] for node in tree["nodes"]] == [0, 1, 2, 1]
    assert [node["sampling"] for node in tree["nodes"] + other["nodes"]] == [0, 0, 1, 2, 3, 3]
    assert (tree["nodes"][1]["text"], tree["nodes"][1]["bytes"]) == (None, "e4bd")
    assert tree["nodes"][2]["logit"] is None


def test_trees_without_a_token_are_left_out_and_the_prefix_on_show_is_not() -> None:
    session = small_session()
    session.tree("The cat sat", (0, 1, 4))
    copy = session_file.loads(session_file.dumps(session))
    assert list(copy.trees) == ["The cat", ""]
    assert copy.prefix == "The cat sat"


def test_half_characters_and_long_texts_can_be_kept() -> None:
    session = Session("/models/\udcff")
    session.trees["\ud800"] = tree = Tree("\ud800" + "x" * 70_000, (0,))
    tree.add(candidate(1), Sampling())
    copy = session_file.loads(session_file.dumps(session))
    assert (copy.model, list(copy.trees)) == ("/models/?", ["x" * 65_536])


def test_a_session_without_anything_can_be_kept() -> None:
    assert contents(session_file.loads(session_file.dumps(Session("gpt2")))) == ["gpt2", None, None, None, None, ""]


def test_a_mark_that_editors_put_first_is_passed_over() -> None:
    assert contents(session_file.loads(b"\xef\xbb\xbf" + SMALL)) == contents(session_file.loads(SMALL.decode()))


def long_session(n_tokens: int) -> Session:
    session = Session("gpt2")
    for number in range(1, n_tokens + 1):
        session.tree("a", (0,)).add(candidate(rank=number), Sampling())
    return session


def test_what_could_not_be_read_is_not_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session_file, "MAX_TOKENS", 30)
    session = long_session(30)
    data = session_file.dumps(session)
    session_file.loads(data)
    with pytest.raises(ExplorerError, match=r"has 31 tokens, .* at most 30"):
        session_file.dumps(long_session(31))
    monkeypatch.setattr(session_file, "MAX_TOKENS", 29)
    assert refusal(data).message.id == "session-too-long"
    monkeypatch.setattr(session_file, "MAX_BYTES", len(data) - 1)
    with pytest.raises(ExplorerError) as caught:
        session_file.dumps(session)
    assert caught.value.message.id == "session-too-large"
    assert refusal(b" " * 5_250_001).message.arguments[0] == ("megabytes", 5.3)


def test_tokens_are_those_of_the_vocabulary() -> None:
    assert session_file.loads(SMALL, VOCABULARY).trees[""].node(2).choice.token.special
    assert not session_file.loads(SMALL).trees[""].node(2).choice.token.special


@pytest.mark.parametrize(("size", "place"), [(8, r"trees\[1\]\.nodes\[0\]\.id"), (1, r"trees\[0\]\.prefix_ids\[1\]")])
def test_ids_that_the_vocabulary_lacks_are_refused(size: int, place: str) -> None:
    with pytest.raises(ExplorerError, match=place) as caught:
        session_file.loads(SMALL, Vocabulary(PIECES[:size], special=[7]))
    assert caught.value.message.id == "session-foreign-token"


def test_a_session_of_another_model_is_refused_and_both_are_named() -> None:
    session = session_file.loads(SMALL)
    session_file.check_model(session, INFO)
    with pytest.raises(ExplorerError, match=r"made with the model gpt2@607a30d783df, .* in use is distilgpt2\. Choose"):
        session_file.check_model(session, replace(INFO, name="distilgpt2", revision=None))
    with pytest.raises(ExplorerError, match=r"gpt2@607a30d783df.*gpt2@0000000\."):
        session_file.check_model(session, replace(INFO, revision="0000000"))


def test_a_revision_that_is_not_known_may_be_any() -> None:
    session_file.check_model(session_file.loads(SMALL), replace(INFO, revision=None))
    session_file.check_model(Session("gpt2"), INFO)


def test_names_of_models_are_quoted_harmlessly() -> None:
    with pytest.raises(ExplorerError) as caught:
        session_file.check_model(Session("\x1b[31m" + "x" * 1000), INFO)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 1000


def test_a_prefix_whose_tokens_are_not_its_own_is_refused() -> None:
    session = session_file.loads(SMALL, VOCABULARY)
    ids = {"The cat": (0, 1), "": (7,)}
    session_file.check_model(session, INFO, lambda text: Encoding(ids[text]))
    with pytest.raises(ExplorerError, match=r"\[7\] at trees\[1\]\.prefix_ids"):
        session_file.check_model(session, INFO, lambda _: Encoding((0, 1)))


def test_a_file_is_written_in_a_new_folder_and_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "new" / "session.json"
    session_file.save(small_session(), path)
    assert contents(session_file.load(path, VOCABULARY))[:2] == contents(small_session())[:2]
    session_file.save(Session("other"), str(path))
    assert session_file.load(path).model == "other"
    assert os.listdir(path.parent) == ["session.json"]


def test_when_writing_fails_the_old_file_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "session.json"
    session_file.save(small_session(), path)
    before = path.read_bytes()
    monkeypatch.setattr(os, "replace", no_space)
    with pytest.raises(ExplorerError, match=r"could not be saved as “.*session\.json”: No space left"):
        session_file.save(Session("other"), path)
    assert os.listdir(tmp_path) == ["session.json"]
    assert path.read_bytes() == before


def test_where_nothing_can_be_written_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for path in (tmp_path, tmp_path / "file" / "session.json", tmp_path / ("x" * 300), Path("")):
        with pytest.raises(ExplorerError, match="could not be saved as") as caught:
            session_file.save(small_session(), path)
        assert caught.value.message.id == "session-not-saved"
    assert os.listdir(tmp_path) == ["file"]


def test_what_cannot_be_opened_is_a_sentence(tmp_path: Path) -> None:
    for path in (tmp_path / "nothing", tmp_path):
        with pytest.raises(ExplorerError, match=r"cannot be read|is a folder"):
            session_file.load(path)


def test_a_large_file_is_refused_before_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "read_bytes", pytest.fail)
    with (tmp_path / "large").open("wb") as file:
        file.truncate(10**8)
    with pytest.raises(ExplorerError, match="more than 5,000 KB"):
        session_file.load(tmp_path / "large")
