"""The texts of several strategies: what the page is sent, and what it may ask."""

from __future__ import annotations

import pytest

from explorer.widgets.elements.text_columns.widget import Place, TextColumns
from tests.widgets.page import Page

COLUMNS = [
    {"name": "a", "method": "", "samples": [{"tokens": [" x", " y"], "shades": [0, 1], "parts": -1, "ended": ""}]},
    {"name": "b", "method": "", "samples": [{"tokens": [" z"], "shades": [0], "parts": 0, "ended": "■"}]},
]


@pytest.fixture
def asked() -> list[tuple[str, Place]]:
    return []


@pytest.fixture
def texts(asked: list[tuple[str, Place]]) -> TextColumns:
    def note(place: Place) -> str:
        asked.append(("note", place))
        return f"about {place}"

    return TextColumns(note, lambda place: asked.append(("pick", place)), columns=COLUMNS)


def test_a_token_is_explained_and_picked(texts: TextColumns, asked: list[tuple[str, Place]], page: Page) -> None:
    page.send(texts, kind="note", place=[0, 0, 1])
    assert asked == [("note", (0, 0, 1))]
    assert page.to(texts)[-1].data["content"] == {"kind": "note", "place": [0, 0, 1], "text": "about (0, 0, 1)"}
    page.send(texts, kind="pick", place=[1, 0, 0])
    assert asked[-1] == ("pick", (1, 0, 0))


@pytest.mark.parametrize(
    "place",
    [[2, 0, 0], [0, 1, 0], [0, 0, 2]],
)
def test_what_is_no_token_is_passed_over(
    texts: TextColumns, asked: list[tuple[str, Place]], page: Page, place: list[int]
) -> None:
    for kind in ("note", "pick"):
        page.send(texts, kind=kind, place=place)
    assert (asked, texts.ignored) == ([], 2)
