"""BertViz's own views of a trace, as pages that need no network (Vig 2019, https://aclanthology.org/P19-3007).

What draws is BertViz's JavaScript, as it is installed. What calls it is ours: BertViz's Python functions take tensors,
write every weight twice and with all its digits, point at a CDN, and leave tokens free to end the script; its neuron
view runs models of its own. The tests hold what we give its scripts equal to what those functions give them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from string import Template
from typing import Any

import numpy as np

from explorer.figures.shared.javascript import without_comments
from explorer.language_model.arguments import require
from explorer.language_model.attention import Floats, HeadVectors
from explorer.language_model.trace import Trace
from explorer.locales import ExplorerError, tr

MAX_BYTES = 2 * 10**6
"""Of weights and vectors, as JSON, in one view. BertViz draws a line for every weight: more, and a browser is busy for
many seconds."""

TITLES = {"head": "bertviz-head", "model": "bertviz-model", "neuron": "bertviz-neuron"}
"""By the name of a view: the message that is its title."""

HEIGHT = 480
"""Pixels, of the frame around a view; what is longer scrolls within."""

LONGEST_LABEL = 14
"""Characters of a token; more would be cut off at the start."""

_DIGITS = 4
_FEWEST_BYTES = 2  # of a number: "0,"


@dataclass(frozen=True, repr=False)
class BertVizView:
    """One of BertViz's views, which displays itself in a cell, in Voila and in a notebook saved with its outputs.

    It stands in a frame of its own that can reach neither the notebook nor any network. BertViz's colours are made for
    a white page: the frame is white in a dark theme too. What a cell of GPT-2 small weighs: one layer of the head view
    54 KB at 20 tokens, 0.3 MB at 64, 1.2 MB at 128; the whole model view 0.4 MB at 20 tokens; one head of the neuron
    view 81 KB.

    Attributes:
        name: ``head``, ``model`` or ``neuron``.
        page: the whole page, as HTML; a browser shows it as a file too.
        height: pixels of the frame.
    """

    name: str
    page: str
    height: int = HEIGHT

    def __repr__(self) -> str:
        return f"BertVizView({self.name!r}, {len(self.page) / 1000:.0f} KB)"

    def _repr_html_(self) -> str:
        return Template(_ours("bertviz_frame.html")).substitute(
            title=escape(tr("bertviz-title", view=tr(TITLES[self.name]))),
            untrusted=escape(tr("bertviz-untrusted")),  # to be seen where JupyterLab takes the frame out
            page=escape(self.page),
            height=int(self.height),
        )


def head_view(
    trace: Trace, layers: Sequence[int] | None = None, heads: Sequence[int] | None = None, *, height: int = HEIGHT
) -> BertVizView:
    """All heads of a layer: tokens on both sides, and a line for each weight, coloured by head.

    Args:
        layers: which can be chosen in the view; None for all.
        heads: which are switched on at first; None for all.

    Raises:
        ExplorerError: the trace has no attention, or one of no numbers; there is no such layer or head; or it would
            be too large (`MAX_BYTES`).
    """
    layers, shown = _chosen(trace, layers, heads)
    every = range(trace.attention.n_head)
    params = {"layer": layers[0], "heads": shown, "include_layers": layers}
    return _view("head", trace, _weights(trace, layers, every), params, height)


def model_view(
    trace: Trace, layers: Sequence[int] | None = None, heads: Sequence[int] | None = None, *, height: int = HEIGHT
) -> BertVizView:
    """Every head of every layer as a thumbnail; a click opens one.

    Args:
        layers, heads: from 0; None for all.

    Raises:
        ExplorerError: the trace has no attention, or one of no numbers; there is no such layer or head; or it would
            be too large (`MAX_BYTES`).
    """
    layers, heads = _chosen(trace, layers, heads)
    params = {
        "display_mode": "light",
        "include_layers": layers,
        "include_heads": heads,
        "total_heads": trace.attention.n_head,
    }
    return _view("model", trace, _weights(trace, layers, heads), params, height)


def neuron_view(
    trace: Trace, layers: Sequence[int] = (0,), heads: Sequence[int] = (0,), *, height: int = HEIGHT
) -> BertVizView:
    """How queries and keys make the weights of a head; point at a token, and press its ``+``.

    BertViz's own ``neuron_view`` takes only models of the four kinds that it carries copies of, as they were in 2019.
    Here its drawing shows the queries and keys of the trace: with their positions rotated into them where the model
    does so, and all that is drawn is computed from these (product, dot product) or is the trace's own (softmax). It
    divides dot products by the root of their length; where a model scales otherwise, the queries carry the difference.

    Args:
        layers, heads: from 0; each of these heads of each of these layers can be chosen in the view.

    Raises:
        ExplorerError: the trace has no attention, or one of no numbers; there is no such layer or head; or it would
            be too large (`MAX_BYTES`).
    """
    layers, heads = _chosen(trace, layers, heads)
    weights = _weights(trace, layers, heads)
    vectors = [[trace.attention.vectors(layer, head) for head in heads] for layer in layers]
    data = {
        "attn": weights["attn"],
        "queries": [[_rounded(_queries(head)) for head in layer] for layer in vectors],
        "keys": [[_rounded(head.keys) for head in layer] for layer in vectors],
    }
    params = {
        "display_mode": "light",
        "bidirectional": False,
        "layer": 0,
        "head": 0,
        "menus": {"layer": layers, "att_head": heads},
    }
    return _view("neuron", trace, data, params, height)


def _chosen(trace: Trace, layers: Sequence[int] | None, heads: Sequence[int] | None) -> tuple[list[int], list[int]]:
    require("trace", trace, "trace", Trace)
    attention = trace.attention
    if attention.problem is not None:
        raise ExplorerError(attention.problem.id, **dict(attention.problem.arguments))
    chosen_layers = _listed(layers) or list(range(attention.n_layer))
    chosen_heads = _listed(heads) or list(range(attention.n_head))
    for layer in chosen_layers:
        for head in chosen_heads:
            attention.check(layer, head)
    return chosen_layers, chosen_heads


def _listed(given: Sequence[int] | None) -> list[int]:
    """Layers or heads; one may come by itself."""
    return list(given) if isinstance(given, Iterable) else [] if given is None else [given]


def _weights(trace: Trace, layers: Sequence[int], heads: Sequence[int]) -> dict[str, Any]:
    """``attn``: (layers, heads, T, T) weights as BertViz takes them, a number for every pair of tokens."""
    attention = trace.attention
    if _FEWEST_BYTES * len(layers) * len(heads) * attention.n_tokens**2 > MAX_BYTES:
        raise _too_large(trace, len(layers) * len(heads))
    return {"attn": [[_rounded(attention.head(layer, head)) for head in heads] for layer in layers]}


def _view(name: str, trace: Trace, data: dict[str, Any], params: dict[str, Any], height: int) -> BertVizView:
    labels = [_cut(token.label) for token in trace.tokens[trace.start :]]
    text = {"name": None, "left_text": labels, "right_text": labels}
    known = {"attention": {"all": text | data}, "default_filter": "all", "root_div_id": "bertviz"}
    # A script ends where "</script>" stands, within a string too.
    encoded = json.dumps(known | params, separators=(",", ":")).replace("<", "\\u003c")
    if len(encoded) > MAX_BYTES:
        raise _too_large(trace, sum(len(layer) for layer in data["attn"]))
    page = Template(_ours("bertviz_page.html")).substitute(
        name=name,
        params=encoded,
        adapter=_ours("bertviz_adapter.js"),
        script=_theirs(f"{name}_view.js"),
    )
    return BertVizView(name, page, height)


def _too_large(trace: Trace, n_heads: int) -> ExplorerError:
    n_tokens = trace.attention.n_tokens
    return ExplorerError("bertviz-too-large", heads=n_heads, tokens=n_tokens, megabytes=MAX_BYTES // 10**6)


def _queries(head: HeadVectors) -> Floats:
    return np.asarray(head.queries * (head.scaling * head.queries.shape[-1] ** 0.5))


def _rounded(numbers: Floats) -> Any:
    """To four significant digits, none of them after the 22nd decimal place; as lists, for JSON."""
    exact = np.asarray(numbers, np.float64)
    magnitude = np.floor(np.log10(np.abs(exact), where=exact != 0, out=np.zeros_like(exact)))
    # Powers of ten up to here are exact, so the quotient is the double that the rounded decimal stands for.
    power = 10.0 ** np.clip(_DIGITS - 1 - magnitude, 0, 22)
    shortest = np.rint(exact * power) / power
    return np.where(shortest == 0, 0, shortest.astype(object)).tolist()  # 0, not 0.0, is half of all


def _cut(label: str) -> str:
    return label if len(label) <= LONGEST_LABEL else label[: LONGEST_LABEL - 1] + "…"


@cache
def _ours(name: str) -> str:
    text = files("explorer.figures.attention").joinpath("static", name).read_text(encoding="utf-8")
    return without_comments(text) if name.endswith(".js") else text


@cache
def _theirs(name: str) -> str:
    """A script of BertViz, with our parameters in the place of its marker for them.

    The package is found and not imported: its Python imports torch.
    """
    found = find_spec("bertviz")
    assert found is not None
    assert found.submodule_search_locations is not None
    script = Path(found.submodule_search_locations[0], name).read_text(encoding="utf-8")
    return script.replace("PYTHON_PARAMS", "window.bertviz_params")
