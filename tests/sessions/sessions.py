"""Sessions for the tests: random ones, and what there is to compare of them."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import strategies as st

from explorer.language_model.interventions import Ablate, Interventions
from explorer.language_model.tokens import Vocabulary
from explorer.locales import ExplorerError
from explorer.sampling.distribution import Candidate
from explorer.sampling.draw import DRAWN, HAND, MAX_SEED
from explorer.sampling.sampling import Sampling
from explorer.sampling.stages import GREEDY, STAGES
from explorer.sessions import session_file
from explorer.sessions.session import DTYPES, Session, Tree

PIECES = [b"a", b" Paris", "你".encode()[:2], "你".encode()[2:], b"\n", b"<b>&", b"", b"<|endoftext|>", b"\xff"]
VOCABULARY = Vocabulary(PIECES, special=[7])

SAMPLINGS = [
    Sampling(),
    Sampling(temperature=0.7, top_p=0.9),
    Sampling(greedy=True, repetition_penalty=1.1),
    Sampling(banned=(1, 3), bias=((5, -2.5), (0, 0.1)), top_k=3, off=("top_k",), order=tuple(reversed(STAGES))),
]


INTERVENTIONS: list[Interventions] = [(), (Ablate(((0, 3), (5, 1))),), (Ablate(((11, 11),)),)]

WEIGHTS = "0123456789abcdef" * 4


def candidate(token_id: int = 0, **changes: Any) -> Candidate:
    """A token of `VOCABULARY` that was picked by hand."""
    values: dict[str, Any] = {"raw_probability": 0.25, "probability": 0.5, "logit": -1.5, "rank": 3, "chosen_by": HAND}
    return Candidate(VOCABULARY[token_id], **values | changes)


def small_session() -> Session:
    """Two trees of every kind of node: six tokens, two branches, something to redo, a name, heads switched off."""
    session = Session(
        "gpt2",
        "607a30d783dfa663caf39e06633721c8d4cfcd7e",
        weights_version=WEIGHTS,
        dtype="float32",
        engine="numpy",
    )
    tree = session.tree("The cat", (0, 1))
    tree.add(candidate(1, u=0.713, chosen_by=DRAWN), SAMPLINGS[1], seed=42, redraw=2)
    tree.add(candidate(2, probability=0.0, removed_by="top_p"), SAMPLINGS[1], seed=42)
    tree.rename(2, "half a <b>character</b>")
    tree.add(candidate(3, logit=-math.inf, raw_probability=0.0), SAMPLINGS[0])
    tree.undo()
    tree.undo()
    tree.add(candidate(4, chosen_by=GREEDY, probability=1.0), SAMPLINGS[2])
    tree.undo()
    other = session.tree("", (7,))
    other.add(candidate(8), SAMPLINGS[3], sample=1, interventions=INTERVENTIONS[1])
    other.add(candidate(7), SAMPLINGS[3], interventions=INTERVENTIONS[2])
    return session


SMALL = session_file.dumps(small_session())

FILES = Path(__file__).parent / "files"

SCHEMA_1 = (FILES / "schema-1.json").read_bytes()
"""`small_session` as the first release wrote it: it knew no interventions, and less of the model."""


def refusal(data: bytes | str, vocabulary: Vocabulary | None = VOCABULARY) -> ExplorerError:
    """Why ``data`` is no session: one sentence or two in either language, short, harmless, with a remedy."""
    with pytest.raises(ExplorerError) as caught:
        session_file.loads(data, vocabulary)
    for language in ("en", "zh-Hans"):
        sentence = caught.value.message.render(language)
        assert sentence.isprintable()
        assert len(sentence) < 700
        assert sentence.endswith((".", "。"))
    return caught.value


def contents(session: Session) -> list[Any]:
    """All of a session, as values that can be compared."""
    trees = [
        (text, t.prefix, t.prefix_ids, t.nodes, t.children, t.current, t.visited) for text, t in session.trees.items()
    ]
    model = [session.model, session.revision, session.weights_version, session.dtype, session.engine]
    return [*model, session.prefix, *trees]


shares = st.one_of(st.floats(0, 1, width=32), st.floats(0, 1))
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@st.composite
def choices(draw: st.DrawFn, sampling: Sampling) -> Candidate:
    """A choice that ``sampling`` can have led to."""
    chosen_by = draw(st.sampled_from([HAND, GREEDY if sampling.greedy else DRAWN]))
    return candidate(
        draw(st.integers(0, len(PIECES) - 1)),
        raw_probability=draw(shares),
        probability=draw(shares),
        logit=draw(st.one_of(st.floats(-1e6, 1e6, width=32), st.floats(-1e6, 1e6), st.just(-math.inf))),
        rank=draw(st.integers(1, 60_000)),
        u=draw(st.floats(0, 1, exclude_max=True)) if chosen_by == DRAWN else None,
        chosen_by=chosen_by,
        removed_by=draw(st.sampled_from([None, *STAGES, GREEDY])) if chosen_by == HAND else None,
    )


@st.composite
def sessions(draw: st.DrawFn) -> Session:
    """What comes about by stepping, going back and forth, naming, and typing other prefixes."""
    session = Session(
        draw(texts),
        draw(st.none() | texts),
        weights_version=draw(st.none() | st.just(WEIGHTS)),
        dtype=draw(st.none() | st.sampled_from(DTYPES)),
        engine=draw(st.none() | st.sampled_from(["numpy", "torch"])),
    )
    ids = st.lists(st.integers(0, len(PIECES) - 1), min_size=1, max_size=5)
    for prefix in draw(st.lists(st.text(st.characters(), max_size=8), max_size=3)):  # half characters too
        tree = session.tree(prefix, draw(ids))
        for action in draw(st.lists(st.sampled_from(["add", "add", "add", "undo", "redo", "go", "name"]), max_size=25)):
            _act(draw, tree, action)
    return session


def _act(draw: st.DrawFn, tree: Tree, action: str) -> None:
    numbers = st.integers(0, MAX_SEED)
    if action == "add":
        sampling = draw(st.sampled_from(SAMPLINGS))
        interventions = draw(st.sampled_from(INTERVENTIONS))
        how = {"seed": draw(numbers), "sample": draw(numbers), "redraw": draw(numbers)}
        tree.add(draw(choices(sampling)), sampling, **how, interventions=interventions)
    elif action == "undo":
        tree.undo()
    elif action == "redo":
        tree.redo()
    elif action == "go":
        tree.go(draw(st.integers(0, len(tree))))
    elif len(tree):
        tree.rename(draw(st.integers(1, len(tree))), draw(st.text(max_size=100)))
