"""The options of the sampler, which `predict` and `generate` share: from what was typed to a `Sampling`."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from explorer.cli.terminal import say
from explorer.locales import ExplorerError, Message, tr

if TYPE_CHECKING:
    from explorer.language_model.tokens import Vocabulary
    from explorer.sampling.sampling import Sampling


def option(sentence: str, name: str, metavar: str | None = None) -> Any:
    return typer.Option(name, metavar=metavar, help=tr(sentence), rich_help_panel=tr("cli-heading-sampler"))


@dataclass(frozen=True)
class SamplingOptions:
    """What was typed; None where nothing was, so that the defaults are those of `Sampling`.

    Numbers are still text: what is wrong with one is said by the sampler, in the same words everywhere.
    """

    temperature: Annotated[str | None, option("cli-option-temperature", "--temperature", "T")] = None
    top_k: Annotated[str | None, option("cli-option-top-k", "--top-k", "N")] = None
    top_p: Annotated[str | None, option("cli-option-top-p", "--top-p", "P")] = None
    min_p: Annotated[str | None, option("cli-option-min-p", "--min-p", "P")] = None
    typical_p: Annotated[str | None, option("cli-option-typical-p", "--typical-p", "P")] = None
    repetition_penalty: Annotated[
        str | None, option("cli-option-repetition-penalty", "--repetition-penalty", "FACTOR")
    ] = None
    presence_penalty: Annotated[str | None, option("cli-option-presence-penalty", "--presence-penalty", "AMOUNT")] = (
        None
    )
    frequency_penalty: Annotated[
        str | None, option("cli-option-frequency-penalty", "--frequency-penalty", "AMOUNT")
    ] = None
    no_repeat_ngram: Annotated[str | None, option("cli-option-no-repeat-ngram", "--no-repeat-ngram", "N")] = None
    ban: Annotated[list[str] | None, option("cli-option-ban", "--ban", "TEXT")] = None
    bias: Annotated[list[str] | None, option("cli-option-bias", "--bias", "TEXT=AMOUNT")] = None
    greedy: Annotated[bool, option("cli-option-greedy", "--greedy")] = False
    order: Annotated[str | None, option("cli-option-order", "--order", "A,B")] = None
    off: Annotated[str | None, option("cli-option-off", "--off", "A,B")] = None

    def sampling(self) -> Sampling:
        """All that can be known without a model. Temperature 0 becomes greedy here, and says so.

        Raises:
            ExplorerError: what was typed for one of them makes no sense.
        """
        from explorer.sampling.sampling import RANGES, WHOLE, Sampling

        typed = {name: getattr(self, name) for name in RANGES}
        given: dict[str, Any] = {
            name: number(text, whole=name in WHOLE) for name, text in typed.items() if text is not None
        }
        greedy = self.greedy
        if given.get("temperature") == 0:
            say(Message.of("cli-temperature-zero"))
            del given["temperature"]
            greedy = True
        for text in self.bias or ():
            _text_and_amount(text)
        if self.order is not None:
            given["order"] = _order(_stages(self.order))
        return Sampling(**given, greedy=greedy, off=_stages(self.off or ""))

    def with_tokens(self, sampling: Sampling, vocabulary: Vocabulary) -> Sampling:
        """``sampling`` with the bans and the biases, for which the model's tokens are needed.

        A top-k that keeps all of them becomes none, and says so.

        Raises:
            ExplorerError: a text is not one token.
        """
        from explorer.sampling.spelling import tokens_spelling

        banned = {token.id for text in self.ban or () for token in tokens_spelling(vocabulary, text)}
        bias = {
            token.id: amount
            for text, amount in map(_text_and_amount, self.bias or ())
            for token in tokens_spelling(vocabulary, text)
        }
        if sampling.top_k is not None and sampling.top_k > len(vocabulary):
            say(Message.of("cli-top-k-all", value=sampling.top_k, n=len(vocabulary)))
            sampling = replace(sampling, top_k=None)
        return replace(sampling, banned=tuple(banned), bias=tuple(bias.items()))


def number(text: str, *, whole: bool = False) -> Any:
    """The number that ``text`` writes; where it writes none, the text itself, for an error to quote."""
    with suppress(ValueError):
        return int(text) if whole else float(text)
    return text


def _text_and_amount(typed: str) -> tuple[str, float]:
    """``==-5`` is -5 for ``=``: what is biased may hold an equals sign itself."""
    from explorer.sampling.sampling import MAX_BIAS

    text, _, amount = typed.rpartition("=")
    bias = number(amount)
    if not text or isinstance(bias, str) or not abs(bias) <= MAX_BIAS:  # NaN fails the comparison
        raise ExplorerError("cli-no-bias", value=typed[:60], most=f"{MAX_BIAS:g}")
    return text, bias


def _stages(typed: str) -> tuple[str, ...]:
    """Names between commas, written as options (``top-k``) or as parameters (``top_k``)."""
    return tuple(name.strip().replace("-", "_") for name in typed.split(",") if name.strip())


def _order(named: tuple[str, ...]) -> tuple[str, ...]:
    """Every stage: the ``named`` ones in this order, in the places which they have among the others by default."""
    from explorer.sampling.stages import DEFAULT_ORDER

    if len(set(named)) < len(named) or not set(named) <= set(DEFAULT_ORDER):
        return named  # for `Sampling` to refuse
    rest = iter(named)
    return tuple(next(rest) if stage in named else stage for stage in DEFAULT_ORDER)
