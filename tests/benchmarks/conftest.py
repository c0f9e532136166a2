"""The models that the benchmarks measure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM, GPT2Config, GPT2LMHeadModel, LlamaConfig, LlamaForCausalLM

from explorer.engine.local_model import LocalModel
from explorer.engine.numpy_engine import loading as numpy_loading
from explorer.engine.numpy_engine.engine import shape_of
from explorer.engine.torch_engine import loading as torch_loading
from explorer.language_model.model import ModelInfo
from explorer.language_model.tokens import Vocabulary
from explorer.models import sources
from explorer.models.model_files import read_json_object
from explorer.models.sources import ModelFiles
from tests.benchmarks.timing import DEVICE
from tests.modules import unread

SMOLLM2 = "smollm2-135m"


class NumberedTokenizer:
    """Stands in for a real one: the benchmarks speak in ids."""

    def __init__(self, n_vocab: int) -> None:
        self.vocabulary = Vocabulary([str(i).encode() for i in range(n_vocab)])


@dataclass(frozen=True)
class Measured:
    """One model in float32, in each engine that reads it on this device, and in transformers.

    Attributes:
        title: what tables call it.
        module: transformers' own, with SDPA.
        n_bytes: of the weights that one token reads.
    """

    title: str
    engines: Mapping[str, LocalModel]
    module: Any
    n_bytes: int

    def fresh(self, engine: str) -> LocalModel:
        """On one of the engines, having read nothing yet."""
        return unread(self.engines[engine])

    @property
    def usual(self) -> LocalModel:
        """On the engine that a user gets, having read nothing yet."""
        return self.fresh(next(iter(self.engines)))


@pytest.fixture(scope="session")
def gpt2_sized(tmp_path_factory: pytest.TempPathFactory) -> Measured:
    """GPT-2 small with random weights: 124 million parameters."""
    torch.manual_seed(0)
    return _random("GPT-2-small-sized", GPT2LMHeadModel(GPT2Config()), tmp_path_factory.mktemp("gpt2"))


@pytest.fixture(scope="session")
def smollm2(tmp_path_factory: pytest.TempPathFactory) -> Measured:
    """SmolLM2 135M; where it is not on this disk, random weights in its shape."""
    if (files := sources.on_disk(SMOLLM2)) is not None and files.gguf is None:
        return _measured("SmolLM2 135M", files)
    config = LlamaConfig(
        num_hidden_layers=30, num_attention_heads=9, num_key_value_heads=3, hidden_size=576, intermediate_size=1536,
        vocab_size=49_152, max_position_embeddings=8192, rope_theta=100_000.0, tie_word_embeddings=True,
    )  # fmt: skip
    return _random("SmolLM2-sized", LlamaForCausalLM(config), tmp_path_factory.mktemp("llama"))


@pytest.fixture(params=["gpt2_sized", "smollm2"])
def measured(request: pytest.FixtureRequest) -> Measured:
    """Each of the models in turn."""
    found: Measured = request.getfixturevalue(request.param)
    return found


@pytest.fixture(scope="session")
def eager(gpt2_sized: Measured) -> GPT2LMHeadModel:
    """The GPT-2 in the attention implementation that gives out attention rows."""
    module = GPT2LMHeadModel(GPT2Config(attn_implementation="eager")).eval().requires_grad_(False)
    module.load_state_dict(gpt2_sized.module.state_dict(), assign=True)
    return module


def _random(title: str, module: Any, folder: Path) -> Measured:
    """Saved and read again, with a cache of its own: random weights have no place in the user's."""
    module.save_pretrained(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EXPLORER_CACHE", str(folder / "cache"))
        return _measured(title, ModelFiles(title, title, folder, revision=None, gguf=None, note=None))


def _measured(title: str, files: ModelFiles) -> Measured:
    """Opened as `explorer.load` opens it, less the check."""
    torch_engine, info = torch_loading.open_engine(files, DEVICE, "float32")
    engines = {"torch": _model(torch_engine, replace(info, weights_version="0" * 64))}
    shape = shape_of(read_json_object(files.folder / "config.json"))
    if DEVICE == "cpu":
        assert shape is not None
        engines = {"numpy": _model(*numpy_loading.open_engine(files, shape, "float32", None)), **engines}
    module = AutoModelForCausalLM.from_pretrained(files.folder, dtype=torch.float32, attn_implementation="sdpa")
    module.to(DEVICE).eval().requires_grad_(False)
    module.load_state_dict(torch_engine.module.state_dict(), assign=True)  # the memory of one
    weights = torch_engine.module.named_parameters()
    n_bytes = sum(each.nbytes for name, each in weights if not name.endswith("wpe.weight"))
    return Measured(title, engines, module, n_bytes)


def _model(engine: Any, info: ModelInfo) -> LocalModel:
    return LocalModel(engine, NumberedTokenizer(info.vocab_size), info)  # type: ignore[arg-type]
