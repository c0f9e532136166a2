"""A recipe is checked when it is read."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from explorer.locales import ExplorerError
from explorer.training.config import RECIPE, read_recipe
from tests.training.conftest import make_recipe


def test_the_bundled_models_recipe_can_be_read() -> None:
    recipe = read_recipe()
    assert recipe.model.n_layer == 12, "the screen looks as with GPT-2"
    assert recipe.repeated_share_at(0) > recipe.repeated_share_at(recipe.training.n_steps - 1) > 0
    assert recipe.training.n_steps * recipe.training.batch_tokens <= recipe.training.tokens
    assert recipe.training.length_at(0) < recipe.training.length_at(recipe.training.n_steps - 1)
    assert recipe.training.length_at(recipe.training.n_steps - 1) == recipe.model.n_positions


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"model__n_head": 5}, "multiple of n_head"),
        ({"model__vocab_size": 256}, "vocab_size"),
        ({"model__vocab_size": 70000}, "vocab_size"),
        ({"data__repeated_shares": [[0.0, 0.06]]}, r"6.0% of all sequences; at most 5%"),
        ({"data__repeated_shares": [[0.0, 0.0], [0.5, 0.2]]}, r"6.7% of all sequences"),  # of 6 long batches, 6 short
        ({"data__repeated_shares": [[0.1, 0.0]]}, "begin at 0"),
        ({"data__document_characters": [400, 50]}, "document_characters"),
        ({"training__tokens": 0}, "tokens"),
        ({"training__matrix_rate": -1.0}, "matrix_rate"),
        ({"training__sequence_lengths": []}, "begin at 0"),
        ({"training__sequence_lengths": [[0.2, 32]]}, "begin at 0"),
        ({"training__sequence_lengths": [[0.0, 32], [0.9, 64], [0.5, 32]]}, "in order"),
        ({"training__sequence_lengths": [[0.0, 48]]}, "pass_tokens"),
        ({"training__sequence_lengths": [[0.0, 128]]}, "64 positions"),
        ({"training__sequence_lengths": [[0.0, 8]]}, "sequence_lengths"),
        ({"training__batch_tokens": 500}, "batch_tokens"),
    ],
)
def test_numbers_that_do_not_fit_are_refused(changes: dict[str, object], word: str) -> None:
    with pytest.raises(ValidationError, match=word):
        make_recipe(**changes)


def test_a_file_that_is_no_recipe_gets_a_sentence(tmp_path: Path) -> None:
    file = tmp_path / "recipe.toml"
    with pytest.raises(ExplorerError, match=r"recipe.toml” cannot be read"):
        read_recipe(file)
    file.write_text("= 3")
    with pytest.raises(ExplorerError, match=r"recipe.toml” cannot be read"):
        read_recipe(file)
    file.write_text(RECIPE.read_text(encoding="utf-8").replace("n_layer = 12", "n_layer = 'many'"))
    with pytest.raises(ExplorerError, match=r"model.n_layer: Input should be a valid integer"):
        read_recipe(file)
    file.write_text(RECIPE.read_text(encoding="utf-8").replace("seed = 1", "sede = 1"))
    with pytest.raises(ExplorerError, match=r"training\.(seed: Field required|sede)"):
        read_recipe(file)
