"""What transformers says of a few texts under the weights of one model, in a small file that travels with the package.

So the numpy engine can be held against transformers where transformers is not imported. The files lie in
``references/``; ``explorer doctor --write-reference NAME`` makes one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from explorer.engine.check import Outcome, Reference
from explorer.language_model.attention import Attention, n_weights
from explorer.language_model.trace import Floats, Ints, Trace
from explorer.models.storage import disk_errors_as_sentences
from explorer.models.user_files import written_aside

FOLDER = Path(__file__).parent / "references"

N_LIKELIEST = 200
"""Tokens whose log probabilities are kept of each distribution."""

N_KEYS = 48
"""Weights that are kept of each head's last row, evenly spread over it."""

MAX_NATS = 1e-3
MAX_WEIGHT = 1e-4
"""By how much log probabilities (and surprisals, in bits) and attention weights may differ: float32 rounds at 1e-7, and
some hundred layers' sums make a hundred times as much of it."""


@dataclass(frozen=True, eq=False)
class StoredReference:
    """Of some texts, by number: ``ids`` (T,), ``likeliest`` (N,) ids of the likeliest next tokens and their ``log_p``
    (N,), ``surprisal`` (T - 1,) bits of all tokens but the first, ``attention`` (n_layer, n_head, K) of the last token
    on some ``keys`` (K,)."""

    texts: tuple[Mapping[str, Any], ...]

    def compare(self, model: Any) -> Outcome:
        """Whether ``model`` says the same; texts are read in their order, each from what the cache has of those before.

        Raises:
            ExplorerError: the weights are damaged.
        """
        nats = weight = 0.0
        for text in self.texts:
            trace = model.trace(text["ids"].tolist(), attention=True)
            nats = max(nats, _worst_nats(trace, text))
            weight = max(weight, float(np.abs(_last_rows(trace.attention, text["keys"]) - text["attention"]).max()))
        lengths = tuple(len(text["ids"]) for text in self.texts)
        return Outcome(nats <= MAX_NATS, nats <= MAX_NATS and weight <= MAX_WEIGHT, lengths, nats, weight)


def stored_reference(weights_version: str) -> StoredReference | None:
    """That of the weights with this version; None where there is none, or it is damaged."""
    for file in sorted(FOLDER.glob("*.safetensors")):
        try:
            with safe_open(file, "np") as opened:
                metadata = opened.metadata() or {}
                if metadata.get("weights_version") == weights_version:
                    arrays = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118
                    return StoredReference(tuple(_texts(arrays)))
        except (OSError, SafetensorError, KeyError, ValueError):
            continue
    return None


def write_reference(
    file: Path, weights_version: str, texts: Iterable[Ints], reference: Reference, made_with: Mapping[str, str]
) -> None:
    """Keep what ``reference`` says of ``texts``.

    Raises:
        ExplorerError: the file cannot be written.
    """
    arrays: dict[str, Any] = {}
    for number, ids in enumerate(texts):
        logits, attention = reference(ids, True)
        arrays |= {f"{number}.{name}": array for name, array in _described(ids, logits, attention).items()}
    with disk_errors_as_sentences(file.parent):
        file.parent.mkdir(parents=True, exist_ok=True)
        with written_aside(file) as unfinished:
            save_file(arrays, unfinished, {"weights_version": weights_version, **made_with})


def _described(ids: Ints, logits: Floats, attention: Floats | None) -> dict[str, Any]:
    log_p = [_log_softmax(row) for row in logits]
    likeliest = np.argsort(-log_p[-1], kind="stable")[:N_LIKELIEST]
    bits = [-row[token] / np.log(2) for row, token in zip(log_p[:-1], ids[1:], strict=True)]
    assert attention is not None
    keys = np.unique(np.linspace(0, len(ids) - 1, N_KEYS).astype(np.int64))
    return {
        "ids": ids,
        "likeliest": likeliest.astype(np.int64),
        "log_p": log_p[-1][likeliest].astype(np.float32),
        "surprisal": np.array(bits, np.float32),
        "keys": keys,
        "attention": np.ascontiguousarray(attention[:, :, -1, keys], np.float32),
    }


def _texts(arrays: Mapping[str, Any]) -> Iterable[Mapping[str, Any]]:
    number = 0
    while f"{number}.ids" in arrays:
        prefix = f"{number}."
        yield {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}
        number += 1


def _worst_nats(trace: Trace, text: Mapping[str, Any]) -> float:
    ours = _log_softmax(trace.logits)[text["likeliest"]]
    bits = trace.surprisal[trace.start + 1 :]
    return float(max(np.abs(ours - text["log_p"]).max(), np.abs(bits - text["surprisal"]).max(initial=0.0)))


def _last_rows(attention: Attention, keys: Ints) -> Any:
    """(n_layer, n_head, K) weights of the last token on ``keys``, exact: of long texts `Attention.rows` is rounded."""
    first = n_weights(attention.n_tokens - 1)
    return np.stack([attention.triangles(layer)[:, first + keys] for layer in range(attention.n_layer)])


def _log_softmax(logits: Floats) -> Any:
    wide = logits.astype(np.float64)
    return wide - np.logaddexp.reduce(wide)
