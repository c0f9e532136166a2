"""Generation, token by token: a trace, a distribution, a choice."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from explorer.language_model.arguments import require, require_model, whole
from explorer.language_model.model import Model
from explorer.language_model.record import Record
from explorer.language_model.request import as_ids
from explorer.language_model.tokens import Token
from explorer.locales import ExplorerError, shown
from explorer.sampling.distribution import Candidate
from explorer.sampling.draw import checked_seed, choose, uniform
from explorer.sampling.parameters import counted, listed
from explorer.sampling.sampling import Sampling

LENGTH, END, TEXT = "length", "end", "text"
"""Why a text came to its end: as long as allowed, an end-of-text token, the string to stop at."""


@dataclass(frozen=True, eq=False, repr=False)
class Stop(Record):
    """When a text is complete.

    Attributes:
        max_new_tokens: tokens after the prefix.
        end_ids: tokens that end a text (`ModelInfo.end_ids`); the one that ended it is its last.
        text: ends it when the new tokens spell this somewhere; "" never does.

    Raises:
        ExplorerError: no number of tokens, no ids, or no text; on construction.
    """

    max_new_tokens: int = 20
    end_ids: tuple[int, ...] = ()
    text: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "max_new_tokens", counted(self.max_new_tokens, "max_new_tokens"))
        ids = listed(self.end_ids)
        if ids is None or None in map(whole, ids):
            raise ExplorerError("sampling-no-ids", name="end_ids", value=shown(self.end_ids))
        object.__setattr__(self, "end_ids", tuple(ids))
        require("text", self.text, "text", str)

    def reason(self, tokens: Sequence[Token]) -> str | None:
        """Why a text with these new ``tokens`` is complete, or None while it is not."""
        if tokens and tokens[-1].id in self.end_ids:
            return END
        if self.text and self.text.encode("utf-8", errors="surrogatepass") in b"".join(token.bytes for token in tokens):
            return TEXT
        return LENGTH if len(tokens) >= self.max_new_tokens else None


def generate(
    model: Model,
    prefix: str | Sequence[int] = "",
    sampling: Sampling | None = None,
    *,
    seed: int = 0,
    sample: int = 0,
    max_new_tokens: int | None = None,
    stop: Stop | None = None,
) -> Iterator[Candidate]:
    """The tokens that ``sampling`` chooses after ``prefix``, each when it is known; one forward pass a token.

    Args:
        prefix: a text, or token ids, as `Model.tokenize` gives them.
        sampling: None draws with the model's own probabilities.
        seed, sample: which draws, see `explorer.sampling.draw.uniforms`; nothing else decides them.
        max_new_tokens: the length, as in `compare`; None takes that of ``stop``.
        stop: what else ends the text; without it, its length alone.

    Raises:
        ExplorerError: an argument that cannot be, at once; the sampler leaves no token, where that happens.
    """
    require_model(model)
    if sampling is not None:
        require("sampling", sampling, "sampling", Sampling)
    ids = prefix_ids(model, prefix)
    if stop is not None:
        require("stop", stop, "stop", Stop)
    stop = stop or Stop()
    if max_new_tokens is not None:
        stop = replace(stop, max_new_tokens=max_new_tokens)
    return _chosen(model, ids, sampling or Sampling(), checked_seed(seed), counted(sample, "sample"), stop)


def prefix_ids(model: Model, prefix: str | Sequence[int]) -> tuple[int, ...]:
    """The token ids of a text, or those that were given; none at all mean the start token, as an empty text does.

    Raises:
        ExplorerError: neither a text nor token ids.
    """
    encoding = model.tokenize(prefix) if isinstance(prefix, str) else as_ids(prefix, tokenize=model.tokenize)
    return encoding.ids


def _chosen(
    model: Model, ids: Sequence[int], sampling: Sampling, seed: int, sample: int, stop: Stop
) -> Iterator[Candidate]:
    text, tokens = list(ids), list[Token]()
    while stop.reason(tokens) is None:
        distribution = model.trace(text).distribution(sampling)
        choice = choose(distribution, uniform(seed, sample, len(tokens)))
        yield choice
        tokens.append(choice.token)
        text.append(choice.id)
