"""What a cell shows of our records: short, whatever they hold, and nothing in it is markup."""

from __future__ import annotations

import html.parser
import inspect
from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest

import explorer
from explorer.generation.beam import Continuation
from explorer.generation.decoders import Sample, Step
from explorer.generation.measures import Measure, measures
from explorer.language_model.record import MAX_REPR, MAX_ROWS
from explorer.language_model.tokens import Encoding, Group, Prepended, Token, Vocabulary
from explorer.language_model.trace import Trace
from explorer.locales import ExplorerError, Message
from explorer.sampling.distribution import Candidate, Distribution
from explorer.sampling.sampling import Sampling
from explorer.sessions.session import Session, Tree

MAX_HTML = 12_000
HOSTILE = "<script>alert(1)</script><b>&amp;\u202e\x1b[2J" * 40
PIECES = [HOSTILE.encode(), b"<b>", b"</td>", b"&lt;", "\u202e".encode(), *(b"<i>%d" % i for i in range(95))]
VOCABULARY = Vocabulary(PIECES)
N = 2000  # tokens of a text


def trace() -> Trace:
    random = np.random.default_rng(0)
    ids = random.integers(0, len(PIECES), N)
    bits = np.full(N, 3.5, np.float32)
    return Trace(
        ids,
        random.normal(size=len(PIECES)).astype(np.float32),
        bits,
        bits.copy(),
        np.ones(N, np.int64),
        0,
        N,
        1.0,
        VOCABULARY,
    )


def distribution() -> Distribution:
    everything = Sampling(temperature=0.5, banned=range(3), bias=dict.fromkeys(range(50), 1.0))
    return trace().distribution(everything)


def sample() -> Sample:
    steps = [Step(distribution().candidate(3 + i % 90), 1.0, 0.5) for i in range(200)]
    return Sample(tuple(steps), "length")


def comparison(lm: explorer.LocalModel) -> explorer.Comparison:
    strategies = [explorer.Strategy(f"{i}{HOSTILE}", Sampling(temperature=1 + i / 100)) for i in range(40)]
    made = explorer.compare(lm, "the cat", strategies, n=2, max_new_tokens=12)
    return replace(made, text=HOSTILE)


def session() -> Session:
    made = Session(HOSTILE, prefix=HOSTILE)
    tree = made.tree(HOSTILE, range(5000))
    for i in range(500):
        tree.add(distribution().candidate(i % 90), Sampling())
    return made


def inside(lm: explorer.LocalModel) -> Trace:
    extras = explorer.Extras(attention=True, states=("block", "heads"))
    return lm.trace(explorer.Request(lm.tokenize("the cat sat on the mat " * 3).ids, extras=extras))


