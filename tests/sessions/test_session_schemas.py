"""Both schemas: what the first release wrote still opens, and what is new decides which model may open a file."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from explorer.language_model.interventions import Ablate
from explorer.language_model.model import ATTENTION, ModelInfo
from explorer.locales import ExplorerError
from explorer.sampling.sampling import Sampling
from explorer.sessions import session_file
from explorer.sessions.session import DTYPES, Session
from tests.sessions.sessions import SCHEMA_1, SMALL, VOCABULARY, WEIGHTS, candidate, contents, small_session
from tests.sessions.test_session_file import INFO

OFF = (Ablate(((5, 1),)),)


def refused(session: Session, info: ModelInfo) -> ExplorerError:
    """Why the model may not open it: a sentence in either language."""
    with pytest.raises(ExplorerError) as caught:
        session_file.check_model(session, info)
    for language in ("en", "zh-Hans"):
        sentence = caught.value.message.render(language)
        assert sentence.isprintable()
        assert len(sentence) < 700
    return caught.value


def test_a_file_of_the_first_release_opens_as_it_was_left() -> None:
    old, new = session_file.loads(SCHEMA_1, VOCABULARY), small_session()
    assert (old.weights_version, old.dtype, old.engine) == (None, None, None)
    for text, tree in old.trees.items():
        times = [node.time for node in tree]
        expected = [
            replace(node, interventions=(), time=time) for node, time in zip(new.trees[text], times, strict=True)
        ]
        assert list(tree) == expected
        assert (tree.children, tree.current, tree.visited) == (
            new.trees[text].children,
            new.trees[text].current,
            new.trees[text].visited,
        )
    session_file.check_model(old, INFO)
    session_file.check_model(old, replace(INFO, weights_version="f" * 64, dtype="bfloat16"))


def test_it_is_saved_in_the_new_format_and_says_the_same() -> None:
    old = session_file.loads(SCHEMA_1, VOCABULARY)
    data = session_file.dumps(old)
    record, before = json.loads(data), json.loads(SCHEMA_1)
    assert record["schema"] == 2
    assert (record["weights_version"], record["dtype"], record["engine"], record["interventions"]) == (None,) * 3 + (
        [],
    )
    assert record["trees"] == before["trees"], "nodes without interventions are written as before"
    assert contents(session_file.loads(data, VOCABULARY)) == contents(old)


def test_interventions_are_shared_and_those_of_no_node_are_left_out() -> None:
    session = Session("gpt2")
    tree = session.tree("a", (0,))
    for rank in range(1, 501):
        tree.add(candidate(rank=rank), Sampling(), interventions=OFF if rank % 2 else ())
    data = session_file.dumps(session)
    record = json.loads(data)
    assert record["interventions"] == [[OFF[0].record()]]
    assert [node.get("interventions") for node in record["trees"][0]["nodes"]] == [0, None] * 250
    copy = session_file.loads(data, VOCABULARY).trees["a"]
    assert [node.interventions for node in copy] == [OFF, ()] * 250
    unused = json.loads(SMALL)
    unused["interventions"].append([Ablate(((1, 1),)).record()])
    again = json.loads(session_file.dumps(session_file.loads(json.dumps(unused).encode())))
    assert again["interventions"] == json.loads(SMALL)["interventions"]


def test_a_node_grows_by_a_few_bytes() -> None:
    def size(interventions: tuple[Ablate, ...], **about: str) -> int:
        session = Session("gpt2", **about)
        for rank in range(1, 501):
            node = session.tree("a", (0,)).add(candidate(rank=rank), Sampling(), interventions=interventions)
            session.trees["a"].nodes[-1] = replace(node, time=1.0)
        return len(session_file.dumps(session))

    intact = size(())
    rewritten = session_file.dumps(session_file.loads(SCHEMA_1))
    about = '"weights_version": null, "dtype": null, "engine": null, "interventions": [], '
    assert len(rewritten) == len(SCHEMA_1) + len(about), "and only where there are interventions"
    every_head = (Ablate(tuple((layer, head) for layer in range(12) for head in range(12))),)
    grown = size(every_head, weights_version=WEIGHTS, dtype="float32", engine="numpy") - intact
    assert grown <= 500 * len(b', "interventions": 0') + 144 * len(b"[10, 10], ") + 200


def test_two_ways_to_write_the_same_heads_are_one() -> None:
    record = json.loads(SMALL)
    record["interventions"][0] = [
        {"kind": "ablate", "heads": [[5, 1]], "mode": "zero"},
        {"kind": "ablate", "heads": [[0, 3], [5, 1]]},
    ]
    session = session_file.loads(json.dumps(record).encode(), VOCABULARY)
    assert session.trees[""].node(1).interventions == small_session().trees[""].node(1).interventions


def test_the_same_token_under_other_interventions_is_another_node() -> None:
    tree = Session("gpt2").tree("a", (0,))
    numbers = []
    for interventions in ((), OFF, (), OFF):
        tree.go(0)
        numbers.append(tree.add(candidate(), Sampling(), interventions=interventions).number)
    assert numbers == [1, 2, 1, 2]


# --- which model may open it


def test_known_weights_that_differ_are_another_model_though_it_has_the_same_name() -> None:
    error = refused(session_file.loads(SMALL), replace(INFO, weights_version="f" * 64))
    assert error.message.id == "session-other-weights"
    assert "both are called gpt2" in str(error)
    assert WEIGHTS[:12] in str(error)
    assert "ffffffffffff…" in str(error)


def test_known_weights_that_are_equal_are_the_same_model_wherever_they_lie() -> None:
    session = session_file.loads(SMALL)
    session_file.check_model(session, replace(INFO, weights_version=WEIGHTS))
    session_file.check_model(session, replace(INFO, weights_version=WEIGHTS, name="/models/gpt2", revision=None))


def test_weights_that_are_not_known_may_be_any_and_then_the_name_decides() -> None:
    session_file.check_model(session_file.loads(SMALL), replace(INFO, weights_version=""))
    session = session_file.loads(SMALL)
    session.weights_version = None
    session_file.check_model(session, replace(INFO, weights_version="f" * 64))
    assert refused(session, replace(INFO, name="other")).message.id == "session-other-model"


def test_another_number_format_or_engine_is_no_other_model() -> None:
    session_file.check_model(session_file.loads(SMALL), replace(INFO, dtype="bfloat16", engine="torch"))


def test_a_model_without_the_heads_is_refused_and_the_token_is_named() -> None:
    for info in (replace(INFO, n_layer=5), replace(INFO, n_head=3)):
        error = refused(session_file.loads(SMALL), info)
        assert error.message.id == "session-foreign-heads"
        assert "at trees[1].nodes[0].interventions, " in str(error)
        assert f"{info.n_layer} layers of {info.n_head} heads" in str(error)
    error = refused(session_file.loads(SMALL), replace(INFO, n_layer=11))
    assert "at trees[1].nodes[1].interventions, " in str(error)
    session_file.check_model(session_file.loads(SCHEMA_1), replace(INFO, n_layer=1, n_head=1))


def test_heads_beyond_all_numbers_are_one_short_sentence() -> None:
    session = Session("gpt2")
    session.tree("a", (0,)).add(candidate(), Sampling(), interventions=(Ablate(((10**4000, 0),)),))
    assert refused(session, INFO).message.id == "session-foreign-heads"


def test_a_model_whose_heads_cannot_be_switched_off_is_refused() -> None:
    info = replace(INFO, capabilities=frozenset({ATTENTION}))
    error = refused(session_file.loads(SMALL), info)
    assert error.message.id == "session-no-ablation"
    assert "(trees[1].nodes[0].interventions)" in str(error)
    session_file.check_model(session_file.loads(SCHEMA_1), info)


def test_a_session_is_of_a_model() -> None:
    session = Session.of(replace(INFO, weights_version=WEIGHTS))
    assert (session.model, session.revision) == (INFO.name, INFO.revision)
    assert (session.weights_version, session.dtype, session.engine) == (WEIGHTS, "float32", "torch")
    session_file.loads(session_file.dumps(session))
    unknown = Session.of(replace(INFO, dtype="float8"))
    assert (unknown.weights_version, unknown.dtype) == (None, None), "what a file cannot say is not known"
    session_file.loads(session_file.dumps(unknown))


@pytest.mark.parametrize("theirs", DTYPES)
@pytest.mark.parametrize("ours", DTYPES)
def test_a_session_that_goes_on_in_another_format_is_of_the_coarser(theirs: str, ours: str) -> None:
    session = Session("gpt2", dtype=theirs)
    session.continue_in(ours)
    assert session.dtype == DTYPES[max(DTYPES.index(theirs), DTYPES.index(ours))]


def test_what_is_not_known_of_a_session_stays_so() -> None:
    session = Session("gpt2")
    session.continue_in("float32")
    assert session.dtype is None
    session.dtype = "float32"
    session.continue_in("float8")
    assert session.dtype is None
