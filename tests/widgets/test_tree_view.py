"""The tree of what was tried: where its nodes lie, what the page is sent, and what the page may ask."""

from __future__ import annotations

import random
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from explorer.language_model.tokens import Token
from explorer.locales import ExplorerError
from explorer.sampling.draw import DRAWN, HAND
from explorer.sampling.sampling import Sampling
from explorer.sampling.stages import GREEDY
from explorer.sessions.session import ROOT, Tree
from explorer.widgets.elements.tree_view.widget import (
    LONGEST_LABEL,
    MARKS,
    WORDS,
    TreeView,
    node_note,
    tree_picture,
    tree_rows,
)
from tests.sessions.sessions import candidate
from tests.widgets.page import Page


def grow(tree: Tree, parent: int) -> None:
    """One more token after ``parent``, unlike all others."""
    tree.go(parent)
    tree.add(candidate(1, chosen_by=DRAWN, u=len(tree) / 100_000), Sampling())


def tree_of(parents: list[int]) -> Tree:
    """The tree whose node i + 1 comes after ``parents[i]``."""
    tree = Tree("The cat", (0, 1))
    for parent in parents:
        grow(tree, parent)
    return tree


# Node i comes after one of 0 .. i - 1; after i - 1 as often as after all others together, as people step.
trees = st.lists(st.none() | st.integers(0, 2**16), max_size=60).map(
    lambda numbers: tree_of([i if number is None else number % (i + 1) for i, number in enumerate(numbers)])
)


def depth(tree: Tree, number: int) -> int:
    return len(tree.path(number))


# --- where nodes lie


def test_the_first_child_goes_on_and_what_branches_off_last_lies_nearest() -> None:
    tree = tree_of([0, 1, 2, 3, 2, 5, 1, 5, 2])
    #  0  1  2  3  4
    #        │  └─ 5  6      ← 5 and 9 both come after 2
    #        │     └─ 8
    #        └──── 9
    #     └─ 7
    assert tree_rows(tree) == [0, 0, 0, 0, 0, 1, 1, 4, 2, 3]


@given(trees)
def test_a_row_is_one_line_of_neighbours_and_no_cell_is_taken_twice(tree: Tree) -> None:
    rows = tree_rows(tree)
    cells = {(row, depth(tree, number)): number for number, row in enumerate(rows)}
    assert len(cells) == len(tree.nodes)
    assert {row for row, _ in cells} == set(range(max(rows) + 1))
    for (row, column), (next_row, next_column) in pairwise(sorted(cells)):
        if row == next_row:
            assert next_column == column + 1
            assert tree.node(cells[next_row, next_column]).parent == cells[row, column]
    for number, children in enumerate(tree.children):
        below = [rows[child] for child in children]
        assert below == sorted(below)
        assert below[:1] == [rows[number]] * len(below[:1])


@given(trees)
def test_no_two_connecting_lines_touch(tree: Tree) -> None:
    """But where a branch leaves its parent: the rows that a branch passes on its way down all begin further right."""
    rows = tree_rows(tree)
    for parent, children in enumerate(tree.children):
        for child in children[1:]:
            for other in tree:
                if rows[parent] < rows[other.number] < rows[child]:
                    left = depth(tree, other.number) - depth(tree, child)
                    assert left > 0 or (left == 0 and other.parent == parent), (parent, child, other.number)


@given(trees, st.integers(0, 2**16))
def test_a_new_node_only_makes_room(tree: Tree, number: int) -> None:
    before = tree_rows(tree)
    grow(tree, number % len(tree.nodes))
    after = tree_rows(tree)
    tree_version = sorted((row, now - row) for row, now in zip(before, after, strict=False))
    assert [step for _, step in tree_version] == sorted(step for _, step in tree_version), (
        "what is above stays where it is"
    )
    assert {step for _, step in tree_version} <= {0, 1}


# --- what the page is sent


def test_a_picture_says_all_of_a_small_tree() -> None:
    tree = Tree("The cat", (0, 1))
    tree.add(candidate(1, chosen_by=DRAWN, u=0.5, raw_probability=0.254), Sampling())
    tree.add(candidate(5, raw_probability=1.0), Sampling())
    tree.go(1)
    tree.add(candidate(7, chosen_by=GREEDY, raw_probability=0.001), Sampling(greedy=True))
    tree.rename(2, "<b>bold</b>")
    tree.go(1)
    assert tree_picture(tree) == {
        "labels": ["", "·Paris", "<b>&", "<|endoftext|>"],
        "parents": [0, 0, 1, 1],
        "rows": [0, 0, 0, 1],
        "chosen": " dhg",
        "shares": [0, 25, 100, 0],
        "names": {"2": "<b>bold</b>"},
        "current": 1,
        "ahead": [3],
    }
    assert {way[0] for way in MARKS} == set("dhg"), "the page knows a way by its first letter"


def test_a_long_token_is_cut() -> None:
    tree = tree_of([])
    tree.add(replace(candidate(), token=Token(1, b"-" * 64)), Sampling())
    assert tree_picture(tree)["labels"][1] == "-" * (LONGEST_LABEL - 1) + "…"
    assert "-" * 64 in node_note(tree, 1, "en")[0]


