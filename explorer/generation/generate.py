"""Generation, token by token: a trace, a distribution, a choice."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from explorer.language_model.model import Model
from explorer.language_model.tokens import Token
from explorer.sampling.distribution import Candidate
from explorer.sampling.draw import choose, uniform
from explorer.sampling.sampling import Sampling

LENGTH, END, TEXT = "length", "end", "text"
"""Why a text came to its end: as long as allowed, an end-of-text token, the string to stop at."""


@dataclass(frozen=True)
class Stop:
    """When a text is complete.

    Attributes:
        max_new_tokens: tokens after the prefix.
        end_ids: tokens that end a text (`ModelInfo.end_ids`); the one that ended it is its last.
        text: ends it when the new tokens spell this somewhere; "" never does.
    """

    max_new_tokens: int = 20
    end_ids: tuple[int, ...] = ()
    text: str = ""

    def reason(self, tokens: Sequence[Token]) -> str | None:
        """Why a text with these new ``tokens`` is complete, or None while it is not."""
        if tokens and tokens[-1].id in self.end_ids:
            return END
        if self.text and self.text.encode("utf-8", errors="surrogatepass") in b"".join(token.bytes for token in tokens):
            return TEXT
        return LENGTH if len(tokens) >= self.max_new_tokens else None


def generate(
    model: Model, ids: Sequence[int], sampling: Sampling, *, seed: int = 0, sample: int = 0, stop: Stop | None = None
) -> Iterator[Candidate]:
    """The tokens that ``sampling`` chooses after ``ids``, each when it is known; one forward pass a token.

    Args:
        ids: of the prefix, as `Model.tokenize` gives them.
        seed, sample: which draws, see `explorer.sampling.draw.uniforms`; nothing else decides them.

    Raises:
        ExplorerError: the sampler leaves no token.
    """
    stop = stop or Stop()
    whole, tokens = list(ids), list[Token]()
    while stop.reason(tokens) is None:
        distribution = model.trace(whole).distribution(sampling)
        choice = choose(distribution, uniform(seed, sample, len(tokens)))
        yield choice
        tokens.append(choice.token)
        whole.append(choice.id)