MADE: dict[str, Callable[[explorer.LocalModel], Any]] = {
    "ExplorerState": lambda lm: explorer.ExplorerState(None, "The cat <b>"),
    "Ablate": lambda lm: explorer.Ablate([(i, j) for i in range(30) for j in range(30)]),
    "Attention": lambda lm: inside(lm).attention,
    "Beam": lambda lm: explorer.Beam(5),
    "BertVizView": lambda lm: explorer.head_view(inside(lm)),
    "Candidate": lambda lm: distribution().candidate(0),
    "Comparison": comparison,
    "Difference": lambda lm: explorer.Difference(distribution(), trace().distribution(Sampling())),
    "Distribution": lambda lm: distribution(),
    "ExplorerError": lambda lm: ExplorerError("no-such-folder", folder=HOSTILE),
    "Extras": lambda lm: explorer.Extras(attention=True, layer=3, states=("block",)),
    "HeadVectors": lambda lm: inside(lm).attention.vectors(0, 0),
    "LocalModel": lambda lm: lm,
    "Message": lambda lm: Message.of("no-such-folder", folder=HOSTILE),
    "ModelInfo": lambda lm: replace(lm.info, name=HOSTILE, title=HOSTILE, notices=(Message.of("lone-surrogate"),) * 50),
    "Request": lambda lm: explorer.Request(range(N)),
    "Roles": lambda lm: explorer.repeated_random(lm, n=4),
    "Sampling": lambda lm: Sampling(banned=range(999), bias=dict.fromkeys(range(999), 1.0), off=("top_k", "top_p")),
    "Session": lambda lm: session(),
    "States": lambda lm: inside(lm).states,
    "Stop": lambda lm: explorer.Stop(7, range(999), HOSTILE),
    "Strategy": lambda lm: explorer.Strategy(HOSTILE, Sampling()),
    "Token": lambda lm: VOCABULARY[0],
    "Trace": lambda lm: trace(),
    # what these hold
    "the measures of a comparison": lambda lm: next(iter(comparison(lm).measures.values())),
    "a result": lambda lm: comparison(lm).strategies[0],
    "a sample": lambda lm: sample(),
    "a step": lambda lm: sample().steps[0],
    "a measure": lambda lm: measures([sample()] * 60, range(9))["surprisal"],
    "a measure that there is not": lambda lm: Measure(float("nan"), (float("nan"),) * 999),
    "an interval": lambda lm: measures([sample()] * 60, range(9))["length"].interval,
    "a continuation": lambda lm: Continuation(*_filled(Continuation)),
    "a tree": lambda lm: next(iter(session().trees.values())),
    "a node": lambda lm: next(iter(session().trees.values())).node(1),
    "a stage": lambda lm: distribution().stages[0],
    "a softmax": lambda lm: distribution().raw,
    "many distributions": lambda lm: Sampling().apply(np.zeros((3, 4, 50), np.float32), [1, 2]),
    "a vocabulary": lambda lm: VOCABULARY,
    "an encoding": lambda lm: Encoding(tuple(range(N)), (Message.of("lone-surrogate"),) * 9),
    "a group": lambda lm: Group(0, 2, HOSTILE),
    "what is prepended": lambda lm: Prepended(tuple(range(99)), "always", frozenset(range(999))),
    "a tree without tokens": lambda lm: Tree("", (1,)),
    "a record of the wrong kind": lambda lm: Candidate(Token(1, b"\xff"), 1.0, 1.0, -0.0, 1),
}  # fmt: skip

NO_RECORDS = {"Model"} | {name for name in explorer.__all__ if name.endswith(("Panel", "Explorer"))}
"""A protocol; what is shown as the app itself."""


def _filled(kind: type) -> list[Any]:
    return [1 for _ in fields(kind)]


class Tags(html.parser.HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.add(tag)


def test_every_public_class_is_looked_at() -> None:
    public = {getattr(explorer, name).__name__ for name in explorer.__all__ if inspect.isclass(getattr(explorer, name))}
    assert public - NO_RECORDS - set(MADE) == set()


@pytest.mark.parametrize("name", MADE)
def test_a_repr_is_short(peaked: explorer.LocalModel, name: str) -> None:
    made = MADE[name](peaked)
    if name in explorer.__all__:
        assert type(made).__name__ == getattr(explorer, name).__name__
    shown = repr(made)
    assert len(shown) <= MAX_REPR + 20
    assert " object at 0x" not in shown
    assert "\n" not in shown
    assert shown.isprintable()


@pytest.mark.parametrize("name", [name for name in MADE if name != "BertVizView"])
def test_its_html_is_small_and_harmless(peaked: explorer.LocalModel, name: str) -> None:
    made = MADE[name](peaked)
    table = made._repr_html_() if hasattr(made, "_repr_html_") else None
    if table is None:
        return
    assert len(table) <= MAX_HTML
    tags = Tags()
    tags.feed(table)
    assert tags.tags <= {"table", "caption", "tr", "th", "td"}
    assert "\u202e" not in table
    assert "\x1b" not in table
    assert table.count("<tr>") <= MAX_ROWS + 2


def test_what_a_table_says(peaked: explorer.LocalModel) -> None:
    made = explorer.compare(peaked, "the cat", [explorer.Strategy("<b>", Sampling())], n=3, max_new_tokens=9)
    for shown in ("the cat", "&lt;b&gt;", "surprisal", "<td>3</td>"):
        assert shown in made._repr_html_()
    assert "<b>" not in made._repr_html_()
    found = peaked.trace("the cat").distribution(Sampling())
    best = found.top(1)[0]
    assert best.token.label in found._repr_html_()
    assert f"… {len(found.logits) - 10}<" in found._repr_html_(), "how many have no row"
