"""`explorer predict`: the distribution over the next token, as a table or as one JSON object."""

from __future__ import annotations

from typing import TYPE_CHECKING

import explorer
from explorer.cli.options import ModelOptions
from explorer.cli.sampling_options import SamplingOptions
from explorer.cli.tables import TableColumn, print_table
from explorer.cli.terminal import print_json, say, say_what_is_not_read
from explorer.language_model.tokens import whole_characters
from explorer.locales import numbers, tr

if TYPE_CHECKING:
    from rich.text import Text

    from explorer.sampling.distribution import Distribution

BAR_WIDTH = 18  # characters
TOKEN_WIDTH = 12  # characters that a token has at least
PLACES = 4  # decimals of a probability
SHOWN_TOKENS = 100  # of a long text, the last ones


def predict(
    text: str,
    *,
    model: ModelOptions,
    options: SamplingOptions,
    top: int,
    as_json: bool,
) -> None:
    """Print the ``top`` likeliest tokens after ``text``."""
    sampling = options.sampling()
    lm = model.load()
    sampling = options.with_tokens(sampling, lm.vocabulary)
    trace = lm.trace(text)
    distribution = trace.distribution(sampling)
    for notice in (*lm.info.notices, *trace.notices):
        say(notice)
    say_what_is_not_read(len(trace.ids), lm.info.n_positions)
    candidates = distribution.top(top)
    if as_json:
        print_json(
            model=lm.info.name,
            text=whole_characters(text),  # JSON has no place for a lone surrogate
            tokens=[{"id": token.id, "text": token.text, "bytes": token.bytes.hex()} for token in trace.tokens],
            entropy_bits=distribution.entropy_bits,
            candidates=[candidate.record() for candidate in candidates],
            rest_probability=distribution.rest(candidates),
            milliseconds=round(trace.milliseconds, 3),
        )
    else:
        _print_table(lm.info, trace, distribution, sampling, candidates)


def _print_table(
    info: explorer.ModelInfo,
    trace: explorer.Trace,
    distribution: Distribution,
    sampling: explorer.Sampling,
    candidates: list[explorer.Candidate],
) -> None:
    from rich.console import Console

    console = Console(highlight=False)
    console.print(_prefix(trace))
    print_table(console, _columns(distribution, candidates))
    lines = [
        *([tr("cli-sampler-line", sampling=str(sampling))] if distribution.stages else []),
        tr(
            "entropy",
            bits=numbers.bits(distribution.entropy_bits, 2),
            choices=numbers.count(distribution.effective_choices),
        ),
        tr(
            "cli-model-line",
            title=info.title,
            device=info.device,
            dtype=info.dtype,
            engine=info.engine,
            tokens=len(trace.ids),
            milliseconds=numbers.milliseconds(trace.milliseconds),
        ),
        *([info.note.render()] if info.note is not None else []),
    ]
    for line in lines:
        console.print(line, markup=False, style="dim")


def _prefix(trace: explorer.Trace) -> Text:
    """The tokens of the text with a space between each two (their own are dots); a character in pieces as a whole."""
    from rich.text import Text

    from explorer.language_model.tokens import group_fragments

    tokens = trace.tokens[-SHOWN_TOKENS:]
    labels = [token.label for token in tokens]
    for group in reversed(group_fragments(tokens)):
        labels[group.start : group.stop] = [group.label]
    elided = ["…"] if len(tokens) < len(trace.tokens) else []
    return Text(" ".join([*elided, *labels]), style="bold")


def _columns(distribution: Distribution, candidates: list[explorer.Candidate]) -> list[TableColumn]:
    from rich.bar import Bar
    from rich.text import Text

    rest = distribution.rest(candidates)
    longest = max([rest, *(candidate.probability for candidate in candidates)])
    others = Text(tr("cli-other-tokens", n=len(distribution.probabilities) - len(candidates)), style="dim")
    dim, number = {"style": "dim"}, {"justify": "right"}

    def bar(probability: float, color: str) -> Bar:
        return Bar(longest, 0, probability, width=BAR_WIDTH, color=color)

    columns = [
        TableColumn(
            tr("cli-column-rank"),
            [*(str(candidate.rank) for candidate in candidates), ""],
            left_out=4,
            looks=number | dim,
        ),
        TableColumn(
            # `Text` is never read as markup, and a label shows every byte: nothing in a token reaches the terminal raw.
            tr("cli-column-token"),
            [*(Text(candidate.token.label, style="bold") for candidate in candidates), others],
            narrowest=TOKEN_WIDTH,
        ),
        TableColumn(
            "",
            [*(bar(candidate.probability, "cyan") for candidate in candidates), bar(rest, "bright_black")],
            left_out=0,
        ),
        TableColumn(
            tr("cli-column-probability"),
            [numbers.fraction(p, PLACES) for p in (*(candidate.probability for candidate in candidates), rest)],
            looks=number,
        ),
        TableColumn(
            tr("cli-column-raw"),
            [*(numbers.fraction(candidate.raw_probability, PLACES) for candidate in candidates), ""],
            left_out=2,
            looks=number | dim,
        ),
        TableColumn(
            tr("cli-column-id"), [*(str(candidate.id) for candidate in candidates), ""], left_out=1, looks=number | dim
        ),
    ]
    if any(candidate.removed_by for candidate in candidates):
        removed_by = [candidate.removed_by or "" for candidate in candidates]
        columns.append(TableColumn(tr("cli-column-removed-by"), [*removed_by, ""], left_out=3, looks=dim))
    return columns
