"""What a distribution costs beside transformers' own processors, and a generated token beside ``model.generate``.

Prints tables and judges nothing: times are the machine's.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from transformers import GenerationConfig
from transformers.generation import logits_process

from explorer.generation.generate import Stop, generate
from explorer.language_model.tokens import Vocabulary
from explorer.language_model.trace import Floats
from explorer.sampling.draw import choose, uniforms
from explorer.sampling.sampling import Sampling
from explorer.sampling.stages import DEFAULT_ORDER
from tests.benchmarks.conftest import Measured
from tests.benchmarks.test_compare_speed import STRATEGIES
from tests.benchmarks.timing import DEVICE, in_turns, medians, show, some_ids, times_of, verdict
from tests.sampling.cases import GPT2_VOCAB, gpt_like

MAX_TIMES_TRANSFORMERS = 1.5
MAX_TIMES_GENERATE = 1.05  # as fast, but for noise
MAX_STEP_MILLISECONDS = 60.0
N_TEXTS = 8
N_TOKENS, TURNS = 50, 4
"""200 tokens each, in turns: so a busy machine is as unkind to either."""

EVERYTHING: dict[str, Any] = {
    "bias": ((11, 2.0), (13, -1.5)), "repetition_penalty": 1.1, "presence_penalty": 0.3, "frequency_penalty": 0.2,
    "no_repeat_ngram": 3, "banned": (5, 50_256), "temperature": 0.9, "top_k": 1000, "top_p": 0.97, "min_p": 0.0005,
    "typical_p": 0.98,
}  # fmt: skip


def bare_processors() -> logits_process.LogitsProcessorList:
    """transformers' own for `EVERYTHING`; for presence and frequency it has none."""
    return logits_process.LogitsProcessorList(
        [
            logits_process.SequenceBiasLogitsProcessor([[[i], by] for i, by in EVERYTHING["bias"]]),
            logits_process.RepetitionPenaltyLogitsProcessor(EVERYTHING["repetition_penalty"]),
            logits_process.NoRepeatNGramLogitsProcessor(EVERYTHING["no_repeat_ngram"]),
            logits_process.NoBadWordsLogitsProcessor([[i] for i in EVERYTHING["banned"]]),
            logits_process.TemperatureLogitsWarper(EVERYTHING["temperature"]),
            logits_process.TopKLogitsWarper(EVERYTHING["top_k"]),
            logits_process.TopPLogitsWarper(EVERYTHING["top_p"]),
            logits_process.MinPLogitsWarper(EVERYTHING["min_p"]),
            logits_process.TypicalLogitsWarper(EVERYTHING["typical_p"]),
        ]
    )


def test_a_distribution_with_every_stage() -> None:
    logits = gpt_like(np.random.default_rng(0), GPT2_VOCAB).astype(np.float32)
    text = some_ids(64, seed=1)
    assert list(Sampling(**EVERYTHING).in_force) == list(DEFAULT_ORDER)

    def transformers_alone() -> None:
        scores = bare_processors()(torch.LongTensor([text]), torch.FloatTensor(logits)[None])
        torch.softmax(scores, dim=-1)

    def with_its_account(sampling: Sampling) -> None:
        distribution = sampling.apply(logits, text)
        for stage in distribution.stages:
            _ = stage.n_survivors, stage.entropy_bits, distribution.raw_mass(stage)
        _ = distribution.removed_by, distribution.entropy_bits

    simple: dict[str, Any] = {"temperature": 0.8, "top_k": 40, "top_p": 0.9}
    actions: dict[str, Callable[[int], Callable[[], Any]]] = {
        "transformers": lambda i: transformers_alone,
        "apply": lambda i: lambda: Sampling(**EVERYTHING).apply(logits, text),
        "account": lambda i: lambda: with_its_account(Sampling(**EVERYTHING)),
        "temperature": lambda i: (
            lambda: Sampling(temperature=0.5 + i / 100).apply(logits, text).top_before_or_after(10)
        ),
        "simple": lambda i: lambda: Sampling(**simple).apply(logits, text).top_before_or_after(10),
        "simple account": lambda i: lambda: with_its_account(Sampling(**simple)),
    }
    times = medians(actions)
    ratio = times["account"] / times["transformers"]
    show(
        f"A distribution over {GPT2_VOCAB:,} tokens, float32, {torch.get_num_threads()} threads",
        [
            ("transformers' nine processors, softmax", f"{times['transformers']:.2f} ms", ""),
            ("Sampling.apply, eleven stages", f"{times['apply']:.2f} ms", ""),
            ("the same, its account: survivors, entropy, mass, removed_by", f"{times['account']:.2f} ms",
             f"{ratio:.2f} times transformers: {verdict(ratio, MAX_TIMES_TRANSFORMERS, least=False)}"),
            ("temperature, the 10 to show", f"{times['temperature']:.2f} ms", ""),
            ("temperature, top-k, top-p, the 10 to show", f"{times['simple']:.2f} ms", ""),
            ("temperature, top-k, top-p, with the same account", f"{times['simple account']:.2f} ms", ""),
        ],
    )  # fmt: skip


