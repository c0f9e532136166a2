"""What a trained model is worth, in numbers that can be compared with other models and with compressors."""

from __future__ import annotations

import gzip
import lzma
import math
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from explorer.engine.local_model import LocalModel
from explorer.engine.torch_engine.engine import TorchEngine
from explorer.generation.generate import Stop, generate
from explorer.language_model.record import Record
from explorer.language_model.tokens import MAX_TEXT_BYTES
from explorer.probes import roles
from explorer.sampling.sampling import Sampling
from explorer.training.corpus import Book

PHRASES = Path(__file__).parent / "phrases.toml"
"""What the model is asked; written down before it was trained."""

WINDOW = 512
"""Tokens a model sees at a time while it is measured, or as many as it has positions for."""

_ROLE, _N_REPEATED = "induction", 50


@dataclass(frozen=True, eq=False, repr=False)
class HeldOut(Record):
    """How well a model foretells a text.

    ``bits_per_byte`` is the sum of all surprisals over the bytes of the text in UTF-8, ``top_1`` the share of tokens
    that were the likeliest, ``bytes_per_token`` how much text a token stands for: larger tokens are harder to foretell.
    """

    bits_per_byte: float
    top_1: float
    bytes_per_token: float


@dataclass(frozen=True, eq=False, repr=False)
class Completion(Record):
    """A prefix, what was to come after it (None: anything), and what the model finds likeliest, best first."""

    prefix: str
    wanted: str | None
    found: tuple[str, ...]
    probabilities: tuple[float, ...]

    @property
    def right(self) -> bool:
        """Whether the likeliest tokens spell what was wanted."""
        return self.found[0] == self.wanted


@dataclass(frozen=True, eq=False, repr=False)
class Induction(Record):
    """What repetition tells a model, on random tokens that come twice (Olsson et al. 2022).

    ``best_score`` is the best head's induction score, ``best_head`` its (layer, head), ``bits_saved`` how much less
    the second time costs than the first, in bits a token.
    """

    best_score: float
    best_head: tuple[int, int]
    bits_saved: float


def held_out(model: LocalModel, books: Sequence[Book]) -> HeldOut:
    """Bits per byte on whole books, each after the model's start token.

    Each window's second half is scored, and of the first window all: so a token has at least 256 before it, where the
    book has so many.
    """
    window = min(WINDOW, model.info.n_positions)
    bits, right, n_tokens = 0.0, 0, 0
    for book in books:
        start = model.tokenizer.start_id
        ids = [] if start is None else [start]
        for piece in _pieces(book.text):
            ids += model.tokenize(piece).ids[len(model.tokenizer.prefix_ids) :]
        for surprisal, n_right in _windows(_module(model), ids, window):
            bits += surprisal
            right += n_right
        n_tokens += len(ids) - 1
    n_bytes = sum(len(book.text.encode()) for book in books)
    return HeldOut(bits / n_bytes, right / n_tokens, n_bytes / n_tokens)


def _module(model: LocalModel) -> Any:
    assert isinstance(model.engine, TorchEngine)  # whole windows of whole books: `load(engine="torch")`
    return model.engine.module


def _pieces(text: str) -> Iterator[str]:
    """``text`` in pieces that `Model.tokenize` takes whole, cut where a paragraph begins: no byte-level BPE of today
    has tokens that reach over that."""
    piece = ""
    for paragraph in text.split("\n\n"):
        if piece and len(piece.encode()) + len(paragraph.encode()) > MAX_TEXT_BYTES // 2:
            yield piece
            piece = ""
        piece += f"{paragraph}\n\n"
    yield piece.removesuffix("\n\n")


