"""What a person can pass wrongly gets a sentence that says what to pass instead."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from explorer.engine.loading import load
from explorer.engine.local_model import LocalModel
from explorer.locales import ExplorerError


@pytest.fixture(scope="module")
def lm(tiny_gpt2: Path) -> LocalModel:
    return load(str(tiny_gpt2))


@pytest.mark.parametrize("given", [None, 7, [1.5], ["a"], [None]], ids=repr)
def test_neither_text_nor_ids(lm: LocalModel, given: Any) -> None:
    with pytest.raises(ExplorerError, match="neither a text nor a list of token ids"):
        lm.trace(given)


@pytest.mark.parametrize("ids", [[-1], [1, 10**9]], ids=repr)
def test_ids_the_vocabulary_lacks(lm: LocalModel, ids: list[int]) -> None:
    with pytest.raises(ExplorerError, match=f"{ids[-1]} is not a token id"):
        lm.trace(ids)


def test_one_text_is_not_rows_of_ids(lm: LocalModel) -> None:
    with pytest.raises(ExplorerError, match="rows of token ids"):
        lm.next_logits("hi")
