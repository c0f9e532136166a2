"""Text files as editors save them: with a mark, in UTF-16, in UTF-8."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from explorer.generation.strategies_file import read_strategies
from explorer.locales import ExplorerError
from explorer.models.text_files import without_mark
from explorer.training.config import RECIPE, read_recipe
from explorer.training.corpus import read_books

STRATEGY = '[[strategy]]\nname = "careful"\nsampling = {temperature = 0.7}\n'


@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])))
def test_text_is_what_was_saved_with_and_without_a_mark(text: str) -> None:
    text = text.removeprefix("\ufeff")
    assert without_mark(text.encode("utf-8"), "x").decode("utf-8") == text
    assert without_mark(text.encode("utf-8-sig"), "x").decode("utf-8") == text


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le"])
def test_other_encodings_are_named_with_the_file(tmp_path: Path, encoding: str) -> None:
    file = tmp_path / "text.txt"
    file.write_bytes(STRATEGY.encode(encoding))
    for reader in (read_strategies, read_recipe):
        with pytest.raises(ExplorerError, match="UTF-8") as refused:
            reader(file)
        assert str(file) in str(refused.value)
    with pytest.raises(ExplorerError, match="UTF-8"):
        read_books(tmp_path)


def test_a_mark_before_a_file_of_ours_is_no_part_of_it(tmp_path: Path) -> None:
    file = tmp_path / "file.toml"
    file.write_text(STRATEGY, encoding="utf-8-sig")
    (strategy,) = read_strategies(file)
    assert strategy.name == "careful"
    file.write_text(RECIPE.read_text(encoding="utf-8"), encoding="utf-8-sig")
    assert read_recipe(file) == read_recipe()
    (tmp_path / "book.txt").write_text("Once upon a time", encoding="utf-8-sig")
    (book,) = read_books(tmp_path)
    assert book.text == "Once upon a time"
