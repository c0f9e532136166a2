"""A JupyterLab with small real models in place of the catalogue's, and pages of a headless Chromium."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from explorer.models.catalog import CATALOG, HubSource
from tests.browser.lab import Lab, Screen, chromium, launch, open_cell, serve_lab
from tests.browser.reference import Reference
from tests.model_repositories import make_gpt2, put_in_hub_cache

HOSTILE = (
    "<script>window.hacked=1</script>",
    "<img src=x onerror=window.hacked=1>",
    "<b>bold</b>",
    "&amp;",
    "$x$",
)
"""Tokens of the model that stands for distilgpt2."""


@pytest.fixture(scope="session", autouse=True)
def _needs_a_browser() -> None:
    if chromium() is None:
        pytest.skip("no Chromium found")


@pytest.fixture(scope="session")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Small trained models by the name of the catalogue's that they stand for."""
    root = tmp_path_factory.mktemp("browser-models")
    made = {"gpt2": make_gpt2(root / "gpt2", train_steps=150), "distilgpt2": make_gpt2(root / "distilgpt2", seed=1)}
    _add_tokens(made["distilgpt2"], HOSTILE)
    return made


def _add_tokens(folder: Path, tokens: tuple[str, ...]) -> None:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer, model = AutoTokenizer.from_pretrained(folder), AutoModelForCausalLM.from_pretrained(folder)
    tokenizer.add_tokens(list(tokens))
    model.resize_token_embeddings(len(tokenizer))
    tokenizer.save_pretrained(folder)
    model.save_pretrained(folder)


@pytest.fixture(scope="session")
def environment(folders: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What a person has whose hub cache holds those models, who has no network and has set nothing else."""
    home = tmp_path_factory.mktemp("home")
    for name, folder in folders.items():
        source = CATALOG[name].source
        assert isinstance(source, HubSource)
        put_in_hub_cache(folder, home / "hub", source.repo, source.revision)
    return {
        "HF_HUB_CACHE": str(home / "hub"),
        "EXPLORER_CACHE": str(home / "explorer"),
        "JUPYTERLAB_SETTINGS_DIR": str(home / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(home / "workspaces"),
        "IPYTHONDIR": str(home / "ipython"),
        "XDG_DATA_HOME": str(home / "data"),
    }


@pytest.fixture(scope="session")
def lab(environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with serve_lab(tmp_path_factory.mktemp("notebooks"), environment) as server:
        yield server


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = launch(playwright)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def new_page(browser: Browser) -> Callable[[], Page]:
    """Pages that fail the test when anything outside this machine is asked for."""

    def make() -> Page:
        page = browser.new_page(viewport={"width": 1280, "height": 720})
        page.context.route(lambda url: "//127.0.0.1:" not in url and not url.startswith(("blob:", "data:")), refuse)
        return page

    def refuse(route: object, request: object) -> None:
        asked.append(request.url)  # type: ignore[attr-defined]
        route.abort()  # type: ignore[attr-defined]

    asked: list[str] = []
    make.asked = asked  # type: ignore[attr-defined]
    return make


@pytest.fixture(scope="session")
def reference(folders: dict[str, Path]) -> Reference:
    return Reference(folders["gpt2"])


@pytest.fixture(scope="module")
def screen(lab: Lab, new_page: Callable[[], Page]) -> Iterator[Screen]:
    """The app in a notebook, answering; shared by the tests of a module, so each sets what it needs."""
    opened = open_cell(new_page(), lab.notebook("import explorer\nexplorer.Explorer()"))
    opened.wait_ready()
    yield opened
    opened.page.close()
