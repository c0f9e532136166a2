"""`explorer generate`: texts that a model writes, token by token as they come, or as one JSON object."""

from __future__ import annotations

import codecs
import errno
import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from secrets import randbelow
from time import perf_counter

import typer

import explorer
from explorer.cli.options import ModelOptions
from explorer.cli.sampling_options import SamplingOptions, number
from explorer.cli.terminal import print_json, say, say_what_is_not_read, visible
from explorer.generation.generate import END, LENGTH, TEXT, Stop
from explorer.generation.generate import generate as chosen_tokens
from explorer.language_model.tokens import Token, as_read
from explorer.locales import ExplorerError, Message, numbers, tr
from explorer.sampling.distribution import Candidate
from explorer.sampling.draw import checked_seed
from explorer.sampling.spelling import unescaped
from explorer.sessions.session import ROOT, Session

MAX_NEW_TOKENS = 10_000
MAX_TEXTS = 1000
MAX_SAVED_TOKENS = 10_000  # 4 MB with the longest prefix, and a session file has at most 5
RANDOM_SEEDS = 2**32  # not 2**63: somebody is to type it again
SHOWN_CHARACTERS = 500  # of a long prefix, the last ones

REASONS = {
    LENGTH: "cli-stopped-length",
    END: "cli-stopped-end",
    TEXT: "cli-stopped-text",
    None: "cli-stopped-early",
}


@dataclass
class Sample:
    """One text so far. ``stopped_by``: see `Stop.reason`; None until it is complete."""

    choices: list[Candidate] = field(default_factory=list)
    stopped_by: str | None = None


def generate(
    text: str,
    *,
    model: ModelOptions,
    options: SamplingOptions,
    max_new_tokens: str,
    n: str,
    seed: str | None,
    stop_text: str,
    through_end: bool,
    as_json: bool,
    file: Path | None,
) -> None:
    """Print ``n`` texts that begin with ``text``; what there is when Ctrl-C comes is kept, in the session too."""
    # What may be refused is looked at before the model is loaded, which takes seconds.
    sampling = options.sampling()
    longest = _count("max_new_tokens", max_new_tokens, MAX_NEW_TOKENS)
    n_texts = _count("n", n, MAX_TEXTS)
    key = randbelow(RANDOM_SEEDS) if seed is None else checked_seed(number(seed, whole=True))
    if file is not None:
        _require_new(file)
        if n_texts * longest > MAX_SAVED_TOKENS:
            raise ExplorerError("cli-session-too-long", n=n_texts, longest=longest, most=MAX_SAVED_TOKENS)
    lm = model.load()
    sampling = options.with_tokens(sampling, lm.vocabulary)
    stop = Stop(longest, () if through_end else lm.info.end_ids, as_read(unescaped(stop_text)))
    prefix, encoding = as_read(text), lm.tokenize(text)
    for notice in (*lm.info.notices, *encoding.notices):
        say(notice)
    say_what_is_not_read(len(encoding.ids), lm.info.n_positions)

    session = Session.of(lm.info)
    tree = session.tree(prefix, encoding.ids)
    samples: list[Sample] = []
    page = Page(prefix, n_texts, quiet=as_json)
    with _saved(session, file), _summed_up(page, samples, lm.info, str(sampling), key):
        for i in range(n_texts):
            tree.go(ROOT)
            samples.append(sample := Sample())
            with page.text(i):
                for choice in chosen_tokens(lm, encoding.ids, sampling, seed=key, sample=i, stop=stop):
                    tree.add(choice, sampling, seed=key, sample=i)
                    sample.choices.append(choice)
                    page.add(choice.token)
            sample.stopped_by = stop.reason([choice.token for choice in sample.choices])
    if as_json:
        print_json(
            model=lm.info.name,
            prompt=prefix,
            sampling=sampling.record(),
            seed=key,
            samples=[
                {
                    "text": lm.vocabulary.text(choice.id for choice in sample.choices),
                    "tokens": [choice.record() for choice in sample.choices],
                    "stopped_by": sample.stopped_by,
                }
                for sample in samples
            ],
        )