def test_a_tree_is_one_light_message(page: Page) -> None:
    rng = random.Random(1)
    tree = Tree("The cat", (0, 1))
    for _ in range(500):
        tree.go(tree.current if rng.random() < 0.9 else rng.randrange(len(tree.nodes)))
        piece = " " + "".join(rng.choices("etaoinshr", k=rng.randrange(1, 12)))
        choice = candidate(raw_probability=rng.random(), chosen_by=DRAWN, u=rng.random())
        tree.add(replace(choice, token=Token(rng.randrange(50_000), piece.encode())), Sampling())
    view = view_of(tree)
    page.messages.clear()
    grow(tree, tree.current)
    view.show(tree, "en")
    (message,) = page.to(view)
    assert set(message.data["state"]) == {"picture", "summary"}
    assert message.n_bytes < 20_000
    view.show(tree, "en")
    assert page.to(view) == [message], "nothing changed"
    view.show(tree, "zh-Hans")
    assert set(page.to(view)[-1].data["state"]) == {"words", "summary"}


def test_the_page_has_a_word_for_every_way() -> None:
    assert set(MARKS) == {DRAWN, HAND, GREEDY}
    assert set(MARKS) < set(WORDS)


# --- what is said of a node


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (ROOT, "the prefix · 2 tokens"),
        (1, "token 3 ·Paris · drawn with u = 0.99999 · probability 0.25 → 0.5 · rank 3 · temperature 0.7 → top-p 0.9"),
        (2, "“hm” · token 4 <b>& · by hand · probability 0.25 → 0 · rank 1,234 · temperature 1"),
        (3, "token 4 ⏎ · greedy · probability 0.25 → 1 · rank 3 · greedy choice"),
    ],
)
def test_a_note_has_the_numbers_of_the_choice(number: int, expected: str) -> None:
    tree = Tree("The cat", (0, 1))
    tree.add(candidate(1, chosen_by=DRAWN, u=0.99999), Sampling(temperature=0.7, top_p=0.9))
    tree.add(candidate(5, rank=1234, probability=0.0, removed_by="top_p"), Sampling())
    tree.rename(2, "hm")
    tree.go(1)
    tree.add(candidate(4, chosen_by=GREEDY, probability=1.0), Sampling(greedy=True))
    note, time = node_note(tree, number, "en")
    assert note == expected
    assert time == (None if number == ROOT else tree.node(number).time)


def test_a_note_speaks_the_readers_language() -> None:
    assert node_note(tree_of([0]), 1, "zh-Hans")[0].startswith("第 3 个词元 ·Paris · 抽样")
    with pytest.raises(ExplorerError, match="number 2"):
        node_note(tree_of([0]), 2, "en")


# --- what the page asks


Asked = list[tuple[Any, ...]]


def view_of(tree: Tree, asked: Asked | None = None) -> TreeView:
    def on_note(node: int) -> tuple[str, float | None]:
        return f"note of {node}", 1.5

    asked = [] if asked is None else asked
    view = TreeView(lambda node: asked.append((node,)), lambda node, name: asked.append((node, name)), on_note)
    view.show(tree, "en")
    return view


def test_what_a_reader_does_reaches_the_panel(page: Page) -> None:
    asked: Asked = []
    view = view_of(tree_of([0, 1]), asked)
    page.send(view, kind="go", node=2)
    page.send(view, kind="go", node=ROOT)
    page.send(view, kind="name", node=1, name="<i>mine</i>")
    page.send(view, kind="name", node=1, name="")
    assert asked == [(2,), (0,), (1, "<i>mine</i>"), (1, "")]
    page.send(view, kind="note", node=2)
    assert page.to(view)[-1].data["content"] == {"kind": "note", "node": 2, "text": "note of 2", "time": 1.5}


@pytest.mark.parametrize("message", [{"kind": "go"}, {"kind": "note"}, {"kind": "name", "name": "x"}])
@pytest.mark.parametrize("node", [3, 10**15])
def test_a_node_that_is_not_there_is_ignored(page: Page, message: dict[str, Any], node: int) -> None:
    asked: Asked = []
    view = view_of(tree_of([0, 1]), asked)
    page.messages.clear()
    page.send(view, node=node, **message)
    assert (asked, page.to(view), view.ignored) == ([], [], 1)


def test_the_prefix_has_no_name(page: Page) -> None:
    asked: Asked = []
    view = view_of(tree_of([0]), asked)
    page.send(view, kind="name", node=ROOT, name="x")
    assert (asked, view.ignored) == ([], 1)


def test_before_a_tree_is_shown_nothing_can_be_asked(page: Page) -> None:
    asked: Asked = []
    view = TreeView(lambda node: asked.append((node,)), lambda *a: asked.append(a), lambda _: ("", None))
    page.send(view, kind="go", node=0)
    assert asked == []


def test_a_name_that_turns_text_round_is_shown_as_what_it_is() -> None:
    tree = Tree("The", (1,))
    tree.add(candidate(1), Sampling(), seed=1)
    tree.rename(1, "good\u202etxt.exe")
    assert tree_picture(tree)["names"] == {"1": "good⟨U+202E⟩txt.exe"}
