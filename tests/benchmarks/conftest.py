"""The model that the benchmarks measure."""

from __future__ import annotations

import pytest
import torch
from transformers import GPT2Config, GPT2LMHeadModel

from explorer.engine.local_model import LocalModel
from explorer.language_model.model import ModelInfo
from explorer.language_model.tokens import Vocabulary
from tests.benchmarks.timing import DEVICE
from tests.modules import module_of


class NumberedTokenizer:
    """Stands in for a real one: the benchmark speaks in ids."""

    def __init__(self, n_vocab: int) -> None:
        self.vocabulary = Vocabulary([str(i).encode() for i in range(n_vocab)])


@pytest.fixture(scope="module")
def lm() -> LocalModel:
    """GPT-2 small with random weights: 124 million parameters, float32."""
    torch.manual_seed(0)
    torch.set_float32_matmul_precision("highest")
    config = GPT2Config()
    module = GPT2LMHeadModel(config).eval().requires_grad_(False).to(DEVICE)
    info = ModelInfo(
        name="gpt2-sized", title="GPT-2-sized", revision=None, n_layer=12, n_head=12, n_embd=768, n_positions=1024,
        vocab_size=config.vocab_size, n_parameters=module.num_parameters(), device=DEVICE, dtype="float32",
    )  # fmt: skip
    return LocalModel(module, NumberedTokenizer(config.vocab_size), info)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def eager(lm: LocalModel) -> GPT2LMHeadModel:
    """The same model in the attention implementation that gives out attention rows."""
    module = GPT2LMHeadModel(GPT2Config(attn_implementation="eager")).eval().requires_grad_(False).to(DEVICE)
    module.load_state_dict(module_of(lm).state_dict())
    return module
