"""`Document`, alone: the text, and the tree of what was chosen after it."""

from __future__ import annotations

import threading

import pytest

from explorer.locales import ExplorerError, Message
from explorer.sampling.distribution import Candidate
from explorer.sampling.sampling import Sampling
from explorer.sessions.session import ROOT, Tree
from explorer.state.document import Document, NodeRef
from tests.widgets.fake_model import FakeModel

MODEL = FakeModel()
TRACE = MODEL.trace("the cat")
NOTICE = (Message.of("empty-prefix", token="x"),)


def candidate(token_id: int) -> Candidate:
    return next(each for each in TRACE.distribution(Sampling()).top(95) if each.id == token_id)


def ids_of(text: str) -> list[int]:
    return list(MODEL.tokenize(text).ids)


@pytest.fixture
def document() -> Document:
    """Of a model, whose tree over "the cat" has begun."""
    document = Document(threading.RLock(), "the cat")
    document.on_model(MODEL.info)
    learn(document)
    return document


def learn(document: Document) -> NodeRef:
    return document.learn(document.node, ids_of(document.prefix), NOTICE)


def tree_of(document: Document) -> Tree:
    assert document.tree is not None
    return document.tree


def add(document: Document, *token_ids: int) -> None:
    for token_id in token_ids:
        document.add(candidate(token_id), Sampling(), seed=1)


def test_before_there_is_a_model_there_is_a_text_and_no_tree() -> None:
    document = Document(threading.RLock(), "the cat")
    add(document, 1)
    document.undo()
    document.redo()
    document.go(3)
    assert document.node == NodeRef("the cat", None, ROOT)
    assert (document.node.n_after, document.tree, document.session) == (0, None, None)
    assert learn(document).tree is None


def test_a_tree_begins_with_the_ids_that_were_read(document: Document) -> None:
    assert tree_of(document).ids() == tuple(ids_of("the cat"))
    assert document.notices(document.node) == NOTICE
    assert document.has(document.node)
    node = document.node
    assert learn(document) == node, "what is known is not learnt anew"


def test_ids_of_a_text_that_was_typed_on_meanwhile_begin_a_tree_of_their_own(document: Document) -> None:
    document.prefix = "one"
    asked = document.node
    document.prefix = "two"
    learnt = document.learn(asked, ids_of("one"), ())
    assert (learnt.prefix, document.tree) == ("one", None)
    assert document.has(learnt)
    document.prefix = "one"
    assert document.tree is learnt.tree


def test_every_change_of_the_text_is_told(document: Document) -> None:
    texts, trees = [], []
    document.observe(lambda _: texts.append(document.node), "text_version")
    document.observe(lambda _: trees.append(document.node), "tree_version")
    add(document, 5, 6)
    assert (tree_of(document).ids()[-2:], document.node.n_after) == ((5, 6), 2)
    document.undo()
    document.redo()
    document.go(ROOT)
    assert (len(texts), len(trees)) == (5, 5)
    document.go(ROOT)
    document.undo()
    document.rename(2, "here")
    assert len(texts) == 5, "nothing has changed"
    assert tree_of(document).node(2).name == "here"
    document.prefix = "the dog"
    assert len(texts) == 6


def test_there_is_no_such_node(document: Document) -> None:
    for action in (document.go, lambda number: document.rename(number, "x")):
        with pytest.raises(ExplorerError, match="7"):
            action(7)
    assert document.node.number == ROOT


def test_a_text_that_comes_back_finds_its_tree_at_its_root(document: Document) -> None:
    add(document, 5)
    tree = document.tree
    document.prefix = "another"
    assert document.tree is None
    document.prefix = "the cat"
    assert (document.tree, document.node.number) == (tree, ROOT)
    document.redo()
    assert document.node.n_after == 1


def test_each_model_has_a_session_of_its_own(document: Document) -> None:
    add(document, 5)
    first = document.session
    document.on_model(FakeModel(name="other").info)
    assert document.session is not first
    assert document.tree is None
    document.on_model(FakeModel(dtype="float16").info)
    assert document.session is not first, "its numbers differ"
    document.on_model(FakeModel(device="cuda").info)
    assert document.session is first


def test_tokens_that_were_chosen_elsewhere_are_followed(document: Document) -> None:
    add(document, 5)
    node = document.node
    document.prefix = "another"
    document.follow(node, [candidate(6), candidate(7)], Sampling(), seed=1, sample=2, interventions=())
    assert (document.prefix, tree_of(document).ids()[-3:]) == ("the cat", (5, 6, 7))
    assert tree_of(document).path()[-1].sample == 2
    document.on_model(FakeModel(name="other").info)
    before = document.node
    document.follow(node, [candidate(6)], Sampling(), seed=1, sample=2, interventions=())
    assert document.node == before, "a tree of another model"
    assert not document.has(node)


def test_a_session_that_is_opened_takes_the_place_of_the_other(document: Document) -> None:
    add(document, 5)
    old, node = document.session, document.node
    opened = Document(threading.RLock(), "opened")
    opened.on_model(MODEL.info)
    learn(opened)
    add(opened, 8)
    assert opened.session is not None
    document.put(opened.session, MODEL.info)
    assert (document.prefix, tree_of(document).ids()[-1]) == ("opened", 8)
    assert document.session is not old
    assert not document.has(node)
    document.on_model(FakeModel(name="other").info)
    document.on_model(MODEL.info)
    assert document.session is opened.session
