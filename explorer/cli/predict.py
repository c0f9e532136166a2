"""`explorer predict`: the distribution over the next token, as a table or as one JSON object."""

from __future__ import annotations

from typing import TYPE_CHECKING

import explorer
from explorer.cli.options import ModelOptions
from explorer.cli.sampling_options import SamplingOptions
from explorer.cli.terminal import print_json, say, say_what_is_not_read
from explorer.language_model.tokens import whole_characters
from explorer.locales import numbers, tr

if TYPE_CHECKING:
    from rich.table import Table
    from rich.text import Text

    from explorer.sampling.distribution import Distribution

BAR_WIDTH = 18  # characters
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
    console.print(_table(distribution, candidates))
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


def _table(distribution: Distribution, candidates: list[explorer.Candidate]) -> Table:
    from rich import box
    from rich.bar import Bar
    from rich.table import Table
    from rich.text import Text

    rest = distribution.rest(candidates)
    longest = max([rest, *(candidate.probability for candidate in candidates)])
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column(tr("cli-column-rank"), justify="right", style="dim")
    table.add_column(tr("cli-column-token"), overflow="fold")
    table.add_column("", width=BAR_WIDTH)
    table.add_column(tr("cli-column-probability"), justify="right")
    table.add_column(tr("cli-column-raw"), justify="right", style="dim")
    table.add_column(tr("cli-column-id"), justify="right", style="dim")
    if any(candidate.removed_by for candidate in candidates):
        table.add_column(tr("cli-column-removed-by"), style="dim")
    for candidate in candidates:
        # `Text` is never read as markup, and a label shows every byte: nothing in a token reaches the terminal raw.
        table.add_row(
            str(candidate.rank),
            Text(candidate.token.label, style="bold"),
            Bar(longest, 0, candidate.probability, width=BAR_WIDTH, color="cyan"),
            numbers.fraction(candidate.probability, PLACES),
            numbers.fraction(candidate.raw_probability, PLACES),
            str(candidate.id),
            *([candidate.removed_by] if candidate.removed_by else []),
        )
    others = Text(tr("cli-other-tokens", n=len(distribution.probabilities) - len(candidates)), style="dim")
    table.add_row(
        "", others, Bar(longest, 0, rest, width=BAR_WIDTH, color="bright_black"), numbers.fraction(rest, PLACES)
    )
    return table
