"""Models for the tests of the passes, on both engines."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from explorer.engine import agreement
from explorer.engine.loading import load
from explorer.engine.local_model import LocalModel
from explorer.engine.weights.json_folder import JsonFolder
from tests.engine.architectures import build
from tests.engine.reference import DEVICE
from tests.model_repositories import make_gpt2, make_llama
from tests.modules import unread


@pytest.fixture(params=["numpy", "torch"])
def engine(request: pytest.FixtureRequest) -> str:
    """Each of the engines in turn."""
    if request.param == "numpy" and DEVICE != "cpu":
        pytest.skip("numpy reads on the CPU alone")
    return str(request.param)


@pytest.fixture
def lm(tiny_gpt2: Path, engine: str) -> LocalModel:
    """A tiny GPT-2 of 128 positions that has read nothing yet, on each engine."""
    return fresh(tiny_gpt2, engine)


@pytest.fixture
def torch_lm(tiny_gpt2: Path) -> LocalModel:
    """The same on the torch engine."""
    return fresh(tiny_gpt2, "torch")


@pytest.fixture(scope="session")
def long_gpt2(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a tiny GPT-2 of 1,024 positions."""
    return make_gpt2(tmp_path_factory.mktemp("models") / "long-gpt2", n_positions=1024)


@pytest.fixture
def long_lm(long_gpt2: Path, engine: str) -> LocalModel:
    """A tiny GPT-2 of 1,024 positions that has read nothing yet, on each engine."""
    return fresh(long_gpt2, engine)


def fresh(folder: Path, engine: str) -> LocalModel:
    """The model, without what it read when it was checked."""
    return unread(load(str(folder), device="cpu", engine=engine))


@pytest.fixture(scope="session")
def attending(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Folders of small models that attend sharply, with windows that fill quickly; and of one that takes long texts."""
    folder = tmp_path_factory.mktemp("attending")
    return {
        "gpt2": make_gpt2(folder / "gpt2", n_positions=64, train_steps=150),
        "llama": make_llama(folder / "llama", n_positions=64, train_steps=150),
        "long": make_gpt2(folder / "long", n_positions=1024, n_layer=3),
    }


@pytest.fixture
def checked_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a check found is kept; here each model is checked by the code as it is meanwhile, and nothing is kept."""
    monkeypatch.setattr(agreement, "_kept", lambda *_: None)
    monkeypatch.setattr(agreement, "facts_of", lambda _: JsonFolder(tmp_path / "facts"))


@pytest.fixture(scope="session")
def folder_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The folder of a tiny model of one of `ARCHITECTURES`."""
    made: dict[str, Path] = {}

    def folder(name: str) -> Path:
        if name not in made:
            made[name] = build(tmp_path_factory.mktemp("architecture"), name)
        return made[name]

    return folder
