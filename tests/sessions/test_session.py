"""`Tree` and `Session`: stepping, undo, redo, branches, names."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from explorer.language_model.tokens import MAX_TEXT_BYTES, as_read
from explorer.locales import ExplorerError
from explorer.sampling.draw import DRAWN
from explorer.sampling.sampling import Sampling
from explorer.sessions.session import LONGEST_NAME, ROOT, Session, Tree, as_name
from tests.sessions.sessions import candidate, sessions


def grown(*token_ids: int) -> Tree:
    """A tree over one token that tokens were picked after."""
    tree = Tree("a", (0,))
    for token_id in token_ids:
        tree.add(candidate(token_id), Sampling())
    return tree


def test_a_path_is_what_was_chosen_one_after_the_other() -> None:
    tree = grown(1, 4, 1)
    assert [node.choice.id for node in tree.path()] == [1, 4, 1]
    assert (tree.ids(), tree.ids(2), tree.ids(ROOT)) == ((0, 1, 4, 1), (0, 1, 4), (0,))
    assert [node.number for node in tree] == [1, 2, 3]
    assert (len(tree), tree.path(ROOT)) == (3, ())


def test_undo_and_redo_walk_the_way_that_was_taken_last() -> None:
    tree = grown(1, 4)
    assert (tree.undo(), tree.undo(), tree.undo()) == (True, True, False)
    assert tree.current == ROOT
    assert [node.choice.id for node in tree.ahead()] == [1, 4]
    assert (tree.redo(), tree.redo(), tree.redo()) == (True, True, False)
    assert tree.ids() == (0, 1, 4)


def test_another_token_after_undo_is_a_branch_and_nothing_is_lost() -> None:
    tree = grown(1, 4)
    tree.undo()
    other = tree.add(candidate(5), Sampling())
    assert tree.children == [[1], [2, 3], [], []]
    assert tree.ids(2) == (0, 1, 4)
    tree.go(ROOT)
    assert [node.number for node in tree.ahead()] == [1, other.number]
    tree.go(2)
    tree.go(ROOT)
    assert [node.number for node in tree.ahead()] == [1, 2]


def test_the_same_choice_again_is_no_new_node() -> None:
    tree = Tree("a", (0,))
    first = tree.add(candidate(1, u=0.5, chosen_by=DRAWN), Sampling())
    tree.undo()
    assert tree.add(candidate(1, u=0.5, chosen_by=DRAWN), Sampling()) is first
    tree.undo()
    numbers = []
    for choice, sampling in [
        (candidate(1, u=0.25, chosen_by=DRAWN), Sampling()),
        (candidate(1), Sampling()),
        (candidate(1, u=0.5, chosen_by=DRAWN), Sampling(top_k=5)),
        (candidate(4, u=0.5, chosen_by=DRAWN), Sampling()),
    ]:
        tree.go(ROOT)
        numbers.append(tree.add(choice, sampling).number)
    assert numbers == [2, 3, 4, 5]


@pytest.mark.parametrize("number", [-1, 4, 10**30])
@pytest.mark.parametrize("ask", [Tree.node, Tree.path, Tree.ids, Tree.go, lambda tree, n: tree.rename(n, "x")])
def test_a_node_that_is_not_there_is_an_error_that_names_it(ask: Callable[[Tree, int], object], number: int) -> None:
    tree = grown(1, 4, 5)
    with pytest.raises(ExplorerError, match=rf"number {number} .* number 3\."):
        ask(tree, number)
    assert tree.current == 3


def test_the_prefix_itself_is_no_token() -> None:
    with pytest.raises(ExplorerError, match="number 0"):
        grown(1).rename(ROOT, "x")


@given(sessions())
def test_every_node_comes_after_its_parent_and_undo_leads_back_where_redo_left(session: Session) -> None:
    for tree in session.trees.values():
        assert all(node.parent < node.number for node in tree)
        assert sorted(child for children in tree.children for child in children) == [node.number for node in tree]
        here = tree.current
        while tree.undo():
            pass
        while tree.current != here:
            assert tree.redo()


@given(st.text(max_size=200))
def test_a_name_is_one_short_line_and_naming_again_changes_nothing(text: str) -> None:
    name = as_name(text)
    assert len(name) <= LONGEST_NAME
    assert name == as_name(name) == name.strip()
    assert not any(ord(c) < 32 or c in "\x7f\x85\u2028\u2029" for c in name)
    name.encode("utf-8")


def test_a_name_keeps_what_people_write() -> None:
    tree = grown(1)
    tree.rename(1, "  我的\n<b>👨‍👩‍👧</b>\t ")
    assert tree.node(1).name == "我的 <b>👨‍👩‍👧</b>"
    tree.rename(1, "a" * 79 + " b")
    assert tree.node(1).name == "a" * 79
    tree.rename(1, "")
    assert tree.node(1).name == ""


@given(st.text(st.characters(), max_size=30))
def test_a_prefix_is_kept_as_it_is_read(text: str) -> None:
    read = as_read(text)
    read.encode("utf-8")
    assert as_read(read) == read
    assert len(read) <= len(text)
    if not any("\ud800" <= c <= "\udfff" for c in text):
        assert read == text


def test_of_a_long_prefix_the_end_is_kept() -> None:
    assert as_read("\ud83d\ude42 \ud800") == "🙂 \ufffd"
    assert as_read("x" + "é" * (MAX_TEXT_BYTES // 2)) == "é" * (MAX_TEXT_BYTES // 2)
    assert as_read("é" + "x" * (MAX_TEXT_BYTES - 1)) == "x" * (MAX_TEXT_BYTES - 1)


def test_a_prefix_that_comes_back_finds_its_tree_and_empty_trees_go() -> None:
    session = Session("gpt2")
    tree = session.tree("a", (0,))
    tree.add(candidate(1), Sampling())
    session.tree("ab", (0, 1))
    session.tree("abc", list(np.arange(3)))
    assert list(session.trees) == ["a", "abc"]
    assert [type(i) for i in session.trees["abc"].prefix_ids] == [int] * 3
    assert session.tree("a", (0,)) is tree
    assert (list(session.trees), len(session), session.prefix) == (["a"], 1, "a")


def test_prefixes_that_are_read_alike_have_one_tree() -> None:
    session = Session("gpt2")
    tree = session.tree("\ud800", (0,))
    tree.add(candidate(1), Sampling())
    assert session.tree("\udc00", (0,)) is session.tree("\ufffd", (0,)) is tree
    assert (tree.prefix, session.prefix) == ("\ufffd", "\ufffd")