@torch.inference_mode()
def _windows(module: Any, ids: list[int], window: int) -> Iterator[tuple[float, int]]:
    """(summed surprisal in bits, how many were the likeliest) of all tokens but the first, window by window."""
    row = torch.tensor(ids, device=module.device)
    done = 1
    while done < len(row):
        end = min(len(row), max(done + window // 2, window))
        start = max(0, end - window)
        logits = module(row[None, start : end - 1], use_cache=False).logits[0, done - 1 - start :].float()
        targets = row[done:end]
        nats = torch.nn.functional.cross_entropy(logits, targets, reduction="sum").item()
        yield nats / math.log(2), int((logits.argmax(-1) == targets).sum())
        done = end


def compressed(books: Sequence[Book], training: Sequence[Book]) -> dict[str, float]:
    """Bits per byte of ``books`` for compressors: gzip and xz on the books alone, PPMd after all of ``training``.

    PPMd (order 8) is adaptive: it goes on learning while it reads. It is left out where pyppmd is not installed.
    """
    text = "\n\n".join(book.text for book in books).encode()
    found = {"gzip -9": len(gzip.compress(text, 9)), "xz -9": len(lzma.compress(text, preset=9))}
    try:
        import pyppmd
    except ImportError:
        pass
    else:
        before = "\n\n".join(book.text for book in training).encode() + b"\n\n"
        sizes = []
        for data in (before, before + text):
            encoder = pyppmd.Ppmd7Encoder(8, 2000 << 20)
            sizes.append(len(encoder.encode(data)) + len(encoder.flush()))
        found["PPMd"] = sizes[1] - sizes[0]
    return {name: 8 * size / len(text) for name, size in found.items()}


def known_phrases(model: LocalModel, *, before: str = " ") -> list[Completion]:
    """Each phrase of `PHRASES`, completed by the likeliest tokens until they are as long as what was wanted.

    ``before`` stands before each: a space, as in running text; without one the first token is another, rarer one.
    """
    phrases = (phrase.split("|") for phrase in _phrases()["known"])
    return [_completed(model, before + prefix, wanted) for prefix, wanted in phrases]


def everyday(model: LocalModel) -> list[Completion]:
    """The five likeliest tokens after each everyday prefix of `PHRASES`."""
    found = []
    for prefix in _phrases()["everyday"]:
        top = model.trace(prefix).distribution(Sampling()).top(5)
        texts = tuple(candidate.token.label for candidate in top)
        found.append(Completion(prefix, None, texts, tuple(candidate.probability for candidate in top)))
    return found


def _completed(model: LocalModel, prefix: str, wanted: str) -> Completion:
    chosen = []
    for candidate in generate(model, model.tokenize(prefix).ids, Sampling(greedy=True), stop=Stop(max_new_tokens=8)):
        chosen.append(candidate)
        if sum(len(each.token.text or "") for each in chosen) >= len(wanted):
            break
    text = "".join(each.token.text or "\ufffd" for each in chosen)
    return Completion(prefix, wanted, (text,), (math.prod(each.raw_probability for each in chosen),))


def _phrases() -> dict[str, list[str]]:
    return tomllib.loads(PHRASES.read_text(encoding="utf-8"))


def induction(model: LocalModel, *, seeds: int = 4) -> Induction:
    """On 50 random tokens repeated once, a mean over several draws."""
    scores, saved = [], []
    for seed in range(seeds):
        scores.append(roles.repeated_random(model, n=_N_REPEATED, seed=seed).of(_ROLE))
        ids = np.random.default_rng([seed, 1]).choice(len(model.vocabulary) - 1, _N_REPEATED, replace=False)
        surprisal = model.trace([*ids.tolist(), *ids.tolist()]).surprisal
        saved.append(surprisal[1:_N_REPEATED].mean() - surprisal[_N_REPEATED + 1 :].mean())
    mean = np.mean(scores, axis=0)
    layer, head = np.unravel_index(mean.argmax(), mean.shape)
    return Induction(float(mean.max()), (int(layer), int(head)), float(np.mean(saved)))


def samples(model: LocalModel, n: int = 10, *, max_new_tokens: int = 60) -> list[tuple[str, str]]:
    """(prefix, what the model wrote after it) for the first ``n`` everyday prefixes; temperature 0.8, top-p 0.95."""
    found = []
    for place, prefix in enumerate(_phrases()["everyday"][:n]):
        stop = Stop(max_new_tokens=max_new_tokens, end_ids=model.info.end_ids)
        sampling = Sampling(temperature=0.8, top_p=0.95)
        chosen = list(generate(model, model.tokenize(prefix).ids, sampling, seed=0, sample=place, stop=stop))
        tokens = [each.token for each in chosen if each.id not in model.info.end_ids]
        found.append((prefix, b"".join(token.bytes for token in tokens).decode("utf-8", errors="replace")))
    return found


def figures(model: LocalModel, books: Sequence[Book]) -> dict[str, Any]:
    """Everything above but the compressors, as JSON has it."""
    known = known_phrases(model)
    return {
        "held_out": asdict(held_out(model, books)),
        "known": [asdict(each) | {"right": each.right} for each in known],
        "n_known_right": sum(each.right for each in known),
        "n_known_right_without_space": sum(each.right for each in known_phrases(model, before="")),
        "everyday": [asdict(each) for each in everyday(model)],
        "induction": asdict(induction(model)),
        "samples": samples(model),
    }
