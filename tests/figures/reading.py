"""What the tests of figures share: tokens that look like markup, samplers of all kinds, every string of a picture."""

from __future__ import annotations

import json
import re
from typing import Any

import numpy as np
import plotly.graph_objects as go
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from explorer.language_model.tokens import Vocabulary
from explorer.sampling.distribution import Distribution
from explorer.sampling.sampling import Sampling

V = 40
HOSTILE = [
    b"<b>",
    b"<script>alert(1)</script>",
    b"&amp;",
    b"$x$",
    b"<img src=x onerror=alert(1)>",
    b"<br>x",
    b"\xe4\xbd",
]
VOCABULARY = Vocabulary([*HOSTILE, *(f" word{i}".encode() for i in range(V - len(HOSTILE)))])

UNTIMED = settings(deadline=None)
"""On a busy machine a picture takes longer than any deadline worth having."""

OUR_MARKUP = re.compile(r"<br>|</?b>|<span style='[^'<>&]*'>|</span>")


def some_distribution(**parameters: Any) -> Distribution:
    """Over V tokens; the hostile ones are the likeliest. The text so far is its first two tokens."""
    return Sampling(**parameters).apply(-np.arange(V, dtype=np.float32) / 4, (0, 1), VOCABULARY)


samplings = st.builds(
    Sampling,
    temperature=st.sampled_from([0.3, 1.0, 2.0]),
    top_k=st.sampled_from([None, 1, 5, 20]),
    top_p=st.sampled_from([0.3, 0.9, 1.0]),
    min_p=st.sampled_from([0.0, 0.2]),
    typical_p=st.sampled_from([0.5, 1.0]),
    repetition_penalty=st.sampled_from([1.0, 1.5]),
    banned=st.sampled_from([(), (3, 30)]),
    bias=st.sampled_from([(), ((7, 3.0),)]),
    greedy=st.booleans(),
)


@st.composite
def distributions(draw: st.DrawFn) -> tuple[Distribution, Sampling]:
    dtype = draw(st.sampled_from([np.float32, np.float64]))
    logits = draw(arrays.arrays(dtype, V, elements=st.floats(-20, 20, width=32)))
    sampling = draw(samplings)
    return sampling.apply(logits, (5, 5, 9), VOCABULARY), sampling


def strings(value: Any) -> list[str]:
    """Every string in a JSON value, but for the names of fonts."""
    if isinstance(value, dict):
        return [s for key, inner in value.items() if key != "family" for s in strings(inner)]
    if isinstance(value, list):
        return [s for inner in value for s in strings(inner)]
    return [value] if isinstance(value, str) else []


def texts(figure: go.Figure) -> list[str]:
    return strings(json.loads(figure.to_json()))


def sentences(figure: go.Figure) -> set[str]:
    """What has words in it, without our markup; labels such as ⟨E4 BD⟩ have none."""
    bare = {OUR_MARKUP.sub("", text) for text in texts(figure)}
    return {text for text in bare if " " in text and not text.startswith("⟨")}


def assert_no_foreign_markup(figure: go.Figure) -> None:
    """plotly reads tags, entities and TeX in whatever it shows; all of it has to be ours."""
    for text in texts(figure):
        bare = OUR_MARKUP.sub("", text)
        assert not set("<>$") & set(bare), text
        assert all(re.match(r"&(amp|lt|gt|#36);", bare[match.start() :]) for match in re.finditer("&", bare)), text


def trace_named(figure: go.Figure, name: str) -> Any:
    return next((trace for trace in figure.data if trace.name == name), None)
