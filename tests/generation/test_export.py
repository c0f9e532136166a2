"""What leaves: JSON that holds everything, a table that no spreadsheet computes, code that makes it again."""

from __future__ import annotations

import csv
import io
import json

import pytest

import explorer
from explorer.engine.local_model import LocalModel
from explorer.generation.compare import Comparison, compare
from explorer.generation.export import to_code, to_csv, to_record
from explorer.generation.measures import measures
from explorer.generation.strategy import Beam, Strategy
from explorer.language_model.interventions import Ablate
from explorer.sampling.sampling import Sampling
from tests.widgets.fake_model import FakeModel

RARELY_SET = {"stop_text": "'zq", "through_end": True, "first_step": 2}
HOSTILE = ['=HYPERLINK("http://x")', "<script>alert(1)</script>", 'a,b\n"c"', "中文"]


@pytest.fixture(scope="module")
def made(peaked: LocalModel) -> Comparison:
    methods = [
        Sampling(temperature=0.7, bias={5: 1.5}, off=("top_p",)),
        Sampling(greedy=True),
        Beam(3, 0.5),
        Sampling(),
    ]
    strategies = [Strategy(name, method) for name, method in zip(HOSTILE, methods, strict=True)]
    return compare(peaked, 'The "capital"\nof', strategies, n=8, max_new_tokens=12, seed=9, **RARELY_SET)


def test_the_json_has_every_token_and_every_measure(made: Comparison) -> None:
    record = json.loads(json.dumps(to_record(made), allow_nan=False))
    assert record["schema"] == 1
    assert {name: record[name] for name in RARELY_SET} == RARELY_SET
    assert [each["name"] for each in record["strategies"]] == HOSTILE
    for written, strategy in zip(made.strategies, record["strategies"], strict=True):
        described = {key: strategy[key] for key in strategy if key in ("name", "sampling", "beam")}
        assert Strategy.of(described) == written.strategy
        assert len(strategy["samples"]) == len(written.samples)
        for sample, found in zip(written.samples, strategy["samples"], strict=True):
            assert [token["id"] for token in found["tokens"]] == [token.id for token in sample.tokens]
            assert (
                b"".join(bytes.fromhex(token["bytes"]) for token in found["tokens"]).decode(errors="replace")
                == found["text"]
            )
        assert strategy["measures"]["length"]["value"] == measures(written.samples, made.ids)["length"].value


def test_the_table_has_a_line_for_each_strategy_and_no_formula(made: Comparison) -> None:
    rows = list(csv.DictReader(io.StringIO(to_csv(made))))
    assert [row["strategy"] for row in rows] == ["'" + HOSTILE[0], *HOSTILE[1:]]
    for row, written in zip(rows, made.strategies, strict=True):
        found = measures(written.samples, made.ids)
        assert int(row["samples"]) == len(written.samples)
        assert float(row["surprisal"]) == pytest.approx(found["surprisal"].value, rel=1e-5)
        shares = [float(row[name]) for name in row if name.startswith("rank ")]
        assert sum(shares) == pytest.approx(1, abs=1e-5)
    assert float(rows[0]["surprisal low"]) < float(rows[0]["surprisal high"])
    assert rows[1]["self-bleu"] == "", "of one text there is none"


def test_the_code_makes_it_again(made: Comparison, peaked: LocalModel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(explorer, "load", lambda name: peaked, raising=False)
    for retokenized in (True, False):
        names: dict[str, object] = {}
        exec(to_code(made, retokenized=retokenized), names)
        again = names["comparison"]
        assert isinstance(again, Comparison)
        assert again == made


def test_what_was_in_force_is_in_the_json_and_in_the_code(monkeypatch: pytest.MonkeyPatch) -> None:
    model, off = FakeModel(), (Ablate(((0, 1), (1, 2))),)
    monkeypatch.setattr(explorer, "load", lambda name: model, raising=False)
    made, intact = (
        compare(model, "the cat", [Sampling(), Beam(2)], n=2, max_new_tokens=5, seed=1, interventions=each)
        for each in (off, ())
    )
    assert made.strategies != intact.strategies
    assert to_record(made)["interventions"] == [off[0].record()]
    assert to_record(intact)["interventions"] == []
    names: dict[str, object] = {}
    exec(to_code(made, retokenized=True), names)
    assert names["comparison"] == made
    assert "interventions" not in to_code(intact, retokenized=True)
