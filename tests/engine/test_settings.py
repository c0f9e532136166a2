"""What we set in torch and transformers is the user's again afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers.utils import logging

from explorer.engine.loading import load
from explorer.engine.torch_engine import agreement
from explorer.engine.torch_engine.settings import exact_products, quiet_and_exact
from explorer.locales import ExplorerError

BACKENDS: list[Any] = [torch.backends.cuda.matmul, torch.backends.mkldnn.matmul]


def settings() -> tuple[Any, ...]:
    found: Any = logging
    precisions = [backend.fp32_precision for backend in BACKENDS]
    return (*precisions, found.get_verbosity(), found.is_progress_bar_enabled())


@pytest.fixture(params=["high", "medium", "highest"])
def the_users(request: pytest.FixtureRequest) -> Iterator[tuple[Any, ...]]:
    """The settings of somebody who has made their own."""
    before, found = settings(), logging
    torch.set_float32_matmul_precision(request.param)
    found.set_verbosity_info()
    found.enable_progress_bar()
    yield settings()
    for backend, precision in zip(BACKENDS, before, strict=False):
        backend.fp32_precision = precision
    found.set_verbosity(before[-2])
    (found.enable_progress_bar if before[-1] else found.disable_progress_bar)()


def test_loading_leaves_the_users_settings(
    the_users: tuple[Any, ...], tiny_gpt2: Path, checked_anew: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen, check = [], agreement.check
    monkeypatch.setattr(agreement, "check", lambda *args: seen.append(settings()) or check(*args))
    load(str(tiny_gpt2), device="cpu", engine="torch")
    assert set(seen) == {("ieee", "ieee", logging.ERROR, False)}
    assert settings() == the_users
    assert torch.get_float32_matmul_precision()  # torch still knows


def test_so_does_loading_that_fails(
    the_users: tuple[Any, ...], tiny_gpt2: Path, checked_anew: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ExplorerError("bad-logits", n=1, of=2)

    monkeypatch.setattr(agreement, "check", fail)
    with pytest.raises(ExplorerError):
        load(str(tiny_gpt2), device="cpu", engine="torch")
    assert settings() == the_users


def test_settings_that_were_made_one_by_one_come_back(the_users: tuple[Any, ...]) -> None:
    BACKENDS[0].fp32_precision, BACKENDS[1].fp32_precision = "tf32", "ieee"  # torch cannot name this mixture
    with quiet_and_exact(), exact_products():
        assert [backend.fp32_precision for backend in BACKENDS] == ["ieee", "ieee"]
    assert [backend.fp32_precision for backend in BACKENDS] == ["tf32", "ieee"]
    assert settings()[2:] == the_users[2:]
