"""Whether a model is right, however a text came to be what it is: the comparison with `Oracle`."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from explorer.engine.loading import load
from explorer.engine.local_model import LocalModel
from explorer.language_model.trace import Ints
from tests.engine.architectures import LONGEST, POSITIONS, SWITCH, WINDOW, Oracle, ids_of

NATS, WEIGHT = 1e-3, 1e-4
"""By which log probabilities and attention weights in float32 may differ from the oracle's."""

AROUND = [1, 2, 3, *(at + step for at in (WINDOW, SWITCH, POSITIONS) for step in (-1, 0, 1, 2)), LONGEST]


def fresh(lm: LocalModel) -> LocalModel:
    """The same model, which has read nothing yet."""
    return in_chunks(lm, lm._chunk)


def in_chunks(lm: LocalModel, chunk: int) -> LocalModel:
    """The same model, which reads so many tokens in one pass, and has read nothing yet."""
    return LocalModel(lm.engine, lm.tokenizer, lm.info, chunk=chunk)


def config_of(lm: LocalModel) -> Any:
    return lm.engine.module.config  # type: ignore[attr-defined]


def loaded(folder: Path, engine: str = "torch") -> LocalModel:
    return load(str(folder), device="cpu", engine=engine)


def assert_true(lm: LocalModel, oracle: Oracle, ids: Ints) -> None:
    """The trace of ``ids``, whatever was read before, is that of one full pass over them."""
    trace, truth = lm.trace(ids, attention=lm.info.attention), oracle(ids)
    worst = np.abs(log_softmax(trace.logits) - truth.log_p[-1]).max()
    assert worst < NATS, f"log probabilities differ by {worst:.2g} after {len(ids)} tokens"
    read = ids[trace.start :]
    bits = -truth.log_p[np.arange(len(read) - 1), read[1:]] / np.log(2)
    np.testing.assert_allclose(trace.surprisal[trace.start + 1 :], bits, atol=2 * NATS, err_msg="surprisal differs")
    if lm.info.attention:
        got = trace.attention.dense()
        assert truth.attention is not None
        worst = np.abs(got - truth.attention).max()
        assert worst < WEIGHT, f"attention differs by {worst:.2g} after {len(ids)} tokens"
        np.testing.assert_allclose(got.sum(-1), 1, atol=1e-5)


def assert_true_in_every_way(lm: LocalModel, oracle: Oracle, lengths: Iterable[int]) -> None:
    """Typed, read at once, and cut back to, with another last token each time so that no answer is remembered."""
    lengths, text, typed = sorted(lengths), ids_of(LONGEST), fresh(lm)
    for n in lengths:
        assert_true(typed, oracle, text[:n])
    for n in lengths:
        assert_true(fresh(lm), oracle, text[:n])
    for n in reversed(lengths):
        other = text[:n].copy()
        other[-1] = other[-1] % 100 + 1
        assert_true(typed, oracle, other)


def assert_true_in_batches(lm: LocalModel, oracle: Oracle, lengths: Iterable[int]) -> None:
    """Texts of many lengths together, and rows that are read on past every change."""
    rows = [ids_of(n, seed=n) for n in lengths]
    for row, logits in zip(rows, lm.next_logits(rows), strict=True):
        assert np.abs(log_softmax(logits) - oracle(row).log_p[-1]).max() < NATS
    for at in (WINDOW, SWITCH):
        decoder = lm.decoder(ids_of(at - 2), 2)
        for token in range(5):
            logits = decoder.advance([token, token + 1])
            for row, got in zip(decoder.ids, logits, strict=True):
                worst = np.abs(log_softmax(got) - oracle(row).log_p[-1]).max()
                assert worst < NATS, f"log probabilities differ by {worst:.2g} in a batch"


def log_softmax(logits: Any) -> Any:
    return logits - np.logaddexp.reduce(logits.astype(np.float64))