class Page:
    """Texts on stdout as they grow, harmless for a terminal: the prefix in bold, tokens that are no text dim.

    Args:
        prefix: of all of them.
        n_texts: how many there will be; more than one are numbered.
        quiet: write nothing at all.
    """

    def __init__(self, prefix: str, n_texts: int, *, quiet: bool = False) -> None:
        self._prefix = prefix if len(prefix) <= SHOWN_CHARACTERS else "…" + prefix[-SHOWN_CHARACTERS:]
        self._n_texts = n_texts
        self._quiet = quiet

    @contextmanager
    def text(self, i: int) -> Iterator[None]:
        """Begin text ``i``, and end its last line even where it is broken off."""
        if self._n_texts > 1:
            self.line(("\n" if i else "") + tr("cli-text-number", number=i + 1, n=self._n_texts))
        self._write(self._prefix, bold=True)
        # A character may be spread over several tokens: it is written when its last byte is there.
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        try:
            yield
        finally:
            self._write(self._decoder.decode(b"", final=True) + "\n")

    def add(self, token: Token) -> None:
        self._write(self._decoder.decode(token.bytes), dim=token.special)

    def line(self, sentence: str) -> None:
        """A dim line about the texts."""
        self._write(sentence + "\n", dim=True)

    def _write(self, text: str, *, bold: bool = False, dim: bool = False) -> None:
        # Not by way of rich, whose buffer an ill-timed Ctrl-C leaves full: the token would be written twice.
        if not self._quiet:
            typer.secho(visible(text), nl=False, bold=bold or None, dim=dim or None, reset=bold or dim)


@contextmanager
def _saved(session: Session, file: Path | None) -> Iterator[None]:
    """Whatever ends the work, Ctrl-C or a reader who left, ``file`` gets the session as it then is."""
    try:
        yield
    finally:
        if file is not None and len(session):
            from explorer.sessions import session_file  # pydantic's half second is for those who save

            session_file.save(session, file)
            say(Message.of("cli-session-saved", file=str(file), n=len(session)))


@contextmanager
def _summed_up(page: Page, samples: list[Sample], info: explorer.ModelInfo, sampling: str, seed: int) -> Iterator[None]:
    """The last lines: what somebody needs to get the same texts again, how fast they came, why they ended."""
    began = perf_counter()
    try:
        yield
    finally:
        n_tokens = sum(len(sample.choices) for sample in samples)
        speed = n_tokens / (perf_counter() - began)
        reasons = Counter(tr(REASONS[sample.stopped_by]) for sample in samples)
        page.line(
            tr(
                "cli-generate-line",
                title=info.title,
                device=info.device,
                dtype=info.dtype,
                sampling=sampling,
                seed=str(seed),
                speed=numbers.count(speed),
                reasons=", ".join(f"{n} × {reason}" if len(samples) > 1 else reason for reason, n in reasons.items()),
            )
        )
        if info.note is not None:
            page.line(info.note.render())


def _count(name: str, typed: str, most: int) -> int:
    """
    Raises:
        ExplorerError: no whole number from 1 to ``most``.
    """
    count = number(typed, whole=True)
    if not isinstance(count, int) or not 1 <= count <= most:
        raise ExplorerError("sampling-no-whole-number", name=name, value=typed[:60], low="1", high=str(most))
    return count


def _require_new(file: Path) -> None:
    """Refuse now what could not be saved in the end.

    Raises:
        ExplorerError: there is such a file, or its folder cannot be written.
    """
    try:
        file.lstat()  # a link that leads nowhere is there as well
    except FileNotFoundError:
        folder = next(folder for folder in file.absolute().parents if folder.exists())
        reason = None if os.access(folder, os.W_OK) else os.strerror(errno.EACCES)
    except OSError as error:
        reason = error.strerror or str(error)
    else:
        raise ExplorerError("cli-session-there", file=str(file))
    if reason is not None:
        raise ExplorerError("session-not-saved", file=str(file), reason=reason)
