"""Where models may not be fetched, none is, whatever name a visitor sends."""

from __future__ import annotations

from pathlib import Path

import pytest

from explorer.locales import ExplorerError
from explorer.models import hub, sources, wheel
from explorer.models.catalog import BUNDLED
from explorer.models.download_permission import ALLOW_DOWNLOAD, downloads_allowed


@pytest.mark.parametrize(("value", "allowed"), [(None, True), ("1", True), ("", True), ("0", False)])
def test_only_a_zero_forbids(monkeypatch: pytest.MonkeyPatch, value: str | None, allowed: bool) -> None:
    monkeypatch.delenv(ALLOW_DOWNLOAD, raising=False)
    if value is not None:
        monkeypatch.setenv(ALLOW_DOWNLOAD, value)
    assert downloads_allowed() is allowed


@pytest.mark.parametrize("name", ["gpt2-xl", "smollm2-135m", "somebody/something"])
def test_nothing_is_fetched_where_it_is_forbidden(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str) -> None:
    def fetch(*_: object, **__: object) -> None:
        pytest.fail("something was fetched")

    monkeypatch.setattr(hub, "fetch_snapshot", fetch)
    monkeypatch.setattr(wheel, "fetch_gguf", fetch)
    monkeypatch.setattr(sources, "on_disk", lambda _name: None)
    monkeypatch.setenv(ALLOW_DOWNLOAD, "0")
    with pytest.raises(ExplorerError, match="may not be fetched from here") as refused:
        sources.locate(name)
    assert name in str(refused.value)


def test_what_is_here_is_given_all_the_same(monkeypatch: pytest.MonkeyPatch, tiny_gpt2: Path) -> None:
    monkeypatch.setenv(ALLOW_DOWNLOAD, "0")
    assert sources.locate(str(tiny_gpt2)).folder == tiny_gpt2
    assert sources.locate(BUNDLED).name == BUNDLED
