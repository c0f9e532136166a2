"""A hub of our own and empty caches, for every test in this folder."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import huggingface_hub
import pytest

from tests.model_repositories import make_gpt2
from tests.models.hub_server import HubServer, serve

REPO = "org/tiny"


@pytest.fixture(autouse=True)
def empty_caches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing on this disk, for us and for the processes we start."""
    places = {"HF_HUB_CACHE": tmp_path / "hub", "HF_HOME": tmp_path / "hf", "EXPLORER_CACHE": tmp_path / "explorer"}
    for variable, place in places.items():
        monkeypatch.setenv(variable, str(place))
    # huggingface_hub reads its variables once, when it is imported.
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", False)


@pytest.fixture
def use_endpoint(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Make an address the hub's, for us and for the processes we start."""

    def use(address: str) -> None:
        monkeypatch.setenv("HF_ENDPOINT", address)
        monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", address)

    return use


@pytest.fixture(scope="session")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model's folder large enough (2 MB) that a download has a middle."""
    return make_gpt2(tmp_path_factory.mktemp("repositories") / "tiny", n_embd=128)


@pytest.fixture
def hub_server(repository: Path, use_endpoint: Callable[[str], None]) -> Iterator[HubServer]:
    with serve(repository, REPO) as server:
        use_endpoint(server.address)
        yield server


@pytest.fixture
def hub_cache(tmp_path: Path) -> Path:
    """The folder of `REPO` in the hub's cache."""
    return tmp_path / "hub" / "models--org--tiny"


def no_space(*_: object, **__: object) -> None:
    """What a full disk raises."""
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
