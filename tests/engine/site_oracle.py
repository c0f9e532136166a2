"""What stands at the sites of a model by transformers alone: its own hidden states, and hooks on its modules, in one
full pass that keeps nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import torch

from explorer.engine.local_model import LocalModel
from explorer.language_model.interventions import Intervention, ablated_heads, canonical
from explorer.language_model.request import Extras, Request
from explorer.language_model.sites import ATTENTION_OUT, BLOCK, EMBEDDING, FINAL, HEADS, MLP_OUT, SITES
from explorer.language_model.states import States
from explorer.language_model.trace import Trace
from tests.engine.test_ablation import heads_off
from tests.modules import module_of

PROJECTIONS = ("attn.c_proj", "self_attn.o_proj", "self_attn.dense", "attention.dense")
FINAL_NORMS = ("ln_f", "model.norm", "final_layernorm", "final_layer_norm")


def asked(ids: Iterable[int], sites: Iterable[str] = SITES, off: Iterable[Intervention] = ()) -> Request:
    return Request(tuple(ids), tuple(off), Extras(states=tuple(sites)))


def expected_states(module: Any, ids: list[int]) -> dict[str, Any]:
    """By site, as `States` has them."""
    caught: dict[str, list[Any]] = {"in": [], "out": [], "mlp": [], "norm": []}

    def note(name: str, of: Callable[..., Any]) -> Callable[..., None]:
        return lambda *args: caught[name].append(of(*args)[0].clone())

    hooks = []
    for name, part in module.named_modules():
        if name.endswith(PROJECTIONS):
            hooks.append(part.register_forward_pre_hook(note("in", lambda _, args: args[0])))
            hooks.append(part.register_forward_hook(note("out", lambda _, __, output: output)))
        elif name.endswith(".mlp"):
            hooks.append(part.register_forward_hook(note("mlp", lambda _, __, output: _first(output))))
        elif name.endswith(FINAL_NORMS):
            hooks.append(part.register_forward_pre_hook(note("norm", lambda _, args: args[0])))
    try:
        with torch.inference_mode():
            tokens = torch.tensor([ids], device=module.device)
            hidden = [each[0] for each in module(tokens, use_cache=False, output_hidden_states=True).hidden_states]
    finally:
        for hook in hooks:
            hook.remove()
    heads = [each.unflatten(-1, (module.config.num_attention_heads, -1)).transpose(0, 1) for each in caught["in"]]
    found = {
        EMBEDDING: hidden[0],
        HEADS: torch.stack(heads),
        ATTENTION_OUT: torch.stack(caught["out"]),
        MLP_OUT: torch.stack(caught["mlp"]),
        BLOCK: torch.stack([*hidden[1:-1], *caught["norm"]]),  # the last of theirs is after the final norm
        FINAL: hidden[-1],
    }
    return {site: states.cpu().numpy() for site, states in found.items()}


def _first(output: Any) -> Any:
    return output[0] if isinstance(output, tuple) else output


def assert_same_states(states: States, expected: dict[str, Any], tolerance: float) -> None:
    """At every site within ``tolerance`` of the largest number there."""
    for site in states.sites:
        assert states[site].shape == expected[site].shape, site
        worst = np.abs(states[site] - expected[site]).max() / max(1, np.abs(expected[site]).max())
        assert worst < tolerance, f"the states at {site} differ by {worst:.2g}"


def assert_true_states(
    lm: LocalModel, ids: list[int], tolerance: float, off: Iterable[Intervention] = (), sites: Iterable[str] = SITES
) -> Trace:
    """What ``lm`` says of ``ids``, whatever was read before, is what transformers says; and adds up."""
    trace, module = lm.trace(asked(ids, sites, off)), module_of(lm)
    with heads_off(module, ablated_heads(canonical(off))):
        expected = expected_states(module, ids[trace.start :])
    assert_same_states(trace.states, expected, tolerance)
    if set(trace.states.sites) == set(SITES):
        assert_adds_up(lm, trace, tolerance)
    return trace


def assert_adds_up(lm: LocalModel, trace: Trace, tolerance: float) -> None:
    """The embedding and all that is added to it are each block; the last of them, normed, is final; and final,
    unembedded, are the logits."""
    states, module = trace.states, module_of(lm)
    added = np.cumsum(states[ATTENTION_OUT].astype(np.float64) + states[MLP_OUT], axis=0)
    scale = np.abs(states[BLOCK]).max()
    worst = np.abs(states[EMBEDDING] + added - states[BLOCK]).max()
    assert worst < tolerance * scale, f"the sums leave {worst:.2g}"
    norm = next(part for name, part in module.named_modules() if name.endswith(FINAL_NORMS))
    with torch.inference_mode():
        normed = norm(torch.from_numpy(states[BLOCK][-1].copy()).to(module.device))
        logits = module.get_output_embeddings()(normed)[-1]
    np.testing.assert_allclose(states[FINAL], normed.cpu().numpy(), atol=tolerance * np.abs(states[FINAL]).max())
    np.testing.assert_allclose(trace.logits, logits.cpu().numpy(), atol=tolerance * np.abs(trace.logits).max())
