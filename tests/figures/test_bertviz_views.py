"""BertViz's views: its scripts are given what its own Python would give them, and nothing gets out of a page."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import bertviz
import numpy as np
import pytest
import torch
from bertviz.neuron_view import get_attention
from bertviz.transformers_neuron_view.modeling_gpt2 import GPT2Config, GPT2Model
from hypothesis import given
from hypothesis import strategies as st
from transformers import AutoModelForCausalLM, AutoTokenizer

from explorer.engine.loading import load
from explorer.figures.attention import bertviz_views
from explorer.figures.attention.bertviz_views import LONGEST_LABEL, BertVizView, head_view, model_view, neuron_view
from explorer.language_model.trace import Trace
from explorer.locales import ExplorerError
from tests.attention import Given, attention_of, head_vectors, random_weights
from tests.bertviz import HOSTILE, encoded, parameters, trace_of, words
from tests.model_repositories import make_gpt2

FOUR_DIGITS = 5e-4


def theirs(page: str) -> dict[str, Any]:
    """What BertViz's own function gave its script, see `parameters`."""
    found = re.search(r"const params = (\{.*?\}); // HACK", page)
    assert found is not None
    given: dict[str, Any] = json.loads(found[1])
    return given | {"shown": given["attention"][int(given["default_filter"])]}


def as_bertviz_takes_it(trace: Trace) -> list[torch.Tensor]:
    """A (1, n_head, T, T) tensor for each layer."""
    return [torch.tensor(layer)[None] for layer in trace.attention.dense()]


def assert_same(ours: dict[str, Any], theirs: dict[str, Any]) -> None:
    assert ours["shown"].keys() == theirs["shown"].keys()
    np.testing.assert_allclose(ours["shown"]["attn"], theirs["shown"]["attn"], rtol=FOUR_DIGITS)
    for name in ("name", "left_text", "right_text"):
        assert ours["shown"][name] == theirs["shown"][name]
    given_elsewhere = {"attention", "shown", "default_filter", "root_div_id"}
    rest = theirs.keys() - given_elsewhere
    assert {name: ours[name] for name in rest} == {name: theirs[name] for name in rest}
    assert ours.keys() == theirs.keys()


@pytest.mark.parametrize(("layers", "heads"), [([1], [2]), ([0, 2], [0, 1]), ([2, 0], [1])])
def test_the_head_view_gets_what_bertviz_would_give_it(layers: list[int], heads: list[int]) -> None:
    trace = trace_of(words(5), n_layer=3)
    page = bertviz.head_view(
        as_bertviz_takes_it(trace),
        [token.label for token in trace.tokens],
        include_layers=layers,
        layer=layers[0],
        heads=heads,
        html_action="return",
    )
    assert_same(parameters(head_view(trace, layers, heads)), theirs(page.data))


@pytest.mark.parametrize(("layers", "heads"), [(None, None), ([1], [2]), ([2, 0], [1, 2])])
def test_the_model_view_gets_what_bertviz_would_give_it(layers: list[int] | None, heads: list[int] | None) -> None:
    trace = trace_of(words(5), n_layer=3)
    page = bertviz.model_view(
        as_bertviz_takes_it(trace),
        [token.label for token in trace.tokens],
        include_layers=layers,
        include_heads=heads,
        display_mode="light",
        html_action="return",
    )
    assert_same(parameters(model_view(trace, layers, heads)), theirs(page.data))


def test_the_neuron_view_gets_what_bertvizs_own_gpt2_would_give_it(tmp_path: Path) -> None:
    folder = make_gpt2(tmp_path / "gpt2", train_steps=60)
    text = "The capital of France is Paris"
    new = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float64)
    sizes = {name: getattr(new.config, name) for name in ("n_positions", "n_embd", "n_layer", "n_head")}
    old = GPT2Model(GPT2Config(new.config.vocab_size, n_ctx=new.config.n_positions, **sizes)).double()
    old.load_state_dict(new.transformer.state_dict(), strict=False)  # the causal mask is no longer among the weights
    tokenizer = AutoTokenizer.from_pretrained(folder)
    expected = get_attention(old, "gpt2", tokenizer, text, include_queries_and_keys=True)["all"]

    trace = load(str(folder), device="cpu").trace(text, attention=True)
    view = parameters(neuron_view(trace, [0, 1], range(4)))
    assert view["shown"].keys() - {"name"} == expected.keys()
    for name in ("attn", "queries", "keys"):
        np.testing.assert_allclose(view["shown"][name], expected[name], rtol=FOUR_DIGITS, atol=1e-6)
    assert view["shown"]["left_text"] == [word.replace(" ", "·") for word in expected["left_text"]]
    assert (view["bidirectional"], view["layer"], view["head"]) == (False, 0, 0)


def test_dot_products_are_scaled_as_the_model_scales_them() -> None:
    one = head_vectors(5, layer=1, head=2)
    for scaling in (one.scaling, 0.02):
        vectors = type(one)(one.layer, one.head, one.queries, one.keys, one.values, scaling)
        trace = trace_of(words(5), attention=attention_of(random_weights(2, 3, 5), {(1, 2): vectors}))
        view = parameters(neuron_view(trace, [1], [2]))
        queries, keys = np.array(view["shown"]["queries"][0][0]), np.array(view["shown"]["keys"][0][0])
        drawn = keys @ queries[4] / queries.shape[-1] ** 0.5  # as neuron_view.js does it
        np.testing.assert_allclose(drawn, vectors.scores(4), rtol=5e-3)
        assert view["menus"] == {"layer": [1], "att_head": [2]}


def test_only_what_the_model_reads_is_shown() -> None:
    trace = trace_of(words(6), start=2)
    shown = parameters(model_view(trace))["shown"]
    assert shown["left_text"] == ["·w2", "·w3", "·w4", "·w5"]
    assert np.shape(shown["attn"]) == (2, 3, 4, 4)