def test_a_step_of_a_comparison() -> None:
    """Eight strategies, eight texts each: what the decoders do between two passes of the model.

    When the stages were torch's, 64 rows of the flat kind took 166 ms of one core where they now take 48 (both measured
    within a minute of each other on a busy machine).
    """
    random = np.random.default_rng(0)
    vocabulary = Vocabulary([str(i).encode() for i in range(GPT2_VOCAB)])
    texts = random.integers(0, 50_000, (8 * N_TEXTS, 64))
    rows = {
        "peaked": np.stack([gpt_like(random, GPT2_VOCAB) for _ in texts]).astype(np.float32),
        "flat": random.normal(0, 0.6, (len(texts), GPT2_VOCAB)).astype(np.float32),  # as random weights give them
    }

    def ours(logits: Floats) -> None:
        for i, sampling in enumerate(STRATEGIES):
            own = slice(i * N_TEXTS, (i + 1) * N_TEXTS)
            distributions = sampling.apply(logits[own], texts[own], vocabulary)
            _ = distributions.raw.entropy_bits, distributions.entropy_bits
            for row, u in enumerate(uniforms(0, i, 0, range(N_TEXTS))):
                choose(distributions.row(row), float(u))

    def transformers_alone(logits: Floats) -> None:
        for i, processors in enumerate(processors_of(sampling) for sampling in STRATEGIES):
            own = slice(i * N_TEXTS, (i + 1) * N_TEXTS)
            scores = processors(torch.from_numpy(texts[own]), torch.from_numpy(logits[own]))
            torch.multinomial(torch.softmax(scores, dim=-1), 1)

    for name, logits in rows.items():
        actions: dict[str, Callable[[int], Callable[[], Any]]] = {
            "ours": lambda _, logits=logits: lambda: ours(logits),
            "theirs": lambda _, logits=logits: lambda: transformers_alone(logits),
        }
        times = medians(actions, rounds=9)
        show(
            f"{len(texts)} rows of {name} logits in {len(STRATEGIES)} strategies, {torch.get_num_threads()} threads",
            [
                ("transformers' processors, softmax, multinomial", f"{times['theirs']:.0f} ms", ""),
                ("our stages, draw, record and entropies", f"{times['ours']:.0f} ms",
                 verdict(times["ours"], MAX_STEP_MILLISECONDS, least=False)),
            ],
        )  # fmt: skip


def processors_of(sampling: Sampling) -> logits_process.LogitsProcessorList:
    made = {
        "temperature": logits_process.TemperatureLogitsWarper,
        "top_k": logits_process.TopKLogitsWarper,
        "top_p": logits_process.TopPLogitsWarper,
        "min_p": logits_process.MinPLogitsWarper,
        "typical_p": logits_process.TypicalLogitsWarper,
    }
    return logits_process.LogitsProcessorList(
        [made[name](getattr(sampling, name)) for name in sampling.in_force if name in made]
    )


def test_a_generated_token(gpt2_sized: Measured) -> None:
    lm, module = gpt2_sized.usual, gpt2_sized.module
    sampling = Sampling(temperature=0.8, top_p=0.9)
    config = GenerationConfig(
        do_sample=True, temperature=0.8, top_p=0.9, top_k=0, max_new_tokens=N_TOKENS, pad_token_id=0
    )
    module.generation_config = GenerationConfig()

    def ours(i: int) -> Callable[[], Any]:
        ids = some_ids(32, seed=i)
        return lambda: list(generate(lm, ids, sampling, seed=i, stop=Stop(N_TOKENS)))

    def theirs(i: int) -> Callable[[], Any]:
        ids = torch.tensor([some_ids(32, seed=i)], device=DEVICE)
        return lambda: module.generate(ids, attention_mask=torch.ones_like(ids), generation_config=config)

    times = in_turns({"ours": ours, "theirs": theirs}, rounds=TURNS)
    show(
        f"{TURNS} times {N_TOKENS} tokens with temperature 0.8 and top-p 0.9, {gpt2_sized.title}, float32, {DEVICE}",
        [
            ("model.generate", f"{times.median('theirs') / N_TOKENS:.1f} ms a token", ""),
            (f"explorer.generation.generate, {lm.info.engine}", f"{times.median('ours') / N_TOKENS:.1f} ms a token",
             times_of(times.ratio("ours", "theirs"), "generate", MAX_TIMES_GENERATE)),
        ],
    )  # fmt: skip
