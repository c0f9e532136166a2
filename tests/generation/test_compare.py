"""A batch of strategies writes what each writes alone, step by step, and what `generate` writes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import AutoTokenizer

from explorer.engine.local_decoder import LocalDecoder
from explorer.engine.local_model import LocalModel
from explorer.generation.compare import Comparison, ComparisonRun, compare
from explorer.generation.generate import TEXT, Stop, generate
from explorer.generation.measures import measures
from explorer.generation.strategy import Beam, Strategy
from explorer.language_model.memory import OutOfMemory
from explorer.locales import ExplorerError
from explorer.models.progress import Progress
from explorer.sampling.draw import boundaries
from explorer.sampling.sampling import Sampling
from tests.modules import module_of
from tests.passes import Passes

STRATEGIES = [
    Sampling(greedy=True),
    Sampling(),
    Sampling(temperature=0.7),
    Sampling(temperature=1.5),
    Sampling(top_k=40),
    Sampling(top_p=0.95),
    Sampling(min_p=0.05),
    Sampling(typical_p=0.95, repetition_penalty=1.2, no_repeat_ngram=3),
    Beam(4),
]
PREFIX = "The capital of France is"


def ids(comparison: Comparison, place: int, sample: int = 0) -> list[int]:
    return [token.id for token in comparison.strategies[place].samples[sample].tokens]


def test_every_sample_is_the_steppers_exactly_in_float64(peaked64: LocalModel) -> None:
    made = compare(peaked64, PREFIX, STRATEGIES, n=5, max_new_tokens=25, seed=3)
    assert made.complete
    for place, strategy in enumerate(STRATEGIES):
        if isinstance(strategy, Beam):
            continue
        n_samples = 1 if strategy.greedy else 5
        assert len(made.strategies[place].samples) == n_samples
        for sample in range(n_samples):
            stop = Stop(25, peaked64.info.end_ids)
            alone = list(generate(peaked64, made.ids, strategy, seed=3, sample=sample, stop=stop))
            assert ids(made, place, sample) == [choice.id for choice in alone]
            for mine, theirs in zip(made.strategies[place].samples[sample].tokens, alone, strict=True):
                assert (mine.chosen_by, mine.u, mine.rank) == (theirs.chosen_by, theirs.u, theirs.rank)
                assert mine.probability == pytest.approx(theirs.probability, rel=1e-9)
                assert mine.raw_probability == pytest.approx(theirs.raw_probability, rel=1e-9)


def test_in_float32_every_first_difference_is_a_draw_on_a_boundary_or_a_tie(peaked: LocalModel) -> None:
    random = np.random.default_rng(5)
    n_different = 0
    for case in range(50):
        prefix = random.integers(0, 300, random.integers(1, 20)).tolist()
        sampling = Sampling(temperature=float(random.uniform(0.5, 1.5)), top_p=float(random.uniform(0.6, 1)))
        made = compare(
            peaked, prefix, [sampling, Sampling(top_k=5), Sampling(temperature=1.2)], n=3, max_new_tokens=12, seed=case
        )
        for sample in range(3):
            alone = list(
                generate(peaked, prefix, sampling, seed=case, sample=sample, stop=Stop(12, peaked.info.end_ids))
            )
            batch = made.strategies[0].samples[sample].tokens
            first = next((i for i, (a, b) in enumerate(zip(alone, batch, strict=False)) if a.id != b.id), None)
            if first is None:
                continue
            n_different += 1
            before = [*prefix, *(choice.id for choice in alone[:first])]
            distribution = peaked.trace(before).distribution(sampling)
            gap = np.abs(boundaries(distribution) - alone[first].u).min()
            assert gap < 1e-5, (case, sample, first, gap)
    assert n_different <= 5


def test_a_strategys_text_does_not_depend_on_which_others_run_beside_it(peaked64: LocalModel) -> None:
    together = compare(peaked64, PREFIX, STRATEGIES, n=3, max_new_tokens=15, seed=8)
    for place, strategy in enumerate(STRATEGIES):
        alone = compare(peaked64, PREFIX, [strategy], n=3, max_new_tokens=15, seed=8)
        for sample in range(len(alone.strategies[0].samples)):
            assert ids(alone, 0, sample) == ids(together, place, sample)
    fewer = compare(peaked64, PREFIX, STRATEGIES[1:3], n=1, max_new_tokens=9, seed=8)
    assert ids(fewer, 0) == ids(together, 1)[:9]


@pytest.mark.parametrize("n_beams", [1, 2, 4, 7])
@pytest.mark.parametrize("length_penalty", [1.0, 0.0, -0.5, 2.0])
def test_beams_are_generates(peaked64: LocalModel, n_beams: int, length_penalty: float) -> None:
    (end,) = peaked64.info.end_ids
    for prefix in (PREFIX, "One and one is", "Once upon a time", "春眠"):
        made = compare(peaked64, prefix, [Beam(n_beams, length_penalty)], max_new_tokens=12)
        given = torch.tensor([made.ids])
        theirs = (
            module_of(peaked64)
            .generate(
                given,
                num_beams=n_beams,
                length_penalty=length_penalty,
                do_sample=False,
                max_new_tokens=12,
                pad_token_id=end,
            )[0, len(made.ids) :]
            .tolist()
        )
        assert ids(made, 0) == theirs


@pytest.mark.parametrize("n_beams", [1, 3, 6])
def test_a_string_ends_the_texts_of_beams_as_it_does_generates(
    peaked64: LocalModel, peaked_gpt2: Path, n_beams: int
) -> None:
    (end,) = peaked64.info.end_ids
    tokenizer = AutoTokenizer.from_pretrained(peaked_gpt2)
    n_stopped = 0
    for prefix in (PREFIX, "One and one is", "Once upon a time", "for i in"):
        free = compare(peaked64, prefix, [Beam(n_beams)], max_new_tokens=12).strategies[0].samples[0]
        for stop_text in {*free.text[1:9:2], free.text[3:6]}:  # of one character, and of three
            made = compare(peaked64, prefix, [Beam(n_beams)], max_new_tokens=12, stop_text=stop_text)
            theirs = (
                module_of(peaked64)
                .generate(
                    torch.tensor([made.ids]),
                    num_beams=n_beams,
                    do_sample=False,
                    max_new_tokens=12,
                    stop_strings=stop_text,
                    tokenizer=tokenizer,
                    pad_token_id=end,
                )[0, len(made.ids) :]
                .tolist()
            )
            assert ids(made, 0) == theirs
            n_stopped += made.strategies[0].samples[0].ended == TEXT
    assert n_stopped >= 4


def test_greedy_is_generates(peaked64: LocalModel) -> None:
    (end,) = peaked64.info.end_ids
    for prefix in (PREFIX, "The quick brown", "for i in"):
        made = compare(peaked64, prefix, [Sampling(greedy=True)], max_new_tokens=30)
        theirs = module_of(peaked64).generate(
            torch.tensor([made.ids]), do_sample=False, max_new_tokens=30, pad_token_id=end
        )
        assert ids(made, 0) == theirs[0, len(made.ids) :].tolist()


def test_surprisal_and_entropies_are_those_of_a_full_pass(peaked64: LocalModel) -> None:
    made = compare(peaked64, PREFIX, [Sampling(temperature=0.8, top_k=20), Beam(3)], n=2, max_new_tokens=10, seed=2)
    for written in made.strategies:
        for sample in written.samples:
            whole = peaked64.trace([*made.ids, *(token.id for token in sample.tokens)])
            np.testing.assert_allclose(sample.surprisal, whole.surprisal[len(made.ids) :], rtol=1e-7)
            entropies = [step.raw_entropy_bits for step in sample.steps]
            np.testing.assert_allclose(entropies, whole.entropy[len(made.ids) :], rtol=1e-7)
            assert [token.rank for token in sample.tokens] == whole.rank[len(made.ids) :].tolist()


def test_a_comparison_has_its_measures_and_one_method_may_come_alone(peaked64: LocalModel) -> None:
    made = compare(peaked64, PREFIX, Sampling(), n=3, max_new_tokens=6)
    (written,) = made.strategies
    assert made.measures == {"temperature 1": measures(written.samples, made.ids)}
    assert compare(peaked64, PREFIX, Strategy("it", Beam(2)), max_new_tokens=2).measures["it"]["length"].value == 2


def test_a_step_costs_one_pass_for_all(peaked64: LocalModel) -> None:
    peaked64.trace(PREFIX)
    with Passes(peaked64) as passes:
        compare(peaked64, PREFIX, STRATEGIES, n=8, max_new_tokens=10, seed=1)
    assert len(passes.tokens) == 9, "the first token comes from what the prefix is worth"


def test_texts_end_at_the_end_of_text_and_at_a_string(peaked64: LocalModel) -> None:
    made = compare(peaked64, PREFIX, [Sampling(temperature=1.3)], n=12, max_new_tokens=40, seed=4, stop_text=".")
    endings = {sample.ended for sample in made.strategies[0].samples}
    assert "text" in endings
    for sample in made.strategies[0].samples:
        assert ("." in sample.text) == (sample.ended == "text")
    assert made.complete


def test_what_is_there_so_far_can_be_had_at_any_time(peaked64: LocalModel) -> None:
    comparing = ComparisonRun(peaked64, PREFIX, STRATEGIES, n=2, max_new_tokens=6)
    assert not comparing.comparison.complete
    assert comparing.advance()
    so_far = comparing.comparison
    assert [len(written.samples[0].steps) for written in so_far.strategies] == [1] * len(STRATEGIES)
    while comparing.advance():
        pass
    assert comparing.comparison.complete
    assert not comparing.advance()
    whole = compare(peaked64, PREFIX, STRATEGIES, n=2, max_new_tokens=6)
    assert [w.samples[0].text for w in whole.strategies] == [w.samples[0].text for w in comparing.comparison.strategies]
    assert len(so_far.strategies[0].samples[0].steps) == 1, "frozen"


def test_an_interrupted_comparison_keeps_what_is_there(peaked64: LocalModel) -> None:
    def stop(progress: Progress) -> None:
        if progress.done == 3:
            raise KeyboardInterrupt

    with pytest.warns(UserWarning, match="interrupted after 3 tokens"):
        made = compare(peaked64, PREFIX, STRATEGIES[:3], max_new_tokens=20, report=stop)
    assert not made.complete
    assert [len(written.samples[0].steps) for written in made.strategies] == [3, 3, 3]


def test_a_full_memory_costs_time_but_no_text(peaked64: LocalModel, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = compare(peaked64, PREFIX, STRATEGIES, n=2, max_new_tokens=8)
    real, calls = LocalDecoder.advance, iter(range(100))

    def full(self: LocalDecoder, tokens: list[int]) -> object:
        if next(calls) == 3:
            raise OutOfMemory
        return real(self, tokens)

    monkeypatch.setattr(LocalDecoder, "advance", full)
    made = compare(peaked64, PREFIX, STRATEGIES, n=2, max_new_tokens=8)
    assert [notice.id for notice in made.notices] == ["compare-memory-full"]
    for place in range(len(STRATEGIES)):
        assert ids(made, place) == ids(whole, place)


def test_a_memory_too_small_for_one_text_keeps_what_is_there(
    peaked64: LocalModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, calls = compare(peaked64, PREFIX, STRATEGIES, n=2, max_new_tokens=8), iter(range(100))

    def full(*_: object, **_how: object) -> object:
        raise OutOfMemory

    def full_soon(self: LocalDecoder, tokens: list[int]) -> object:
        return real(self, tokens) if next(calls) < 3 else full()

    real = LocalDecoder.advance
    monkeypatch.setattr(LocalDecoder, "advance", full_soon)
    monkeypatch.setattr(LocalModel, "next_logits", full)
    comparing = ComparisonRun(peaked64, PREFIX, STRATEGIES, n=2, max_new_tokens=8)
    while comparing.advance():
        pass
    made = comparing.comparison
    assert not made.complete
    assert not comparing.advance()
    assert [notice.id for notice in made.notices] == ["compare-memory-full", "compare-memory-stopped"]
    for place in range(len(STRATEGIES)):
        assert ids(made, place) == ids(whole, place)[:4]
    monkeypatch.setattr(LocalModel, "trace", full)
    with pytest.raises(OutOfMemory, match="Close other programs"):
        compare(peaked64, PREFIX, STRATEGIES)


def test_a_prefix_in_the_middle_of_a_moved_window(peaked64: LocalModel) -> None:
    random = np.random.default_rng(1)
    prefix = random.integers(0, 300, peaked64.info.n_positions + 10).tolist()
    made = compare(peaked64, prefix, [Sampling(), Sampling(greedy=True)], n=2, max_new_tokens=8, seed=1)
    for place, sampling in enumerate((Sampling(), Sampling(greedy=True))):
        alone = generate(peaked64, prefix, sampling, seed=1, stop=Stop(8, peaked64.info.end_ids))
        assert ids(made, place) == [choice.id for choice in alone]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"given": []}, "no strategy"),
        ({"given": [Sampling(), Sampling()]}, "Two strategies are called “temperature 1”"),
        ({"given": [Strategy(" ", Sampling())]}, "has no name"),
        ({"given": ["greedy"]}, "is no strategy"),
        ({"n": 0}, "n is .* whole number from 1 to"),
        ({"n": 10_000}, "n is .* whole number from 1 to"),
        ({"n": True}, "n is .* whole number from 1 to"),
        ({"max_new_tokens": 0}, "max_new_tokens is .* whole number from 1 to"),
        ({"max_new_tokens": 125}, "max_new_tokens is .* whole number from 1 to"),
        ({"seed": -1}, "seed"),
        ({"prefix": [99999]}, "99999"),
    ],
)
def test_what_cannot_be_compared_is_one_sentence(
    peaked64: LocalModel, changes: dict[str, object], sentence: str
) -> None:
    given = {"prefix": PREFIX, "given": [Sampling()]} | changes
    prefix, strategies = given.pop("prefix"), given.pop("given")
    with pytest.raises(ExplorerError, match=sentence):
        compare(peaked64, prefix, strategies, **given)  # type: ignore[arg-type]


def test_a_prefix_that_fills_the_context_is_refused(peaked64: LocalModel) -> None:
    full = [5] * peaked64.info.n_positions
    assert len(ids(compare(peaked64, full, [Sampling()], max_new_tokens=1), 0)) == 1
    with pytest.raises(ExplorerError, match=r"max_new_tokens is 2, .* whole number from 1 to 1"):
        compare(peaked64, full, [Sampling()], max_new_tokens=2)