def test_one_token_is_enough() -> None:
    trace = trace_of(["<|endoftext|>"])
    for view in (head_view(trace), model_view(trace), neuron_view(trace)):
        assert parameters(view)["shown"]["attn"][0][0] == [[1]]


@given(st.floats(-1e6, 1e6, allow_subnormal=False) | st.floats(0, 1))
def test_four_significant_digits_are_left(number: float) -> None:
    (rounded,) = bertviz_views._rounded(np.array([number]))
    assert abs(rounded - number) <= max(FOUR_DIGITS * abs(number), 1e-22)
    assert abs(number) >= 1e4 or len(str(rounded)) <= len("-0.0001234")
    assert rounded != 0 or str(rounded) == "0"


@pytest.mark.parametrize(
    ("name", "n_tokens", "kilobytes"),
    [("head", 20, 55), ("head", 64, 310), ("head", 128, 1200), ("model", 20, 355), ("neuron", 20, 82)],
)
def test_pages_of_gpt2_weigh_what_we_say(name: str, n_tokens: int, kilobytes: int) -> None:
    attention = attention_of(random_weights(12, 12, n_tokens), {(0, 0): head_vectors(n_tokens, width=64)})
    trace = trace_of(words(n_tokens), attention=attention)
    view = {
        "head": lambda: head_view(trace, [0]),
        "model": lambda: model_view(trace),
        "neuron": lambda: neuron_view(trace, [0], [0]),
    }[name]()
    assert len(view._repr_html_()) < 1000 * kilobytes


# --- limits


def test_too_much_is_refused_with_a_remedy(monkeypatch: pytest.MonkeyPatch, english: None) -> None:
    trace = trace_of(words(8))
    size = len(encoded(model_view(trace).page))
    monkeypatch.setattr(bertviz_views, "MAX_BYTES", size)
    model_view(trace)
    monkeypatch.setattr(bertviz_views, "MAX_BYTES", size - 1)
    with pytest.raises(ExplorerError, match=r"^6 heads at 8 tokens .*fewer layers or heads, or shorten the text"):
        model_view(trace)
    model_view(trace, [1], [0, 1])


def test_far_too_much_is_refused_before_it_is_computed() -> None:
    attention = attention_of(random_weights(3, 3, 600))
    source = attention.source
    assert isinstance(source, Given)
    trace = trace_of(words(600), attention=attention)
    for view in (head_view, model_view):
        with pytest.raises(ExplorerError, match="BertViz"):
            view(trace)
    with pytest.raises(ExplorerError, match="BertViz"):
        neuron_view(trace, range(3), range(3))
    assert source.asked == 0


@pytest.mark.parametrize("view", [head_view, model_view, neuron_view])
def test_what_the_model_does_not_have_is_refused(view: Any, english: None) -> None:
    trace = trace_of(words(3))
    with pytest.raises(ExplorerError, match="no layer 2"):
        view(trace, [0, 2], [0])
    with pytest.raises(ExplorerError, match="no head -1"):
        view(trace, [0], [0, -1])


def test_a_trace_without_attention_is_refused(tiny_gpt2: Path, english: None) -> None:
    with pytest.raises(ExplorerError, match="attention=True"):
        head_view(load(str(tiny_gpt2), device="cpu").trace("a"))


# --- isolation


class Tags(HTMLParser):
    """Every tag of a page with its attributes, in order."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, tuple[tuple[str, str | None], ...]]] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, tuple(attrs)))

    def attributes(self, tag: str) -> dict[str, str | None]:
        (only,) = (dict(attributes) for name, attributes in self.found if name == tag)
        return only


def views_of(trace: Trace) -> list[BertVizView]:
    return [head_view(trace), model_view(trace), neuron_view(trace)]


def test_tokens_never_become_markup() -> None:
    hostile, tame = trace_of(HOSTILE), trace_of(words(len(HOSTILE)))
    for view, other in zip(views_of(hostile), views_of(tame), strict=True):
        assert Tags(view.page).found == Tags(other.page).found
        assert Tags(view._repr_html_()).attributes("iframe")["srcdoc"] == view.page
        assert len(Tags(view._repr_html_()).found) == 3
        assert set("<>\u2028\u2029\n") & set(encoded(view.page)) <= {">"}
        labels = [token.label for token in hostile.tokens]
        shown = parameters(view)["shown"]
        assert shown["left_text"] == shown["right_text"]
        assert [len(text) for text in shown["left_text"]] == [min(len(s), LONGEST_LABEL) for s in labels]
        assert all(label.startswith(text.rstrip("…")) for text, label in zip(shown["left_text"], labels, strict=True))


def test_the_frame_is_a_stranger_to_the_page_and_asks_no_network() -> None:
    for view in views_of(trace_of(words(3))):
        assert Tags(view._repr_html_()).attributes("iframe")["sandbox"] == "allow-scripts"
        policy = Tags(view.page).found[3]
        assert dict(policy[1]) == {
            "http-equiv": "Content-Security-Policy",
            "content": "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'",
        }
        assert not {"src", "href"} & {name for _, attributes in Tags(view.page).found for name, _ in attributes}
        assert "PYTHON_PARAMS" not in view.page.replace(encoded(view.page), "")


def test_a_view_says_briefly_what_it_is_and_stands_as_high_as_asked(english: None) -> None:
    view = model_view(trace_of(words(3)), height=900)
    assert re.fullmatch(r"BertVizView\('model', \d+ KB\)", repr(view))
    assert "height: 900px" in view._repr_html_()
    assert Tags(view._repr_html_()).attributes("iframe")["title"] == "BertViz: model view"
