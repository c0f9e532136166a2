"""The bundled model: its golden numbers, and what its card promises."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from explorer.engine.loading import load
from explorer.engine.local_model import LocalModel
from explorer.models import bundled
from explorer.models.catalog import BUNDLED
from explorer.sampling.sampling import Sampling
from explorer.training import evaluate
from tests.engine.reference import DEVICE
from tests.golden import gpt2_mini

GOLDEN = json.loads(gpt2_mini.FILE.read_text(encoding="utf-8"))
FIGURES = json.loads((bundled.ASSETS / BUNDLED / "figures.json").read_text(encoding="utf-8"))
MIN_RIGHT, MIN_SCORE, MIN_BITS_SAVED = 15, 0.4, 3.0


@pytest.fixture(scope="module")
def lm() -> LocalModel:
    return load(BUNDLED, device=DEVICE)


@pytest.mark.parametrize("case", GOLDEN["cases"], ids=lambda case: case["text"])
def test_it_has_its_golden_numbers(lm: LocalModel, case: dict[str, Any]) -> None:
    trace = lm.trace(case["text"])
    assert trace.ids.tolist() == case["ids"]
    logits = trace.logits.astype(np.float64)
    log_p = logits - np.logaddexp.reduce(logits)
    for token_id, value in case["top"]:
        assert log_p[token_id] == pytest.approx(value, abs=1e-3)
    top = trace.distribution(Sampling()).top(len(case["top"]))
    smallest = case["top"][-1][1]
    assert all(log_p[each.id] > smallest - 1e-3 for each in top)
    assert [each.rank for each in top] == list(range(1, len(case["top"]) + 1))


def test_its_heads_have_their_golden_rows(lm: LocalModel) -> None:
    golden = GOLDEN["attention"]
    attention = lm.trace(golden["text"], attention=True).attention
    assert len(golden["heads"]) == 2
    for where, rows in golden["heads"].items():
        layer, head = map(int, where.split(","))
        for query, row in enumerate(rows):
            np.testing.assert_allclose(attention.row(layer, head, query), row, atol=1e-4)


def test_transformers_gives_the_golden_numbers_today() -> None:
    """When this fails and the two above do too, a library changed its numbers."""
    today = gpt2_mini.compute(bundled.ASSETS / BUNDLED)
    for case, golden in zip(today["cases"], GOLDEN["cases"], strict=True):
        assert case["ids"] == golden["ids"]
        assert dict(case["top"]) == pytest.approx(dict(golden["top"]), abs=2e-6)
    for where, rows in GOLDEN["attention"]["heads"].items():
        for row, golden_row in zip(today["attention"]["heads"][where], rows, strict=True):
            assert row == pytest.approx(golden_row, abs=2e-6)


def test_phrases_of_its_books_come_out_right(lm: LocalModel) -> None:
    known = evaluate.known_phrases(lm)
    assert sum(each.right for each in known) >= MIN_RIGHT
    assert [each.right for each in known] == [each["right"] for each in FIGURES["known"]]
    bare = evaluate.known_phrases(lm, before="")
    assert sum(each.right for each in bare) == FIGURES["n_known_right_without_space"]


def test_the_cards_everyday_prefixes_are_what_it_says(lm: LocalModel) -> None:
    for mine, printed in zip(evaluate.everyday(lm), FIGURES["everyday"], strict=True):
        assert mine.probabilities == pytest.approx(printed["probabilities"], abs=1e-4)
        assert mine.found[0] == printed["found"][0]


def test_it_has_induction_heads(lm: LocalModel) -> None:
    found = evaluate.induction(lm)
    assert found.best_score > MIN_SCORE
    assert found.bits_saved >= MIN_BITS_SAVED
    assert found.best_score == pytest.approx(FIGURES["induction"]["best_score"], abs=1e-3)


def test_held_out_text_costs_less_than_the_strongest_compressor() -> None:
    assert FIGURES["held_out"]["bits_per_byte"] < FIGURES["compressors"]["PPMd"]


def test_an_end_of_text_is_foreseen_where_a_paragraph_ends(lm: LocalModel) -> None:
    """Its documents end at the end of a paragraph, never in the midst of a sentence."""
    (end,) = lm.info.end_ids
    ended = lm.trace('"I beg your pardon," said the old man, and he went out of the room.')
    unended = lm.trace('"I beg your pardon," said the old')
    p = [trace.distribution(Sampling()).probabilities[end] for trace in (ended, unended)]
    assert p[0] > 0.01 > 1e-4 > p[1]
