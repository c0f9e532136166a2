"""`Trace`: the invariants of the record."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from explorer.language_model.tokens import Vocabulary
from explorer.language_model.trace import Trace
from explorer.locales import ExplorerError
from explorer.sampling.sampling import Sampling

NAN = np.nan
VOCABULARY = Vocabulary([b"a", b" b", b"\xe4\xbd", b"\xa0"])


def make(**changes: Any) -> Trace:
    """Of six tokens, of which the model reads the last four."""
    fields: dict[str, Any] = {
        "ids": np.array([0, 1, 0, 2, 3, 1]),
        "logits": np.array([0.5, 1, -1, -np.inf], np.float32),
        "surprisal": np.array([NAN, NAN, NAN, 3, 0.5, 2.5]),
        "entropy": np.array([NAN, NAN, NAN, 1, 1, 2]),
        "rank": np.array([0, 0, 0, 4, 1, 2]),
        "start": 2,
        "computed": 6,
        "milliseconds": 1.5,
        "vocabulary": VOCABULARY,
    }
    return Trace(**fields | changes)


@pytest.mark.parametrize("name", ["ids", "logits", "surprisal", "entropy", "rank"])
def test_arrays_are_read_only(name: str) -> None:
    with pytest.raises(ValueError, match="read-only"):
        getattr(make(), name)[0] = 1


def test_fields_are_frozen() -> None:
    with pytest.raises(AttributeError):
        make().start = 0  # type: ignore[misc]


def test_totals_cover_the_tokens_that_something_foretells() -> None:
    trace = make()
    assert trace.n_scored == 3
    assert trace.total_bits == 6
    assert trace.perplexity == pytest.approx(2 ** (6 / 3))


def test_one_token_alone_has_no_perplexity() -> None:
    none = np.array([NAN])
    trace = make(ids=np.array([0]), surprisal=none, entropy=none.copy(), rank=np.array([0]), start=0)
    assert (trace.n_scored, trace.total_bits) == (0, 0)
    assert math.isnan(trace.perplexity)


def test_text_and_tokens_follow_from_the_ids() -> None:
    trace = make()
    assert trace.text == "a ba你 b"
    assert [token.label for token in trace.tokens] == ["a", "·b", "a", "⟨E4 BD⟩", "⟨A0⟩", "·b"]


@pytest.mark.parametrize(
    ("logits", "n"), [([0, NAN, 0, 0], 1), ([NAN] * 4, 4), ([0, np.inf, 0, NAN], 2), ([np.inf, 0, 0, 0], 1)]
)
def test_logits_that_are_no_numbers_are_said_not_drawn(logits: list[float], n: int) -> None:
    with pytest.raises(ExplorerError, match=f"^{n} of the 4 logits are not numbers") as caught:
        make(logits=np.array(logits, np.float32))
    assert caught.value.message.id == "bad-logits"


@pytest.mark.parametrize(
    "changes",
    [
        {"ids": np.array([], np.int64)},
        {"surprisal": np.zeros(5)},
        {"rank": np.zeros(7, np.int64)},
        {"logits": np.zeros(3)},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_arrays_of_other_lengths_are_no_trace(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="cannot have arrays of shapes"):
        make(**changes)


def test_a_distribution_is_the_rule_applied_to_the_last_logits() -> None:
    trace = make()
    distribution = trace.distribution(Sampling(temperature=0.5))
    assert distribution.logits is trace.logits
    assert distribution.top(1)[0].text == " b"
    assert distribution.probabilities[0] == pytest.approx(math.exp(1) / (math.exp(1) + math.exp(2) + math.exp(-2)))


def test_a_trace_says_briefly_what_it_is() -> None:
    assert repr(make()) == "Trace('a ba你 b', 6 tokens, 6.0 bits over 3)"
