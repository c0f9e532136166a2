"""What the tests of BertViz's views share: traces made on the spot, and what a page was given to draw."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from explorer.figures.attention.bertviz_views import BertVizView
from explorer.language_model.attention import Attention
from explorer.language_model.tokens import Vocabulary
from explorer.language_model.trace import Trace
from tests.attention import attention_of, head_vectors, random_weights

HOSTILE = (
    "</script><script>window.hacked=1</script>",
    "<img src=x onerror=window.hacked=1>",
    "<b>",
    "<!-- <script>",
    "$name ${params}",
    "PYTHON_PARAMS",
    "&lt;&quot;'\"`",
    "\u2028\u2029\n\\u003c",
    "你好",
)


def trace_of(
    words: Sequence[str], n_layer: int = 2, n_head: int = 3, *, attention: Attention | None = None, start: int = 0
) -> Trace:
    """A trace whose tokens are ``words``; the model reads those from ``start`` on."""
    n_tokens = len(words)
    vectors = {
        (layer, head): head_vectors(n_tokens - start, layer=layer, head=head, seed=layer * n_head + head)
        for layer in range(n_layer)
        for head in range(n_head)
    }
    weights = random_weights(n_layer, n_head, n_tokens - start)
    return Trace(
        ids=np.arange(n_tokens),
        logits=np.zeros(n_tokens, np.float32),
        surprisal=np.full(n_tokens, np.nan),
        entropy=np.full(n_tokens, np.nan),
        rank=np.zeros(n_tokens, np.int64),
        start=start,
        computed=n_tokens,
        milliseconds=1.0,
        vocabulary=Vocabulary([word.encode() for word in words]),
        recorded_attention=attention or attention_of(weights, vectors),
    )


def words(n: int) -> list[str]:
    return [f" w{i}" for i in range(n)]


def encoded(page: str) -> str:
    """The JSON that a page's script is given."""
    found = re.search(r"window\.bertviz_params = (\{.*\});</script>", page)
    assert found is not None
    return found[1]


def parameters(view: BertVizView) -> dict[str, Any]:
    """What BertViz's script is given, with what it shows under ``shown``."""
    given: dict[str, Any] = json.loads(encoded(view.page))
    return given | {"shown": given["attention"][given["default_filter"]]}
