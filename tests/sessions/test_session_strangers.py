"""Session files of strangers: whatever is in them, they are a session or refused in one sentence that says where."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from explorer.locales import ExplorerError
from explorer.sessions import session_file
from tests.sessions.sessions import SCHEMA_1, SMALL, VOCABULARY, contents, refusal

Edit = Callable[[Any], None]


def edited(edit: Edit, data: bytes = SMALL) -> bytes:
    """A file, changed."""
    record = json.loads(data)
    edit(record)
    return json.dumps(record).encode()


def put(value: Any, *place: str | int) -> Edit:
    """Sets what is at ``place``; "…" as the last part appends to a list."""

    def edit(record: Any) -> None:
        for part in place[:-1]:
            record = record[part]
        if place[-1] == "…":
            record.append(value)
        else:
            record[place[-1]] = value

    return edit


@pytest.mark.parametrize("data", [SCHEMA_1, SMALL], ids=["1", "2"])
def test_every_part_of_a_file_is_refused_as_cut_off(data: bytes) -> None:
    for length in range(len(data)):
        assert refusal(data[:length]).message.id in ("session-cut-off", "session-no-json"), length


def test_where_a_file_is_cut_off_is_told() -> None:
    assert str(refusal(SMALL[:-1])) == (
        f"The session file ends in the middle, at line 1, column {len(SMALL) - 1}: a part of it is missing. "
        "Copy or save it again."
    )


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "session-cut-off"),
        (b"hello", "session-no-json"),
        (b"\x89PNG\r\n\x1a\n", "session-no-json"),
        (SMALL + b"x", "session-no-json"),
        (SMALL.replace(b"gpt2", b"gpt\xff"), "session-no-json"),
        (SMALL.replace(b"gpt2", b"gpt\\ud800"), "session-no-json"),
        (SMALL.decode().replace("gpt2", "gpt\ud800"), "session-no-json"),
        (b"[" * 100_000, "session-no-json"),
        (b'{"a":' * 100_000, "session-no-json"),
        (b'{"schema": 1' + b"0" * 5000 + b"}", "session-no-json"),
        (b"[]", "session-none"),
        (b"null", "session-none"),
        (b"{}", "session-none"),
        (b'{"cells": [], "nbformat": 4}', "session-none"),
        (b'{"schema": 1}', "session-lacks"),
        (b'{"schema": 2}', "session-lacks"),
        (b'{"schema": 3}', "session-later-schema"),
        (b'{"schema": 1' + b"0" * 4000 + b"}", "session-later-schema"),
        (SMALL.replace(b'"schema": 2', b'"schema": 3').replace(b'"trees"', b'"woods"'), "session-later-schema"),
        (b"[" + b" " * 6_000_000, "session-too-large"),
        (b'{"schema": 1, ' + b'"a": 1, ' * 100_000 + b'"b": 1}', "session-lacks"),
    ],
)
def test_what_is_no_session_is_refused(data: bytes | str, message: str) -> None:
    assert refusal(data).message.id == message


@pytest.mark.parametrize("name", ["schema", "model", "revision", "prefix", "samplings", "trees"])
def test_what_is_missing_is_named(name: str) -> None:
    error = refusal(edited(lambda record: record.pop(name)))
    if name == "schema":
        assert error.message.id == "session-none"
    else:
        assert str(error).startswith(f"The session file lacks {name}.")
    assert "lacks trees[1].nodes[1].rank." in str(refusal(edited(lambda r: r["trees"][1]["nodes"][1].pop("rank"))))


WRONG: list[tuple[Any, str]] = [
    (True, "schema"),
    (1.0, "schema"),
    ("1", "schema"),
    (0, "schema"),
    (3.0, "schema"),
    (None, "model"),
    ("x" * 301, "model"),
    (7, "revision"),
    (["a"], "prefix"),
    ("x" * 65_537, "prefix"),
    ({}, "samplings"),
    (None, "samplings[0]"),
    ("0.7", "samplings[0].temperature"),
    (True, "samplings[0].top_p"),
    (40.0, "samplings[0].top_k"),
    (1, "samplings[0].greedy"),
    (2, "samplings[0].temprature"),
    ("x", "samplings[0].banned[0]"),
    ([5, "2"], "samplings[0].bias[0]"),
    (["x"], "trees"),
    (1, "trees[0].leaves"),
    ("x" * 65_537, "trees[0].prefix"),
    ([], "trees[0].prefix_ids"),
    ([0, -1], "trees[0].prefix_ids"),
    ([0, 1.5], "trees[0].prefix_ids"),
    (5, "trees[0].current"),
    (-1, "trees[0].current"),
    ([5], "trees[0].ahead"),
    ([0], "trees[0].ahead"),
    ([2, 4], "trees[0].ahead"),
    ([], "trees[0].nodes"),
    ([1], "trees[0].nodes"),
    (1, "trees[0].nodes[0].parent"),
    (3, "trees[0].nodes[1].parent"),
    (-1, "trees[0].nodes[1].parent"),
    (4, "trees[0].nodes[0].sampling"),
    (-1, "trees[0].nodes[0].sampling"),
    (2**63, "trees[0].nodes[0].seed"),
    (10**400, "trees[0].nodes[0].throw"),
    (-1, "trees[0].nodes[0].sample"),
    (1e300, "trees[0].nodes[0].time"),
    (-1.0, "trees[0].nodes[0].time"),
    (-1, "trees[0].nodes[0].id"),
    ("Rome", "trees[0].nodes[0].text"),
    (None, "trees[0].nodes[0].text"),
    ("zz", "trees[0].nodes[0].bytes"),
    ("abc", "trees[0].nodes[0].bytes"),
    ("20\n", "trees[0].nodes[0].bytes"),
    (1.01, "trees[0].nodes[0].probability"),
    (-0.01, "trees[0].nodes[0].raw_probability"),
    ("0.5", "trees[0].nodes[0].probability"),
    (0, "trees[0].nodes[0].rank"),
    (1.0, "trees[0].nodes[0].u"),
    (-0.1, "trees[0].nodes[0].u"),
    (None, "trees[0].nodes[0].u"),
    (0.5, "trees[0].nodes[1].u"),
    (None, "trees[0].nodes[0].chosen_by"),
    ("greedy", "trees[0].nodes[1].chosen_by"),
    ("oracle", "trees[0].nodes[1].chosen_by"),
    ("magic", "trees[0].nodes[1].removed_by"),
    ("x" * 81, "trees[0].nodes[0].name"),
    ("two\nlines", "trees[0].nodes[0].name"),
    (" ", "trees[0].nodes[0].name"),
    ("\x1b[31m", "trees[0].nodes[0].name"),
]


OF_SCHEMA_2: list[tuple[Any, str]] = [
    ("", "weights_version"),
    ("0" * 63, "weights_version"),
    ("0" * 63 + "G", "weights_version"),
    ("0" * 64 + "\n", "weights_version"),
    (7, "weights_version"),
    ("float8", "dtype"),
    (32, "dtype"),
    (["float32"], "dtype"),
    ("x" * 301, "engine"),
    (True, "engine"),
    (None, "interventions"),
    ({}, "interventions"),
    ([], "interventions[0]"),
    ({"kind": "ablate", "heads": [[0, 0]], "mode": "zero"}, "interventions[0]"),
    (None, "interventions[0][0]"),
    ("ablate", "interventions[0][0]"),
    ([], "interventions[0][0].heads"),
    (None, "interventions[0][0].heads"),
    ("ab", "interventions[0][0].heads"),
    ({"a": 1}, "interventions[0][0].heads"),
    ([0, 3], "interventions[0][0].heads"),
    ([[0]], "interventions[0][0].heads"),
    ([[0, 3, 1]], "interventions[0][0].heads"),
    ([[0, -1]], "interventions[0][0].heads"),
    ([[0, 1.0]], "interventions[0][0].heads"),
    ([[0, True]], "interventions[0][0].heads"),
    ([[0, None]], "interventions[0][0].heads"),
    (["03"], "interventions[0][0].heads"),
    (2, "trees[1].nodes[0].interventions"),
    (-1, "trees[1].nodes[0].interventions"),
    (10**400, "trees[1].nodes[0].interventions"),
    (True, "trees[1].nodes[0].interventions"),
    (1.0, "trees[1].nodes[0].interventions"),
    ("0", "trees[1].nodes[0].interventions"),
    ([], "trees[1].nodes[0].interventions"),
    (1, "trees[0].nodes[0].ablated"),
]


@pytest.mark.parametrize(
    ("value", "place"), OF_SCHEMA_2, ids=[f"{place}={str(value)[:20]!r}" for value, place in OF_SCHEMA_2]
)
def test_what_cannot_be_of_an_intervention_is_refused_at_its_place(value: Any, place: str) -> None:
    path = [int(part) if part.isdigit() else part for part in re.findall(r"\w+", place)]
    error = refusal(edited(put(value, *path)))
    assert error.message.id == "session-wrong-value"
    assert place.removesuffix(".heads") in str(error)


@pytest.mark.parametrize(
    "unknown",
    [
        {"kind": "patch", "heads": [[0, 3]]},
        {"kind": None},
        {},
        {"kind": "ablate", "heads": [[0, 3]], "mode": "mean"},
        {"kind": "ablate", "heads": [[0, 3]], "mode": ["zero"]},
        {"kind": "ablate", "heads": [[0, 3]], "mode": "zero", "tokens": [1]},
        {"kind": "\x1b]0;\u202e" + "x" * 100_000},
    ],
)
def test_an_intervention_of_a_later_version_is_refused_with_its_place_and_what_to_do(unknown: Any) -> None:
    error = refusal(edited(lambda record: record["interventions"][1].append(unknown)))
    assert error.message.id == "session-unknown-intervention"
    assert "at interventions[1][1], " in str(error)
    assert str(error).endswith("Open it with a newer version of the explorer.")


@pytest.mark.parametrize("heads", [[[10**400, 0]], [[0, 3]] * 100_000, [[i, i] for i in range(100_000)]])
def test_heads_without_number_or_end_are_data_until_a_model_is_asked(heads: Any) -> None:
    session = session_file.loads(edited(put(heads, "interventions", 0, 0, "heads")), VOCABULARY)
    assert session.trees[""].node(1).interventions[0].heads == tuple(sorted({(i, j) for i, j in heads}))


@pytest.mark.parametrize("data", [SCHEMA_1, SMALL], ids=["1", "2"])
@pytest.mark.parametrize(("value", "place"), WRONG, ids=[f"{place}={str(value)[:20]!r}" for value, place in WRONG])
def test_what_cannot_be_is_refused_with_its_place_and_value(value: Any, place: str, data: bytes) -> None:
    path = [int(part) if part.isdigit() else part for part in re.findall(r"\w+", place)]
    named = ("banned", "bias")
    edit = put([value], *path[:-1]) if path[-2:-1] and path[-2] in named else put(value, *path)
    error = refusal(edited(edit, data))
    assert error.message.id == "session-wrong-value"
    assert place in str(error)


@pytest.mark.parametrize("word", ["NaN", "Infinity", "-Infinity", "1e999"])
@pytest.mark.parametrize("name", ["logit", "probability", "u", "time"])
def test_what_is_no_number_in_json_is_refused(word: str, name: str) -> None:
    data = re.sub(rf'"{name}": [^,]+', f'"{name}": {word}', SMALL.decode(), count=1)
    error = refusal(data)
    assert f"trees[0].nodes[0].{name}" in str(error)


def test_what_is_quoted_is_short_and_harmless() -> None:
    error = refusal(edited(put("\x1b]0;\u202e" + "x" * 1_000_000, "trees", 0, "nodes", 0, "chosen_by")))
    assert len(str(dict(error.message.arguments)["value"])) == 61
    error = refusal(edited(put(1, "\x1b[31m" * 100_000)))
    assert len(str(dict(error.message.arguments)["place"])) == 61


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"temperature": 0}, "The temperature 0"),
        ({"top_p": 1.5}, "top_p is 1.5, and has to be a number"),
        ({"order": ["\x1b" * 100] * 3_000}, "order holds"),
        ({"order": ["bias"] * 30_000}, "order is bias, bias"),
        ({"bias": [[-5, 1.0]]}, "bias is"),
    ],
)
def test_a_sampling_that_cannot_be_is_refused_with_its_own_sentence(change: dict[str, Any], sentence: str) -> None:
    assert str(refusal(edited(lambda r: r["samplings"][0].update(change)))).startswith(sentence)


def test_the_same_prefix_twice_is_refused() -> None:
    error = refusal(edited(lambda r: r["trees"].append(r["trees"][0])))
    assert "trees[2].prefix" in str(error)


def test_many_wrong_things_are_one_sentence() -> None:
    nodes = json.loads(SMALL)["trees"][0]["nodes"][:1] + [[]] * 200_000
    assert "trees[0].nodes[1]" in str(refusal(edited(put(nodes, "trees", 0, "nodes"))))
    wide = {f"{i:x}": 1 for i in range(50_000)}
    refusal(edited(lambda record: record.update(wide)))


def test_markup_in_names_and_prefixes_is_kept_as_data() -> None:
    text = "<img src=x onerror=alert(1)>"
    record = json.loads(SMALL)
    record["trees"][0]["prefix"] = record["trees"][0]["nodes"][0]["name"] = text
    session = session_file.loads(json.dumps(record), VOCABULARY)
    assert session.trees[text].node(1).name == text


def test_a_file_cannot_call_a_token_by_another_name() -> None:
    def rename(record: Any) -> None:
        record["trees"][0]["nodes"][0].update(text=" Rome", bytes=b" Rome".hex())

    error = refusal(edited(rename))
    assert str(error).startswith("The token 1 at trees[0].nodes[0].id of the session file is not that of the model")
    assert "made with gpt2;" in str(error)
    assert session_file.loads(edited(rename)).trees["The cat"].node(1).choice.text == " Rome"


json_values = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(10**25), 10**25),
        st.integers(-3, 12),
        st.floats(),
        st.text(max_size=5),
        st.sampled_from(["greedy", "drawn", "hand", "top_p", "The cat", "61", "ablate", "zero"]),
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


def places(value: Any, *place: str | int) -> list[tuple[str | int, ...]]:
    """Every place of a JSON value, itself left out."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [p for key, each in inner for p in [(*place, key), *places(each, *place, key)]]


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A file of either schema with a few places changed, removed, doubled, or swapped."""
    record = json.loads(draw(st.sampled_from([SMALL, SCHEMA_1])))
    for _ in range(draw(st.integers(1, 3))):
        place = draw(st.sampled_from(places(record)))
        parent = record
        for part in place[:-1]:
            parent = parent[part]
        match draw(st.sampled_from(["put", "remove", "double", "take over"])):
            case "put":
                parent[place[-1]] = draw(json_values)
            case "remove":
                del parent[place[-1]]
            case "double" if isinstance(parent, list):
                parent.insert(int(place[-1]), parent[int(place[-1])])
            case _:
                elsewhere: Any = record
                for part in draw(st.sampled_from(places(record) or [()])):
                    elsewhere = elsewhere[part]
                parent[place[-1]] = json.loads(json.dumps(elsewhere))
        if not places(record):
            break
    return json.dumps(record).encode()


@settings(max_examples=400)
@given(mutated())
def test_a_changed_file_is_a_session_or_one_sentence(data: bytes) -> None:
    try:
        session = session_file.loads(data, VOCABULARY)
    except ExplorerError:
        refusal(data)
    else:
        again = session_file.loads(session_file.dumps(session), VOCABULARY)
        session.trees = {text: tree for text, tree in session.trees.items() if len(tree)}
        assert contents(again) == contents(session)


@settings(max_examples=400)
@given(st.data())
def test_changed_bytes_are_a_session_or_one_sentence(data: st.DataObject) -> None:
    changed = bytearray(SMALL)
    for _ in range(data.draw(st.integers(1, 4))):
        changed[data.draw(st.integers(0, len(SMALL) - 1))] = data.draw(st.integers(0, 255))
    try:
        session_file.loads(bytes(changed), VOCABULARY)
    except ExplorerError:
        refusal(bytes(changed))


@given(st.binary(max_size=200) | json_values.map(lambda value: json.dumps(value).encode()))
def test_anything_else_is_one_sentence(data: bytes) -> None:
    refusal(data)
